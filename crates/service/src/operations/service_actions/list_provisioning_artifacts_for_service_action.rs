//! ListProvisioningArtifactsForServiceAction: the versions that offer an own action; by id.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListProvisioningArtifactsForServiceAction.html>

use mimeo_api::{
    ListProvisioningArtifactsForServiceAction, ListProvisioningArtifactsForServiceActionInput,
    ListProvisioningArtifactsForServiceActionOutput, ProvisioningArtifactView,
};
use mimeo_domain::artifacts::Artifact;
use mimeo_domain::products::Product;

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for ListProvisioningArtifactsForServiceAction {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListProvisioningArtifactsForServiceActionInput,
    ) -> Result<ListProvisioningArtifactsForServiceActionOutput, Stop> {
        let action = cx
            .own_service_action(&input.service_action_id.as_str().into())
            .await?
            .id;
        let token = input.page_token.as_deref();
        let page = cx.pages.open(input.page_size, token, action.as_str())?;
        let after = page.after.as_ref();
        let artifacts = cx
            .tx
            .page_artifacts_of_service_action(cx.scope, &action, after, page.limit + 1)
            .await?;
        let (artifacts, next) = cx.pages.cut(&page, artifacts, |(_, last)| last.id.clone());
        Ok(ListProvisioningArtifactsForServiceActionOutput {
            next_page_token: next,
            provisioning_artifact_views: Some(artifacts.iter().map(shown).collect()),
        })
    }
}

fn shown((product, artifact): &(Product, Artifact)) -> ProvisioningArtifactView {
    ProvisioningArtifactView {
        product_view_summary: Some(view::product_summary(product)),
        provisioning_artifact: Some(view::artifact(artifact)),
    }
}
