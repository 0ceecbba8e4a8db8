//! DeletePortfolio: removes an empty portfolio that is shared with nobody.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeletePortfolio.html>

use mimeo_api::{DeletePortfolio, DeletePortfolioInput, DeletePortfolioOutput};
use mimeo_domain::{ResourceId, portfolios};
use mimeo_store::Tally;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DeletePortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DeletePortfolioInput,
    ) -> Result<DeletePortfolioOutput, Stop> {
        let portfolio = cx.own_portfolio(&input.id.as_str().into()).await?;
        let holdings = cx.tx.portfolio_holdings(cx.scope, &portfolio.id).await?;
        portfolios::may_delete(&portfolio.id, holdings)?;
        cx.drop_attached(&ResourceId::Portfolio(portfolio.id.clone()))
            .await?;
        cx.tx.remove_portfolio(cx.scope, &portfolio.id).await?;
        cx.tx.lower_tally(cx.scope, Tally::Portfolios).await?;
        Ok(DeletePortfolioOutput {})
    }
}
