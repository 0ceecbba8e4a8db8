//! CreateProvisioningArtifact: adds a version to a product.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProvisioningArtifact.html>

use mimeo_api::{
    CreateProvisioningArtifact, CreateProvisioningArtifactInput, CreateProvisioningArtifactOutput,
    Status,
};
use mimeo_domain::ProductId;
use mimeo_domain::artifacts::{self, Lineage};
use mimeo_domain::products::ProductType;
use mimeo_store::{AuthScope, Tx, Work};

use crate::cx::{Cx, Handle, Outside, Prepared};
use crate::draft::Draft;
use crate::error::{Failure, Stop};
use crate::view;

impl Handle for CreateProvisioningArtifact {
    /// The product decides how the template is checked, so it is looked up before the fetch.
    async fn prepare(
        outside: &Outside<'_>,
        input: &CreateProvisioningArtifactInput,
    ) -> Result<Prepared, Stop> {
        let scope = AuthScope::of(outside.caller);
        let store = outside.world.directory.store(&scope.region);
        let store = store.ok_or_else(|| Failure::Bug("a Region without a store".into()))?;
        let product = input.product_id.as_str().into();
        // What the caller cannot change is told apart by `handle`.
        let Some(product_type) = store.read(TypeOf { scope, product }).await? else {
            return Ok(Prepared::default());
        };
        Draft::read(product_type, &input.parameters)?
            .prepare(outside)
            .await
    }

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CreateProvisioningArtifactInput,
    ) -> Result<CreateProvisioningArtifactOutput, Stop> {
        let product = cx
            .own_product(&input.product_id.as_str().into())
            .await?
            .product;
        let draft = Draft::read(product.product_type, &input.parameters)?;
        let count_after = cx.tx.count_artifacts(cx.scope, &product.id).await? + 1;
        artifacts::room_for_artifact(&product.id, count_after, cx.quotas.artifacts_per_product)?;
        let id = cx.mint.artifact_id();
        let artifact = draft.artifact(id, &product.id, Lineage::Later, cx.prepared, cx.now);
        cx.tx
            .insert_artifacts(cx.scope, &product.id, std::slice::from_ref(&artifact))
            .await?;
        Ok(CreateProvisioningArtifactOutput {
            info: Some(view::info(&artifact)),
            provisioning_artifact_detail: Some(view::artifact_detail(&artifact)),
            // As the real service first answers; the version can be used at once all the same.
            status: Some(Status::Creating),
        })
    }
}

struct TypeOf {
    scope: AuthScope,
    product: ProductId,
}

impl Work for TypeOf {
    type Output = Option<ProductType>;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<ProductType>, Stop> {
        let found = tx.find_product(&self.scope, &self.product).await?;
        Ok(found.map(|found| found.product.product_type))
    }
}
