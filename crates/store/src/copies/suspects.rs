//! Suspects: copies whose workers died too often in company, so that each runs alone on its node.

use mimeo_domain::copying::{
    Copy, DEATHS_IN_COMPANY_MAX, DEATHS_MAX, LEASE_MILLIS, RECORD_VERSION,
};

use super::claimer::{Claimer, Held};
use super::stored;
use crate::dialect::statements;
use crate::{Level, Store, StoreError, Tx, Work, params};

// The statements and the index of suspects name the number.
const _: () = assert!(DEATHS_IN_COMPANY_MAX == 2 && DEATHS_MAX > DEATHS_IN_COMPANY_MAX);

statements! {
    SUSPECTS = "SELECT region, token, account, state FROM copy WHERE unfinished = 1 AND due <= ?1 AND version <= ?2 AND attempts - failures >= 2 ORDER BY due LIMIT 16";
    LOCK_LANE = "SELECT account FROM copy_lane WHERE account = ?1 /* lock */";
    CLAIM_SUSPECT = lease!("(?4, ?5)");
}

impl Store {
    /// Leases a due copy that must run alone: the caller runs nothing else until it has ended.
    pub async fn claim_suspect(&self, claimer: &Claimer) -> Result<Option<Copy>, StoreError> {
        let held = self.write(ClaimSuspect(claimer.clone())).await?;
        Ok(held.map(|held| claimer.notes(held)))
    }

    /// Whether a copy is due that must run alone.
    pub async fn has_suspects(&self, claimer: &Claimer) -> Result<bool, StoreError> {
        self.read(HasSuspects(claimer.clone())).await
    }
}

struct ClaimSuspect(Claimer);

impl Work for ClaimSuspect {
    type Output = Option<Held>;
    type Error = StoreError;
    const LEVEL: Level = Level::RowLocks;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<Held>, StoreError> {
        let now = tx.now().await?;
        let mut suspects = tx.suspects(now, self.0.hears(now)).await?;
        // By account, so that two nodes lock lanes in one order.
        suspects.sort_by(|one, other| one.2.cmp(&other.2));
        for (region, token, account, state) in suspects {
            tx.line_up(&account, now).await?;
            tx.query(LOCK_LANE, params![&account], |_| ()).await?;
            if !tx.has_place(&account, &state, &self.0).await? {
                continue;
            }
            let until = now + LEASE_MILLIS;
            let row = params![now, until, RECORD_VERSION, &region, &token];
            let claimed = tx.query_one(CLAIM_SUSPECT, row, stored).await?;
            if let Some(held) = tx.held(claimed, now).await? {
                return Ok(Some(held));
            }
        }
        Ok(None)
    }
}

struct HasSuspects(Claimer);

impl Work for HasSuspects {
    type Output = bool;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let now = tx.now().await?;
        for (_, _, account, state) in tx.suspects(now, self.0.hears(now)).await? {
            if tx.has_place(&account, &state, &self.0).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Tx<'_> {
    /// Copies that must run alone and are due: region, token, account, state. Those that run, as far as
    /// is known, only if it `takes_over`.
    async fn suspects(
        &mut self,
        now: i64,
        takes_over: bool,
    ) -> Result<Vec<(String, String, String, String)>, StoreError> {
        let read = |row: &crate::Row<'_>| (row.text(0), row.text(1), row.text(2), row.text(3));
        let row = params![now, RECORD_VERSION];
        let mut suspects = self.query(SUSPECTS, row, read).await?;
        suspects.retain(|(_, _, _, state)| takes_over || state == "QUEUED");
        Ok(suspects)
    }

    /// Whether the account's limit lets a suspect in this state be claimed: one that was running has its
    /// place already.
    async fn has_place(
        &mut self,
        account: &str,
        state: &str,
        claimer: &Claimer,
    ) -> Result<bool, StoreError> {
        let (running, _) = self.running(account).await?;
        Ok(state == "RUNNING" || running < u64::from(claimer.running_max))
    }
}
