//! Products.

mod create_product;
mod delete_product;
mod describe_product;
mod describe_product_as_admin;
mod describe_product_view;
mod update_product;

use mimeo_api::ProvisioningArtifact;
use mimeo_domain::{ProductId, Refusal};

use crate::cx::Cx;
use crate::error::Stop;
use crate::view;

/// The versions that end users see: the active ones, oldest first.
async fn active_artifacts(
    cx: &mut Cx<'_, '_>,
    product: &ProductId,
) -> Result<Vec<ProvisioningArtifact>, Stop> {
    let artifacts = cx.tx.list_artifacts(cx.scope, product).await?;
    let active = artifacts.iter().filter(|artifact| artifact.active);
    Ok(active.map(view::artifact).collect())
}

/// `SupportUrl` must be a web address, as its documented pattern says; `""` clears it.
fn support_url(url: Option<&String>) -> Result<(), Refusal> {
    match url {
        Some(url)
            if !url.is_empty() && !url.starts_with("http://") && !url.starts_with("https://") =>
        {
            Err(Refusal::NotAWebAddress {
                member: "SupportUrl",
            })
        }
        _ => Ok(()),
    }
}
