//! Portfolio shares: who else may see a portfolio, and what accepting one means.

use crate::{AccountId, PortfolioId, Refusal, Timestamp};

/// A share of a portfolio with one account. The recipient sees nothing before it accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioShare {
    pub portfolio: PortfolioId,
    pub owner: AccountId,
    pub recipient: AccountId,
    pub acceptance: Acceptance,
    pub tag_options: Shared,
    pub principals: Shared,
    pub created: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    Offered,
    /// Accepted, which the API calls `IMPORTED`.
    Accepted,
}

/// Whether something travels with a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shared {
    #[default]
    No,
    Yes,
}

impl From<bool> for Shared {
    fn from(shared: bool) -> Self {
        if shared { Self::Yes } else { Self::No }
    }
}

/// May `owner` share `portfolio` with `recipient`? Sharing on what was shared with you is refused,
/// and so is a portfolio that holds a product of somebody else (AWS's administrator guide).
pub fn may_share(
    portfolio: &PortfolioId,
    owner: &AccountId,
    recipient: &AccountId,
    foreign_products_count: u64,
) -> Result<(), Refusal> {
    if owner == recipient {
        return Err(Refusal::ShareWithOwner(recipient.clone()));
    }
    if foreign_products_count > 0 {
        return Err(Refusal::ShareOfForeignProducts(portfolio.clone()));
    }
    Ok(())
}

pub fn room_for_share(
    portfolio: &PortfolioId,
    count_after: u64,
    shares_max: u64,
) -> Result<(), Refusal> {
    if count_after > shares_max {
        return Err(Refusal::TooManyShares {
            portfolio: portfolio.clone(),
            shares_max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_shares_with_themselves_or_passes_on_what_is_not_theirs() {
        let portfolio = PortfolioId::from("port-a");
        let hub: AccountId = "111111111111".parse().expect("an account");
        let spoke: AccountId = "222222222222".parse().expect("an account");
        assert_eq!(may_share(&portfolio, &hub, &spoke, 0), Ok(()));
        assert_eq!(
            may_share(&portfolio, &hub, &hub, 0),
            Err(Refusal::ShareWithOwner(hub.clone()))
        );
        let foreign = may_share(&portfolio, &hub, &spoke, 1);
        assert_eq!(foreign, Err(Refusal::ShareOfForeignProducts(portfolio)));
    }
}
