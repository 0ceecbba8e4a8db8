//! The copy: read the source once, bring its templates, land everything in one transaction.
//!
//! The copy's row says what is done; each step writes its effect and the new position together,
//! under a fence. So a restart, a second worker or one that wakes up late can do no harm.

use std::collections::BTreeMap;

use mimeo_domain::copying::{
    self, Copy, Plan, StatusDetail, Step, Target, backoff_millis, next_step,
};
use mimeo_domain::{Quotas, Timestamp};
use mimeo_store::{AuthScope, Fence, Fenced, Store, StoreError, Tally, Tx, Work};
use mimeo_templates::shelf::{ShelfError, Verdict as Kept};

use super::{Point, Verdict};
use crate::source;
use crate::world::World;

/// Steps of one try: reading, landing, and room to spare. More is a bug.
const STEPS_MAX: usize = 4;

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Succeeded,
    Failed(StatusDetail),
    /// To be tried again later, for this reason.
    Postponed(String),
    /// Somebody else holds the copy by now, or finished it.
    Stale,
    /// Stopped by a drill.
    Crashed,
}

/// Why a step did not take effect.
#[derive(Debug)]
enum Trouble {
    /// May pass: the try counts as failed, and there is another one.
    Transient(String),
    /// Will not pass.
    Permanent(StatusDetail),
    Stale,
    Crashed,
    /// The store is away: nothing can be written, so the lease decides.
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    /// A store that is busy or full can still note a failed try; one that is away cannot.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict | StoreError::Overloaded | StoreError::Full => {
                Self::Transient(error.to_string())
            }
            StoreError::Duplicate
            | StoreError::Unavailable
            | StoreError::Unknown
            | StoreError::Broken(_) => Self::Store(error),
        }
    }
}

enum Progress {
    Planned(Box<Plan>),
    Landed,
}

/// Leases the next due copy of `store`, of an account that has fewer than `running_max` running.
pub async fn claim(store: &Store, running_max: u32) -> Result<Option<Copy>, StoreError> {
    store.write(Claim { running_max }).await
}

/// Works on a claimed copy until it is final, postponed or lost. `chance` spreads the next try.
pub async fn drive(
    world: &World,
    store: &Store,
    mut copy: Copy,
    chance: u64,
) -> Result<Ending, StoreError> {
    for _ in 0..STEPS_MAX {
        let trouble = match step(world, store, &copy).await {
            Ok(Progress::Planned(plan)) => {
                copy.plan = Some(*plan);
                continue;
            }
            Ok(Progress::Landed) => return Ok(Ending::Succeeded),
            Err(trouble) => trouble,
        };
        return match trouble {
            Trouble::Permanent(detail) => give_up(world, store, &copy, detail).await,
            Trouble::Transient(reason) => postpone(world, store, &copy, reason, chance).await,
            Trouble::Stale => Ok(Ending::Stale),
            Trouble::Crashed => Ok(Ending::Crashed),
            Trouble::Store(error) => Err(error),
        };
    }
    Err(StoreError::Broken(format!(
        "copy {} took too many steps",
        copy.token
    )))
}

async fn step(world: &World, store: &Store, copy: &Copy) -> Result<Progress, Trouble> {
    let now = store.read(Now).await?;
    match (next_step(copy, now), &copy.plan) {
        (Step::ReadSource, _) => read_source(world, store, copy, now).await,
        (Step::Land, Some(plan)) => {
            verify_templates(world, plan).await?;
            land(world, store, copy, plan).await
        }
        (Step::GiveUp(detail), _) => Err(Trouble::Permanent(detail)),
        (Step::Rest | Step::Land, _) => Err(Trouble::Stale),
    }
}

/// Reads the source in one snapshot, as the caller may see it now, and stores the plan.
async fn read_source(
    world: &World,
    store: &Store,
    copy: &Copy,
    now: Timestamp,
) -> Result<Progress, Trouble> {
    pass(world, Point::ReadSource)?;
    let source = &copy.request.source;
    let seen = match source::look(world, &copy.caller, source).await {
        Ok(seen) => seen,
        Err(_) if now.plus_millis(copying::BACKOFF_CAP_MILLIS) >= copy.deadline => {
            let region = source.region.to_string();
            return Err(Trouble::Permanent(StatusDetail::SourceUnavailable {
                region,
            }));
        }
        Err(error) => return Err(Trouble::Transient(format!("reading the source: {error}"))),
    };
    let seen = seen.ok_or_else(|| Trouble::Permanent(lost_source(copy)))?;
    let plan = copying::plan(&copy.request, &seen.product, &seen.artifacts, now)
        .map_err(Trouble::Permanent)?;
    pass(world, Point::StorePlan)?;
    let stored = StorePlan {
        fence: Fence::of(copy),
        plan: plan.clone(),
    };
    written(store.write(stored).await?)?;
    pass(world, Point::PlanStored)?;
    Ok(Progress::Planned(Box::new(plan)))
}

/// What was visible when the copy was accepted and is not now was deleted or unshared: the two look
/// alike to the caller, unless the product is its own.
fn lost_source(copy: &Copy) -> StatusDetail {
    let source = &copy.request.source;
    let product = source.product.clone();
    if source.account == copy.caller.account {
        StatusDetail::SourceNotFound { product }
    } else {
        StatusDetail::SourceAccessRemoved { product }
    }
}

/// Source and target share one shelf, so no byte moves; what is not there or was changed on disk
/// must not be copied.
async fn verify_templates(world: &World, plan: &Plan) -> Result<(), Trouble> {
    pass(world, Point::VerifyTemplates)?;
    let with_digest = plan.artifacts.iter().filter_map(|artifact| {
        artifact
            .digest
            .as_ref()
            .map(|digest| (digest.as_str(), &artifact.source))
    });
    for (digest, artifact) in with_digest.collect::<BTreeMap<_, _>>() {
        let unverified = || {
            Trouble::Permanent(StatusDetail::ContentVerification {
                artifact: artifact.clone(),
            })
        };
        let digest = digest.parse().map_err(|_| unverified())?;
        match world.shelf.verify(&digest).await {
            Ok(Kept::Present { .. }) => (),
            Ok(Kept::Absent | Kept::Corrupt) | Err(ShelfError::Corrupt { .. }) => {
                return Err(unverified());
            }
            Err(error) => return Err(Trouble::Transient(format!("reading a template: {error}"))),
        }
    }
    Ok(())
}

async fn land(world: &World, store: &Store, copy: &Copy, plan: &Plan) -> Result<Progress, Trouble> {
    pass(world, Point::Land)?;
    let source = &copy.request.source;
    let source_is_here = source::store_of(world, source).is_some_and(|of| of.is_same(store));
    if !source_is_here {
        // Another store: asked again just before the transaction, which cannot reach it.
        let seen = source::look(world, &copy.caller, source).await;
        let seen =
            seen.map_err(|error| Trouble::Transient(format!("asking the source: {error}")))?;
        seen.ok_or_else(|| Trouble::Permanent(lost_source(copy)))?;
    }
    let landing = Landing {
        fence: Fence::of(copy),
        copy: copy.clone(),
        plan: plan.clone(),
        quotas: world.quotas.clone(),
        source_is_here,
    };
    store.write(landing).await?;
    pass(world, Point::Landed)?;
    Ok(Progress::Landed)
}

async fn give_up(
    world: &World,
    store: &Store,
    copy: &Copy,
    detail: StatusDetail,
) -> Result<Ending, StoreError> {
    if pass(world, Point::Fail).is_err() {
        return Ok(Ending::Crashed);
    }
    let fail = Fail {
        fence: Fence::of(copy),
        detail: detail.clone(),
    };
    let ending = match store.write(fail).await? {
        Fenced::Written => Ending::Failed(detail),
        Fenced::Stale => Ending::Stale,
    };
    if pass(world, Point::Failed).is_err() {
        return Ok(Ending::Crashed);
    }
    Ok(ending)
}

async fn postpone(
    world: &World,
    store: &Store,
    copy: &Copy,
    reason: String,
    chance: u64,
) -> Result<Ending, StoreError> {
    if pass(world, Point::Postpone).is_err() {
        return Ok(Ending::Crashed);
    }
    let wait_millis = backoff_millis(copy.failures, chance);
    let later = Postpone {
        fence: Fence::of(copy),
        wait_millis,
    };
    Ok(match store.write(later).await? {
        Fenced::Written => Ending::Postponed(reason),
        Fenced::Stale => Ending::Stale,
    })
}

fn pass(world: &World, point: Point) -> Result<(), Trouble> {
    match world
        .gate
        .as_ref()
        .map_or(Verdict::Pass, |gate| gate.at(point))
    {
        Verdict::Pass => Ok(()),
        Verdict::Refuse => Err(Trouble::Transient(format!("refused at {point:?}"))),
        Verdict::Crash => Err(Trouble::Crashed),
    }
}

fn written(fenced: Fenced) -> Result<(), Trouble> {
    match fenced {
        Fenced::Written => Ok(()),
        Fenced::Stale => Err(Trouble::Stale),
    }
}

struct Now;

impl Work for Now {
    type Output = Timestamp;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Timestamp, StoreError> {
        tx.now().await.map(Timestamp::from_millis)
    }
}

struct Claim {
    running_max: u32,
}

impl Work for Claim {
    type Output = Option<Copy>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<Copy>, StoreError> {
        tx.claim_copy(self.running_max).await
    }
}

struct StorePlan {
    fence: Fence,
    plan: Plan,
}

impl Work for StorePlan {
    type Output = Fenced;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        tx.store_plan(&self.fence, &self.plan).await
    }
}

struct Fail {
    fence: Fence,
    detail: StatusDetail,
}

impl Work for Fail {
    type Output = Fenced;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        let now = tx.now().await.map(Timestamp::from_millis)?;
        tx.fail_copy(&self.fence, &self.detail, now).await
    }
}

struct Postpone {
    fence: Fence,
    wait_millis: i64,
}

impl Work for Postpone {
    type Output = Fenced;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        tx.postpone_copy(&self.fence, self.wait_millis).await
    }
}

/// Everything that a copy makes, and its success, or nothing.
struct Landing {
    fence: Fence,
    copy: Copy,
    plan: Plan,
    quotas: Quotas,
    source_is_here: bool,
}

impl Work for Landing {
    type Output = ();
    type Error = Trouble;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let now = tx.now().await.map(Timestamp::from_millis)?;
        // First of all the fence: from here on nobody else can land this copy.
        written(tx.succeed_copy(&self.fence, now).await?)?;
        if self.source_is_here {
            self.still_sees_source(tx).await?;
        }
        let scope = AuthScope::of(&self.copy.caller);
        let target = self.copy.request.target.id();
        let before_count = match &self.copy.request.target {
            Target::New(_) => self.land_new(tx, &scope, now).await?,
            Target::Existing(_) => self.land_on_existing(tx, &scope).await?,
        };
        let artifacts = copying::landed_artifacts(&self.copy, &self.plan, now);
        let artifacts_max = self.quotas.artifacts_per_product;
        if before_count + artifacts.len() as u64 > artifacts_max {
            let product = target.clone();
            return permanent(StatusDetail::ArtifactQuota {
                product,
                artifacts_max,
            });
        }
        tx.insert_artifacts(&scope, target, &artifacts).await?;
        tx.note_source(&scope, target, &self.copy.request.source.product)
            .await?;
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

    /// Makes the target; it has no versions yet.
    async fn land_new(
        &self,
        tx: &mut Tx<'_>,
        scope: &AuthScope,
        now: Timestamp,
    ) -> Result<u64, Trouble> {
        let product = copying::new_product(&self.copy, &self.plan, &self.quotas, now)
            .map_err(Trouble::Permanent)?;
        let products_max = self.quotas.products;
        if tx.raise_tally(scope, Tally::Products).await? > products_max {
            return permanent(StatusDetail::ProductQuota { products_max });
        }
        tx.insert_product(&product).await?;
        Ok(0)
    }

    /// Checks the target again and gives it the tags; says how many versions it has.
    async fn land_on_existing(&self, tx: &mut Tx<'_>, scope: &AuthScope) -> Result<u64, Trouble> {
        let target = self.copy.request.target.id();
        let gone = || {
            Trouble::Permanent(StatusDetail::TargetNotFound {
                product: target.clone(),
            })
        };
        let mut product = tx
            .find_product(scope, target)
            .await?
            .ok_or_else(gone)?
            .product;
        if product.product_type != self.plan.product_type {
            return permanent(StatusDetail::TargetTypeMismatch {
                product: target.clone(),
                source: self.plan.product_type,
                target: product.product_type,
            });
        }
        product.tags = copying::landed_tags(&self.copy, &self.plan, &product.tags, &self.quotas)
            .map_err(Trouble::Permanent)?;
        tx.update_product(&product).await?;
        Ok(tx.count_artifacts(scope, target).await?)
    }
}

fn permanent<T>(detail: StatusDetail) -> Result<T, Trouble> {
    Err(Trouble::Permanent(detail))
}
