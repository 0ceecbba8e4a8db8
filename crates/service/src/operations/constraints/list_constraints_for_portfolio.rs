//! ListConstraintsForPortfolio: the constraints in force in a portfolio, own or imported; by product.
//!
//! In an own portfolio an imported product has also the constraints that it brings along. They are
//! shown with the owner and the portfolio that they come from.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListConstraintsForPortfolio.html>

use mimeo_api::{
    ListConstraintsForPortfolio, ListConstraintsForPortfolioInput,
    ListConstraintsForPortfolioOutput,
};
use mimeo_domain::ProductId;

use crate::cx::{Cx, Handle, Reach};
use crate::error::Stop;
use crate::view;

impl Handle for ListConstraintsForPortfolio {
    const REACH: Reach = Reach::Scan;

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListConstraintsForPortfolioInput,
    ) -> Result<ListConstraintsForPortfolioOutput, Stop> {
        let portfolio = cx
            .visible_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        let product = match &input.product_id {
            Some(id) => Some(cx.visible_product(&id.as_str().into()).await?.product.id),
            None => None,
        };
        let about = format!(
            "{portfolio} {}",
            product.as_ref().map_or("", ProductId::as_str)
        );
        let token = input.page_token.as_deref();
        let page = cx.pages.open(input.page_size, token, &about)?;
        let after = page.after.as_ref();
        let constraints = cx
            .tx
            .page_constraints(
                cx.scope,
                &portfolio,
                product.as_ref(),
                after,
                page.limit + 1,
            )
            .await?;
        let (constraints, next) = cx.pages.cut(&page, constraints, |last| {
            (last.product.clone(), last.id.clone())
        });
        Ok(ListConstraintsForPortfolioOutput {
            constraint_details: Some(constraints.iter().map(view::constraint_detail).collect()),
            next_page_token: next,
        })
    }
}
