//! ListOrganizationPortfolioAccess: the nodes of one kind that an own portfolio is shared with.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListOrganizationPortfolioAccess.html>

use mimeo_api::{
    ListOrganizationPortfolioAccess, ListOrganizationPortfolioAccessInput,
    ListOrganizationPortfolioAccessOutput, OrganizationNode,
};

use super::node_kind;
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for ListOrganizationPortfolioAccess {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListOrganizationPortfolioAccessInput,
    ) -> Result<ListOrganizationPortfolioAccessOutput, Stop> {
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        cx.administration().await?;
        let kind = input.organization_node_type.as_str();
        let about = format!("{portfolio} {kind}");
        let page = cx
            .pages
            .open(input.page_size, input.page_token.as_deref(), &about)?;
        let after = page.after.as_ref();
        let shares = cx
            .tx
            .page_shares(cx.scope, &portfolio, node_kind(kind), after, page.limit + 1)
            .await?;
        let (shares, next) = cx.pages.cut(&page, shares, |last| last.recipient.node());
        let nodes = shares.iter().map(|share| OrganizationNode {
            r#type: Some(kind.to_owned()),
            value: Some(share.recipient.id().to_owned()),
        });
        Ok(ListOrganizationPortfolioAccessOutput {
            next_page_token: next,
            organization_nodes: Some(nodes.collect()),
        })
    }
}
