//! CreatePortfolio: makes an empty portfolio.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreatePortfolio.html>

use mimeo_api::{CreatePortfolio, CreatePortfolioInput, CreatePortfolioOutput};
use mimeo_domain::portfolios::{self, Details, Portfolio};
use mimeo_domain::tags;
use mimeo_store::Tally;

use crate::cx::{Cx, Handle};
use crate::draft;
use crate::error::Stop;
use crate::view;

impl Handle for CreatePortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CreatePortfolioInput,
    ) -> Result<CreatePortfolioOutput, Stop> {
        let portfolio = Portfolio {
            id: cx.mint.portfolio_id(),
            account: cx.scope.account.clone(),
            region: cx.scope.region.clone(),
            details: Details {
                display_name: input.display_name.to_string(),
                provider_name: input.provider_name.to_string(),
                description: input.description.clone(),
            },
            tags: tags::first(&draft::tags(input.tags.as_ref()), cx.quotas.tags)?,
            created: cx.now,
        };
        let count_after = cx.tx.raise_tally(cx.scope, Tally::Portfolios).await?;
        portfolios::room_for_portfolio(count_after, cx.quotas.portfolios)?;
        cx.tx.insert_portfolio(&portfolio).await?;
        Ok(CreatePortfolioOutput {
            portfolio_detail: Some(view::portfolio_detail(&portfolio)),
            // Recorded answers have no Tags where none were given.
            tags: Some(view::tags(&portfolio.tags)).filter(|tags| !tags.is_empty()),
        })
    }
}
