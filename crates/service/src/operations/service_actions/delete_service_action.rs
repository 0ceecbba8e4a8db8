//! DeleteServiceAction: removes an action that no version offers any more.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeleteServiceAction.html>

use mimeo_api::{DeleteServiceAction, DeleteServiceActionInput, DeleteServiceActionOutput};
use mimeo_domain::service_actions;
use mimeo_store::Tally;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DeleteServiceAction {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DeleteServiceActionInput,
    ) -> Result<DeleteServiceActionOutput, Stop> {
        let id = cx.own_service_action(&input.id.as_str().into()).await?.id;
        let artifacts_count = cx
            .tx
            .count_artifacts_of_service_action(cx.scope, &id)
            .await?;
        service_actions::may_delete(&id, artifacts_count)?;
        cx.tx.remove_service_action(cx.scope, &id).await?;
        cx.tx.lower_tally(cx.scope, Tally::ServiceActions).await?;
        Ok(DeleteServiceActionOutput {})
    }
}
