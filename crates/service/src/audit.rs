//! Audit: one record in CloudTrail's shape for each mutation, in its transaction, and for each denied
//! attempt, before the answer.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>

mod copies;
mod denials;
mod masking;
mod read;
mod record;

use std::net::IpAddr;

use mimeo_api::Effect;
use mimeo_domain::{Caller, Timestamp};
use mimeo_store::{AuditRecord, AuthScope, Store, StoreError, Tx, Work};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use copies::ended as copy_ended;
pub use denials::DENIED_PER_MINUTE_MAX;
use denials::Denials;
pub use masking::HIDDEN;
pub(crate) use masking::members;
pub use read::{AuditAsked, AuditFound, EVENTS_MAX};
pub(crate) use record::Head;

use crate::authorize::Denied;
use crate::dispatch::Call;
use crate::error::Stop;
use crate::world::{Service, World};

/// `eventSource` of Service Catalog's operations.
const SERVICE_CATALOG: &str = "servicecatalog.amazonaws.com";

/// How a request came and who stands behind it, borrowed from what the door has read: it costs the
/// reads, which leave no record, nothing.
#[derive(Debug, Clone, Copy)]
pub struct Trail<'a> {
    pub request_id: Uuid,
    /// `None` for calls from within the server.
    pub address: Option<IpAddr>,
    pub user_agent: Option<&'a str>,
    pub access_key_id: Option<&'a str>,
    pub actor: Actor<'a>,
    /// When the session began whose credentials were used.
    pub session_began: Option<Timestamp>,
}

/// Who stands behind a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor<'a> {
    Root,
    User {
        name: &'a str,
        unique_id: &'a str,
    },
    /// A session of a role: the role's ARN with its path and its unique id, the session's name.
    Role {
        arn: &'a str,
        unique_id: &'a str,
        session_name: &'a str,
    },
}

impl Trail<'_> {
    /// Of a call that the server, or a test, makes itself as an account's root user.
    pub fn within(request_id: Uuid) -> Self {
        Self {
            request_id,
            address: None,
            user_agent: None,
            access_key_id: None,
            actor: Actor::Root,
            session_began: None,
        }
    }
}

/// What is asked for, as a record names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// `eventSource`, such as `sts.amazonaws.com`.
    pub source: &'static str,
    /// `eventName`.
    pub name: &'static str,
    /// `readOnly`, as CloudTrail has it for this event.
    pub read_only: bool,
}

impl Event {
    /// An operation of Service Catalog.
    pub(crate) fn operation(name: &'static str, effect: Effect) -> Self {
        Self {
            source: SERVICE_CATALOG,
            name,
            read_only: effect == Effect::Reads,
        }
    }

    /// A route of Mimeo's own that changes something.
    pub const fn ours(name: &'static str) -> Self {
        Self {
            source: "mimeo",
            name,
            read_only: false,
        }
    }
}

/// Whether records are kept, and how many denials of this minute were.
#[derive(Debug)]
pub struct Audit {
    keeping: Keeping,
    denials: Denials,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    All,
    Nothing,
}

impl Default for Audit {
    fn default() -> Self {
        Self::on()
    }
}

impl Audit {
    pub fn on() -> Self {
        Self {
            keeping: Keeping::All,
            denials: Denials::default(),
        }
    }

    /// Keeps nothing: for open mode only.
    pub fn off() -> Self {
        Self {
            keeping: Keeping::Nothing,
            denials: Denials::default(),
        }
    }

    pub fn is_on(&self) -> bool {
        self.keeping == Keeping::All
    }
}

/// The parameters of a request, or the elements of an answer, as a record shows them.
pub(crate) fn shown<T: serde::Serialize>(given: &T) -> Value {
    members(serde_json::to_value(given).expect("inputs and outputs have text keys"))
}

impl World {
    /// The head of the record of a call, if one is to be kept.
    pub(crate) fn head_of<T: serde::Serialize>(
        &self,
        call: &Call<'_>,
        event: Event,
        input: &T,
    ) -> Option<Head> {
        self.audit.is_on().then(|| {
            let (caller, now) = (&call.caller, call.arrival.now);
            Head::of(caller, &call.trail, now, event, shown(input))
        })
    }

    /// The same for what is no operation of the API. `parameters` are in CloudTrail's spelling.
    pub(crate) fn head(
        &self,
        caller: &Caller,
        trail: &Trail<'_>,
        now: Timestamp,
        event: Event,
        parameters: Value,
    ) -> Option<Head> {
        let on = self.audit.is_on();
        on.then(|| Head::of(caller, trail, now, event, parameters))
    }
}

impl Service {
    /// Records what was done outside of a transaction of the store, such as a session that begins.
    ///
    /// # Errors
    /// Where the record cannot be kept: then nothing may be answered.
    pub async fn record_done(
        &self,
        caller: &Caller,
        trail: &Trail<'_>,
        now: Timestamp,
        event: Event,
        (parameters, elements): (Value, Value),
    ) -> Result<(), Stop> {
        let Some(head) = self.world.head(caller, trail, now, event, parameters) else {
            return Ok(());
        };
        let (store, scope) = self.audit_place(caller)?;
        let kept = Keep(vec![(scope, head.done(elements))]);
        Ok(store.write(kept).await?)
    }

    /// Records that somebody was turned away by a policy.
    ///
    /// # Errors
    /// As [`Service::record_done`].
    pub async fn record_denied(
        &self,
        caller: &Caller,
        trail: &Trail<'_>,
        now: Timestamp,
        event: Event,
        (parameters, denied): (Value, &Denied),
    ) -> Result<(), Stop> {
        match self.world.head(caller, trail, now, event, parameters) {
            Some(head) => self.keep_denied(caller, head, denied).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn keep_denied(
        &self,
        caller: &Caller,
        head: Head,
        denied: &Denied,
    ) -> Result<(), Stop> {
        let (store, scope) = self.audit_place(caller)?;
        let now = head.now();
        let denials = &self.world.audit.denials;
        let Some(mut untold) = denials.admit(&scope, head.request_id(), now) else {
            return Ok(());
        };
        let before = untold.next().map(|one| record::left_out(one, now));
        let mut records = Vec::from_iter(before);
        records.push((scope, head.denied(denied)));
        store.write(Keep(records)).await?;
        untold.told();
        Ok(())
    }

    /// Records how many denied attempts of minutes that are over were left out, if any were; the
    /// minute of `over` is not over.
    pub async fn record_left_out(&self, over: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let mut untold = self.world.audit.denials.past(over);
        while let Some(left_out) = untold.next() {
            if let Some(store) = self.audit_store(&left_out.scope) {
                let record = record::left_out(left_out, now);
                store.write(Keep(vec![record])).await?;
            }
            untold.told();
        }
        Ok(())
    }

    /// Forgets records older than `before`, a bounded number in each store; says whether there may
    /// be more.
    pub async fn prune_audit(&self, before: Timestamp) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::All;
        for store in self.world.directory.stores() {
            if store.write(Prune(before)).await? >= mimeo_store::PRUNE_MAX {
                pruned = Pruned::Some;
            }
        }
        Ok(pruned)
    }

    /// Where the records of a caller are kept: in its Region, or where STS's global endpoint is
    /// asked and its Region is not served, in the first one that is.
    fn audit_place(&self, caller: &Caller) -> Result<(&Store, AuthScope), Stop> {
        let directory = &self.world.directory;
        let region = match directory.store(&caller.region) {
            Some(_) => &caller.region,
            None => directory.first_region().unwrap_or(&caller.region),
        };
        let scope = AuthScope::elsewhere(caller, region);
        let store = self.audit_store(&scope).ok_or(StoreError::Unavailable)?;
        Ok((store, scope))
    }

    fn audit_store(&self, scope: &AuthScope) -> Option<&Store> {
        self.world.directory.store(&scope.region)
    }
}

/// How far a pruning came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pruned {
    All,
    /// As much as one step may.
    Some,
}

/// Keeps records in a transaction of their own.
struct Keep(Vec<(AuthScope, AuditRecord)>);

impl Work for Keep {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for (scope, record) in &self.0 {
            tx.insert_audit(scope, record).await?;
        }
        Ok(())
    }
}

struct Prune(Timestamp);

impl Work for Prune {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        tx.prune_audit(self.0).await
    }
}
