//! ListAcceptedPortfolioShares: portfolios of others that the caller has imported; by id.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListAcceptedPortfolioShares.html>

use mimeo_api::{
    ListAcceptedPortfolioShares, ListAcceptedPortfolioSharesInput,
    ListAcceptedPortfolioSharesOutput,
};

use super::is_imported;
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
        let portfolios = if is_imported(input.portfolio_share_type.as_ref()) {
            let after = page.after.as_ref();
            cx.tx
                .page_accepted_portfolios(cx.scope, after, page.limit + 1)
                .await?
        } else {
            Vec::new()
        };
        let (portfolios, next) = cx.pages.cut(&page, portfolios, |last| last.id.clone());
        Ok(ListAcceptedPortfolioSharesOutput {
            next_page_token: next,
            portfolio_details: Some(portfolios.iter().map(view::portfolio_detail).collect()),
        })
    }
}
