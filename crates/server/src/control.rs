//! Test-time control: what a test may do to an open server of its own, under `/_mimeo/`.
//!
//! Reference: `docs/reference/test-time-control.md`.

mod clock;
mod ids;
mod requests;
mod reset;
mod transitions;

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use mimeo_service::workflows::hold;
use mimeo_service::{Rehearsal, Rejection, Service};
use mimeo_store::{Extent, StoreError};
use serde_json::Value;
use tokio::time::sleep;
use tracing::{error, warn};

use crate::members::Members;
use crate::phase::{Phase, Watch};

use requests::Requests;

/// How often copies that are held by time are looked for.
const TICK: Duration = Duration::from_millis(100);

/// What is controlled; each has a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Reset,
    Ids,
    Clock,
    Transitions,
    Requests,
}

impl Topic {
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        Some(match path.strip_prefix("/_mimeo/")? {
            "reset" => Self::Reset,
            "ids" => Self::Ids,
            "clock" => Self::Clock,
            "transitions" => Self::Transitions,
            "requests" => Self::Requests,
            _ => return None,
        })
    }

    /// What the log and the figures call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reset => "ControlReset",
            Self::Ids => "ControlIds",
            Self::Clock => "ControlClock",
            Self::Transitions => "ControlTransitions",
            Self::Requests => "ControlRequests",
        }
    }

    pub(crate) const fn methods(self) -> &'static [Method] {
        match self {
            Self::Reset => &[Method::POST],
            Self::Ids | Self::Clock | Self::Transitions => {
                &[Method::GET, Method::PUT, Method::DELETE]
            }
            Self::Requests => &[Method::GET, Method::DELETE],
        }
    }
}

/// A request for control, whole.
pub(crate) struct Asked<'a> {
    pub topic: Topic,
    pub method: &'a Method,
    pub query: &'a str,
    pub body: &'a [u8],
}

impl Asked<'_> {
    /// What is asked with: the body of PUT and POST, the query of GET and DELETE.
    fn members(&self) -> Result<Members, Rejection> {
        if *self.method == Method::PUT || *self.method == Method::POST {
            Members::of_body(self.body)
        } else {
            Ok(Members::of_query(self.query))
        }
    }
}

#[derive(Debug)]
pub(crate) struct Control {
    pub rehearsal: Arc<Rehearsal>,
    pub requests: Requests,
}

impl Control {
    pub(crate) fn new(rehearsal: Arc<Rehearsal>) -> Self {
        Self {
            rehearsal,
            requests: Requests::default(),
        }
    }

    /// Does what is asked, wholly or not at all, and tells how things are then.
    pub(crate) async fn answer(
        &self,
        service: &Service,
        asked: &Asked<'_>,
    ) -> Result<Value, Rejection> {
        let members = asked.members()?;
        match asked.topic {
            Topic::Reset => self.reset(service, members).await,
            Topic::Ids => self.answer_ids(asked.method, members),
            Topic::Clock => self.answer_clock(service, asked.method, members).await,
            Topic::Transitions => {
                self.answer_transitions(service, asked.method, members)
                    .await
            }
            Topic::Requests => self.answer_requests(asked.method, members),
        }
    }
}

/// At the start of a server: nothing is set, so no copy of an earlier run is held any longer.
pub(crate) async fn begin(service: &Service) -> Result<(), StoreError> {
    for store in service.world().directory.stores() {
        hold::release(&store, Extent::default()).await?;
    }
    Ok(())
}

/// Lets copies go on whose time has come, until the server drains.
pub(crate) async fn tick(service: Service, mut watch: Watch) {
    let Some(rehearsal) = service.world().rehearsal.clone() else {
        return;
    };
    while watch.now() == Phase::Running {
        tokio::select! {
            () = sleep(TICK) => {}
            _ = watch.next() => continue,
        }
        if !rehearsal.holds_by_time() {
            continue;
        }
        if let Err(error) = release_ripe(&service, &rehearsal).await {
            warn!(%error, "held copies cannot be released");
        }
    }
}

async fn release_ripe(service: &Service, rehearsal: &Rehearsal) -> Result<(), StoreError> {
    let shown = rehearsal.now(crate::clock::now());
    for store in service.world().directory.stores() {
        if hold::release_ripe(&store, shown).await? > 0 {
            service.world().ring();
        }
    }
    Ok(())
}

/// The store did not take part.
fn broken(problem: &StoreError) -> Rejection {
    error!(%problem, "test-time control");
    match problem {
        StoreError::Overloaded | StoreError::Conflict | StoreError::Full => Rejection {
            status: 503,
            code: "ServiceUnavailableException",
            message: "The store is busy. Try again later.".to_owned(),
        },
        _ => Rejection {
            status: 500,
            code: "InternalFailure",
            message: "The store failed; the server's log says how.".to_owned(),
        },
    }
}
