//! AssociateServiceActionWithProvisioningArtifact: offers an own action with an own version.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociateServiceActionWithProvisioningArtifact.html>

use mimeo_api::{
    AssociateServiceActionWithProvisioningArtifact,
    AssociateServiceActionWithProvisioningArtifactInput,
    AssociateServiceActionWithProvisioningArtifactOutput,
};
use mimeo_domain::service_actions::Association;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for AssociateServiceActionWithProvisioningArtifact {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &AssociateServiceActionWithProvisioningArtifactInput,
    ) -> Result<AssociateServiceActionWithProvisioningArtifactOutput, Stop> {
        let asked = Association {
            product: input.product_id.as_str().into(),
            artifact: input.provisioning_artifact_id.as_str().into(),
            action: input.service_action_id.as_str().into(),
        };
        cx.associate_service_action(&asked).await?;
        Ok(AssociateServiceActionWithProvisioningArtifactOutput {})
    }
}
