//! DisassociateTagOptionFromResource: takes an own TagOption off a portfolio or product.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DisassociateTagOptionFromResource.html>

use mimeo_api::{
    DisassociateTagOptionFromResource, DisassociateTagOptionFromResourceInput,
    DisassociateTagOptionFromResourceOutput,
};
use mimeo_domain::Refusal;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DisassociateTagOptionFromResource {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DisassociateTagOptionFromResourceInput,
    ) -> Result<DisassociateTagOptionFromResourceOutput, Stop> {
        let tag_option = cx.own_tag_option(&input.tag_option_id).await?.id;
        let resource = cx.visible_resource(&input.resource_id).await?;
        let removed_count = cx
            .tx
            .disassociate_tag_option(cx.scope, &resource, &tag_option)
            .await?;
        if removed_count == 0 {
            return Err(Refusal::TagOptionNotAssociated {
                tag_option,
                resource,
            }
            .into());
        }
        Ok(DisassociateTagOptionFromResourceOutput {})
    }
}
