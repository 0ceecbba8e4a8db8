//! Landing: everything that a copy makes, and its success, in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mimeo_domain::artifacts::Artifact;
use mimeo_domain::copying::{
    self, Copy, Plan, Progress as Reported, RIGHT_MILLIS_MAX, Reason, StatusDetail, Target,
};
use mimeo_domain::{Quotas, Timestamp};
use mimeo_store::{AuthScope, Fence, Mark, Store, StoreError, Tally, Tx, Work};
use tokio::time::timeout;

use super::{Now, Progress, Trouble, lost_source, pass, source_trouble, written};
use crate::audit::{self, Audit};
use crate::rehearsal::Rehearsal;
use crate::source;
use crate::workflows::Point;
use crate::workflows::orphans::FindMarks;
use crate::world::World;

/// An answer that takes longer would be too old to land with.
const ASKING_MAX: Duration = Duration::from_millis(RIGHT_MILLIS_MAX.unsigned_abs());

/// The marks on the plan's bodies, read before these are looked at.
pub(super) async fn marks(
    world: &World,
    store: &Store,
    copy: &Copy,
    plan: &Plan,
) -> Result<Vec<Mark>, StoreError> {
    let digests: BTreeSet<_> = plan.digests().into_iter().map(str::to_owned).collect();
    let find = FindMarks {
        shelf: world.shelves.name_of(&copy.caller.region).to_owned(),
        digests: digests.into_iter().collect(),
    };
    store.read(find).await
}

pub(super) async fn land(
    world: &World,
    store: &Store,
    copy: &Copy,
    plan: &Plan,
    marks: Vec<Mark>,
    reported: Reported,
) -> Result<Progress, Trouble> {
    pass(world, Point::Land)?;
    let landing = Landing {
        right: right(world, store, copy).await?,
        fence: Fence::of(copy),
        copy: copy.clone(),
        plan: plan.clone(),
        reported,
        quotas: world.quotas.clone(),
        rehearsal: world.rehearsal.clone(),
        audit: Arc::clone(&world.audit),
        shelf: world.shelves.name_of(&copy.caller.region).to_owned(),
        marks,
    };
    store.write(landing).await?;
    pass(world, Point::Landed)?;
    Ok(Progress::Landed)
}

/// How it is known that the caller still sees the source.
enum Right {
    /// The source lies in the copy's store: looked at as a part of the transaction.
    Here,
    /// Another store, which the transaction cannot reach, said so. It was asked at this instant of
    /// the copy's store.
    Asked(Timestamp),
}

async fn right(world: &World, store: &Store, copy: &Copy) -> Result<Right, Trouble> {
    let source = &copy.request.source;
    if source::store_of(world, source).is_some_and(|of| of.is_same(store)) {
        return Ok(Right::Here);
    }
    // Before the question: whenever the source looked, it was later than this.
    let asked = store.read(Now).await?;
    let Some(of) = source::of(world, source) else {
        return permanent(lost_source(copy));
    };
    let Ok(sees) = timeout(ASKING_MAX, of.sees(&copy.caller, source)).await else {
        let text = "the source does not answer in time".to_owned();
        return Err(Trouble::Away(Reason::SourceUnavailable, text));
    };
    let sees = sees.map_err(|error| source_trouble("asking the source", &error))?;
    if !sees {
        return permanent(lost_source(copy));
    }
    Ok(Right::Asked(asked))
}

/// Everything that a copy makes, and its success, or nothing.
struct Landing {
    fence: Fence,
    copy: Copy,
    plan: Plan,
    /// What is told of its templates.
    reported: Reported,
    quotas: Quotas,
    right: Right,
    rehearsal: Option<Arc<Rehearsal>>,
    audit: Arc<Audit>,
    /// How the target's shelf is called, and the marks on the plan's bodies before they were looked at.
    shelf: String,
    marks: Vec<Mark>,
}

impl Work for Landing {
    type Output = ();
    type Error = Trouble;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let clock = tx.now().await.map(Timestamp::from_millis)?;
        let now = match &self.rehearsal {
            Some(rehearsal) => rehearsal.now(clock),
            None => clock,
        };
        // First of all the fence: from here on nobody else can land this copy.
        written(tx.store_progress(&self.fence, &self.reported).await?)?;
        written(tx.succeed_copy(&self.fence, now).await?)?;
        if !tx
            .name_bodies(&self.shelf, &self.plan.digests(), &self.marks)
            .await?
        {
            let reason = "a template was deleted meanwhile, as nothing named it";
            // A deletion can last longer than a copy's failures would.
            return Err(Trouble::Away(
                Reason::TemplatesUnavailable,
                reason.to_owned(),
            ));
        }
        match self.right {
            Right::Here => self.still_sees_source(tx).await?,
            Right::Asked(asked) if copying::is_right_fresh(asked, clock) => (),
            // To be asked again: the right may have ended since.
            Right::Asked(_) => {
                let text = "the source's word was too old to land with".to_owned();
                return Err(Trouble::Away(Reason::StoreUnavailable, text));
            }
        }
        let scope = AuthScope::of(&self.copy.caller);
        let artifacts = copying::landed_artifacts(&self.copy, &self.plan, now);
        match &self.copy.request.target {
            Target::New(_) => self.land_new(tx, &scope, &artifacts, now).await?,
            Target::Existing(_) => self.land_on_existing(tx, &scope, &artifacts).await?,
        }
        if self.audit.is_on() {
            let record = audit::copy_ended(&self.copy, None, now);
            tx.insert_audit(&scope, &record).await?;
        }
        Ok(())
    }
}

impl Landing {
    async fn still_sees_source(&self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let source = &self.copy.request.source;
        let scope = AuthScope::elsewhere(&self.copy.caller, &source.region);
        match tx.find_visible_product(&scope, &source.product).await? {
            Some(_) => Ok(()),
            None => permanent(lost_source(&self.copy)),
        }
    }

    /// Makes the target with its versions.
    async fn land_new(
        &self,
        tx: &mut Tx<'_>,
        scope: &AuthScope,
        artifacts: &[Artifact],
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let product = copying::new_product(&self.copy, &self.plan, &self.quotas, now)
            .map_err(Trouble::Permanent)?;
        let products_max = self.quotas.products;
        if tx.raise_tally(scope, Tally::Products).await? > products_max {
            return permanent(StatusDetail::ProductQuota { products_max });
        }
        self.room_for(artifacts.len() as u64)?;
        Ok(tx.insert_product(&product, artifacts).await?)
    }

    /// Checks the target again, gives it the tags and adds the versions.
    async fn land_on_existing(
        &self,
        tx: &mut Tx<'_>,
        scope: &AuthScope,
        artifacts: &[Artifact],
    ) -> Result<(), Trouble> {
        let target = self.copy.request.target.id();
        let Some(found) = tx.find_product(scope, target).await? else {
            let product = target.clone();
            return permanent(StatusDetail::TargetNotFound { product });
        };
        let mut product = found.product;
        if product.product_type != self.plan.product_type {
            return permanent(StatusDetail::TargetTypeMismatch {
                product: target.clone(),
                source: self.plan.product_type,
                target: product.product_type,
            });
        }
        let before_count = tx.count_artifacts(scope, target).await?;
        self.room_for(before_count + artifacts.len() as u64)?;
        product.tags = copying::landed_tags(&self.copy, &self.plan, &product.tags, &self.quotas)
            .map_err(Trouble::Permanent)?;
        tx.update_product(&product).await?;
        tx.insert_artifacts(scope, target, artifacts).await?;
        let source = &self.copy.request.source.product;
        Ok(tx.note_source(scope, target, source).await?)
    }

    fn room_for(&self, count_after: u64) -> Result<(), Trouble> {
        let artifacts_max = self.quotas.artifacts_per_product;
        if count_after <= artifacts_max {
            return Ok(());
        }
        let product = self.copy.request.target.id().clone();
        permanent(StatusDetail::ArtifactQuota {
            product,
            artifacts_max,
        })
    }
}

fn permanent<T>(detail: StatusDetail) -> Result<T, Trouble> {
    Err(Trouble::Permanent(detail))
}
