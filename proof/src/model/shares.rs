//! Who sees what of others, as it should be.

use super::alphabet::Seat;
use super::catalogue::{ABSENT, Catalogue, INVALID, Name, Portfolio, Product, Refused, Request};

impl Catalogue {
    /// A product of the caller's own; what is only shared with it is refused otherwise than what it
    /// does not see.
    pub(super) fn own_product(&mut self, by: Seat, name: &str) -> Result<&mut Product, Refused> {
        let seen = self.visible(by.account, name);
        let owner = seen.map(|it| it.owner).filter(|it| it.region == by.region);
        if owner.ok_or(ABSENT)? != by {
            return Err(INVALID);
        }
        self.products.get_mut(name).ok_or(ABSENT)
    }

    pub(super) fn own_portfolio(
        &mut self,
        by: Seat,
        name: &str,
    ) -> Result<&mut Portfolio, Refused> {
        let portfolio = self.portfolios.get_mut(name).ok_or(ABSENT)?;
        let is_here = portfolio.owner.region == by.region;
        if !is_here || !Self::sees_portfolio(by.account, portfolio) {
            return Err(ABSENT);
        }
        if portfolio.owner != by {
            return Err(INVALID);
        }
        Ok(portfolio)
    }

    pub(super) fn change_share(&mut self, by: Seat, request: &Request) -> Result<(), Refused> {
        match request {
            Request::Share { portfolio, with } => {
                let products = self.own_portfolio(by, portfolio)?.products.clone();
                let is_foreign = |name: &Name| self.products[name].owner.account != by.account;
                if *with == by.account || products.iter().any(is_foreign) {
                    return Err(INVALID);
                }
                let shares = &mut self.own_portfolio(by, portfolio)?.shares;
                shares.entry(*with).or_insert(false);
            }
            Request::Unshare { portfolio, with } => {
                let shares = &mut self.own_portfolio(by, portfolio)?.shares;
                shares.remove(with).ok_or(ABSENT)?;
            }
            Request::Accept { portfolio } => *self.offer(by, portfolio)? = true,
            Request::Reject { portfolio } => *self.offer(by, portfolio)? = false,
            _ => {}
        }
        self.drop_lost();
        Ok(())
    }

    /// The share of a portfolio with the caller, accepted or not.
    fn offer(&mut self, by: Seat, portfolio: &str) -> Result<&mut bool, Refused> {
        let portfolio = self.portfolios.get_mut(portfolio).ok_or(ABSENT)?;
        if portfolio.owner.region != by.region {
            return Err(ABSENT);
        }
        portfolio.shares.get_mut(&by.account).ok_or(ABSENT)
    }

    /// What an account no longer sees leaves its portfolios.
    pub(super) fn drop_lost(&mut self) {
        let before = self.clone();
        for portfolio in self.portfolios.values_mut() {
            let account = portfolio.owner.account;
            portfolio
                .products
                .retain(|name| before.visible(account, name).is_some());
        }
    }

    /// A product of the account's, or one that a portfolio of its owner's brings to the account.
    pub(super) fn visible(&self, account: usize, name: &str) -> Option<&Product> {
        let product = self.products.get(name)?;
        let brings = |portfolio: &Portfolio| {
            portfolio.owner == product.owner
                && portfolio.products.contains(name)
                && portfolio.shares.get(&account) == Some(&true)
        };
        let sees = product.owner.account == account || self.portfolios.values().any(brings);
        sees.then_some(product)
    }

    /// Whether the account owns the portfolio or has accepted a share of it.
    pub(super) fn sees_portfolio(account: usize, portfolio: &Portfolio) -> bool {
        portfolio.owner.account == account || portfolio.shares.get(&account) == Some(&true)
    }
}
