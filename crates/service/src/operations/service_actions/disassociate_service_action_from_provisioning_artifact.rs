//! DisassociateServiceActionFromProvisioningArtifact: a version offers an action no more.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DisassociateServiceActionFromProvisioningArtifact.html>

use mimeo_api::{
    DisassociateServiceActionFromProvisioningArtifact,
    DisassociateServiceActionFromProvisioningArtifactInput,
    DisassociateServiceActionFromProvisioningArtifactOutput,
};
use mimeo_domain::service_actions::Association;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DisassociateServiceActionFromProvisioningArtifact {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DisassociateServiceActionFromProvisioningArtifactInput,
    ) -> Result<DisassociateServiceActionFromProvisioningArtifactOutput, Stop> {
        let asked = Association {
            product: input.product_id.as_str().into(),
            artifact: input.provisioning_artifact_id.as_str().into(),
            action: input.service_action_id.as_str().into(),
        };
        cx.disassociate_service_action(&asked).await?;
        Ok(DisassociateServiceActionFromProvisioningArtifactOutput {})
    }
}
