//! A call of an operation of the service.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use http::request::Parts;
use hyper::body::Incoming;
use mimeo_service::{Answer, Call, Failure, Stop};
use tokio::time::timeout;

use super::enter::only_sources;
use super::{Door, Seen, Turned, late};
use crate::clock::Arrived;
use crate::front::{self, Reach};
use crate::http::route::Route;
use crate::http::target::{check_form, operation, target};

/// What callers may do whom another server vouches for, besides reading templates as kept.
const OF_SOURCES: [&str; 3] = [
    "DescribeProductAsAdmin",
    "DescribeProvisioningArtifact",
    "ListProvisioningArtifacts",
];

impl Door {
    /// The order is AWS's: signature, target, then the body.
    pub(super) async fn call(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        route: &Route,
        seen: &mut Seen,
    ) -> Result<Answer, Turned> {
        let bytes_max = self.limits.body_bytes_max;
        let entered = self
            .enter_or_peers(arrived, parts, body, bytes_max, seen)
            .await?;
        seen.operation = match route {
            Route::Cbor(name) => operation(name),
            _ => target(&parts.headers, entered.service.as_deref()),
        }?;
        if entered.reach == Reach::Sources && !OF_SOURCES.contains(&seen.operation) {
            return Err(only_sources().into());
        }
        check_form(&parts.headers, route.protocol(), &entered.body.bytes)?;
        let call = Call {
            operation: seen.operation.to_owned(),
            protocol: route.protocol(),
            caller: entered.caller.clone(),
            authority: entered.authority.clone(),
            arrival: arrived.arrival(front::host(&parts.headers)),
            trail: entered.trail(),
            body: entered.body.bytes.clone(),
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
}
