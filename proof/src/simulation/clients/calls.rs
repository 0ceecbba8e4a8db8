//! Requests as they reach a node.

use std::sync::atomic::Ordering::Relaxed;

use mimeo_api::Protocol;
use mimeo_domain::ids::Seed;
use mimeo_domain::{Caller, Timestamp};
use mimeo_service::{Arrival, Authority, Call, Trail};
use uuid::Uuid;

use super::{ACCOUNTS, HOST, Request};
use crate::simulation::link::{Shared, lock};
use crate::simulation::node::region;

pub(in crate::simulation) fn caller(account: usize, name: &str) -> Caller {
    let account = ACCOUNTS[account].parse().expect("an account's id");
    Caller::root(account, region(name))
}

/// From within, under an id of its own: the audit knows requests by it.
pub(in crate::simulation) fn trail(shared: &Shared) -> Trail<'static> {
    Trail::within(Uuid::from_u128(lock(&shared.chance).next().into()))
}

/// The request as it reaches a node.
pub(in crate::simulation) fn call(
    shared: &Shared,
    node: usize,
    request: &Request,
) -> Call<'static> {
    let now = shared.clock.now() + shared.skews[node].load(Relaxed);
    Call {
        operation: request.operation.to_owned(),
        protocol: Protocol::Json,
        caller: caller(request.account, request.region),
        authority: Authority::Whole,
        trail: trail(shared),
        arrival: Arrival {
            now: Timestamp::from_millis(now),
            // Neighbouring seeds are the next tries of a request that met a taken id.
            seed: Seed(lock(&shared.chance).next() & !0xff),
            host: Some(HOST.to_owned()),
        },
        body: request.input.to_string().into_bytes().into(),
    }
}
