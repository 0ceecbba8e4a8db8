//! DescribePortfolio: a portfolio of the caller's, or one shared with it.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribePortfolio.html>

use mimeo_api::{DescribePortfolio, DescribePortfolioInput, DescribePortfolioOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for DescribePortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribePortfolioInput,
    ) -> Result<DescribePortfolioOutput, Stop> {
        let portfolio = cx.visible_portfolio(&input.id.as_str().into()).await?;
        // Tags are the owner's: what is shared is the portfolio and its products.
        let own = portfolio.account == cx.scope.account;
        let tags = if own {
            view::tags(&portfolio.tags)
        } else {
            Vec::new()
        };
        Ok(DescribePortfolioOutput {
            budgets: Some(Vec::new()),
            portfolio_detail: Some(view::portfolio_detail(&portfolio)),
            tag_options: Some(Vec::new()),
            tags: Some(tags),
        })
    }
}
