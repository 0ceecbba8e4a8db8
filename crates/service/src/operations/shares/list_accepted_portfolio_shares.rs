//! ListAcceptedPortfolioShares: portfolios of others that the caller has imported, or that reach it
//! through the organization; by id.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListAcceptedPortfolioShares.html>

use mimeo_api::{
    ListAcceptedPortfolioShares, ListAcceptedPortfolioSharesInput,
    ListAcceptedPortfolioSharesOutput,
};

use super::Way;
use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for ListAcceptedPortfolioShares {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListAcceptedPortfolioSharesInput,
    ) -> Result<ListAcceptedPortfolioSharesOutput, Stop> {
        let about = input.portfolio_share_type.as_deref().unwrap_or("IMPORTED");
        let page = cx
            .pages
            .open(input.page_size, input.page_token.as_deref(), about)?;
        let (after, limit) = (page.after.as_ref(), page.limit + 1);
        let portfolios = match Way::read(input.portfolio_share_type.as_ref()) {
            Way::Imported => {
                cx.tx
                    .page_accepted_portfolios(cx.scope, after, limit)
                    .await?
            }
            Way::Organization => {
                cx.tx
                    .page_portfolios_through_nodes(cx.scope, after, limit)
                    .await?
            }
            Way::Samples => Vec::new(),
        };
        let (portfolios, next) = cx.pages.cut(&page, portfolios, |last| last.id.clone());
        Ok(ListAcceptedPortfolioSharesOutput {
            next_page_token: next,
            portfolio_details: Some(portfolios.iter().map(view::portfolio_detail).collect()),
        })
    }
}
