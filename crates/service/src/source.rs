//! Where a copy comes from: a product of this process's stores, as the caller may see it now.

use mimeo_domain::arn::{ProductArn, partition_of};
use mimeo_domain::{Caller, ProductId};
use mimeo_store::{AuthScope, Store, StoreError, Tx, Work};

use crate::cx::SeenSource;
use crate::world::World;

/// Reads the source in one snapshot. `None` where it does not exist, or the caller may not see it:
/// the two cannot be told apart.
pub(crate) async fn look(
    world: &World,
    caller: &Caller,
    source: &ProductArn,
) -> Result<Option<SeenSource>, StoreError> {
    let Some(store) = store_of(world, source) else {
        return Ok(None);
    };
    let scope = AuthScope::elsewhere(caller, &source.region);
    let seen = store
        .read(Look {
            scope,
            product: source.product.clone(),
        })
        .await?;
    Ok(seen.filter(|seen| seen.product.account == source.account))
}

/// The store of the source's Region, if this process has it and the ARN is of its partition.
pub(crate) fn store_of<'a>(world: &'a World, source: &ProductArn) -> Option<&'a Store> {
    let store = world.directory.store(&source.region)?;
    (source.partition == partition_of(&source.region)).then_some(store)
}

struct Look {
    scope: AuthScope,
    product: ProductId,
}

impl Work for Look {
    type Output = Option<SeenSource>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<SeenSource>, StoreError> {
        let Some(found) = tx.find_visible_product(&self.scope, &self.product).await? else {
            return Ok(None);
        };
        let artifacts = tx.list_artifacts(&self.scope, &self.product).await?;
        Ok(Some(SeenSource {
            product: found.product,
            artifacts,
        }))
    }
}
