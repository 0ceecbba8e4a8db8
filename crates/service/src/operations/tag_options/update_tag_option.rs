//! UpdateTagOption: changes the value, or whether launches heed it.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateTagOption.html>

use mimeo_api::{UpdateTagOption, UpdateTagOptionInput, UpdateTagOptionOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;
impl Handle for UpdateTagOption {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &UpdateTagOptionInput,
    ) -> Result<UpdateTagOptionOutput, Stop> {
        let mut option = cx.own_tag_option(&input.id).await?;
        if let Some(value) = input.value.as_ref().filter(|value| **value != option.value) {
            cx.new_tag_option_value(&option.key, value).await?;
            option.value.clone_from(value);
        }
        option.active = input.active.unwrap_or(option.active);
        cx.tx.update_tag_option(cx.scope, &option).await?;
        Ok(UpdateTagOptionOutput {
            tag_option_detail: Some(view::tag_option(&option)),
        })
    }
}
