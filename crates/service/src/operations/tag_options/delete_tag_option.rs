//! DeleteTagOption: removes a TagOption that hangs on nothing.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeleteTagOption.html>

use mimeo_api::{DeleteTagOption, DeleteTagOptionInput, DeleteTagOptionOutput};
use mimeo_domain::Refusal;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DeleteTagOption {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DeleteTagOptionInput,
    ) -> Result<DeleteTagOptionOutput, Stop> {
        let option = cx.own_tag_option(&input.id).await?.id;
        let tagged = cx
            .tx
            .page_tagged_resources(cx.scope, &option, None, None, 1)
            .await?;
        if !tagged.is_empty() {
            return Err(Refusal::TagOptionInUse(option).into());
        }
        cx.tx.remove_tag_option(cx.scope, &option).await?;
        Ok(DeleteTagOptionOutput {})
    }
}
