//! The copy: read the source once, bring its templates, land everything in one transaction.
//!
//! The copy's row says what is done; each step writes its effect and the new position together,
//! under a fence. So a restart, a second worker or one that wakes up late can do no harm.

mod landing;
mod planning;
mod report;
mod templates;

use std::sync::Arc;
use std::time::Duration;

use mimeo_domain::Timestamp;
use mimeo_domain::copying::{self, Copy, Plan, Reason, StatusDetail, Step, next_step};
use mimeo_store::{AuthScope, Claimer, Fence, Fenced, Store, StoreError, Tx, Work};
use tokio::time::timeout;

use landing::{land, marks};
use planning::{read_source, store_plan};
use report::Report;

use super::{Point, Verdict, lease};
use crate::audit::{self, Audit};
use crate::source::SourceError;
use crate::world::World;

/// Steps of one try: reading, learning digests, landing, and room to spare. More is a bug.
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
    /// The same, with the reason that the caller is told.
    Because(Reason, String),
    /// Something outside is away, which is no fault of the copy: the try does not count.
    Away(Reason, String),
    /// Will not pass.
    Permanent(StatusDetail),
    Stale,
    Crashed,
    /// The store is away: nothing can be written, so the lease decides.
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    /// A store that is busy or full can still put a copy off; one that is away cannot.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict | StoreError::Overloaded | StoreError::Full => {
                Self::Away(Reason::StoreUnavailable, error.to_string())
            }
            StoreError::Duplicate
            | StoreError::Unavailable
            | StoreError::Unknown
            | StoreError::Broken(_) => Self::Store(error),
        }
    }
}

impl Trouble {
    /// Trouble without a reason of its own, in a step that has this one.
    fn about(self, reason: Reason) -> Self {
        match self {
            Self::Transient(text) => Self::Because(reason, text),
            other => other,
        }
    }
}

enum Progress {
    Planned(Box<Plan>),
    Landed,
}

/// Leases the next due copy of `store`, of an account that is not at the claimer's limit.
pub async fn claim(store: &Store, claimer: &Claimer) -> Result<Option<Copy>, StoreError> {
    store.claim_copy(claimer).await
}

/// Leases a due copy whose workers died too often in company, so that it runs alone: the caller
/// works on nothing else until it has ended.
pub async fn claim_suspect(store: &Store, claimer: &Claimer) -> Result<Option<Copy>, StoreError> {
    store.claim_suspect(claimer).await
}

/// Works on a claimed copy until it is final, postponed or lost. `chance` spreads the next try.
pub async fn drive(
    world: &World,
    store: &Store,
    copy: Copy,
    chance: u64,
) -> Result<Ending, StoreError> {
    let ending = walk(world, store, copy, chance).await;
    world.copy_told.notify_waiters();
    ending
}

async fn walk(
    world: &World,
    store: &Store,
    mut copy: Copy,
    chance: u64,
) -> Result<Ending, StoreError> {
    for _ in 0..STEPS_MAX {
        world.copy_told.notify_waiters();
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
            Trouble::Transient(text) => {
                postpone(world, store, &copy, (Reason::Internal, text), chance).await
            }
            Trouble::Because(reason, text) => {
                postpone(world, store, &copy, (reason, text), chance).await
            }
            Trouble::Away(reason, text) => wait(world, store, &copy, (reason, text), chance).await,
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
        (Step::ReadSource, _) => timeout(left(copy, now), read_source(world, store, copy, now))
            .await
            .unwrap_or_else(|_| Err(late(Reason::SourceUnavailable)))
            .map_err(|trouble| trouble.about(Reason::SourceUnavailable)),
        (Step::Land, Some(plan)) => {
            let marks = marks(world, store, copy, plan).await?;
            let mut report = Report::begin(store, copy, plan).await?;
            let bringing = templates::bring(world, copy, plan, &mut report);
            let brought = timeout(left(copy, now), bringing)
                .await
                .unwrap_or_else(|_| Err(late(Reason::TemplatesUnavailable)))
                .map_err(|trouble| trouble.about(Reason::TemplatesUnavailable))?;
            match brought.learned {
                Some(learned) => store_plan(world, store, copy, learned).await,
                None => land(world, store, copy, plan, marks, report.progress).await,
            }
        }
        (Step::GiveUp(detail), _) => Err(Trouble::Permanent(detail)),
        (Step::Rest | Step::Land, _) => Err(Trouble::Stale),
    }
}

/// The deadline came first: [`wait`] ends the copy, by the clock of its store.
fn late(reason: Reason) -> Trouble {
    Trouble::Away(reason, "its deadline has come".to_owned())
}

/// From `now` until the deadline.
fn left(copy: &Copy, now: Timestamp) -> Duration {
    let millis = copy.deadline.millis() - now.millis();
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A source that does not answer may do so later. One that broke may break in every try.
fn source_trouble(doing: &str, error: &SourceError) -> Trouble {
    let text = format!("{doing}: {error}");
    match error {
        SourceError::Store(StoreError::Broken(_)) => {
            Trouble::Because(Reason::SourceUnavailable, text)
        }
        SourceError::Store(_) | SourceError::Shelf(_) | SourceError::Away(_) => {
            Trouble::Away(Reason::SourceUnavailable, text)
        }
    }
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
        copy: copy.clone(),
        detail: detail.clone(),
        audit: Arc::clone(&world.audit),
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
    (reason, text): (Reason, String),
    chance: u64,
) -> Result<Ending, StoreError> {
    if pass(world, Point::Postpone).is_err() {
        return Ok(Ending::Crashed);
    }
    Ok(
        match lease::put_off_for(store, copy, reason, chance).await? {
            Fenced::Written => Ending::Postponed(text),
            Fenced::Stale => Ending::Stale,
        },
    )
}

/// Hands the copy back until later, as something was away. Only the deadline ends that.
async fn wait(
    world: &World,
    store: &Store,
    copy: &Copy,
    (reason, text): (Reason, String),
    chance: u64,
) -> Result<Ending, StoreError> {
    let now = store.read(Now).await?;
    if reason == Reason::SourceUnavailable && copying::is_last_try(copy, now) {
        let region = copy.request.source.region.to_string();
        return give_up(
            world,
            store,
            copy,
            StatusDetail::SourceUnavailable { region },
        )
        .await;
    }
    if now >= copy.deadline {
        return give_up(world, store, copy, StatusDetail::Deadline).await;
    }
    if pass(world, Point::Postpone).is_err() {
        return Ok(Ending::Crashed);
    }
    Ok(
        match lease::hand_back_for(store, copy, reason, chance).await? {
            Fenced::Written => Ending::Postponed(text),
            Fenced::Stale => Ending::Stale,
        },
    )
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

struct Fail {
    copy: Copy,
    detail: StatusDetail,
    audit: Arc<Audit>,
}

impl Work for Fail {
    type Output = Fenced;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        let now = tx.now().await.map(Timestamp::from_millis)?;
        let fence = Fence::of(&self.copy);
        let failed = tx.fail_copy(&fence, &self.detail, now).await?;
        if failed == Fenced::Written && self.audit.is_on() {
            let record = audit::copy_ended(&self.copy, Some(&self.detail), now);
            let scope = AuthScope::of(&self.copy.caller);
            tx.insert_audit(&scope, &record).await?;
        }
        Ok(failed)
    }
}
