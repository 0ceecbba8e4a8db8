//! ListServiceActionsForProvisioningArtifact: the actions that a version offers; by id.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListServiceActionsForProvisioningArtifact.html>
//!
//! Whoever sees the version sees them: end users of a shared product run its owner's actions.

use mimeo_api::{
    ListServiceActionsForProvisioningArtifact, ListServiceActionsForProvisioningArtifactInput,
    ListServiceActionsForProvisioningArtifactOutput,
};
use mimeo_domain::ArtifactId;

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for ListServiceActionsForProvisioningArtifact {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListServiceActionsForProvisioningArtifactInput,
    ) -> Result<ListServiceActionsForProvisioningArtifactOutput, Stop> {
        let product = cx
            .visible_product(&input.product_id.as_str().into())
            .await?
            .product
            .id;
        let artifact: ArtifactId = input.provisioning_artifact_id.as_str().into();
        cx.artifact_exists(&product, &artifact).await?;
        let token = input.page_token.as_deref();
        let page = cx.pages.open(input.page_size, token, artifact.as_str())?;
        let after = page.after.as_ref();
        let actions = cx
            .tx
            .page_service_actions_of_artifact(cx.scope, &artifact, after, page.limit + 1)
            .await?;
        let (actions, next) = cx.pages.cut(&page, actions, |last| last.id.clone());
        Ok(ListServiceActionsForProvisioningArtifactOutput {
            next_page_token: next,
            service_action_summaries: Some(
                actions.iter().map(view::service_action_summary).collect(),
            ),
        })
    }
}
