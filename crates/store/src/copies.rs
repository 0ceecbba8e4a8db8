//! Copies: statements and functions. A copy's row is its own job.
//!
//! Whoever works on a copy holds its fence number; every write of a worker is conditioned on it, so
//! that a worker which was thought dead and wakes up late changes nothing.

use mimeo_domain::copying::{
    Copy, CopyRequest, Course, DEADLINE_MILLIS, Event, LEASE_MILLIS, Plan, Reason, StatusDetail,
};
use mimeo_domain::ids::Seed;
use mimeo_domain::{Caller, CopyToken, RegionName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::column::{count, document};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, Extent, StoreError, Tx};
use claimer::Held;
use lanes::Stopped;

/// Columns of a row that [`stored`] reads.
macro_rules! columns {
    () => {
        "token, region, state, fence, attempts, failures, deadline, created, status_detail, body, plan"
    };
}

/// Leases one copy, unless it changed since it was found; what follows names the copy.
macro_rules! lease {
    ($which:expr) => {
        concat!(
            "UPDATE copy SET state = 'RUNNING', fence = fence + 1, attempts = attempts + 1, due = ?2 WHERE (region, token) = ",
            $which,
            " AND unfinished = 1 AND due <= ?1 AND version <= ?3 RETURNING token, region, state, fence, attempts, failures, deadline, created, status_detail, body, plan"
        )
    };
}

pub(crate) mod claimer;
pub(crate) mod lanes;
pub(crate) mod seen;
mod stored;
pub(crate) mod suspects;

use stored::{StoredCopy, stored};

statements! {
    COUNT_UNDER_WAY = "SELECT CAST(COUNT(*) AS BIGINT) FROM copy WHERE account = ?1 AND unfinished = 1";
    INSERT = "INSERT INTO copy (region, token, account, version, state, unfinished, turn, due, fence, attempts, failures, deadline, created, target_product, body, source_region, source_account, source_product) VALUES (?1, ?2, ?3, ?4, 'QUEUED', 1, ?5, ?6, ?11, 0, 0, ?7, ?8, ?9, ?10, ?12, ?13, ?14)";
    FIND = concat!("SELECT ", columns!(), " FROM copy WHERE region = ?1 AND token = ?2 AND account = ?3");
    HEARTBEAT = "UPDATE copy SET due = ?4 WHERE region = ?1 AND token = ?2 AND fence = ?3 AND state = 'RUNNING'";
    PLAN = "UPDATE copy SET plan = ?4 WHERE region = ?1 AND token = ?2 AND fence = ?3 AND state = 'RUNNING'";
    SUCCEED = "UPDATE copy SET state = 'SUCCEEDED', unfinished = 0, finished = ?4 WHERE region = ?1 AND token = ?2 AND fence = ?3 AND state = 'RUNNING'";
    FAIL = "UPDATE copy SET state = 'FAILED', unfinished = 0, finished = ?4, status_detail = ?5 WHERE region = ?1 AND token = ?2 AND fence = ?3 AND state = 'RUNNING'";
    POSTPONE = "UPDATE copy SET state = 'QUEUED', failures = failures + 1, due = ?4 WHERE region = ?1 AND token = ?2 AND fence = ?3 AND state = 'RUNNING'";
    GIVE_BACK = "UPDATE copy SET state = 'QUEUED', attempts = attempts - 1, due = ?4 WHERE region = ?1 AND token = ?2 AND fence = ?3 AND state = 'RUNNING'";
    TAKE_ALL_BACK = "UPDATE copy SET state = 'QUEUED', due = 0 WHERE state = 'RUNNING'";
    FIND_DUE = "SELECT due FROM copy WHERE region = ?1 AND token = ?2 AND account = ?3";
    RELEASE = "UPDATE copy SET due = ?4 WHERE region = ?1 AND token = ?2 AND account = ?3 AND due >= ?5";
    RELEASE_ALL = "UPDATE copy SET due = ?3 WHERE unfinished = 1 AND due >= ?4 AND (?1 = '' OR region = ?1) AND (?2 = '' OR account = ?2)";
    RELEASE_RIPE = "UPDATE copy SET due = ?1 WHERE unfinished = 1 AND due BETWEEN ?2 AND ?3";
    UNFINISHED = "SELECT CAST(COUNT(*) AS BIGINT) FROM copy WHERE unfinished = 1";
}

/// From here on `due` is no instant: the copy is held until it is released. A copy that is held by
/// time has the instant at which it may go on added.
const HELD: i64 = 1 << 60;

/// What of a copy never changes.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    caller: Caller,
    request: CopyRequest,
    seed: Seed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    course: Option<Course>,
}

/// A worker's right to write to a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    pub region: RegionName,
    pub token: CopyToken,
    pub number: i64,
}

impl Fence {
    pub fn of(copy: &Copy) -> Self {
        let region = copy.caller.region.clone();
        Self {
            region,
            token: copy.token.clone(),
            number: copy.fence,
        }
    }
}

/// Whether a fenced write took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fenced {
    Written,
    /// Another worker holds the copy, or it is final.
    Stale,
}

impl Tx<'_> {
    /// A new copy, due at once by the database's clock.
    pub async fn insert_copy(&mut self, copy: &Copy) -> Result<(), StoreError> {
        let account = copy.caller.account.as_str();
        let now = self.now().await?;
        let body = document(&Asked {
            caller: copy.caller.clone(),
            request: copy.request.clone(),
            seed: copy.seed,
            course: copy.course.clone(),
        });
        let due = match &copy.course {
            None | Some(Course::Fails(_)) => now,
            Some(Course::AfterDescribes(_)) => i64::MAX,
            Some(Course::AfterMillis(millis)) => {
                HELD.saturating_add(copy.created.plus_millis(*millis).millis())
            }
        };
        let row = params![
            copy.caller.region.as_str(),
            copy.token.as_str(),
            account,
            copy.request.record_version(&copy.caller),
            now,
            due,
            now + DEADLINE_MILLIS,
            copy.created.millis(),
            copy.request.target.id().as_str(),
            &body,
            copy.fence,
            copy.request.source.region.as_str(),
            copy.request.source.account.as_str(),
            copy.request.source.product.as_str(),
        ];
        self.execute(INSERT, row).await?;
        self.line_up(account, now).await?;
        self.tell(&Fence::of(copy), &Event::Accepted).await
    }

    /// Copies of the account that wait or run.
    pub async fn count_copies_under_way(&mut self, scope: &AuthScope) -> Result<u64, StoreError> {
        let row = params![scope.account.as_str()];
        Ok(count(
            self.query_one(COUNT_UNDER_WAY, row, |row| row.int(0))
                .await?
                .unwrap_or(0),
        ))
    }

    pub async fn find_copy(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
    ) -> Result<Option<Copy>, StoreError> {
        let row = params![
            scope.region.as_str(),
            token.as_str(),
            scope.account.as_str()
        ];
        self.query_one(FIND, row, stored)
            .await?
            .map(StoredCopy::read)
            .transpose()
    }

    /// Tells of a claim.
    async fn tell_claimed(&mut self, copy: Copy) -> Result<Held, StoreError> {
        let attempt = copy.attempts;
        let scope = AuthScope::of(&copy.caller);
        // Without a death there is nothing to look up.
        let taken_over = copy.deaths() > 0 && self.has_open_try(&scope, &copy.token).await?;
        let event = if taken_over {
            Event::TakenOver { attempt }
        } else {
            Event::Claimed { attempt }
        };
        self.tell(&Fence::of(&copy), &event).await?;
        Ok(Held { copy, taken_over })
    }

    /// Renews the lease.
    pub async fn renew_lease(&mut self, fence: &Fence) -> Result<Fenced, StoreError> {
        let until = self.now().await? + LEASE_MILLIS;
        self.fenced(
            HEARTBEAT,
            params![
                fence.region.as_str(),
                fence.token.as_str(),
                fence.number,
                until
            ],
        )
        .await
    }

    pub async fn store_plan(&mut self, fence: &Fence, plan: &Plan) -> Result<Fenced, StoreError> {
        let artifacts_count = plan.artifacts.len() as u64;
        let plan = document(plan);
        let (region, token) = (fence.region.as_str(), fence.token.as_str());
        let done = self
            .fenced(PLAN, params![region, token, fence.number, &plan])
            .await?;
        let event = Event::Planned { artifacts_count };
        self.tell_if(fence, done, &event).await
    }

    /// The copy is done; what it made must be written in this same transaction.
    pub async fn succeed_copy(
        &mut self,
        fence: &Fence,
        now: Timestamp,
    ) -> Result<Fenced, StoreError> {
        let (region, token) = (fence.region.as_str(), fence.token.as_str());
        let row = params![region, token, fence.number, now.millis()];
        let done = self.stopped(Stopped::Ended, fence, SUCCEED, row).await?;
        if done == Fenced::Written {
            self.tell(fence, &Event::Brought).await?;
            self.tell(fence, &Event::Succeeded).await?;
        }
        Ok(done)
    }

    pub async fn fail_copy(
        &mut self,
        fence: &Fence,
        detail: &StatusDetail,
        now: Timestamp,
    ) -> Result<Fenced, StoreError> {
        let event = Event::Failed {
            code: detail.code().to_owned(),
        };
        let detail = document(detail);
        let (region, token) = (fence.region.as_str(), fence.token.as_str());
        let row = params![region, token, fence.number, now.millis(), &detail];
        let done = self.stopped(Stopped::Ended, fence, FAIL, row).await?;
        self.tell_if(fence, done, &event).await
    }

    /// A try failed: the copy may be claimed again after `wait_millis` of the database's clock.
    pub async fn postpone_copy(
        &mut self,
        fence: &Fence,
        reason: Reason,
        wait_millis: i64,
    ) -> Result<Fenced, StoreError> {
        self.delay(fence, POSTPONE, reason, wait_millis).await
    }

    /// The same for a try that found something away: it does not count.
    pub async fn hand_copy_back(
        &mut self,
        fence: &Fence,
        reason: Reason,
        wait_millis: i64,
    ) -> Result<Fenced, StoreError> {
        self.delay(fence, GIVE_BACK, reason, wait_millis).await
    }

    async fn delay(
        &mut self,
        fence: &Fence,
        sql: &'static str,
        reason: Reason,
        wait_millis: i64,
    ) -> Result<Fenced, StoreError> {
        let due = self.now().await? + wait_millis;
        let (region, token) = (fence.region.as_str(), fence.token.as_str());
        let done = self
            .stopped(
                Stopped::Requeued,
                fence,
                sql,
                params![region, token, fence.number, due],
            )
            .await?;
        let event = Event::Postponed {
            reason,
            wait_millis,
        };
        self.tell_if(fence, done, &event).await
    }

    /// A worker that stops hands its copy back; this try does not count.
    pub async fn give_copy_back(&mut self, fence: &Fence) -> Result<Fenced, StoreError> {
        let row = params![fence.region.as_str(), fence.token.as_str(), fence.number, 0];
        let done = self
            .stopped(Stopped::Requeued, fence, GIVE_BACK, row)
            .await?;
        self.tell_if(fence, done, &Event::GivenBack).await
    }

    /// For the one server that owns a store: whoever held leases before it started is dead.
    pub async fn take_all_copies_back(&mut self) -> Result<u64, StoreError> {
        let taken = self.execute(TAKE_ALL_BACK, params![]).await?;
        self.ready_lanes().await?;
        Ok(taken)
    }

    /// Whether the copy waits for a course that a test chose; `None` where there is no such copy.
    pub async fn is_copy_held(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
    ) -> Result<Option<bool>, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, token.as_str(), account];
        let due = self.query_one(FIND_DUE, row, |row| row.int(0)).await?;
        Ok(due.map(|due| due >= HELD))
    }

    /// Lets a held copy be claimed.
    pub async fn release_copy(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, token.as_str(), account, now, HELD];
        self.execute(RELEASE, row).await?;
        self.line_up(account, now).await
    }

    /// Lets every held copy of the extent be claimed, and says how many there were.
    pub async fn release_copies(&mut self, extent: &Extent) -> Result<u64, StoreError> {
        let now = self.now().await?;
        let row = params![extent.region(), extent.account(), now, HELD];
        let released = self.execute(RELEASE_ALL, row).await?;
        self.mend_lanes().await?;
        Ok(released)
    }

    /// Lets the copies be claimed that are held by time until `shown`, by the clock of requests.
    pub async fn release_ripe_copies(&mut self, shown: Timestamp) -> Result<u64, StoreError> {
        let now = self.now().await?;
        let ripe = HELD.saturating_add(shown.millis());
        let released = self.execute(RELEASE_RIPE, params![now, HELD, ripe]).await?;
        if released > 0 {
            self.mend_lanes().await?;
        }
        Ok(released)
    }

    /// Copies of all accounts that wait or run, for metrics.
    pub async fn count_unfinished_copies(&mut self) -> Result<u64, StoreError> {
        Ok(count(
            self.query_one(UNFINISHED, params![], |row| row.int(0))
                .await?
                .unwrap_or(0),
        ))
    }

    /// Tells what took effect, and only that.
    async fn tell_if(
        &mut self,
        fence: &Fence,
        done: Fenced,
        event: &Event,
    ) -> Result<Fenced, StoreError> {
        if done == Fenced::Written {
            self.tell(fence, event).await?;
        }
        Ok(done)
    }

    async fn fenced(
        &mut self,
        sql: &'static str,
        row: &[crate::Value<'_>],
    ) -> Result<Fenced, StoreError> {
        let written = self.execute(sql, row).await?;
        Ok(if written == 0 {
            Fenced::Stale
        } else {
            Fenced::Written
        })
    }
}
