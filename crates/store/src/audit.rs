//! Audit records: statements and functions.

use std::borrow::Cow;

use mimeo_domain::Timestamp;

use crate::column::{key, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

/// Records that one look-up goes through at most; it then answers what fits, and where to go on.
const LOOK_MAX: i64 = 1_000;

/// Records that one step of the pruning removes at most, so that it never holds the writer for long.
pub const PRUNE_MAX: u64 = 500;

statements! {
    INSERT = "INSERT INTO audit (region, account, at, id, event, who, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    /// How far down a look-up goes that may find nothing.
    FLOOR = "SELECT at, id FROM audit WHERE region = ?1 AND account = ?2 AND (at, id) < (?3, ?4) AND at >= ?5 ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?6";
    PAGE = "SELECT at, id, body FROM audit WHERE region = ?1 AND account = ?2 AND (at, id) < (?3, ?4) AND (at, id) >= (?5, ?6) AND (?7 = '' OR event = ?7) AND (?8 = '' OR who = ?8) ORDER BY at DESC, id DESC LIMIT ?9";
    EXPORT = "SELECT at, region, account, id, body FROM audit WHERE (at, region, account, id) > (?1, ?2, ?3, ?4) AND at < ?5 ORDER BY at, region, account, id LIMIT ?6";
    PRUNE = "DELETE FROM audit WHERE (region, account, at, id) IN (SELECT region, account, at, id FROM audit WHERE at < ?1 ORDER BY at, region, account, id LIMIT ?2)";
}

/// What happened, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    pub at: Timestamp,
    /// Unique; the order of records of one instant.
    pub id: String,
    /// CloudTrail's `eventName`.
    pub event: Cow<'static, str>,
    /// The name of the user or of the session; empty where nobody asked.
    pub who: String,
    /// The whole record: one JSON object in one line.
    pub body: String,
}

/// Where a record stands among those of its account in its Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditKey {
    pub at: Timestamp,
    pub id: String,
}

/// Which records of an account are sought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSought {
    /// Only this `eventName`; empty is any.
    pub event: String,
    /// Only this user or session; empty is any.
    pub who: String,
    /// Not before this instant.
    pub since: Timestamp,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// Records, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    pub bodies: Vec<String>,
    /// Where to go on, if there may be more. A page may be empty and still name one.
    pub next: Option<AuditKey>,
}

/// A record of any account, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedAudit {
    /// Orders all records of a store.
    pub key: (Timestamp, String, String, String),
    pub body: String,
}

impl Tx<'_> {
    /// Keeps a record; one that cannot be kept fails the transaction.
    pub async fn insert_audit(
        &mut self,
        scope: &AuthScope,
        record: &AuditRecord,
    ) -> Result<(), StoreError> {
        let (event, who) = (key(&record.event), key(&record.who));
        let row = params![
            scope.region.as_str(),
            scope.account.as_str(),
            record.at.millis(),
            &record.id,
            &event,
            &who,
            &record.body,
        ];
        self.execute(INSERT, row).await.map(drop)
    }

    /// A page of the account's records, newest first, from below `below`.
    pub async fn page_audit(
        &mut self,
        scope: &AuthScope,
        sought: &AuditSought,
        below: Option<&AuditKey>,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let until = sought.until.map_or(i64::MAX, Timestamp::millis);
        // Ids are never empty, so an empty one is below all of its instant.
        let (at, id) = match below {
            Some(key) if key.at.millis() < until => (key.at.millis(), key.id.as_str()),
            _ => (until, ""),
        };
        let since = sought.since.millis();
        let row = params![region, account, at, id, since, LOOK_MAX - 1];
        let found = |row: &crate::Row<'_>| AuditKey {
            at: Timestamp::from_millis(row.int(0)),
            id: row.text(1),
        };
        let floor = self.query_one(FLOOR, row, found).await?;
        let (floor_at, floor_id) = match &floor {
            Some(floor) => (floor.at.millis(), floor.id.as_str()),
            None => (since, ""),
        };
        let (event, who) = (key(&sought.event), key(&sought.who));
        let row = params![
            region,
            account,
            at,
            id,
            floor_at,
            floor_id,
            &event,
            &who,
            stored_count(limit),
        ];
        let rows = self
            .query(PAGE, row, |row| (found(row), row.text(2)))
            .await?;
        let next = if rows.len() < limit {
            floor
        } else {
            rows.last().map(|(key, _)| key.clone())
        };
        let bodies = rows.into_iter().map(|(_, body)| body).collect();
        Ok(AuditPage { bodies, next })
    }

    /// Records of all accounts, oldest first, from `since` (or after `after`) to before `until`. For
    /// the operator of a store; no request is answered by it.
    pub async fn export_audit(
        &mut self,
        since: Timestamp,
        after: Option<&ExportedAudit>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ExportedAudit>, StoreError> {
        let start = (since, String::new(), String::new(), String::new());
        let (at, region, account, id) = after.map_or(&start, |after| &after.key);
        let (until, limit) = (until.millis(), stored_count(limit));
        let row = params![at.millis(), region, account, id, until, limit];
        self.query(EXPORT, row, |row| ExportedAudit {
            key: (
                Timestamp::from_millis(row.int(0)),
                row.text(1),
                row.text(2),
                row.text(3),
            ),
            body: row.text(4),
        })
        .await
    }

    /// Forgets records older than `before`, at most [`PRUNE_MAX`]; says how many.
    pub async fn prune_audit(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let limit = stored_count(usize::try_from(PRUNE_MAX).unwrap_or(usize::MAX));
        self.execute(PRUNE, params![before.millis(), limit]).await
    }
}
