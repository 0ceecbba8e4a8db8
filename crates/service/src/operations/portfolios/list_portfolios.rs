//! ListPortfolios: the caller's own portfolios, oldest first.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListPortfolios.html>

use mimeo_api::{ListPortfolios, ListPortfoliosInput, ListPortfoliosOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for ListPortfolios {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListPortfoliosInput,
    ) -> Result<ListPortfoliosOutput, Stop> {
        let page = cx
            .pages
            .open(input.page_size, input.page_token.as_deref(), "")?;
        let after = page.after.as_ref();
        let portfolios = cx
            .tx
            .page_portfolios(cx.scope, after, page.limit + 1)
            .await?;
        let (portfolios, next) = cx
            .pages
            .cut(&page, portfolios, |last| (last.created, last.id.clone()));
        Ok(ListPortfoliosOutput {
            next_page_token: next,
            portfolio_details: Some(portfolios.iter().map(view::portfolio_detail).collect()),
        })
    }
}
