//! DescribeTagOption: one of the caller's own TagOptions.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeTagOption.html>

use mimeo_api::{DescribeTagOption, DescribeTagOptionInput, DescribeTagOptionOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;
impl Handle for DescribeTagOption {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeTagOptionInput,
    ) -> Result<DescribeTagOptionOutput, Stop> {
        let option = cx.own_tag_option(&input.id).await?;
        Ok(DescribeTagOptionOutput {
            tag_option_detail: Some(view::tag_option(&option)),
        })
    }
}
