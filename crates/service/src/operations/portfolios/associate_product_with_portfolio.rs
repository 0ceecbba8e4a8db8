//! AssociateProductWithPortfolio: puts an own or imported product into an own portfolio.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociateProductWithPortfolio.html>

use mimeo_api::{
    AssociateProductWithPortfolio, AssociateProductWithPortfolioInput,
    AssociateProductWithPortfolioOutput,
};
use mimeo_domain::{PortfolioId, Refusal, portfolios};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for AssociateProductWithPortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &AssociateProductWithPortfolioInput,
    ) -> Result<AssociateProductWithPortfolioOutput, Stop> {
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?;
        let product = cx
            .visible_product(&input.product_id.as_str().into())
            .await?
            .product;
        if let Some(source) = &input.source_portfolio_id {
            let source: PortfolioId = source.as_str().into();
            cx.visible_portfolio(&source).await?;
            let held = cx
                .tx
                .owner_of_held_product(cx.scope, &source, &product.id)
                .await?;
            let product = product.id.clone();
            held.ok_or(Refusal::NotAssociated {
                product,
                portfolio: source,
            })?;
        }
        let holdings = cx.tx.portfolio_holdings(cx.scope, &portfolio.id).await?;
        if product.account != portfolio.account && holdings.shares_count > 0 {
            return Err(Refusal::ShareOfForeignProducts(portfolio.id).into());
        }
        let associated = (&product.id, &product.account);
        let added_count = cx
            .tx
            .associate_product(&portfolio, associated, cx.now)
            .await?;
        portfolios::room_for_product(
            &portfolio.id,
            holdings.products_count + added_count,
            cx.quotas.products_per_portfolio,
        )?;
        if added_count > 0 {
            cx.room_for_principals_of(&product.id).await?;
        }
        Ok(AssociateProductWithPortfolioOutput {})
    }
}
