//! The operations, one file each, in their families' folders; `pending` lists those still to come.

mod artifacts;
mod budgets;
mod constraints;
pub(crate) mod copying;
mod launch_paths;
mod organizations;
pub(crate) mod pending;
mod portfolios;
mod principals;
mod products;
mod provisioning;
mod search;
mod service_actions;
mod shares;
mod tag_options;

use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::{AccountId, PortfolioId, ProductId, Refusal, ResourceId};
use mimeo_store::FoundProduct;

use crate::cx::Cx;
use crate::error::Stop;

/// Look-ups that many operations begin with.
impl Cx<'_, '_> {
    /// A product that the caller owns or sees through an accepted share.
    async fn visible_product(&mut self, id: &ProductId) -> Result<FoundProduct, Stop> {
        let found = self.tx.find_visible_product(self.scope, id).await?;
        found.ok_or_else(|| Refusal::NoSuchProduct(id.clone()).into())
    }

    /// A product that the caller may change.
    async fn own_product(&mut self, id: &ProductId) -> Result<FoundProduct, Stop> {
        let found = self.visible_product(id).await?;
        if found.product.account != self.scope.account {
            return Err(Refusal::SharedWithYou(format!("Product {id}")).into());
        }
        Ok(found)
    }

    /// The caller's own product of this name; two of one name are one too many.
    async fn product_named(&mut self, name: &str) -> Result<FoundProduct, Stop> {
        let mut found = self.tx.products_named(self.scope, name).await?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(Refusal::SeveralProductsNamed(name.to_owned()).into()),
            (None, _) => Err(Refusal::NoSuchProductNamed(name.to_owned()).into()),
        }
    }

    /// A portfolio that the caller owns or whose share it has accepted.
    async fn visible_portfolio(&mut self, id: &PortfolioId) -> Result<Portfolio, Stop> {
        let found = self.tx.find_visible_portfolio(self.scope, id).await?;
        found.ok_or_else(|| Refusal::NoSuchPortfolio(id.clone()).into())
    }

    /// A portfolio that the caller may change.
    async fn own_portfolio(&mut self, id: &PortfolioId) -> Result<Portfolio, Stop> {
        let portfolio = self.visible_portfolio(id).await?;
        if portfolio.account != self.scope.account {
            return Err(Refusal::SharedWithYou(format!("Portfolio {id}")).into());
        }
        Ok(portfolio)
    }

    /// A portfolio or product that the caller sees.
    async fn visible_resource(&mut self, id: &str) -> Result<ResourceId, Stop> {
        let Some(resource) = ResourceId::parse(id) else {
            return Err(Refusal::NoSuchResource(id.to_owned()).into());
        };
        match &resource {
            ResourceId::Portfolio(id) => drop(self.visible_portfolio(id).await?),
            ResourceId::Product(id) => drop(self.visible_product(id).await?),
        }
        Ok(resource)
    }

    /// A portfolio or product goes, and with it what anyone hung on it.
    async fn drop_attached(&mut self, resource: &ResourceId) -> Result<(), Stop> {
        Ok(self.tx.drop_attached(self.scope, resource).await?)
    }

    /// A share of `owner`'s portfolio ended, with one account or (`None`) with many: what they hung
    /// on it and its products goes, where they see it no longer.
    async fn drop_lost_attached(
        &mut self,
        portfolio: &PortfolioId,
        owner: &AccountId,
        recipient: Option<&AccountId>,
    ) -> Result<(), Stop> {
        let scope = self.scope;
        self.tx
            .drop_lost_attached(scope, portfolio, owner, recipient)
            .await?;
        self.tx
            .drop_lost_principals(scope, portfolio, owner, recipient)
            .await?;
        Ok(())
    }
}
