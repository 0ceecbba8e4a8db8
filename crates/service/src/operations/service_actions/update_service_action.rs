//! UpdateServiceAction: changes what is named and leaves the rest; a definition is replaced whole.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateServiceAction.html>

use mimeo_api::{UpdateServiceAction, UpdateServiceActionInput, UpdateServiceActionOutput};
use mimeo_domain::service_actions::ServiceActionChange;

use super::definition;
use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for UpdateServiceAction {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &UpdateServiceActionInput,
    ) -> Result<UpdateServiceActionOutput, Stop> {
        let before = cx.own_service_action(&input.id.as_str().into()).await?;
        let action = before.changed(ServiceActionChange {
            name: input.name.clone(),
            description: input.description.clone(),
            definition: input.definition.as_ref().map(definition).transpose()?,
        });
        cx.tx.update_service_action(&action).await?;
        Ok(UpdateServiceActionOutput {
            service_action_detail: Some(view::service_action_detail(&action)),
        })
    }
}
