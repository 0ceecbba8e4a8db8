//! What our own API tells of copies, as JSON has it. Times are milliseconds since 1970.

use mimeo_domain::copying::{Event, PlannedArtifact, Reason, State, Target};
use mimeo_domain::{CopyToken, Timestamp};
use mimeo_store::SeenCopy;
use serde::Serialize;

use super::CopyEvent;

/// A page of copies; either kind.
#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum CopiesPage {
    Own {
        copies: Vec<CopySummary>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_page: Option<String>,
    },
    OfProducts {
        copies: Vec<CopyOfProduct>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_page: Option<String>,
    },
}

/// A copy of the caller's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CopySummary {
    pub token: CopyToken,
    pub state: &'static str,
    pub source_arn: String,
    /// The product that it makes, or adds to.
    pub target_product_id: String,
    pub target_is_new: bool,
    pub created: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    pub attempts: u32,
    pub failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_detail: Option<Detail>,
    /// The failed copy that it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<CopyToken>,
}

/// Why a copy failed.
#[derive(Debug, Serialize)]
pub struct Detail {
    pub code: &'static str,
    pub message: String,
}

/// A copy of a product of the caller's, by whomever.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyOfProduct {
    pub state: &'static str,
    pub source_product_id: String,
    /// The versions that were named; empty where all were asked for.
    pub provisioning_artifact_ids: Vec<String>,
    pub target_account_id: String,
    pub target_region: String,
    pub created: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
}

/// A copy of the caller's with everything about it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyDetail {
    #[serde(flatten)]
    pub summary: CopySummary,
    /// Until then it is tried.
    pub deadline: Timestamp,
    /// The copy that repeats it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retried_as: Option<CopyToken>,
    pub steps: Steps,
    pub tries: Vec<Try>,
    pub versions: Vec<Version>,
    pub moved: Moved,
}

/// When each step was done for the last time.
#[derive(Debug, Default, Serialize)]
pub struct Steps {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brought: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// One try of a worker.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Try {
    pub attempt: u32,
    pub claimed: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// `RUNNING`, `POSTPONED`, `GIVEN_BACK`, `LOST`, `SUCCEEDED`, `FAILED` or `CANCELLED`.
    pub outcome: &'static str,
    /// Of a try that was postponed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// A version that is copied.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    pub source_provisioning_artifact_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `PLANNED`, `BROUGHT` (its template is there) or `LANDED`.
    pub state: &'static str,
}

/// What was moved between shelves.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    pub bodies_there_count: u64,
    pub bodies_moved_count: u64,
    pub bytes_moved: u64,
}

/// An event as JSON has it.
#[derive(Debug, Serialize)]
pub struct EventView<'a> {
    pub seq: i64,
    pub at: Timestamp,
    #[serde(flatten)]
    pub event: &'a Event,
}

impl<'a> EventView<'a> {
    pub fn of(told: &'a CopyEvent) -> Self {
        Self {
            seq: told.seq,
            at: told.at,
            event: &told.event,
        }
    }
}

impl CopySummary {
    pub(super) fn of(seen: &SeenCopy) -> Self {
        let copy = &seen.copy;
        let target = &copy.request.target;
        Self {
            token: copy.token.clone(),
            state: copy.state.as_str(),
            source_arn: copy.request.source.to_string(),
            target_product_id: target.id().to_string(),
            target_is_new: matches!(target, Target::New(_)),
            created: copy.created,
            finished: seen.finished,
            attempts: copy.attempts,
            failures: copy.failures,
            status_detail: match &copy.state {
                State::Failed(detail) => Some(Detail {
                    code: detail.code(),
                    message: detail.to_string(),
                }),
                State::Queued | State::Running | State::Succeeded => None,
            },
            retry_of: seen.retry_of.clone(),
        }
    }
}

impl CopyOfProduct {
    pub(super) fn of(seen: &SeenCopy) -> Self {
        let copy = &seen.copy;
        let artifacts = copy.request.artifacts.iter();
        Self {
            state: copy.state.as_str(),
            source_product_id: copy.request.source.product.to_string(),
            provisioning_artifact_ids: artifacts.map(ToString::to_string).collect(),
            target_account_id: copy.caller.account.to_string(),
            target_region: copy.caller.region.to_string(),
            created: copy.created,
            finished: seen.finished,
        }
    }
}

impl CopyDetail {
    pub(super) fn of(seen: &SeenCopy, events: &[CopyEvent], retried_as: Option<CopyToken>) -> Self {
        let copy = &seen.copy;
        let progress = seen.progress.clone().unwrap_or_default();
        let planned = copy.plan.iter().flat_map(|plan| &plan.artifacts);
        let state = |planned: &PlannedArtifact| match copy.state {
            State::Succeeded => "LANDED",
            _ if progress.artifacts.contains(&planned.source) => "BROUGHT",
            _ => "PLANNED",
        };
        let version = |planned: &PlannedArtifact| Version {
            source_provisioning_artifact_id: planned.source.to_string(),
            name: planned.details.name.clone(),
            state: state(planned),
        };
        Self {
            summary: CopySummary::of(seen),
            deadline: copy.deadline,
            retried_as,
            steps: Steps::of(seen, events),
            tries: tries(events),
            versions: planned.map(version).collect(),
            moved: Moved {
                bodies_there_count: progress.bodies_there_count,
                bodies_moved_count: progress.bodies_moved_count,
                bytes_moved: progress.bytes_moved,
            },
        }
    }
}

impl Steps {
    fn of(seen: &SeenCopy, events: &[CopyEvent]) -> Self {
        let mut steps = Self {
            accepted: Some(seen.copy.created),
            ended: seen.finished,
            ..Self::default()
        };
        for CopyEvent { at, event, .. } in events {
            let step = match event {
                Event::Accepted => &mut steps.accepted,
                Event::Claimed { .. } | Event::TakenOver { .. } => &mut steps.claimed,
                Event::Planned { .. } => &mut steps.planned,
                Event::Brought => &mut steps.brought,
                Event::Succeeded => &mut steps.landed,
                Event::Failed { .. } | Event::Cancelled => &mut steps.ended,
                Event::Progress { .. } | Event::Postponed { .. } | Event::GivenBack => continue,
            };
            *step = Some(*at);
        }
        if steps.landed.is_some() {
            steps.ended = steps.landed;
        }
        steps
    }
}

/// The tries that the events tell of, the first one first.
fn tries(events: &[CopyEvent]) -> Vec<Try> {
    let mut tries: Vec<Try> = Vec::new();
    for CopyEvent { at, event, .. } in events {
        let end = |tries: &mut Vec<Try>, outcome, reason| {
            if let Some(last) = tries.last_mut().filter(|last| last.ended.is_none()) {
                last.ended = Some(*at);
                last.outcome = outcome;
                last.reason = reason;
            }
        };
        match event {
            Event::Claimed { attempt } | Event::TakenOver { attempt } => {
                end(&mut tries, "LOST", None);
                tries.push(Try {
                    attempt: *attempt,
                    claimed: *at,
                    ended: None,
                    outcome: "RUNNING",
                    reason: None,
                });
            }
            Event::Postponed { reason, .. } => end(&mut tries, "POSTPONED", Some(*reason)),
            Event::GivenBack => end(&mut tries, "GIVEN_BACK", None),
            Event::Succeeded => end(&mut tries, "SUCCEEDED", None),
            Event::Failed { .. } => end(&mut tries, "FAILED", None),
            Event::Cancelled => end(&mut tries, "CANCELLED", None),
            Event::Accepted | Event::Planned { .. } | Event::Progress { .. } | Event::Brought => {}
        }
    }
    tries
}
