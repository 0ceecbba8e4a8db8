//! Copying a product: what is asked, what is planned, which step comes next.
//!
//! The record is the program counter: [`next_step`] reads a copy as it was stored and says what to
//! do, so nothing about a copy's progress lives in memory.

use serde::{Deserialize, Serialize};

use crate::arn::ProductArn;
use crate::artifacts::{self, Artifact, ArtifactType, Guidance, Lineage, Origin};
use crate::ids::Seed;
use crate::products::{self, Product, ProductType};
use crate::tags::{self, Tag, TagChange};
use crate::{ArtifactId, Caller, CopyToken, Mint, ProductId, Quotas, Refusal, Timestamp};

mod course;
mod event;
mod pulse;
mod status_detail;

pub use course::Course;
pub use event::{EVENTS_MAX, Event, Progress, Reason, Told};
pub use pulse::Pulse;
pub use status_detail::StatusDetail;

/// How long a worker may be silent before another one takes its copy over.
pub const LEASE_MILLIS: i64 = 15_000;
pub const HEARTBEAT_MILLIS: i64 = 5_000;
/// A copy that is not done by then has failed.
pub const DEADLINE_MILLIS: i64 = 3_600_000;
/// Tries that ended with an error of ours. Those in which something outside was away are not among
/// them: only the deadline ends these.
pub const FAILURES_MAX: u32 = 8;
/// Tries that ended with the death of the worker.
pub const DEATHS_MAX: u32 = 3;
/// After so many deaths a copy is run alone on its node: whoever dies then is told from those that
/// only died with it.
pub const DEATHS_IN_COMPANY_MAX: u32 = 2;
pub const BACKOFF_BASE_MILLIS: i64 = 1_000;
pub const BACKOFF_CAP_MILLIS: i64 = 60_000;
/// How old another store's word that the caller sees the source may be when the copy lands.
pub const RIGHT_MILLIS_MAX: i64 = 5_000;
/// The newest form of the stored record; a worker claims only the forms it knows.
pub const RECORD_VERSION: i64 = 2;
/// The form that servers of the first release know: all in one Region, every digest known.
const RECORD_VERSION_FIRST: i64 = 1;

/// What the caller asked for, checked and parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyRequest {
    pub source: ProductArn,
    /// The versions to copy, each once; empty means all of them.
    pub artifacts: Vec<ArtifactId>,
    pub target: Target,
    /// Ours, as AWS is silent: ignored when the target exists.
    pub name: Option<String>,
    pub tags: CopyTags,
}

impl CopyRequest {
    /// The form of the record: servers of the first release find no templates in other Regions.
    pub fn record_version(&self, caller: &Caller) -> i64 {
        if self.source.region == caller.region {
            RECORD_VERSION_FIRST
        } else {
            RECORD_VERSION
        }
    }
}

/// The target's id is known before any work begins, so a repeated commit cannot make two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    New(ProductId),
    Existing(ProductId),
}

impl Target {
    pub fn id(&self) -> &ProductId {
        match self {
            Self::New(id) | Self::Existing(id) => id,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CopyTags {
    #[default]
    Leave,
    Copy,
}

/// A copy as it is stored. `state`, `fence`, `attempts` and `failures` have columns of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub token: CopyToken,
    pub caller: Caller,
    pub request: CopyRequest,
    /// From which the ids of the new versions are minted, so that each try mints the same.
    pub seed: Seed,
    pub state: State,
    /// Raised with every claim: a write with an older number has no effect.
    pub fence: i64,
    /// Counted before the work, so a copy that kills its worker is counted too; taken back when the
    /// worker hands the copy back, or found something outside away.
    pub attempts: u32,
    pub failures: u32,
    pub deadline: Timestamp,
    pub created: Timestamp,
    pub plan: Option<Plan>,
    /// The way that a test chose for it; `None` but in a rehearsal.
    pub course: Option<Course>,
}

impl Copy {
    /// Tries of a claimed copy that neither ended nor failed: their workers died.
    pub fn deaths(&self) -> u32 {
        self.attempts.saturating_sub(self.failures + 1)
    }

    /// Times that it was claimed before, counted or not.
    pub fn claims_before(&self) -> u32 {
        u32::try_from(self.fence - 1).unwrap_or(u32::MAX)
    }

    /// Whether this try must have its node to itself.
    pub fn must_run_alone(&self) -> bool {
        self.deaths() >= DEATHS_IN_COMPANY_MAX
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Queued,
    Running,
    Succeeded,
    Failed(StatusDetail),
}

impl State {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed(_) => "FAILED",
        }
    }
}

/// The source as it was at one instant. Later tries use it again, so a copy never mixes two states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub product_type: ProductType,
    pub details: products::Details,
    pub tags: Vec<Tag>,
    pub artifacts: Vec<PlannedArtifact>,
    pub read: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedArtifact {
    pub source: ArtifactId,
    pub details: artifacts::Details,
    pub artifact_type: ArtifactType,
    pub active: bool,
    pub guidance: Guidance,
    pub origin: Origin,
    pub digest: Option<String>,
    /// There is a template, but nobody knows its digest until it was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
}

impl Plan {
    /// The digests of all templates that are known, as often as versions have them.
    pub fn digests(&self) -> Vec<&str> {
        let artifacts = self.artifacts.iter();
        artifacts
            .filter_map(|artifact| artifact.digest.as_deref())
            .collect()
    }

    /// The plan of a source that tells no digests: every version without one is to be read.
    #[must_use]
    pub fn to_be_read(mut self) -> Self {
        for artifact in &mut self.artifacts {
            artifact.unread = artifact.digest.is_none();
        }
        self
    }
}

/// What a worker does next with a copy that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read the source in one snapshot and store the plan.
    ReadSource,
    /// Bring the templates over, then write product, versions, tags and success in one transaction.
    Land,
    /// Write the failure.
    GiveUp(StatusDetail),
    /// Final: nothing is left to do.
    Rest,
}

/// The next step of a claimed copy at `now`, which is the database's clock.
pub fn next_step(copy: &Copy, now: Timestamp) -> Step {
    match copy.state {
        State::Succeeded | State::Failed(_) => return Step::Rest,
        State::Queued | State::Running => (),
    }
    if let Some(Course::Fails(text)) = &copy.course {
        let text = text.clone();
        return Step::GiveUp(StatusDetail::Rehearsed { text });
    }
    let deaths = copy.deaths();
    if deaths >= DEATHS_MAX || copy.failures >= FAILURES_MAX {
        return Step::GiveUp(StatusDetail::Internal {
            reference: copy.token.clone(),
        });
    }
    if now >= copy.deadline {
        return Step::GiveUp(StatusDetail::Deadline);
    }
    if copy.plan.is_some() {
        Step::Land
    } else {
        Step::ReadSource
    }
}

/// Whether the deadline may come before the next try does: what was away in this one is then the
/// reason of the end.
pub fn is_last_try(copy: &Copy, now: Timestamp) -> bool {
    now.plus_millis(BACKOFF_CAP_MILLIS) >= copy.deadline
}

/// Whether what another store answered to a question of `asked` still counts at `now`, both by one
/// clock. If that clock was set back meanwhile, nobody knows how old the answer is.
pub fn is_right_fresh(asked: Timestamp, now: Timestamp) -> bool {
    (0..=RIGHT_MILLIS_MAX).contains(&(now.millis() - asked.millis()))
}

/// How long to wait after a try that came to nothing, after `tries` others: full jitter, so that
/// copies that failed together do not come back together. `chance` is any 64 random bits.
pub fn backoff_millis(tries: u32, chance: u64) -> i64 {
    let ceiling = BACKOFF_BASE_MILLIS
        .saturating_mul(1_i64.checked_shl(tries.min(32)).unwrap_or(i64::MAX))
        .min(BACKOFF_CAP_MILLIS);
    i64::try_from(chance % (ceiling.unsigned_abs() + 1)).unwrap_or(ceiling)
}

/// Plans the copy from the source as read: the versions asked for, in the source's order.
pub fn plan(
    request: &CopyRequest,
    source: &Product,
    artifacts: &[Artifact],
    read: Timestamp,
) -> Result<Plan, StatusDetail> {
    if let Some(missing) = first_missing(&request.artifacts, artifacts) {
        return Err(StatusDetail::SourceArtifactNotFound { artifact: missing });
    }
    let wanted = |artifact: &&Artifact| {
        request.artifacts.is_empty() || request.artifacts.contains(&artifact.id)
    };
    Ok(Plan {
        product_type: source.product_type,
        details: source.details.clone(),
        tags: source.tags.clone(),
        artifacts: artifacts
            .iter()
            .filter(wanted)
            .map(PlannedArtifact::of)
            .collect(),
        read,
    })
}

fn first_missing(asked: &[ArtifactId], there: &[Artifact]) -> Option<ArtifactId> {
    asked
        .iter()
        .find(|id| there.iter().all(|artifact| artifact.id != **id))
        .cloned()
}

/// The check at the door: every version named is one of the source's.
pub fn all_there(asked: &[ArtifactId], there: &[Artifact]) -> Result<(), Refusal> {
    first_missing(asked, there).map_or(Ok(()), |missing| Err(Refusal::NoSuchArtifact(missing)))
}

impl PlannedArtifact {
    fn of(artifact: &Artifact) -> Self {
        Self {
            source: artifact.id.clone(),
            details: artifact.details.clone(),
            artifact_type: artifact.artifact_type,
            active: artifact.active,
            guidance: artifact.guidance,
            origin: artifact.origin.clone(),
            digest: artifact.digest.clone(),
            unread: false,
        }
    }
}

/// Source and target must be of one type.
pub fn same_type(source: ProductType, target: ProductType) -> Result<(), Refusal> {
    if source == target {
        return Ok(());
    }
    Err(Refusal::CopyTypeMismatch {
        from: source,
        to: target,
    })
}

/// The product that a copy into a new product makes.
pub fn new_product(
    copy: &Copy,
    plan: &Plan,
    quotas: &Quotas,
    now: Timestamp,
) -> Result<Product, StatusDetail> {
    let mut details = plan.details.clone();
    if let Some(name) = &copy.request.name {
        details.name.clone_from(name);
    }
    Ok(Product {
        id: copy.request.target.id().clone(),
        account: copy.caller.account.clone(),
        region: copy.caller.region.clone(),
        product_type: plan.product_type,
        details,
        tags: landed_tags(copy, plan, &[], quotas)?,
        created: now,
    })
}

/// The target's tags after the copy: with `CopyTags` the source's join them, and win on a clash.
pub fn landed_tags(
    copy: &Copy,
    plan: &Plan,
    before: &[Tag],
    quotas: &Quotas,
) -> Result<Vec<Tag>, StatusDetail> {
    match copy.request.tags {
        CopyTags::Leave => Ok(before.to_vec()),
        CopyTags::Copy => {
            let change = TagChange {
                put: plan.tags.clone(),
                remove: Vec::new(),
            };
            tags::changed(before, &change, quotas.tags).map_err(|_| StatusDetail::TagQuota {
                tags_max: quotas.tags,
            })
        }
    }
}

/// The versions that the copy adds to `target`, in order; each try mints the same ids.
pub fn landed_artifacts(copy: &Copy, plan: &Plan, now: Timestamp) -> Vec<Artifact> {
    let mut mint = Mint::new(copy.seed, copy.created);
    let land = |planned: &PlannedArtifact| Artifact {
        id: mint.artifact_id(),
        product: copy.request.target.id().clone(),
        details: planned.details.clone(),
        artifact_type: planned.artifact_type,
        active: planned.active,
        guidance: planned.guidance,
        origin: planned.origin.clone(),
        digest: planned.digest.clone(),
        lineage: Lineage::Copied {
            product: copy.request.source.product.clone(),
            artifact: planned.source.clone(),
        },
        created: now,
    };
    plan.artifacts.iter().map(land).collect()
}

#[cfg(test)]
mod tests;
