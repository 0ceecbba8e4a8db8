//! `Event`: what happened to a copy, told in a closed vocabulary; and how far it has come.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ArtifactId;

/// Events that are kept of one copy. What happens after that is not told, except its end.
pub const EVENTS_MAX: u32 = 500;

/// One thing that happened to a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    Accepted,
    /// A worker began a try.
    Claimed {
        attempt: u32,
    },
    /// The same, where the worker of the try before fell silent.
    TakenOver {
        attempt: u32,
    },
    /// The source was read.
    Planned {
        artifacts_count: u64,
    },
    /// Some templates are there.
    Progress {
        bodies_there_count: u64,
        bodies_moved_count: u64,
        bytes_moved: u64,
    },
    /// All templates are there.
    Brought,
    /// A try failed, or found something away; the next one comes after `wait_millis`.
    Postponed {
        reason: Reason,
        wait_millis: i64,
    },
    /// A server that stopped handed the copy back.
    GivenBack,
    Succeeded,
    Failed {
        code: String,
    },
    Cancelled,
}

impl Event {
    /// The word that stands for it in `kind`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Claimed { .. } => "CLAIMED",
            Self::TakenOver { .. } => "TAKEN_OVER",
            Self::Planned { .. } => "PLANNED",
            Self::Progress { .. } => "PROGRESS",
            Self::Brought => "BROUGHT",
            Self::Postponed { .. } => "POSTPONED",
            Self::GivenBack => "GIVEN_BACK",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed { .. } => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Kinds after which nobody works on the copy, and somebody will.
    pub const WAITING_KINDS: [&'static str; 3] = ["ACCEPTED", "POSTPONED", "GIVEN_BACK"];

    /// Whether nothing comes after it.
    pub const fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed { .. } | Self::Cancelled
        )
    }
}

/// An event with its place and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// From 1, without gaps.
    pub seq: i64,
    /// By the clock of the copy's database.
    pub at: crate::Timestamp,
    pub event: Event,
}

/// Why a try of a copy came to nothing. What exactly happened stands in the server's log: it may name what
/// the caller may not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The source's Region did not answer.
    SourceUnavailable,
    /// A template could not be read or kept.
    TemplatesUnavailable,
    /// The target's database was busy, full or slow.
    StoreUnavailable,
    /// The try broke.
    Internal,
}

impl Reason {
    pub const ALL: [Self; 4] = [
        Self::SourceUnavailable,
        Self::TemplatesUnavailable,
        Self::StoreUnavailable,
        Self::Internal,
    ];
}

/// How far the templates of a copy have come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Bodies that did not have to be moved.
    pub bodies_there_count: u64,
    pub bodies_moved_count: u64,
    pub bytes_moved: u64,
    /// The source's versions whose templates are on the target's shelf.
    pub artifacts: BTreeSet<ArtifactId>,
}

impl Progress {
    pub fn event(&self) -> Event {
        Event::Progress {
            bodies_there_count: self.bodies_there_count,
            bodies_moved_count: self.bodies_moved_count,
            bytes_moved: self.bytes_moved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_stored_under_its_kind() {
        for event in [
            Event::Accepted,
            Event::TakenOver { attempt: 2 },
            Event::Postponed {
                reason: Reason::SourceUnavailable,
                wait_millis: 7,
            },
            Progress::default().event(),
            Event::Brought,
            Event::Cancelled,
        ] {
            let stored = serde_json::to_value(&event).expect("JSON");
            assert_eq!(stored["kind"], event.kind());
            let read: Event = serde_json::from_value(stored).expect("read");
            assert_eq!(read, event);
        }
    }
}
