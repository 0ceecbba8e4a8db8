//! DeleteProvisioningArtifact: removes a version that offers no service actions, unless it is the last.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeleteProvisioningArtifact.html>

use mimeo_api::{
    DeleteProvisioningArtifact, DeleteProvisioningArtifactInput, DeleteProvisioningArtifactOutput,
};
use mimeo_domain::{ArtifactId, Refusal, artifacts};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DeleteProvisioningArtifact {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DeleteProvisioningArtifactInput,
    ) -> Result<DeleteProvisioningArtifactOutput, Stop> {
        let product = cx
            .own_product(&input.product_id.as_str().into())
            .await?
            .product;
        let id: ArtifactId = input.provisioning_artifact_id.as_str().into();
        if cx
            .tx
            .find_artifact(cx.scope, &product.id, &id)
            .await?
            .is_none()
        {
            return Err(Refusal::NoSuchArtifact(id).into());
        }
        let artifacts_count = cx.tx.count_artifacts(cx.scope, &product.id).await?;
        let service_actions_count = cx
            .tx
            .count_service_actions_of_artifact(cx.scope, &id)
            .await?;
        artifacts::may_delete((&product.id, &id), artifacts_count, service_actions_count)?;
        cx.tx.remove_artifact(cx.scope, &product.id, &id).await?;
        Ok(DeleteProvisioningArtifactOutput {})
    }
}
