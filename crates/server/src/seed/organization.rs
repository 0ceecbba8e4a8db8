//! The organization: settled whole, and opened for sharing.

use mimeo_domain::organizations::{Access, Organization};
use mimeo_service::Service;
use mimeo_store::{StoreError, Tx, Work};
use mimeo_world::{With, World};

use super::{Refused, Seed};

impl Seed<'_> {
    /// No operation of the API describes an organization, so this is written where it is kept.
    pub(super) async fn organization(&mut self) -> Result<(), Refused> {
        let described = &self.world.organization;
        if described.is_none() && !shares_with_nodes(self.world) {
            return Ok(());
        }
        let settled = settle(self.service, described.as_ref()).await;
        let made = settled.map_err(|error| ("the organization".to_owned(), error.to_string()))?;
        self.made += made;
        Ok(())
    }
}

fn shares_with_nodes(world: &World) -> bool {
    let mut shares = world.portfolios.values().flat_map(|held| &held.shares);
    shares.any(|share| !matches!(share.with, With::Account(_)))
}

/// Tells how many organizations were changed: one, if stores differ from what is described.
async fn settle(service: &Service, described: Option<&Organization>) -> Result<usize, StoreError> {
    let mut made = 0;
    for store in service.world().directory.stores() {
        let described = described.cloned();
        made = made.max(store.write(Settle { described }).await?);
    }
    Ok(made)
}

struct Settle {
    described: Option<Organization>,
}

impl Work for Settle {
    type Output = usize;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<usize, StoreError> {
        let mut made = 0;
        if let Some(described) = &self.described {
            let before = tx.find_organization().await?;
            made = usize::from(before.as_ref() != Some(described));
            tx.settle_organization(described).await?;
        }
        tx.set_organizations_access(Access::Enabled).await?;
        Ok(made)
    }
}
