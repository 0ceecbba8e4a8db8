//! ListPortfolioAccess: the accounts that an own portfolio is shared with; or those below a node of
//! the organization that it reaches through its shares with nodes.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListPortfolioAccess.html>

use mimeo_api::{ListPortfolioAccess, ListPortfolioAccessInput, ListPortfolioAccessOutput};
use mimeo_domain::shares::{Recipient, RecipientKind};
use mimeo_domain::{PortfolioId, Refusal};

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
        let parent = match &input.organization_parent_id {
            Some(parent) => Some(node_of_own_organization(cx, parent).await?),
            None => None,
        };
        let below = parent.as_ref().map_or("", Recipient::id);
        let about = format!("{portfolio} {below}");
        let page = cx
            .pages
            .open(input.page_size, input.page_token.as_deref(), &about)?;
        let (after, limit) = (page.after.as_ref(), page.limit + 1);
        let accounts = match &parent {
            None => shared_with(cx, &portfolio, after, limit).await?,
            Some(parent) => {
                cx.tx
                    .page_inheriting_accounts(cx.scope, &portfolio, parent, after, limit)
                    .await?
            }
        };
        let (accounts, next) = cx.pages.cut(&page, accounts, Clone::clone);
        Ok(ListPortfolioAccessOutput {
            account_ids: Some(accounts),
            next_page_token: next,
        })
    }
}

async fn shared_with(
    cx: &mut Cx<'_, '_>,
    portfolio: &PortfolioId,
    after: Option<&String>,
    limit: usize,
) -> Result<Vec<String>, Stop> {
    let shares = cx
        .tx
        .page_shares(cx.scope, portfolio, RecipientKind::Account, after, limit)
        .await?;
    let account = |share: &mimeo_domain::shares::PortfolioShare| share.recipient.id().to_owned();
    Ok(shares.iter().map(account).collect())
}

/// Whoever does not administer the organization sees none of its nodes: the model declares no
/// OperationNotSupportedException here.
async fn node_of_own_organization(cx: &mut Cx<'_, '_>, id: &str) -> Result<Recipient, Stop> {
    let unknown = || Refusal::NoSuchNode(id.to_owned());
    let node: Recipient = id.parse().map_err(|_| unknown())?;
    let is_node = matches!(
        node.kind(),
        RecipientKind::Unit | RecipientKind::Organization
    );
    let administers = match cx.administration().await {
        Err(Stop::Refusal(_)) => false,
        other => other.map(|_| true)?,
    };
    if !is_node || !administers || !cx.tx.has_organization_node(&node).await? {
        return Err(unknown().into());
    }
    Ok(node)
}
