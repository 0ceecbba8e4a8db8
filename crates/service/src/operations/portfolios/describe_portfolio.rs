//! DescribePortfolio: a portfolio of the caller's, or one shared with it.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribePortfolio.html>

use mimeo_api::{DescribePortfolio, DescribePortfolioInput, DescribePortfolioOutput};
use mimeo_domain::ResourceId;

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
        let tag_options = cx
            .tx
            .tag_options_of_portfolio(cx.scope, &portfolio.id)
            .await?;
        let budgets = cx
            .budgets(&ResourceId::Portfolio(portfolio.id.clone()))
            .await?;
        Ok(DescribePortfolioOutput {
            budgets: Some(view::budgets(budgets)),
            portfolio_detail: Some(view::portfolio_detail(&portfolio)),
            tag_options: Some(view::tag_options(&tag_options)),
            tags: Some(tags),
        })
    }
}
