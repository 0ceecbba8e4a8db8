//! CreateServiceAction: makes an action, which no version offers yet.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateServiceAction.html>

use mimeo_api::{CreateServiceAction, CreateServiceActionInput, CreateServiceActionOutput};
use mimeo_domain::service_actions::{self, ServiceAction};
use mimeo_store::Tally;

use super::definition;
use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for CreateServiceAction {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CreateServiceActionInput,
    ) -> Result<CreateServiceActionOutput, Stop> {
        let action = ServiceAction {
            id: cx.mint.service_action_id(),
            account: cx.scope.account.clone(),
            region: cx.scope.region.clone(),
            name: input.name.to_string(),
            description: input.description.clone(),
            definition: definition(&input.definition)?,
            created: cx.now,
        };
        let count_after = cx.tx.raise_tally(cx.scope, Tally::ServiceActions).await?;
        service_actions::room_for_service_action(count_after, cx.quotas.service_actions)?;
        cx.tx.insert_service_action(&action).await?;
        Ok(CreateServiceActionOutput {
            service_action_detail: Some(view::service_action_detail(&action)),
        })
    }
}
