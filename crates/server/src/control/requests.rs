//! `/_mimeo/requests`: the last calls, as they came and as they were answered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::Method;
use mimeo_api::Protocol;
use mimeo_domain::{AccountId, Caller, RegionName, Timestamp};
use mimeo_service::{Answer, Rejection, Service};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Control, clock};
use crate::clock::Arrived;
use crate::http::Seen;
use crate::members::Members;

/// Calls that are kept; one more pushes the oldest out.
const REQUESTS_KEPT_MAX: usize = 1_000;

/// The longest input that is kept, in bytes.
const INPUT_BYTES_MAX: usize = 16 << 10;

/// Calls that are listed unless told otherwise.
const LISTED_DEFAULT: u64 = 100;

/// A ring of calls. Nothing of their headers is kept: those hold credentials.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    kept: Mutex<VecDeque<Kept>>,
}

#[derive(Debug)]
struct Kept {
    now: Timestamp,
    request_id: Uuid,
    operation: &'static str,
    caller: Option<Caller>,
    protocol: Protocol,
    /// `None` if it was too long.
    input: Option<Bytes>,
    input_bytes: usize,
    status: u16,
    error: Option<&'static str>,
}

impl Requests {
    pub(crate) fn keep(&self, arrived: &Arrived, seen: &Seen, protocol: Protocol, answer: &Answer) {
        // Copied, as the bytes may be part of a larger buffer, which would stay with them.
        let fits = seen.input.len() <= INPUT_BYTES_MAX;
        let kept = Kept {
            now: arrived.now,
            request_id: arrived.request_id,
            operation: seen.operation,
            caller: seen.caller.clone(),
            protocol,
            input: fits.then(|| Bytes::copy_from_slice(&seen.input)),
            input_bytes: seen.input.len(),
            status: answer.status,
            error: answer.error,
        };
        let mut ring = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() >= REQUESTS_KEPT_MAX {
            ring.pop_front();
        }
        ring.push_back(kept);
    }
}

impl Control {
    pub(super) fn answer_requests(
        &self,
        method: &Method,
        mut members: Members,
    ) -> Result<Value, Rejection> {
        let ring = || {
            let kept = self.requests.kept.lock();
            kept.unwrap_or_else(PoisonError::into_inner)
        };
        if *method == Method::DELETE {
            members.end()?;
            ring().clear();
            return Ok(json!({ "requests": [] }));
        }
        let operation = members.text("operation");
        let is_known = |name: &str| Service::operation_named(name).is_some();
        if operation.as_deref().is_some_and(|name| !is_known(name)) {
            members.problem("operation", "must be the name of an operation");
        }
        let account = members.parsed::<AccountId>("account");
        let region = members.parsed::<RegionName>("region");
        let limit = members.whole("limit", 1..=REQUESTS_KEPT_MAX as u64);
        members.end()?;
        let limit = usize::try_from(limit.unwrap_or(LISTED_DEFAULT)).unwrap_or(REQUESTS_KEPT_MAX);
        let ring = ring();
        let wanted = ring.iter().rev().filter(|kept| {
            let caller = kept.caller.as_ref();
            let is = |account: &AccountId| caller.is_some_and(|caller| caller.account == *account);
            let is_in = |region: &RegionName| caller.is_some_and(|of| of.region == *region);
            operation
                .as_deref()
                .is_none_or(|name| name == kept.operation)
                && account.as_ref().is_none_or(is)
                && region.as_ref().is_none_or(is_in)
        });
        let mut told: Vec<Value> = wanted.take(limit).map(told).collect();
        told.reverse();
        Ok(json!({ "requests": told }))
    }
}

fn told(kept: &Kept) -> Value {
    let caller = kept.caller.as_ref();
    json!({
        "time": clock::text(kept.now),
        "request_id": kept.request_id.hyphenated().to_string(),
        "operation": kept.operation,
        "account": caller.map(|caller| caller.account.as_str()),
        "region": caller.map(|caller| caller.region.as_str()),
        "principal": caller.map(|caller| &caller.principal),
        "status": kept.status,
        "error": kept.error,
        "input": kept.input.as_ref().map(|input| input_of(kept.protocol, input)),
        "input_bytes": kept.input_bytes,
    })
}

/// The input as JSON; what is none is null.
fn input_of(protocol: Protocol, input: &[u8]) -> Value {
    if input.is_empty() {
        return json!({});
    }
    mimeo_api::json_of(protocol, input).unwrap_or(Value::Null)
}
