//! Portfolios: the shelves that products stand on.

use serde::{Deserialize, Serialize};

use crate::tags::Tag;
use crate::{AccountId, PortfolioId, Refusal, RegionName, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portfolio {
    pub id: PortfolioId,
    pub account: AccountId,
    pub region: RegionName,
    pub details: Details,
    pub tags: Vec<Tag>,
    pub created: Timestamp,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub display_name: String,
    pub provider_name: String,
    pub description: Option<String>,
}

/// What an update asks: `None` leaves a text as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DetailsChange {
    pub display_name: Option<String>,
    pub provider_name: Option<String>,
    pub description: Option<String>,
}

impl Details {
    #[must_use]
    pub fn changed(self, change: DetailsChange) -> Self {
        Self {
            display_name: change.display_name.unwrap_or(self.display_name),
            provider_name: change.provider_name.unwrap_or(self.provider_name),
            description: change.description.or(self.description),
        }
    }
}

/// What still stands on or leans on a portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holdings {
    pub products_count: u64,
    /// Of the owner and of recipients.
    pub principals_count: u64,
    pub shares_count: u64,
}

/// A portfolio goes only when it is empty, nobody is let in and nobody shares it. Constraints need
/// no look of their own: there are none without a product.
pub fn may_delete(portfolio: &PortfolioId, holdings: Holdings) -> Result<(), Refusal> {
    let Holdings {
        products_count,
        principals_count,
        shares_count,
    } = holdings;
    let held = [
        (products_count, "Products"),
        (principals_count, "Principals"),
        (shares_count, "Shares"),
    ];
    match held.into_iter().find(|(count, _)| *count > 0) {
        None => Ok(()),
        Some((_, what)) => Err(Refusal::PortfolioHolds {
            portfolio: portfolio.clone(),
            what,
        }),
    }
}

pub fn room_for_portfolio(count_after: u64, portfolios_max: u64) -> Result<(), Refusal> {
    if count_after > portfolios_max {
        return Err(Refusal::TooManyPortfolios { portfolios_max });
    }
    Ok(())
}

pub fn room_for_product(
    portfolio: &PortfolioId,
    count_after: u64,
    products_max: u64,
) -> Result<(), Refusal> {
    if count_after > products_max {
        let portfolio = portfolio.clone();
        return Err(Refusal::TooManyProductsInPortfolio {
            portfolio,
            products_max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_unshared_portfolio_may_go() {
        let id = PortfolioId::from("port-a");
        let holdings = |products_count, principals_count, shares_count| Holdings {
            products_count,
            principals_count,
            shares_count,
        };
        assert_eq!(may_delete(&id, Holdings::default()), Ok(()));
        for (holdings, text) in [
            (
                holdings(1, 0, 0),
                "Portfolio port-a still has associated Products",
            ),
            (
                holdings(0, 1, 1),
                "Portfolio port-a still has associated Principals",
            ),
            (
                holdings(0, 0, 1),
                "Portfolio port-a still has associated Shares",
            ),
            (
                holdings(1, 1, 1),
                "Portfolio port-a still has associated Products",
            ),
        ] {
            assert_eq!(may_delete(&id, holdings).expect_err(text).to_string(), text);
        }
    }
}
