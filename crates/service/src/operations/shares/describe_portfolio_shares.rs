//! DescribePortfolioShares: the shares of an own portfolio, accepted or not.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribePortfolioShares.html>

use mimeo_api::{
    DescribePortfolioShareType, DescribePortfolioShares, DescribePortfolioSharesInput,
    DescribePortfolioSharesOutput, PortfolioShareDetail,
};
use mimeo_domain::shares::{Acceptance, PortfolioShare, RecipientKind, Shared};

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
        let (kind, after) = (kind_of(&input.r#type), page.after.as_ref());
        let shares = cx
            .tx
            .page_shares(cx.scope, &portfolio, kind, after, page.limit + 1)
            .await?;
        let (shares, next) = cx.pages.cut(&page, shares, |last| last.recipient.node());
        Ok(DescribePortfolioSharesOutput {
            next_page_token: next,
            portfolio_share_details: Some(shares.iter().map(detail).collect()),
        })
    }
}

fn kind_of(named: &str) -> RecipientKind {
    use RecipientKind as Kind;
    let kinds = [Kind::Member, Kind::Unit, Kind::Organization];
    let found = kinds
        .into_iter()
        .find(|kind| shown(*kind).as_str() == named);
    found.unwrap_or(Kind::Account)
}

/// An account reached as a member of the organization is of a type of its own.
fn shown(kind: RecipientKind) -> DescribePortfolioShareType {
    match kind {
        RecipientKind::Account => DescribePortfolioShareType::Account,
        RecipientKind::Member => DescribePortfolioShareType::OrganizationMemberAccount,
        RecipientKind::Unit => DescribePortfolioShareType::OrganizationalUnit,
        RecipientKind::Organization => DescribePortfolioShareType::Organization,
    }
}

fn detail(share: &PortfolioShare) -> PortfolioShareDetail {
    PortfolioShareDetail {
        accepted: Some(share.acceptance == Acceptance::Accepted),
        principal_id: Some(share.recipient.id().to_owned()),
        share_principals: Some(share.principals == Shared::Yes),
        share_tag_options: Some(share.tag_options == Shared::Yes),
        r#type: Some(shown(share.recipient.kind())),
    }
}
