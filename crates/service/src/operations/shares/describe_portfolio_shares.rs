//! DescribePortfolioShares: the shares of an own portfolio, accepted or not.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribePortfolioShares.html>

use mimeo_api::{
    DescribePortfolioShareType, DescribePortfolioShares, DescribePortfolioSharesInput,
    DescribePortfolioSharesOutput, PortfolioShareDetail,
};
use mimeo_domain::shares::{Acceptance, PortfolioShare, Shared};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DescribePortfolioShares {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribePortfolioSharesInput,
    ) -> Result<DescribePortfolioSharesOutput, Stop> {
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        let about = format!("{portfolio} {}", *input.r#type);
        let page = cx
            .pages
            .open(input.page_size, input.page_token.as_deref(), &about)?;
        // Shares are with accounts only, so far.
        let shares = if *input.r#type == DescribePortfolioShareType::Account.as_str() {
            let after = page.after.as_ref();
            cx.tx
                .page_shares(cx.scope, &portfolio, after, page.limit + 1)
                .await?
        } else {
            Vec::new()
        };
        let (shares, next) = cx.pages.cut(&page, shares, |last| last.recipient.clone());
        Ok(DescribePortfolioSharesOutput {
            next_page_token: next,
            portfolio_share_details: Some(shares.iter().map(detail).collect()),
        })
    }
}

fn detail(share: &PortfolioShare) -> PortfolioShareDetail {
    PortfolioShareDetail {
        accepted: Some(share.acceptance == Acceptance::Accepted),
        principal_id: Some(share.recipient.to_string()),
        share_principals: Some(share.principals == Shared::Yes),
        share_tag_options: Some(share.tag_options == Shared::Yes),
        r#type: Some(DescribePortfolioShareType::Account),
    }
}
