//! Portfolio shares with accounts.

mod accept_portfolio_share;
mod create_portfolio_share;
mod delete_portfolio_share;
mod describe_portfolio_shares;
mod list_accepted_portfolio_shares;
mod list_portfolio_access;
mod reject_portfolio_share;

use mimeo_api::{OrganizationNode, PortfolioShareType};
use mimeo_domain::{AccountId, Refusal};

/// The account that a share is with. Organization nodes are still to come, and say so.
fn recipient(
    account: Option<&String>,
    node: Option<&OrganizationNode>,
) -> Result<AccountId, Refusal> {
    match (account, node) {
        (Some(account), None) => account
            .parse()
            .map_err(|_| Refusal::ExactlyOneOf("AccountId and OrganizationNode")),
        (None, Some(_)) => Err(Refusal::OrganizationShareNotYet),
        _ => Err(Refusal::ExactlyOneOf("AccountId and OrganizationNode")),
    }
}

/// Shares with an account are `IMPORTED` once accepted; there are none of the other types.
fn is_imported(share_type: Option<&String>) -> bool {
    share_type.is_none_or(|named| named == PortfolioShareType::Imported.as_str())
}
