//! The path of a request at the door: admit, read, verify, ask the service, answer, log.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::EXPECT;
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use mimeo_domain::Caller;
use mimeo_service::{Answer, Authority, Call, Failure, Rejection, Service, Stop, Trail};
use mimeo_sigv4::{Refused, Rules};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::{error, info};
use uuid::Uuid;

use super::artifacts::TEMPLATES_OUT_MAX;
use super::body::{self, Body, PERMIT_BYTES, Unread};
use super::reply::{PLAIN_JSON, Payload, Reply, XML};
use super::route::Route;
use super::sts;
use super::target::{check_form, operation, other_service, target};
use super::v1::Streams;
use crate::clock::Arrived;
use crate::config::{Config, Limits};
use crate::control::Control;
use crate::front::{self, Actor, Began, Front, Known, Mode, Origin, Reach};
use crate::metrics::Metrics;
use crate::phase::Watch;

/// What callers may do whom another server vouches for, besides reading templates as kept.
const OF_SOURCES: [&str; 3] = [
    "DescribeProductAsAdmin",
    "DescribeProvisioningArtifact",
    "ListProvisioningArtifacts",
];

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
    /// Each is a template on its way out; see [`super::artifacts`].
    pub(super) templates_out: Arc<Semaphore>,
    /// Streams of events that are open.
    pub streams: Streams,
    requests: Semaphore,
    bodies: Semaphore,
}

/// What is known of a request while it is answered, for the log.
pub(crate) struct Seen {
    pub operation: &'static str,
    pub caller: Option<Caller>,
    /// What was read of the body of a call.
    pub input: Bytes,
    body: Fate,
}

/// A request of ours whose sender is known and whose turn it is.
pub(super) struct Entered<'a> {
    pub caller: Caller,
    pub authority: Authority,
    pub reach: Reach,
    pub body: Body<'a>,
    actor: Actor,
    session: Option<Began>,
    access_key_id: Option<String>,
    origin: Origin<'a>,
    request_id: Uuid,
    _turn: SemaphorePermit<'a>,
}

impl Entered<'_> {
    /// How it came, for the audit.
    pub(super) fn trail(&self) -> Trail<'_> {
        let access_key_id = self.access_key_id.as_deref();
        self.actor
            .trail(self.session, access_key_id, &self.origin, self.request_id)
    }
}

/// What became of the request's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unread,
    Read,
    /// Too slow or broken off: there is nothing to wait for.
    Lost,
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
            templates_out: Arc::new(Semaphore::new(TEMPLATES_OUT_MAX)),
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
        let outcome = match self.admit(parts) {
            Ok(()) => match route {
                Route::Json | Route::Cbor(_) => {
                    self.call(arrived, parts, body, route, &mut seen).await
                }
                Route::Sts => self.sts(arrived, parts, body, &mut seen).await,
                Route::PutTemplate(name) => self.put(arrived, parts, body, name, &mut seen).await,
                Route::GetTemplate(upload) => {
                    match self.get(arrived, parts, body, upload, &mut seen).await {
                        Ok(template) => return template,
                        Err(turned) => Err(turned),
                    }
                }
                Route::Artifact(at) => {
                    match self.artifact(arrived, parts, body, at, &mut seen).await {
                        Ok(template) => return template,
                        Err(turned) => Err(turned),
                    }
                }
                Route::V1 => match self.v1(arrived, parts, body, &mut seen).await {
                    Ok(reply) => return reply,
                    Err(turned) => Err(turned),
                },
                Route::Live | Route::Ready | Route::Metrics | Route::Health => {
                    return self.probe(route).await;
                }
                Route::Control(topic) => match &self.control {
                    Some(control) => self.control(control, *topic, parts, body, &mut seen).await,
                    None => Err(self.nowhere(arrived, parts).into()),
                },
                Route::Nowhere => Err(self.nowhere(arrived, parts).into()),
            },
            Err(rejection) => Err(rejection.into()),
        };
        let answer = match outcome {
            Ok(answer) | Err(Turned::With(answer)) => answer,
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

    /// The order is AWS's: signature, target, then the body.
    async fn call(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        route: &Route,
        seen: &mut Seen,
    ) -> Result<Answer, Turned> {
        let headers = front::headers(&parts.headers);
        let asked = self
            .front
            .read(&front::head(parts, &headers), SIGNED_FOR, arrived.now)?;
        let body = self.body(body, self.limits.body_bytes_max, seen).await?;
        seen.input = body.bytes.clone();
        let _turn = self.turn().await?;
        let operation = match route {
            Route::Cbor(name) => operation(name),
            _ => target(&parts.headers, &asked),
        };
        let origin = front::origin(parts, arrived.now);
        let access_key_id = asked.access_key_id();
        let Known {
            caller,
            authority,
            actor,
            session,
            reach,
        } = self.front.caller_or_peers(asked, &body.bytes, &origin)?;
        seen.caller = Some(caller.clone());
        seen.operation = operation?;
        if reach == Reach::Sources && !OF_SOURCES.contains(&seen.operation) {
            return Err(only_sources().into());
        }
        check_form(&parts.headers, route.protocol(), &body.bytes)?;
        let call = Call {
            operation: seen.operation.to_owned(),
            protocol: route.protocol(),
            caller,
            authority,
            arrival: arrived.arrival(front::host(&parts.headers)),
            trail: actor.trail(session, access_key_id, &origin, arrived.request_id),
            body: body.bytes.clone(),
        };
        // A bug costs this request its answer, and nobody else theirs.
        let answer = AssertUnwindSafe(self.service.call(&call)).catch_unwind();
        let answer = timeout(self.limits.request, answer)
            .await
            .map_err(|_| late())?;
        Ok(answer.unwrap_or_else(|_| {
            let bug = Stop::Failure(Failure::Bug("the operation panicked".to_owned()));
            Answer::stopped(&bug, &[], call.protocol)
        }))
    }

    pub(super) async fn body(
        &self,
        body: &mut Incoming,
        bytes_max: usize,
        seen: &mut Seen,
    ) -> Result<Body<'_>, Rejection> {
        let read = body::read(body, bytes_max, self.limits.body, &self.bodies).await;
        seen.body = match &read {
            Ok(_) => Fate::Read,
            Err(Unread::TooSlow | Unread::Broken) => Fate::Lost,
            Err(Unread::TooLarge { .. } | Unread::NoRoom) => Fate::Unread,
        };
        read.map_err(|unread: Unread| unread.rejection())
    }

    /// The way in that all routes of ours share: the signature's form, the body, a turn, the caller.
    pub(super) async fn enter<'a>(
        &'a self,
        arrived: &Arrived,
        parts: &'a Parts,
        body: &mut Incoming,
        bytes_max: usize,
        seen: &mut Seen,
    ) -> Result<Entered<'a>, Turned> {
        let entered = self
            .enter_or_peers(arrived, parts, body, bytes_max, seen)
            .await?;
        match entered.reach {
            Reach::Everything => Ok(entered),
            Reach::Sources => Err(only_sources().into()),
        }
    }

    /// The same, also for callers that another server vouches for, who read sources of copies only.
    pub(super) async fn enter_or_peers<'a>(
        &'a self,
        arrived: &Arrived,
        parts: &'a Parts,
        body: &mut Incoming,
        bytes_max: usize,
        seen: &mut Seen,
    ) -> Result<Entered<'a>, Turned> {
        let headers = front::headers(&parts.headers);
        let head = front::head(parts, &headers);
        let asked = self.front.read(&head, SIGNED_FOR, arrived.now)?;
        let body = self.body(body, bytes_max, seen).await?;
        let turn = self.turn().await?;
        let origin = front::origin(parts, arrived.now);
        let access_key_id = asked.access_key_id().map(str::to_owned);
        let Known {
            caller,
            authority,
            actor,
            session,
            reach,
        } = self.front.caller_or_peers(asked, &body.bytes, &origin)?;
        seen.caller = Some(caller.clone());
        Ok(Entered {
            caller,
            authority,
            reach,
            body,
            actor,
            session,
            access_key_id,
            origin,
            request_id: arrived.request_id,
            _turn: turn,
        })
    }

    /// The right to be worked on. Whoever gets none in time is told to come back: waiting requests
    /// hold memory, and their clients give up anyway.
    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>, Rejection> {
        let throttled = || Rejection::throttled("Rate exceeded");
        let turn = timeout(self.limits.turn, self.requests.acquire()).await;
        turn.map_err(|_| throttled())?.map_err(|_| throttled())
    }

    fn nowhere(&self, arrived: &Arrived, parts: &Parts) -> Rejection {
        let headers = front::headers(&parts.headers);
        let head = front::head(parts, &headers);
        let asked = self.front.read(&head, SIGNED_FOR, arrived.now);
        if let Some(rejection) = asked.ok().as_ref().and_then(other_service) {
            return rejection;
        }
        let message = format!("There is nothing at {} {}.", parts.method, parts.uri.path());
        Rejection {
            status: 404,
            code: "UnknownOperationException",
            message,
        }
    }

    pub(super) fn note(&self, arrived: &Arrived, seen: &Seen, answer: &Answer) {
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

/// The answer to who may read sources of copies and asks for something else.
fn only_sources() -> Rejection {
    let message = "A session that another server began opens the sources of copies only.";
    Rejection::new("AccessDeniedException", message)
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
