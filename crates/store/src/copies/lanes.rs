//! Lanes: which account's copy is claimed next, at a cost that no account's backlog raises.
//!
//! Each account with unfinished copies has a lane, which is *ready* while there may be a copy to
//! claim. A claim takes the ready lane that was served longest ago, locks it against other
//! claimers, and leases the account's next copy. On PostgreSQL it locks rows and skips those that
//! others have locked, instead of being serializable: claimers never collide. Holding the lock it
//! counts the running copies, so an account's limit holds over all nodes.
//!
//! A lane without anything to claim is put to rest in a serializable transaction of its own. So does
//! whatever makes a copy claimable read the lane in its own transaction, and ready it if it rests:
//! of two that cross, one is undone and sees the other. Accepting, which is no serializable transaction,
//! writes to the lane in any case, and so is seen by what would put it to rest.

use mimeo_domain::Timestamp;
use mimeo_domain::copying::{Copy, LEASE_MILLIS, RECORD_VERSION, StatusDetail};

use super::claimer::{Claimer, Held};
use super::{Fence, Fenced, StoredCopy, stored};
use crate::column::count;
use crate::dialect::statements;
use crate::{AuthScope, Level, Store, StoreError, Tx, Work, params};

/// Lanes that one claim looks at; the next one goes on where they were put to rest.
const LOOKS_MAX: usize = 16;

/// Copies that do not read, of which one claim ends at most so many.
const UNREAD_MAX: usize = 16;

/// How long a lane rests that holds only what another node must claim.
const REST_MILLIS: i64 = 1_000;

// `/* skip locked */` and `/* lock */` are clauses on PostgreSQL and nothing on SQLite, whose
// one writer is alone anyway.
statements! {
    RIPEN = "UPDATE copy_lane SET ready = 1, filled = 0 WHERE account IN (SELECT account FROM copy_lane WHERE ready = 0 AND due <= ?1 ORDER BY due LIMIT 64 /* skip locked */)";
    NEXT_LANE = "SELECT account, turn FROM copy_lane WHERE ready = 1 AND (turn, account) > (?1, ?2) ORDER BY turn, account LIMIT 1 /* skip locked */";
    RUNNING = "SELECT CAST(COUNT(*) AS BIGINT), MIN(due) FROM copy WHERE account = ?1 AND state = 'RUNNING'";
    /// Of the account `?4` in the state `?5`.
    CLAIM = lease!("(SELECT region, token FROM copy AS next WHERE account = ?4 AND state = ?5 AND due <= ?1 AND version <= ?3 AND attempts - failures < 2 ORDER BY due LIMIT 1 /* skip locked */)");
    SERVED = "UPDATE copy_lane SET turn = CASE WHEN turn < ?2 THEN ?2 ELSE turn + 1 END WHERE account = ?1";
    FIND_LANE = "SELECT ready, filled FROM copy_lane WHERE account = ?1";
    /// When the account's next copy in the state `?2` can be claimed.
    NEXT_DUE = "SELECT due FROM copy WHERE account = ?1 AND state = ?2 AND version <= ?3 AND attempts - failures < 2 ORDER BY due LIMIT 1";
    ANY_UNFINISHED = "SELECT token FROM copy WHERE account = ?1 AND unfinished = 1 LIMIT 1";
    REST = "UPDATE copy_lane SET ready = 0, filled = ?2, due = ?3 WHERE account = ?1";
    REMOVE = "DELETE FROM copy_lane WHERE account = ?1";
    READY = "INSERT INTO copy_lane (account, ready, filled, turn, due) VALUES (?1, 1, 0, ?2, 0) ON CONFLICT (account) DO UPDATE SET ready = 1, filled = 0";
    JOIN = "INSERT INTO copy_lane (account, ready, filled, turn, due) VALUES (?1, 1, 0, ?2, 0) ON CONFLICT (account) DO UPDATE SET ready = CASE WHEN copy_lane.filled = 1 THEN copy_lane.ready ELSE 1 END";
    FREED = "UPDATE copy_lane SET ready = 1, filled = 0 WHERE filled = 1 AND account = (SELECT account FROM copy WHERE region = ?1 AND token = ?2)";
    READY_ALL = "UPDATE copy_lane SET ready = 1, filled = 0 WHERE ready = 0";
    REQUEUED = "UPDATE copy_lane SET ready = 1, filled = 0 WHERE ready = 0 AND account = (SELECT account FROM copy WHERE region = ?1 AND token = ?2)";
    MEND_MISSING = "INSERT INTO copy_lane (account, ready, filled, turn, due) SELECT account, 1, 0, 0, 0 FROM copy WHERE unfinished = 1 AND NOT EXISTS (SELECT 1 FROM copy_lane WHERE copy_lane.account = copy.account) ON CONFLICT (account) DO NOTHING";
    MEND_RESTING = "UPDATE copy_lane SET ready = 1 WHERE ready = 0 AND due > ?1 AND filled = 0 AND EXISTS (SELECT 1 FROM copy WHERE copy.account = copy_lane.account AND state = 'QUEUED' AND due <= ?1 AND version <= ?2 AND attempts - failures < 2)";
}

impl Store {
    /// Leases the next due copy, of an account that is not at the claimer's limit. Copies that must run
    /// alone are left to [`Store::claim_suspect`].
    pub async fn claim_copy(&self, claimer: &Claimer) -> Result<Option<Copy>, StoreError> {
        let Claimed { held, idle } = self.write(Claim(claimer.clone())).await?;
        if !idle.is_empty() {
            // Without it the next claim only has more to look at.
            let claimer = claimer.clone();
            match self.write(Rest { claimer, idle }).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) if held.is_none() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(held.map(|held| claimer.notes(held)))
    }

    /// Readies the lanes that should be and are not: of copies that a server of the release before
    /// accepted, or that only this one knows.
    pub async fn mend_copy_lanes(&self) -> Result<(), StoreError> {
        self.write(Mend).await
    }
}

/// How a copy stops running.
#[derive(Clone, Copy)]
pub(super) enum Stopped {
    /// A place of its account is free.
    Ended,
    /// It waits in its lane again.
    Requeued,
}

struct Claim(Claimer);

struct Claimed {
    held: Option<Held>,
    /// Accounts whose lanes have nothing to claim now.
    idle: Vec<String>,
}

impl Work for Claim {
    type Output = Claimed;
    type Error = StoreError;
    const LEVEL: Level = Level::RowLocks;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Claimed, StoreError> {
        let now = tx.now().await?;
        let takes_over = self.0.hears(now);
        tx.execute(RIPEN, params![now]).await?;
        let mut idle = Vec::new();
        let mut after = (i64::MIN, String::new());
        while idle.len() < LOOKS_MAX {
            let row = params![after.0, &after.1];
            let lane = tx.query_one(NEXT_LANE, row, |row| (row.int(1), row.text(0)));
            let Some(lane) = lane.await? else { break };
            if let Some(held) = tx.claim_of(&lane.1, (now, takes_over), &self.0).await? {
                tx.execute(SERVED, params![&lane.1, now]).await?;
                let held = Some(held);
                return Ok(Claimed { held, idle });
            }
            idle.push(lane.1.clone());
            after = lane;
        }
        Ok(Claimed { held: None, idle })
    }
}

struct Rest {
    claimer: Claimer,
    idle: Vec<String>,
}

impl Work for Rest {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let now = tx.now().await?;
        let takes_over = self.claimer.hears(now);
        for account in &self.idle {
            tx.rest_lane(account, (now, takes_over), &self.claimer)
                .await?;
        }
        Ok(())
    }
}

struct Mend;

impl Work for Mend {
    type Output = ();
    type Error = StoreError;
    const LEVEL: Level = Level::RowLocks;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.mend_lanes().await
    }
}

impl Tx<'_> {
    /// A copy of this account whose worker died, or else the one that waits longest; the caller
    /// holds the account's lane.
    async fn claim_of(
        &mut self,
        account: &str,
        (now, takes_over): (i64, bool),
        claimer: &Claimer,
    ) -> Result<Option<Held>, StoreError> {
        let (running, lease_end) = self.running(account).await?;
        if takes_over
            && lease_end.is_some_and(|end| end <= now)
            && let Some(held) = self.claim_in(account, "RUNNING", now).await?
        {
            return Ok(Some(held));
        }
        if running >= u64::from(claimer.running_max) {
            return Ok(None);
        }
        self.claim_in(account, "QUEUED", now).await
    }

    async fn claim_in(
        &mut self,
        account: &str,
        state: &'static str,
        now: i64,
    ) -> Result<Option<Held>, StoreError> {
        let until = now + LEASE_MILLIS;
        for _ in 0..UNREAD_MAX {
            let row = params![now, until, RECORD_VERSION, account, state];
            let claimed = self.query_one(CLAIM, row, stored).await?;
            if claimed.is_none() {
                return Ok(None);
            }
            let held = self.held(claimed, now).await?;
            if held.is_some() {
                return Ok(held);
            }
        }
        Ok(None)
    }

    /// A claimed copy. One that does not read has failed: it must not keep others waiting.
    pub(super) async fn held(
        &mut self,
        claimed: Option<StoredCopy>,
        now: i64,
    ) -> Result<Option<Held>, StoreError> {
        let Some(claimed) = claimed else {
            return Ok(None);
        };
        let fence = claimed.fence()?;
        match claimed.read() {
            Ok(copy) => self.tell_claimed(copy).await.map(Some),
            Err(error) => {
                let reference = fence.token.clone();
                tracing::error!(%error, copy = reference.as_str(), "the copy does not read");
                let detail = StatusDetail::Internal { reference };
                let at = Timestamp::from_millis(now);
                self.fail_copy(&fence, &detail, at).await.map(|_| None)
            }
        }
    }

    /// How many copies of the account run, those of dead workers too, and when the first lease ends.
    pub(super) async fn running(
        &mut self,
        account: &str,
    ) -> Result<(u64, Option<i64>), StoreError> {
        let read = |row: &crate::Row<'_>| (count(row.int(0)), row.maybe_int(1));
        let running = self.query_one(RUNNING, params![account], read).await?;
        Ok(running.unwrap_or_default())
    }

    /// Puts a lane to rest until it may have something to claim, unless it has already.
    async fn rest_lane(
        &mut self,
        account: &str,
        (now, takes_over): (i64, bool),
        claimer: &Claimer,
    ) -> Result<(), StoreError> {
        let is_ready = |row: &crate::Row<'_>| row.int(0) == 1;
        let lane = self
            .query_one(FIND_LANE, params![account], is_ready)
            .await?;
        if lane != Some(true) {
            return Ok(());
        }
        let any = self
            .query_one(ANY_UNFINISHED, params![account], |_| ())
            .await?;
        if any.is_none() {
            return self.execute(REMOVE, params![account]).await.map(drop);
        }
        let (running, _) = self.running(account).await?;
        let is_filled = running >= u64::from(claimer.running_max);
        let mut due = self.next_due(account, "RUNNING").await?;
        if !takes_over {
            // What may not be taken over yet must not keep claims from other lanes.
            due = due.map(|due| due.max(now + REST_MILLIS));
        }
        if !is_filled {
            let waiting = self.next_due(account, "QUEUED").await?;
            due = due.into_iter().chain(waiting).min();
        }
        let due = due.unwrap_or(now + REST_MILLIS);
        if due <= now {
            return Ok(());
        }
        self.execute(REST, params![account, is_filled, due])
            .await
            .map(drop)
    }

    async fn next_due(
        &mut self,
        account: &str,
        state: &'static str,
    ) -> Result<Option<i64>, StoreError> {
        let row = params![account, state, RECORD_VERSION];
        self.query_one(NEXT_DUE, row, |row| row.int(0)).await
    }

    /// Readies the account's lane for a copy that is about to be inserted; one at its limit stays as it
    /// is. It is written to in any case: so whoever joins it at the same time waits, and sees the copy,
    /// and whoever puts it to rest without having seen the copy collides.
    pub async fn join_lane(&mut self, scope: &AuthScope) -> Result<(), StoreError> {
        let now = self.now().await?;
        let row = params![scope.account.as_str(), now];
        self.execute(JOIN, row).await.map(drop)
    }

    /// Readies the account's lane for a copy that came back to it; one at its limit stays as it is.
    pub(super) async fn line_up(&mut self, account: &str, now: i64) -> Result<(), StoreError> {
        let is_settled = |row: &crate::Row<'_>| row.int(0) == 1 || row.int(1) == 1;
        let lane = self
            .query_one(FIND_LANE, params![account], is_settled)
            .await?;
        if lane == Some(true) {
            return Ok(());
        }
        self.execute(READY, params![account, now]).await.map(drop)
    }

    /// A fenced write that stops a copy's run, and so may give its account's lane something to claim.
    pub(super) async fn stopped(
        &mut self,
        how: Stopped,
        fence: &Fence,
        sql: &'static str,
        row: &[crate::Value<'_>],
    ) -> Result<Fenced, StoreError> {
        let fenced = self.fenced(sql, row).await?;
        if fenced == Fenced::Written {
            let ready = match how {
                Stopped::Ended => FREED,
                Stopped::Requeued => REQUEUED,
            };
            let row = params![fence.region.as_str(), fence.token.as_str()];
            self.execute(ready, row).await?;
        }
        Ok(fenced)
    }

    /// Readies all lanes: nothing runs any more, so no account is at its limit.
    pub(super) async fn ready_lanes(&mut self) -> Result<(), StoreError> {
        self.execute(MEND_MISSING, params![]).await?;
        self.execute(READY_ALL, params![]).await.map(drop)
    }

    /// Readies whatever lane should be and is not.
    pub(super) async fn mend_lanes(&mut self) -> Result<(), StoreError> {
        let now = self.now().await?;
        self.execute(MEND_MISSING, params![]).await?;
        self.execute(MEND_RESTING, params![now, RECORD_VERSION])
            .await
            .map(drop)
    }
}
