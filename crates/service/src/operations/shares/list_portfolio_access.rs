//! ListPortfolioAccess: the accounts that an own portfolio is shared with.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListPortfolioAccess.html>

use mimeo_api::{ListPortfolioAccess, ListPortfolioAccessInput, ListPortfolioAccessOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for ListPortfolioAccess {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListPortfolioAccessInput,
    ) -> Result<ListPortfolioAccessOutput, Stop> {
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        let token = input.page_token.as_deref();
        let page = cx.pages.open(input.page_size, token, portfolio.as_str())?;
        let after = page.after.as_ref();
        let shares = cx
            .tx
            .page_shares(cx.scope, &portfolio, after, page.limit + 1)
            .await?;
        let (shares, next) = cx.pages.cut(&page, shares, |last| last.recipient.clone());
        Ok(ListPortfolioAccessOutput {
            account_ids: Some(
                shares
                    .iter()
                    .map(|share| share.recipient.to_string())
                    .collect(),
            ),
            next_page_token: next,
        })
    }
}
