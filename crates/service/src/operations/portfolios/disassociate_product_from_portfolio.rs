//! DisassociateProductFromPortfolio: takes a product out of an own portfolio.
//!
//! Its constraints there must go first. Recipients who put the product into portfolios of their own
//! lose it there too, unless they still see it through another share; and so goes what they hung on it.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DisassociateProductFromPortfolio.html>

use mimeo_api::{
    DisassociateProductFromPortfolio, DisassociateProductFromPortfolioInput,
    DisassociateProductFromPortfolioOutput,
};
use mimeo_domain::{ProductId, Refusal, constraints};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DisassociateProductFromPortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DisassociateProductFromPortfolioInput,
    ) -> Result<DisassociateProductFromPortfolioOutput, Stop> {
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        let product: ProductId = input.product_id.as_str().into();
        let existing = cx
            .tx
            .constraint_types(cx.scope, &portfolio, &product)
            .await?;
        constraints::may_leave((&portfolio, &product), existing.len())?;
        let removed_count = cx
            .tx
            .disassociate_product(cx.scope, &portfolio, &product)
            .await?;
        if removed_count == 0 {
            return Err(Refusal::NotAssociated { product, portfolio }.into());
        }
        cx.tx
            .drop_lost_holders(cx.scope, &product, &cx.scope.account)
            .await?;
        cx.tx
            .drop_lost_attached_on_product(cx.scope, &product, &cx.scope.account)
            .await?;
        Ok(DisassociateProductFromPortfolioOutput {})
    }
}
