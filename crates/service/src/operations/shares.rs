//! Portfolio shares, with accounts and with the nodes of the organization.

mod accept_portfolio_share;
mod create_portfolio_share;
mod delete_portfolio_share;
mod describe_portfolio_share_status;
mod describe_portfolio_shares;
mod list_accepted_portfolio_shares;
mod list_organization_portfolio_access;
mod list_portfolio_access;
mod reject_portfolio_share;
mod update_portfolio_share;

use mimeo_api::{OrganizationNode, OrganizationNodeType, PortfolioShareType};
use mimeo_domain::organizations::Administration;
use mimeo_domain::shares::{Recipient, RecipientKind, ShareOperation};
use mimeo_domain::{PortfolioId, Refusal, ShareToken};

use crate::cx::Cx;
use crate::error::Stop;

/// Whom a share is with, as a request names it.
struct Named {
    recipient: Recipient,
    value: String,
}

impl Named {
    /// Reads the two members of which a request gives one.
    fn read(account: Option<&String>, node: Option<&OrganizationNode>) -> Result<Self, Refusal> {
        let one = Refusal::ExactlyOneOf("AccountId and OrganizationNode");
        let (recipient, value) = match (account, node) {
            (Some(account), None) => (
                account.parse().map(Recipient::Account).map_err(|_| one)?,
                account,
            ),
            (None, Some(node)) => {
                let (Some(kind), Some(value)) = (&node.r#type, &node.value) else {
                    return Err(Refusal::HalfANode);
                };
                (Recipient::of_organization(node_kind(kind), value)?, value)
            }
            _ => return Err(one),
        };
        Ok(Self {
            recipient,
            value: value.clone(),
        })
    }

    /// The organization whose node this is, if the caller administers it; `None` for an account,
    /// with which everybody may share.
    async fn administration(&self, cx: &mut Cx<'_, '_>) -> Result<Option<Administration>, Stop> {
        if self.recipient.kind() == RecipientKind::Account {
            return Ok(None);
        }
        let administration = cx.administration().await?;
        administration.may_be_named(&self.recipient, &self.value)?;
        Ok(Some(administration))
    }
}

fn node_kind(kind: &str) -> RecipientKind {
    if kind == OrganizationNodeType::Organization.as_str() {
        RecipientKind::Organization
    } else if kind == OrganizationNodeType::OrganizationalUnit.as_str() {
        RecipientKind::Unit
    } else {
        RecipientKind::Member
    }
}

/// Gives the token by which the caller may ask what became of an operation.
async fn tracked(
    cx: &mut Cx<'_, '_>,
    portfolio: &PortfolioId,
    recipient: &Recipient,
) -> Result<ShareToken, Stop> {
    let operation = ShareOperation {
        token: cx.mint.share_token(),
        portfolio: portfolio.clone(),
        recipient: recipient.clone(),
        created: cx.now,
    };
    cx.tx.insert_share_operation(cx.scope, &operation).await?;
    Ok(operation.token)
}

/// The same, where the operation is on a node: AWS gives no token for one on an account.
async fn tracked_for_node(
    cx: &mut Cx<'_, '_>,
    portfolio: &PortfolioId,
    recipient: &Recipient,
) -> Result<Option<String>, Stop> {
    if recipient.kind() == RecipientKind::Account {
        return Ok(None);
    }
    let token = tracked(cx, portfolio, recipient).await?;
    Ok(Some(token.to_string()))
}

/// How a portfolio of another may have come to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Offered to the account, and accepted: `IMPORTED`, as long as a request names no type.
    Imported,
    /// Through the organization, with nothing to accept.
    Organization,
    /// AWS's own samples, of which there are none any more.
    Samples,
}

impl Way {
    fn read(share_type: Option<&String>) -> Self {
        match share_type {
            Some(named) if named == PortfolioShareType::AwsOrganizations.as_str() => {
                Self::Organization
            }
            Some(named) if named == PortfolioShareType::AwsServicecatalog.as_str() => Self::Samples,
            _ => Self::Imported,
        }
    }
}
