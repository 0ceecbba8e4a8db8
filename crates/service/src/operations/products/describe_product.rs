//! DescribeProduct: a product as an end user sees it, with its active versions and the paths to it.
//!
//! Who is a principal of no portfolio that holds the product is told that it does not exist, an
//! administrator too.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeProduct.html>

use mimeo_api::{DescribeProduct, DescribeProductInput, DescribeProductOutput, LaunchPath};
use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::{ProductId, Refusal, ResourceId};

use super::active_artifacts;
use crate::cx::{Cx, Handle, Reach};
use crate::error::Stop;
use crate::view;

impl Handle for DescribeProduct {
    const REACH: Reach = Reach::Scan;

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeProductInput,
    ) -> Result<DescribeProductOutput, Stop> {
        let launchable = match (&input.id, &input.name) {
            (Some(id), None) => {
                let id = ProductId::from(id.as_str());
                let found = cx.end_user().find_launchable(&id).await?;
                found.ok_or(Refusal::NoSuchProduct(id))?
            }
            (None, Some(name)) => cx.end_user().launchable_named(name).await?,
            _ => return Err(Refusal::ExactlyOneOf("Id and Name").into()),
        };
        let product = launchable.product;
        let budgets = cx.budgets(&ResourceId::Product(product.id.clone())).await?;
        Ok(DescribeProductOutput {
            budgets: Some(view::budgets(budgets)),
            launch_paths: Some(launchable.paths.iter().map(path).collect()),
            product_view_summary: Some(view::product_summary(&product)),
            provisioning_artifacts: Some(active_artifacts(cx, &product.id).await?),
        })
    }
}

fn path(portfolio: &Portfolio) -> LaunchPath {
    LaunchPath {
        id: Some(portfolio.id.path_id()),
        name: Some(portfolio.details.display_name.clone()),
    }
}
