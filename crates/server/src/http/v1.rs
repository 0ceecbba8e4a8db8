//! Our own API under `/_mimeo/v1/`: the way in, which all its topics share.
//!
//! Requests are signed like those of Service Catalog. Answers are JSON, their members in camel case;
//! errors are `{"code": …, "message": …}` under the status that HTTP has for them. What is served is
//! described by `docs/reference/openapi.json`, and a test compares the two.

mod audit;
mod copies;
mod openapi;
mod streams;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::FutureExt;
use http::Method;
use http::request::Parts;
use hyper::body::Incoming;
use mimeo_domain::Caller;
use mimeo_service::{Answer, Event, Failure, Rejection, Stop, Trail};
use tokio::time::timeout;

use super::door::{Door, Seen, Turned, late};
use super::reply::{PLAIN_JSON, Reply};
use super::route::V1_PATH;
use crate::clock::Arrived;
use crate::members::Members;

pub(crate) use streams::Streams;

/// The longest body of a request to our own API.
const BODY_BYTES_MAX: usize = 64 << 10;

/// What is served, a topic at a time.
const TOPICS: &[&[Endpoint]] = &[audit::ENDPOINTS, copies::ENDPOINTS, openapi::ENDPOINTS];

/// One method at one path.
pub(super) struct Endpoint {
    pub method: Method,
    /// After `/_mimeo/v1/`. A part in braces stands for any one part of a path.
    pub path: &'static str,
    /// What the log and the figures call it.
    pub name: &'static str,
    /// Who may; `None` lets everybody in who is somebody.
    pub action: Option<Action>,
    pub answer: for<'a> fn(&'a Door, &'a Asked<'a>) -> Answering<'a>,
}

/// The action that policies speak of, and the operation of Service Catalog, if any, by which it is
/// allowed where they do not.
pub(super) struct Action {
    pub ours: &'static str,
    pub serves: Option<&'static str>,
}

pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Reply, Turned>> + Send + 'a>>;

/// A request that is let in.
pub(super) struct Asked<'a> {
    pub arrived: &'a Arrived,
    pub parts: &'a Parts,
    pub caller: Caller,
    /// How it came, for the audit.
    pub trail: Trail<'a>,
    pub body: Bytes,
    /// What stands in the path where the endpoint's has braces, as it was sent.
    pub named: Vec<&'a str>,
}

impl Asked<'_> {
    /// The query's members; close them with [`Members::end`].
    pub(super) fn query(&self) -> Members {
        Members::of_query(self.parts.uri.query().unwrap_or_default())
    }

    /// The part of the path in the endpoint's first braces.
    pub(super) fn id(&self) -> &str {
        self.named.first().copied().unwrap_or_default()
    }
}

/// What a stop of the service's is told as.
pub(super) fn stopped(stop: &Stop) -> Turned {
    Turned::With(Answer::stopped_by_ours(stop))
}

/// An answer in JSON.
pub(super) fn json<T: serde::Serialize>(status: u16, body: &T) -> Result<Reply, Turned> {
    let body = serde_json::to_vec(body).map_err(|error| {
        let bug = Failure::Bug(format!("an answer is not JSON: {error}"));
        stopped(&Stop::Failure(bug))
    })?;
    Ok(Reply::new(status, PLAIN_JSON, body))
}

impl Door {
    pub(super) async fn v1(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        seen: &mut Seen,
    ) -> Result<Reply, Turned> {
        let (endpoint, named) = find(&parts.method, parts.uri.path())?;
        seen.operation = endpoint.name;
        let entered = self
            .enter(arrived, parts, body, BODY_BYTES_MAX, seen)
            .await?;
        let trail = entered.trail();
        if let Some(Action { ours, serves }) = &endpoint.action {
            let who = (&entered.caller, &entered.authority, &trail);
            let event = Event {
                read_only: endpoint.method == Method::GET,
                ..Event::ours(endpoint.name)
            };
            let recorded = (event, serde_json::json!({"path": parts.uri.path()}));
            let let_in = self
                .service
                .let_in(who, arrived.now, (ours, *serves), recorded);
            let_in.await.map_err(|stop| stopped(&stop))?;
        }
        let asked = Asked {
            arrived,
            parts,
            caller: entered.caller.clone(),
            trail,
            body: entered.body.bytes.clone(),
            named,
        };
        // A bug costs this request its answer, and nobody else theirs.
        let answer = AssertUnwindSafe((endpoint.answer)(self, &asked)).catch_unwind();
        let answer = timeout(self.limits.request, answer)
            .await
            .map_err(|_| late())?;
        answer.unwrap_or_else(|_| {
            let bug = Failure::Bug(format!("{} panicked", endpoint.name));
            Err(stopped(&Stop::Failure(bug)))
        })
    }
}

/// The endpoint that a request names, and what stands in its path's braces.
fn find<'a>(
    method: &Method,
    path: &'a str,
) -> Result<(&'static Endpoint, Vec<&'a str>), Rejection> {
    let below = path.strip_prefix(V1_PATH).unwrap_or_default();
    let mut methods = Vec::new();
    for endpoint in TOPICS.iter().copied().flatten() {
        let Some(named) = fit(endpoint.path, below) else {
            continue;
        };
        if endpoint.method == *method {
            return Ok((endpoint, named));
        }
        methods.push(endpoint.method.as_str());
    }
    Err(if methods.is_empty() {
        Rejection {
            status: 404,
            code: "UnknownOperationException",
            message: format!("There is nothing at {method} {path}."),
        }
    } else {
        Rejection {
            status: 405,
            code: "MethodNotAllowedException",
            message: format!("{path} takes {}, not {method}.", methods.join(", ")),
        }
    })
}

/// What stands in `path` where `pattern` has braces; `None` where they do not fit.
fn fit<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut named = Vec::new();
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        let part = parts.next()?;
        if !wanted.starts_with('{') {
            if wanted != part {
                return None;
            }
        } else if part.is_empty() {
            return None;
        } else {
            named.push(part);
        }
    }
    parts.next().is_none().then_some(named)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_described_is_served_and_what_is_served_is_described() {
        let document: serde_json::Value =
            serde_json::from_str(openapi::DOCUMENT).expect("the document is JSON");
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let name = operation["operationId"].as_str().expect("a name");
                described.insert((path.clone(), method.to_uppercase(), name.to_owned()));
            }
        }
        let served: BTreeSet<_> = TOPICS
            .iter()
            .copied()
            .flatten()
            .map(|endpoint| {
                let path = format!("{V1_PATH}{}", endpoint.path);
                (path, endpoint.method.to_string(), endpoint.name.to_owned())
            })
            .collect();
        assert_eq!(described, served);
    }

    #[test]
    fn a_path_fits_part_by_part() {
        let fits = |pattern, path| fit(pattern, path).map(|named| named.join(","));
        assert_eq!(fits("copies", "copies"), Some(String::new()));
        assert_eq!(fits("copies/{token}", "copies/x"), Some("x".into()));
        assert_eq!(
            fits("copies/{token}/events", "copies/x/events"),
            Some("x".into())
        );
        for (pattern, path) in [
            ("copies", "copies/"),
            ("copies/{token}", "copies/"),
            ("copies/{token}", "copies/x/"),
            ("copies/{token}/events", "copies/x/other"),
            ("copies/{token}", "other/x"),
        ] {
            assert_eq!(fits(pattern, path), None, "{path}");
        }
    }
}
