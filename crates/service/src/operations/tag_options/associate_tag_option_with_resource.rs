//! AssociateTagOptionWithResource: hangs an own TagOption on a portfolio or product.
//!
//! On one that is shared with the caller it is the caller's alone: nobody else sees it there.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociateTagOptionWithResource.html>

use mimeo_api::{
    AssociateTagOptionWithResource, AssociateTagOptionWithResourceInput,
    AssociateTagOptionWithResourceOutput,
};
use mimeo_domain::{Refusal, tag_options};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for AssociateTagOptionWithResource {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &AssociateTagOptionWithResourceInput,
    ) -> Result<AssociateTagOptionWithResourceOutput, Stop> {
        let tag_option = cx.own_tag_option(&input.tag_option_id).await?.id;
        let resource = cx.visible_resource(&input.resource_id).await?;
        let before = cx.tx.local_tag_options(cx.scope, &resource).await?;
        let added_count = cx
            .tx
            .associate_tag_option(cx.scope, &resource, &tag_option)
            .await?;
        if added_count == 0 {
            return Err(Refusal::TagOptionAssociated {
                tag_option,
                resource,
            }
            .into());
        }
        let count_after = before.len() as u64 + added_count;
        let tag_options_max = cx.quotas.tag_options_per_resource;
        tag_options::room_for_tag_option(&resource, count_after, tag_options_max)?;
        Ok(AssociateTagOptionWithResourceOutput {})
    }
}
