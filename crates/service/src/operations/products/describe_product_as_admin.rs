//! DescribeProductAsAdmin: a product with all its versions, as an administrator sees it.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeProductAsAdmin.html>

use mimeo_api::{
    DescribeProductAsAdmin, DescribeProductAsAdminInput, DescribeProductAsAdminOutput,
};
use mimeo_domain::{PortfolioId, ProductId, Refusal, ResourceId};

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
        let resource = ResourceId::Product(product.id.clone());
        let tag_options = match &input.source_portfolio_id {
            // AWS shows those that the owner shares only to who names the portfolio.
            Some(portfolio) => {
                let portfolio = portfolio.as_str().into();
                cx.holder(&portfolio, &product.id).await?;
                cx.tx
                    .tag_options_of_product(cx.scope, &product.id, Some(&portfolio))
                    .await?
            }
            None => cx.tx.local_tag_options(cx.scope, &resource).await?,
        };
        let budgets = cx.budgets(&resource).await?;
        let artifacts = cx.tx.list_artifacts(cx.scope, &product.id).await?;
        Ok(DescribeProductAsAdminOutput {
            budgets: Some(view::budgets(budgets)),
            product_view_detail: Some(view::product_detail(&product, product.created)),
            provisioning_artifact_summaries: Some(
                artifacts.iter().map(view::artifact_summary).collect(),
            ),
            tag_options: Some(view::tag_options(&tag_options)),
            tags: Some(view::tags(&product.tags)),
        })
    }
}

impl Cx<'_, '_> {
    /// A portfolio that the caller sees must hold the product.
    async fn holder(&mut self, portfolio: &PortfolioId, product: &ProductId) -> Result<(), Stop> {
        self.visible_portfolio(portfolio).await?;
        let held = self
            .tx
            .owner_of_held_product(self.scope, portfolio, product)
            .await?;
        let apart = || Refusal::NotAssociated {
            product: product.clone(),
            portfolio: portfolio.clone(),
        };
        held.map(drop).ok_or_else(|| apart().into())
    }
}
