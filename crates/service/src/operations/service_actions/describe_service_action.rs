//! DescribeServiceAction: one of the caller's own actions, with its definition.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeServiceAction.html>

use mimeo_api::{DescribeServiceAction, DescribeServiceActionInput, DescribeServiceActionOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for DescribeServiceAction {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeServiceActionInput,
    ) -> Result<DescribeServiceActionOutput, Stop> {
        let action = cx.own_service_action(&input.id.as_str().into()).await?;
        Ok(DescribeServiceActionOutput {
            service_action_detail: Some(view::service_action_detail(&action)),
        })
    }
}
