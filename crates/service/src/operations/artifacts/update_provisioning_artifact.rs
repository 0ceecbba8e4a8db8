//! UpdateProvisioningArtifact: changes name, description, activity or guidance of a version.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateProvisioningArtifact.html>

use mimeo_api::{
    Status, UpdateProvisioningArtifact, UpdateProvisioningArtifactInput,
    UpdateProvisioningArtifactOutput,
};
use mimeo_domain::artifacts::{ArtifactChange, Guidance};
use mimeo_domain::{ArtifactId, Refusal};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for UpdateProvisioningArtifact {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &UpdateProvisioningArtifactInput,
    ) -> Result<UpdateProvisioningArtifactOutput, Stop> {
        let product = cx
            .own_product(&input.product_id.as_str().into())
            .await?
            .product;
        let id: ArtifactId = input.provisioning_artifact_id.as_str().into();
        let found = cx.tx.find_artifact(cx.scope, &product.id, &id).await?;
        let artifact = found
            .ok_or(Refusal::NoSuchArtifact(id))?
            .changed(ArtifactChange {
                name: input.name.clone(),
                description: input.description.clone(),
                active: input.active,
                guidance: input.guidance.as_deref().and_then(Guidance::named),
            });
        cx.tx.update_artifact(cx.scope, &artifact).await?;
        Ok(UpdateProvisioningArtifactOutput {
            info: Some(view::info(&artifact)),
            provisioning_artifact_detail: Some(view::artifact_detail(&artifact)),
            status: Some(Status::Available),
        })
    }
}
