//! Planning: the source is read once, in one snapshot, and what was seen is stored.

use mimeo_domain::Timestamp;
use mimeo_domain::copying::{self, Copy, Plan};
use mimeo_store::{Fence, Fenced, Level, Store, StoreError, Tx, Work};

use super::{Progress, Trouble, lost_source, pass, source_trouble, written};
use crate::source::{self, Digests, SourceError};
use crate::workflows::Point;
use crate::world::World;

/// Reads the source in one snapshot, as the caller may see it now, and stores the plan.
pub(super) async fn read_source(
    world: &World,
    store: &Store,
    copy: &Copy,
    now: Timestamp,
) -> Result<Progress, Trouble> {
    pass(world, Point::ReadSource)?;
    let source = &copy.request.source;
    let seen = match source::look(world, &copy.caller, source).await {
        Ok(seen) => seen,
        // It lies in the database that the copy lies in: there was no try.
        Err(SourceError::Store(error @ (StoreError::Unavailable | StoreError::Unknown)))
            if source::store_of(world, source).is_some_and(|of| of.is_same(store)) =>
        {
            return Err(error.into());
        }
        Err(error) => return Err(source_trouble("reading the source", &error)),
    };
    let seen = seen.ok_or_else(|| Trouble::Permanent(lost_source(copy)))?;
    let plan = copying::plan(&copy.request, &seen.product, &seen.artifacts, now)
        .map_err(Trouble::Permanent)?;
    let plan = match seen.digests {
        Digests::Known => plan,
        Digests::ToBeRead => plan.to_be_read(),
    };
    store_plan(world, store, copy, plan).await
}

pub(super) async fn store_plan(
    world: &World,
    store: &Store,
    copy: &Copy,
    plan: Plan,
) -> Result<Progress, Trouble> {
    pass(world, Point::StorePlan)?;
    let stored = StorePlan {
        shelf: world.shelves.name_of(&copy.caller.region).to_owned(),
        fence: Fence::of(copy),
        plan: plan.clone(),
    };
    written(store.write(stored).await?)?;
    pass(world, Point::PlanStored)?;
    Ok(Progress::Planned(Box::new(plan)))
}

struct StorePlan {
    shelf: String,
    fence: Fence,
    plan: Plan,
}

impl Work for StorePlan {
    type Output = Fenced;
    type Error = StoreError;
    // The copy's row, which its fence decides on; marks may come meanwhile, since the landing looks again.
    const LEVEL: Level = Level::RowLocks;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        // From here on the plan names its bodies; that they are there is seen later.
        tx.unmark_bodies(&self.shelf, &self.plan.digests()).await?;
        tx.store_plan(&self.fence, &self.plan).await
    }
}
