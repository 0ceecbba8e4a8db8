//! ListProvisioningArtifacts: all versions of a product, inactive ones too, oldest first.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListProvisioningArtifacts.html>

use mimeo_api::{
    ListProvisioningArtifacts, ListProvisioningArtifactsInput, ListProvisioningArtifactsOutput,
};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for ListProvisioningArtifacts {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListProvisioningArtifactsInput,
    ) -> Result<ListProvisioningArtifactsOutput, Stop> {
        let product = cx
            .visible_product(&input.product_id.as_str().into())
            .await?
            .product;
        let artifacts = cx.tx.list_artifacts(cx.scope, &product.id).await?;
        Ok(ListProvisioningArtifactsOutput {
            next_page_token: None,
            provisioning_artifact_details: Some(
                artifacts.iter().map(view::artifact_detail).collect(),
            ),
        })
    }
}
