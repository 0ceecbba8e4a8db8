//! What happened to copies: statements and functions.
//!
//! An event is written in the transaction that it tells of, so that it is told exactly when it is
//! true. Its number comes from the copy's row, which that transaction has locked.

use mimeo_domain::copying::{EVENTS_MAX, Event, Told};
use mimeo_domain::{CopyToken, Timestamp};

use crate::column::{document, read};
use crate::copies::Fence;
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

statements! {
    APPEND = "INSERT INTO copy_event (region, account, token, seq, at, kind, body) SELECT region, account, token, 1 + COALESCE((SELECT MAX(e.seq) FROM copy_event e WHERE e.region = copy.region AND e.account = copy.account AND e.token = copy.token), 0), ?3, ?4, ?5 FROM copy WHERE region = ?1 AND token = ?2 AND ?6 > COALESCE((SELECT MAX(e.seq) FROM copy_event e WHERE e.region = copy.region AND e.account = copy.account AND e.token = copy.token), 0)";
    LAST = "SELECT kind FROM copy_event WHERE region = ?1 AND account = ?2 AND token = ?3 ORDER BY seq DESC LIMIT 1";
    LIST = "SELECT seq, at, body FROM copy_event WHERE region = ?1 AND account = ?2 AND token = ?3 AND seq > ?4 ORDER BY seq LIMIT ?5";
}

impl Tx<'_> {
    /// Tells what was written just now about a copy. Beyond [`EVENTS_MAX`] only its end is told.
    pub(crate) async fn tell(&mut self, fence: &Fence, event: &Event) -> Result<(), StoreError> {
        let at = self.now().await?;
        let seq_max = if event.is_end() {
            i64::MAX
        } else {
            i64::from(EVENTS_MAX)
        };
        let body = document(event);
        let row = params![
            fence.region.as_str(),
            fence.token.as_str(),
            at,
            event.kind(),
            &body,
            seq_max,
        ];
        self.execute(APPEND, row).await.map(drop)
    }

    /// Whether the copy's last try came to no end that was told: its worker fell silent.
    pub(crate) async fn has_open_try(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
    ) -> Result<bool, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, account, token.as_str()];
        let kind = self.query_one(LAST, row, |row| row.text(0)).await?;
        Ok(kind.is_some_and(|kind| !Event::WAITING_KINDS.contains(&&*kind)))
    }

    /// Events after number `after`, oldest first.
    pub async fn list_copy_events(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Told>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let row = params![
            scope.region.as_str(),
            scope.account.as_str(),
            token.as_str(),
            after,
            limit
        ];
        let rows = self
            .query(LIST, row, |row| (row.int(0), row.int(1), row.text(2)))
            .await?;
        rows.into_iter()
            .map(|(seq, at, body)| {
                Ok(Told {
                    seq,
                    at: Timestamp::from_millis(at),
                    event: read(&body)?,
                })
            })
            .collect()
    }
}
