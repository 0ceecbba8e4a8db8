//! DescribeProductAsAdmin: a product with all its versions, as an administrator sees it.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeProductAsAdmin.html>

use mimeo_api::{
    DescribeProductAsAdmin, DescribeProductAsAdminInput, DescribeProductAsAdminOutput,
};
use mimeo_domain::{PortfolioId, Refusal};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for DescribeProductAsAdmin {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeProductAsAdminInput,
    ) -> Result<DescribeProductAsAdminOutput, Stop> {
        let product = match (&input.id, &input.name) {
            (Some(id), None) => cx.visible_product(&id.as_str().into()).await?.product,
            (None, Some(name)) => cx.product_named(name).await?.product,
            _ => return Err(Refusal::ExactlyOneOf("Id and Name").into()),
        };
        if let Some(portfolio) = &input.source_portfolio_id {
            let portfolio: PortfolioId = portfolio.as_str().into();
            cx.visible_portfolio(&portfolio).await?;
            let held = cx
                .tx
                .owner_of_held_product(cx.scope, &portfolio, &product.id)
                .await?;
            let product = product.id.clone();
            held.ok_or(Refusal::NotAssociated { product, portfolio })?;
        }
        let artifacts = cx.tx.list_artifacts(cx.scope, &product.id).await?;
        Ok(DescribeProductAsAdminOutput {
            budgets: Some(Vec::new()),
            product_view_detail: Some(view::product_detail(&product, product.created)),
            provisioning_artifact_summaries: Some(
                artifacts.iter().map(view::artifact_summary).collect(),
            ),
            tag_options: Some(Vec::new()),
            tags: Some(view::tags(&product.tags)),
        })
    }
}
