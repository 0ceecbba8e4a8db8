//! Copies as their owners see and steer them: statements and functions.

use mimeo_domain::copying::{Copy, Event, Progress, StatusDetail};
use mimeo_domain::{CopyToken, Timestamp};

use super::lanes::Stopped;
use super::{Fence, Fenced, StoredCopy, stored};
use crate::column::{document, read};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, Row, StoreError, Tx};

/// Copies that one pruning removes at most, so that it never holds the writer for long.
const PRUNE_MAX: i64 = 200;

/// Copies of before their source had columns, of which one pass fills at most so many.
const FILL_MAX: i64 = 200;

/// Stands for the source of a copy that does not read.
const UNREAD: &str = "-";

/// What [`seen`] reads; a list leaves out what grows with the versions.
macro_rules! columns {
    ($plan:literal, $progress:literal) => {
        concat!(
            "token, region, state, fence, attempts, failures, deadline, created, status_detail, body, ",
            $plan,
            ", finished, retry_of, ",
            $progress
        )
    };
}

statements! {
    SEE = concat!("SELECT ", columns!("plan", "progress"), " FROM copy WHERE region = ?1 AND token = ?2 AND account = ?3");
    OWN = concat!("SELECT ", columns!("NULL", "NULL"), " FROM copy WHERE region = ?1 AND account = ?2 AND created >= ?3 AND (created, token) < (?4, ?5) ORDER BY created DESC, token DESC LIMIT ?6");
    OWN_IN_STATE = concat!("SELECT ", columns!("NULL", "NULL"), " FROM copy WHERE region = ?1 AND account = ?2 AND state = ?7 AND created >= ?3 AND (created, token) < (?4, ?5) ORDER BY created DESC, token DESC LIMIT ?6");
    OF_SOURCE_OWNER = concat!("SELECT ", columns!("NULL", "NULL"), " FROM copy WHERE region = ?1 AND source_account = ?2 AND created >= ?3 AND (created, token) < (?4, ?5) ORDER BY created DESC, token DESC LIMIT ?6");
    UNFINISHED = "SELECT unfinished FROM copy WHERE region = ?1 AND token = ?2 AND account = ?3";
    SET_SOURCE = "UPDATE copy SET source_region = ?3, source_account = ?4, source_product = ?5 WHERE region = ?1 AND token = ?2";
    WITHOUT_SOURCE = "SELECT region, token, body FROM copy WHERE source_account = '' ORDER BY region, created, token LIMIT ?1";
    SET_RETRY = "UPDATE copy SET retry_of = ?4 WHERE region = ?1 AND token = ?2 AND account = ?3";
    FIND_RETRY = "SELECT token FROM copy WHERE region = ?1 AND account = ?2 AND retry_of = ?3";
    SET_REQUEST = "UPDATE copy SET request_token = ?4 WHERE region = ?1 AND token = ?2 AND account = ?3";
    CANCEL = "UPDATE copy SET state = 'FAILED', unfinished = 0, finished = ?4, status_detail = ?5, fence = fence + 1 WHERE region = ?1 AND token = ?2 AND account = ?3 AND unfinished = 1";
    FIND_PROGRESS = "SELECT progress FROM copy WHERE region = ?1 AND token = ?2 AND fence = ?3";
    PROGRESS = "UPDATE copy SET progress = ?4 WHERE region = ?1 AND token = ?2 AND fence = ?3 AND state = 'RUNNING'";
    PRUNE_EVENTS = "DELETE FROM copy_event WHERE (region, account, token) IN (SELECT region, account, token FROM copy WHERE unfinished = 0 AND finished < ?1 ORDER BY finished, region, token LIMIT ?2)";
    PRUNE_REPLAYS = "DELETE FROM replay WHERE (region, account, operation, token) IN (SELECT region, account, 'CopyProduct', request_token FROM copy WHERE unfinished = 0 AND finished < ?1 ORDER BY finished, region, token LIMIT ?2)";
    PRUNE = "DELETE FROM copy WHERE (region, token) IN (SELECT region, token FROM copy WHERE unfinished = 0 AND finished < ?1 ORDER BY finished, region, token LIMIT ?2)";
}

/// A copy with what its owner may look at.
#[derive(Debug, Clone)]
pub struct SeenCopy {
    pub copy: Copy,
    pub finished: Option<Timestamp>,
    /// The failed copy that it repeats.
    pub retry_of: Option<CopyToken>,
    pub progress: Option<Progress>,
}

/// A copy's place in a list.
#[derive(Debug, Clone)]
pub struct ListedCopy {
    pub created: Timestamp,
    pub token: CopyToken,
    /// `None`: its row does not read.
    pub seen: Option<SeenCopy>,
}

/// Whose copies a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those that the account made.
    Own,
    /// Those that anybody made of the account's products.
    OfProducts,
}

/// Which copies a list shows, the newest first.
#[derive(Debug, Clone)]
pub struct CopiesSought {
    pub whose: Whose,
    /// As [`mimeo_domain::copying::State::as_str`] has it. Of own copies only.
    pub state: Option<&'static str>,
    /// Not those that were accepted before.
    pub since: Timestamp,
    /// Only those that come after it in the list's order.
    pub after: Option<(Timestamp, CopyToken)>,
}

impl Tx<'_> {
    /// A copy with everything about it.
    pub async fn see_copy(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
    ) -> Result<Option<SeenCopy>, StoreError> {
        let row = params![
            scope.region.as_str(),
            token.as_str(),
            scope.account.as_str()
        ];
        self.query_one(SEE, row, seen)
            .await?
            .map(Seen::read)
            .transpose()
    }

    /// Whether a copy has ended; `None` where there is no such copy.
    pub async fn is_copy_final(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
    ) -> Result<Option<bool>, StoreError> {
        let row = params![
            scope.region.as_str(),
            token.as_str(),
            scope.account.as_str()
        ];
        let unfinished = self.query_one(UNFINISHED, row, |row| row.int(0)).await?;
        Ok(unfinished.map(|unfinished| unfinished == 0))
    }

    /// Copies without their plans and progress, `limit` of them at most. One that does not read is in its
    /// place, and hides no other.
    pub async fn list_copies(
        &mut self,
        scope: &AuthScope,
        sought: &CopiesSought,
        limit: usize,
    ) -> Result<Vec<ListedCopy>, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let (created, token) = match &sought.after {
            Some((created, token)) => (created.millis(), token.as_str()),
            None => (i64::MAX, ""),
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let since = sought.since.millis();
        let rows = match (sought.whose, sought.state) {
            (Whose::Own, Some(state)) => {
                let row = params![region, account, since, created, token, limit, state];
                self.query(OWN_IN_STATE, row, seen).await?
            }
            (whose, _) => {
                let sql = match whose {
                    Whose::Own => OWN,
                    Whose::OfProducts => OF_SOURCE_OWNER,
                };
                let row = params![region, account, since, created, token, limit];
                self.query(sql, row, seen).await?
            }
        };
        Ok(rows.into_iter().map(Seen::listed).collect())
    }

    /// Notes the source of copies that were accepted before it had columns; says how many there were.
    pub async fn fill_sources(&mut self) -> Result<usize, StoreError> {
        let rows = self
            .query(WITHOUT_SOURCE, params![FILL_MAX], |row| {
                (row.text(0), row.text(1), row.text(2))
            })
            .await?;
        for (region, token, body) in &rows {
            let asked: Result<super::Asked, _> = read(body);
            let source = match &asked {
                Ok(super::Asked { request, .. }) => {
                    let source = &request.source;
                    [
                        source.region.as_str(),
                        source.account.as_str(),
                        source.product.as_str(),
                    ]
                }
                Err(error) => {
                    tracing::error!(%error, copy = token, "the copy does not read");
                    [UNREAD; 3]
                }
            };
            let row = params![region, token, source[0], source[1], source[2]];
            self.execute(SET_SOURCE, row).await?;
        }
        Ok(rows.len())
    }

    /// Under which idempotency token a copy was asked for, so that the two are forgotten together.
    pub async fn note_copy_request(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
        request_token: &str,
    ) -> Result<(), StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, token.as_str(), account, request_token];
        self.execute(SET_REQUEST, row).await.map(drop)
    }

    /// Notes that a new copy repeats a failed one. A second repetition is a [`StoreError::Duplicate`].
    pub async fn note_retry(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
        retry_of: &CopyToken,
    ) -> Result<(), StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, token.as_str(), account, retry_of.as_str()];
        self.execute(SET_RETRY, row).await.map(drop)
    }

    /// The copy that repeats a failed one.
    pub async fn find_retry(
        &mut self,
        scope: &AuthScope,
        retry_of: &CopyToken,
    ) -> Result<Option<CopyToken>, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, account, retry_of.as_str()];
        let token = self.query_one(FIND_RETRY, row, |row| row.text(0)).await?;
        Ok(token.map(Into::into))
    }

    /// Ends a copy that waits or runs, as its owner wishes. Whoever works on it is fenced off by the
    /// same write.
    pub async fn cancel_copy(
        &mut self,
        scope: &AuthScope,
        token: &CopyToken,
        now: Timestamp,
    ) -> Result<Fenced, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let detail = document(&StatusDetail::Cancelled);
        let row = params![region, token.as_str(), account, now.millis(), &detail];
        let fence = Fence {
            region: scope.region.clone(),
            token: token.clone(),
            number: 0,
        };
        let done = self.stopped(Stopped::Ended, &fence, CANCEL, row).await?;
        self.tell_if(&fence, done, &Event::Cancelled).await
    }

    /// How far the templates had come when that was last written.
    pub async fn find_progress(&mut self, fence: &Fence) -> Result<Option<Progress>, StoreError> {
        let row = params![fence.region.as_str(), fence.token.as_str(), fence.number];
        let stored = self
            .query_one(FIND_PROGRESS, row, |row| row.maybe_text(0))
            .await?;
        stored.flatten().map(|text| read(&text)).transpose()
    }

    /// How far the templates have come, which is told as an event too.
    pub async fn tell_progress(
        &mut self,
        fence: &Fence,
        progress: &Progress,
    ) -> Result<Fenced, StoreError> {
        let done = self.store_progress(fence, progress).await?;
        self.tell_if(fence, done, &progress.event()).await
    }

    /// How far the templates have come.
    pub async fn store_progress(
        &mut self,
        fence: &Fence,
        progress: &Progress,
    ) -> Result<Fenced, StoreError> {
        let stored = document(progress);
        let (region, token) = (fence.region.as_str(), fence.token.as_str());
        let row = params![region, token, fence.number, &stored];
        self.fenced(PROGRESS, row).await
    }

    /// Forgets copies that ended before, their events, and the answers under whose tokens they were
    /// asked for: a bounded number of them. Says how many.
    pub async fn prune_copies(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let row = params![before.millis(), PRUNE_MAX];
        self.execute(PRUNE_EVENTS, row).await?;
        self.execute(PRUNE_REPLAYS, row).await?;
        self.execute(PRUNE, row).await
    }
}

struct Seen {
    copy: StoredCopy,
    finished: Option<i64>,
    retry_of: Option<String>,
    progress: Option<String>,
}

fn seen(row: &Row<'_>) -> Seen {
    Seen {
        copy: stored(row),
        finished: row.maybe_int(11),
        retry_of: row.maybe_text(12),
        progress: row.maybe_text(13),
    }
}

impl Seen {
    fn listed(self) -> ListedCopy {
        let token = self.copy.token.clone();
        let created = Timestamp::from_millis(self.copy.created);
        let seen = match self.read() {
            Ok(seen) => Some(seen),
            Err(error) => {
                tracing::error!(%error, copy = token.as_str(), "the copy does not read");
                None
            }
        };
        ListedCopy {
            created,
            token,
            seen,
        }
    }

    fn read(self) -> Result<SeenCopy, StoreError> {
        Ok(SeenCopy {
            copy: self.copy.read()?,
            finished: self.finished.map(Timestamp::from_millis),
            retry_of: self.retry_of.map(Into::into),
            progress: self.progress.map(|text| read(&text)).transpose()?,
        })
    }
}
