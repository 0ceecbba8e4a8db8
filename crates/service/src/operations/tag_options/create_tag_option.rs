//! CreateTagOption: makes a TagOption, active at once.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateTagOption.html>

use mimeo_api::{CreateTagOption, CreateTagOptionInput, CreateTagOptionOutput};
use mimeo_domain::tag_options::{self, TagOption};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;
impl Handle for CreateTagOption {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CreateTagOptionInput,
    ) -> Result<CreateTagOptionOutput, Stop> {
        let option = TagOption {
            id: cx.mint.tag_option_id(),
            account: cx.scope.account.clone(),
            key: input.key.to_string(),
            value: input.value.to_string(),
            active: true,
        };
        let TagOption { key, value, .. } = &option;
        cx.new_tag_option_value(key, value).await?;
        let count_after = cx.tx.count_tag_option_values(cx.scope, key).await? + 1;
        tag_options::room_for_value(key, count_after, cx.quotas.values_per_tag_option)?;
        cx.tx.insert_tag_option(cx.scope, &option).await?;
        Ok(CreateTagOptionOutput {
            tag_option_detail: Some(view::tag_option(&option)),
        })
    }
}
