//! Answers by idempotency token: statements and functions.

use mimeo_domain::Timestamp;

use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

/// What was answered to the first request with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// SHA-256 of the request's parameters, in hexadecimal digits.
    pub fingerprint: String,
    /// The answer as JSON text.
    pub answer: String,
}

/// Rows that one sweep removes at most, so that it never holds the writer for long.
const SWEEP_MAX: i64 = 1_000;

statements! {
    FIND = "SELECT fingerprint, answer FROM replay WHERE region = ?1 AND account = ?2 AND operation = ?3 AND token = ?4";
    INSERT = "INSERT INTO replay (region, account, operation, token, fingerprint, answer, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    SWEEP = "DELETE FROM replay WHERE (region, account, operation, token) IN (SELECT region, account, operation, token FROM replay WHERE operation <> 'CopyProduct' AND created < ?1 ORDER BY created, region, account, operation, token LIMIT ?2)";
}

impl Tx<'_> {
    pub async fn find_replay(
        &mut self,
        scope: &AuthScope,
        operation: &str,
        token: &str,
    ) -> Result<Option<Replay>, StoreError> {
        let row = params![
            scope.region.as_str(),
            scope.account.as_str(),
            operation,
            token
        ];
        self.query_one(FIND, row, |row| Replay {
            fingerprint: row.text(0),
            answer: row.text(1),
        })
        .await
    }

    /// Remembers an answer; a second one for the token is a [`StoreError::Duplicate`].
    pub async fn insert_replay(
        &mut self,
        scope: &AuthScope,
        operation: &str,
        token: &str,
        replay: &Replay,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = params![
            scope.region.as_str(),
            scope.account.as_str(),
            operation,
            token,
            &replay.fingerprint,
            &replay.answer,
            now.millis(),
        ];
        self.execute(INSERT, row).await.map(drop)
    }

    /// Forgets answers older than `before`, a bounded number of them; says how many. Those about copies
    /// are forgotten with their copies.
    pub async fn sweep_replays(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(SWEEP, params![before.millis(), SWEEP_MAX])
            .await
    }
}
