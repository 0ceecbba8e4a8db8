//! Launch paths: the portfolios through which a caller may launch a product.

mod list_launch_paths;

use std::collections::{BTreeMap, BTreeSet};

use mimeo_domain::launch_paths::{self, PathChoice};
use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::products::Product;
use mimeo_domain::provisioning::Selector;
use mimeo_domain::{Caller, PortfolioId, ProductId, Refusal};
use mimeo_store::{AuthScope, Tx};

use crate::cx::Cx;
use crate::error::Stop;

/// A product as an end user sees it, and the portfolios through which, by id; there is at least one.
pub(crate) struct Launchable {
    pub product: Product,
    pub paths: Vec<Portfolio>,
}

/// The caller as an end user, and the transaction that it looks in.
pub(crate) struct EndUser<'a, 't> {
    pub caller: &'a Caller,
    pub scope: &'a AuthScope,
    pub tx: &'a mut Tx<'t>,
}

impl<'t> Cx<'_, 't> {
    pub(crate) fn end_user(&mut self) -> EndUser<'_, 't> {
        EndUser {
            caller: self.caller,
            scope: self.scope,
            tx: self.tx,
        }
    }
}

/// What end users may see: own and imported portfolios of which the caller is a principal now, and
/// what stands in them. Nothing here looks at more than the caller's account is given to see.
impl EndUser<'_, '_> {
    /// The portfolios that let the caller in, by id; those that hold `product`, if one is given.
    pub(crate) async fn open_portfolios(
        &mut self,
        product: Option<&ProductId>,
    ) -> Result<Vec<Portfolio>, Stop> {
        let standing = &self.caller.standing;
        let mut grants = self.tx.grants(self.scope, standing, product).await?;
        grants.retain(|grant| grant.principal.means(standing));
        let ids: BTreeSet<PortfolioId> = grants.into_iter().map(|grant| grant.portfolio).collect();
        let mut portfolios = Vec::new();
        for id in &ids {
            portfolios.extend(self.tx.find_visible_portfolio(self.scope, id).await?);
        }
        Ok(portfolios)
    }

    /// The product of this id, if the caller may launch it.
    pub(crate) async fn find_launchable(
        &mut self,
        id: &ProductId,
    ) -> Result<Option<Launchable>, Stop> {
        let paths = self.open_portfolios(Some(id)).await?;
        let Some(first) = paths.first() else {
            return Ok(None);
        };
        let held = self.tx.find_held_product(self.scope, &first.id, id).await?;
        Ok(held.map(|held| Launchable {
            product: held.product,
            paths,
        }))
    }

    /// The product of this name that the caller may launch; two of one name are one too many.
    pub(crate) async fn launchable_named(&mut self, name: &str) -> Result<Launchable, Stop> {
        let mut named: BTreeMap<ProductId, Launchable> = BTreeMap::new();
        for path in self.open_portfolios(None).await? {
            let held = self
                .tx
                .held_products_named(self.scope, &path.id, name)
                .await?;
            for found in held {
                let product = found.product;
                let id = product.id.clone();
                let paths = Vec::new();
                let launchable = named.entry(id).or_insert(Launchable { product, paths });
                launchable.paths.push(path.clone());
            }
        }
        match (named.pop_first(), named.is_empty()) {
            (Some((_, only)), true) => Ok(only),
            (Some(_), false) => Err(Refusal::SeveralProductsNamed(name.to_owned()).into()),
            (None, _) => Err(Refusal::NoVisibleProductNamed(name.to_owned()).into()),
        }
    }

    /// The product of this id or name, and the one path to it that the caller means: what a launch,
    /// or a look at its parameters, begins with.
    pub(crate) async fn launch_path(
        &mut self,
        product: Selector<'_>,
        choice: PathChoice<'_>,
    ) -> Result<(Product, Portfolio), Stop> {
        let Launchable { product, paths } = match product {
            Selector::Id(id) => {
                let id = ProductId::from(id);
                let found = self.find_launchable(&id).await?;
                found.ok_or(Refusal::NoLaunchPaths(id))?
            }
            Selector::Name(name) => self.launchable_named(name).await?,
        };
        let path = launch_paths::choose(&product.id, paths, choice)?;
        Ok((product, path))
    }
}
