//! The path of a request at the door: admit, read, verify, ask the service, answer, log.

mod call;
mod enter;

use std::sync::Arc;

use bytes::Bytes;
use http::header::EXPECT;
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use mimeo_domain::Caller;
use mimeo_service::{Answer, Rejection, Service};
use mimeo_sigv4::{Refused, Rules};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Semaphore;
use tracing::{error, info};

use super::body::{self, PERMIT_BYTES};
use super::reply::{PLAIN_JSON, Payload, Reply, XML};
use super::route::Route;
use super::sts;
use super::target::other_service;
use super::v1::Streams;
use super::ways_out::WaysOut;
use crate::clock::Arrived;
use crate::config::{Config, Limits};
use crate::control::Control;
use crate::front::{self, Front, Mode};
use crate::metrics::Metrics;
use crate::phase::Watch;

pub(super) use enter::Entered;

/// What the log and the figures call a request that names no operation.
const NO_OPERATION: &str = "-";

/// The service of Service Catalog's requests, and of our own routes.
pub(super) const SIGNED_FOR: &Rules<'_> = &Rules::SERVICE_CATALOG;

/// Everything between the wire and the service.
#[derive(Debug)]
pub(crate) struct Door {
    pub service: Service,
    pub front: Front,
    pub limits: Limits,
    pub metrics: Arc<Metrics>,
    pub watch: Watch,
    /// Open mode only.
    pub control: Option<Control>,
    /// Templates that are being sent.
    pub(super) ways_out: WaysOut,
    /// Streams of events that are open.
    pub streams: Streams,
    requests: Semaphore,
    bodies: Semaphore,
}

/// What is known of a request while it is answered, for the log.
pub(crate) struct Seen {
    pub operation: &'static str,
    pub caller: Option<Caller>,
    /// What was read of the body.
    pub input: Bytes,
    body: Fate,
}

/// What became of the request's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unread,
    Read,
    /// Too slow or broken off: there is nothing to wait for.
    Lost,
}

/// What a route comes to.
enum Given {
    Answer(Answer),
    /// Ready to be sent.
    Reply(Reply),
    /// The same to a monitor; it is not logged, as it asks all the time.
    Probed(Reply),
}

/// Why there is no answer of the service's.
pub(super) enum Turned {
    /// At the door.
    Away(Rejection),
    /// With an answer that was already written.
    With(Answer),
}

impl From<Rejection> for Turned {
    fn from(rejection: Rejection) -> Self {
        Self::Away(rejection)
    }
}

impl From<Refused> for Turned {
    fn from(refused: Refused) -> Self {
        Self::Away(Rejection::new(refused.code(), refused.to_string()))
    }
}

impl Door {
    pub(crate) fn new(
        config: &Config,
        front: Front,
        service: Service,
        metrics: Arc<Metrics>,
        watch: Watch,
    ) -> Self {
        let limits = config.limits.clone();
        let rehearsal = service.world().rehearsal.clone();
        Self {
            control: rehearsal.map(Control::new),
            service,
            front,
            ways_out: WaysOut::default(),
            streams: Streams::default(),
            requests: Semaphore::new(limits.requests_max),
            bodies: Semaphore::new(limits.bodies_bytes_max.div_ceil(PERMIT_BYTES)),
            limits,
            metrics,
            watch,
        }
    }

    /// Answers a request. Never fails: what goes wrong is an answer too.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Payload> {
        let mut arrived = Arrived::now();
        if let Some(control) = &self.control {
            arrived.now = control.rehearsal.now(arrived.now);
        }
        let _in_flight = InFlight::of(&self.metrics.in_flight);
        let (parts, mut body) = request.into_parts();
        let route = Route::of(&parts);
        let reply = match &route {
            Route::Live | Route::Ready => self.probe(&route).await,
            route => self.serve(&arrived, &parts, &mut body, route).await,
        };
        reply.into_response(&arrived.request_id)
    }

    async fn serve(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        route: &Route,
    ) -> Reply {
        let protocol = route.protocol();
        let mut seen = Seen {
            operation: NO_OPERATION,
            caller: None,
            input: Bytes::new(),
            body: Fate::Unread,
        };
        let given = match self.admit(parts) {
            Ok(()) => self.give(arrived, parts, body, route, &mut seen).await,
            Err(rejection) => Err(rejection.into()),
        };
        let answer = match given {
            Ok(Given::Probed(reply)) => return reply,
            Ok(Given::Reply(reply)) => {
                let answer = Answer {
                    status: reply.status,
                    ..Answer::done(Vec::new())
                };
                self.note(arrived, &seen, &answer);
                return reply;
            }
            Ok(Given::Answer(answer)) | Err(Turned::With(answer)) => answer,
            Err(Turned::Away(rejection)) => match route {
                Route::Sts => sts::rejected(&rejection, arrived),
                Route::V1 => Answer::rejected_by_ours(&rejection),
                _ => Answer::rejected(&rejection, protocol),
            },
        };
        let read = match seen.body {
            Fate::Read => true,
            Fate::Lost => false,
            // A client that asks first has not sent its body yet, and will not.
            Fate::Unread => !parts.headers.contains_key(EXPECT) && body::discard(body).await,
        };
        self.note(arrived, &seen, &answer);
        if let (Some(control), Route::Json | Route::Cbor(_)) = (&self.control, route) {
            control.requests.keep(arrived, &seen, protocol, &answer);
        }
        let mut reply = match route {
            Route::Sts => Reply::new(answer.status, XML, answer.body),
            Route::V1 => Reply::new(answer.status, PLAIN_JSON, answer.body),
            _ => Reply::in_protocol(answer.status, protocol, answer.body),
        };
        reply.close = !read;
        reply
    }

    async fn give(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        route: &Route,
        seen: &mut Seen,
    ) -> Result<Given, Turned> {
        let answer = match route {
            Route::Json | Route::Cbor(_) => self.call(arrived, parts, body, route, seen).await,
            Route::Sts => self.sts(arrived, parts, body, seen).await,
            Route::PutTemplate(name) => self.put(arrived, parts, body, name, seen).await,
            Route::GetTemplate(upload) => {
                let reply = self.get(arrived, parts, body, upload, seen).await;
                return reply.map(Given::Reply);
            }
            Route::Artifact(at) => {
                let reply = self.artifact(arrived, parts, body, at, seen).await;
                return reply.map(Given::Reply);
            }
            Route::V1 => {
                let reply = self.v1(arrived, parts, body, seen).await;
                return reply.map(Given::Reply);
            }
            Route::Live | Route::Ready | Route::Metrics | Route::Health => {
                return Ok(Given::Probed(self.probe(route).await));
            }
            Route::Control(topic) => match &self.control {
                Some(control) => self.control(control, *topic, parts, body, seen).await,
                None => Err(self.nowhere(arrived, parts).into()),
            },
            Route::Nowhere => Err(self.nowhere(arrived, parts).into()),
        };
        answer.map(Given::Answer)
    }

    fn admit(&self, parts: &Parts) -> Result<(), Rejection> {
        let Mode::Open(open) = &self.front.mode else {
            return Ok(());
        };
        open.admit(parts).map_err(|message| Rejection {
            status: 403,
            code: "AccessDeniedException",
            message,
        })
    }

    fn nowhere(&self, arrived: &Arrived, parts: &Parts) -> Rejection {
        let headers = front::headers(&parts.headers);
        let head = front::head(parts, &headers);
        let asked = self.front.read(&head, SIGNED_FOR, arrived.now);
        if let Some(rejection) = asked.ok().and_then(|asked| other_service(asked.service())) {
            return rejection;
        }
        let message = format!("There is nothing at {} {}.", parts.method, parts.uri.path());
        Rejection {
            status: 404,
            code: "UnknownOperationException",
            message,
        }
    }

    fn note(&self, arrived: &Arrived, seen: &Seen, answer: &Answer) {
        let took = arrived.elapsed();
        self.metrics
            .answered(seen.operation, answer.error.unwrap_or("OK"), took);
        let caller = seen.caller.as_ref();
        let account = caller.map_or("-", |caller| caller.account.as_str());
        let region = caller.map_or("-", |caller| caller.region.as_str());
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let (operation, status, error) = (seen.operation, answer.status, answer.error);
        let request_id = arrived.request_id.hyphenated();
        if let Some(fault) = answer.fault.as_deref() {
            error!(operation, account, region, status, error, micros, %request_id, fault, "request");
        } else {
            info!(operation, account, region, status, error, micros, %request_id, "request");
        }
    }
}

/// Counts a request for as long as it lives, also if its client goes away.
struct InFlight<'a>(&'a Gauge);

impl<'a> InFlight<'a> {
    fn of(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// An answer that takes too long.
pub(super) fn late() -> Turned {
    let message = "The request was not answered in time. Try again later.".to_owned();
    Turned::Away(Rejection {
        status: 503,
        code: "ServiceUnavailableException",
        message,
    })
}
