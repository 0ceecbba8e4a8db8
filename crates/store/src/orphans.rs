//! Marks on bodies that nothing seems to name: statements and functions.
//!
//! Whoever names a body looks its mark up in the same transaction, so a body is deleted only if nobody
//! named it from the moment it was marked. `docs/adr/0014-orphans.md` tells why this is enough.

use crate::dialect::statements;
use crate::params;
use crate::{Row, StoreError, Tx, Value};

/// Digests that one statement asks for; the last one is repeated to fill it up.
const AT_ONCE: usize = 8;

statements! {
    FIND = "SELECT digest, state, marked, changed FROM body_orphan WHERE shelf = ?1 AND digest IN (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    PAGE = "SELECT digest, state, marked, changed FROM body_orphan WHERE shelf = ?1 AND digest > ?2 ORDER BY digest LIMIT ?3";
    MARK = "INSERT INTO body_orphan (shelf, digest, state, marked, changed) VALUES (?1, ?2, 'orphan', ?3, ?3) ON CONFLICT (shelf, digest) DO NOTHING";
    UNMARK = "DELETE FROM body_orphan WHERE shelf = ?1 AND digest = ?2 AND state = 'orphan'";
    CONDEMN = "UPDATE body_orphan SET state = 'deleting', changed = ?4 WHERE shelf = ?1 AND digest = ?2 AND state = 'orphan' AND marked = ?3";
    RENEW = "UPDATE body_orphan SET changed = ?4 WHERE shelf = ?1 AND digest = ?2 AND state = 'deleting' AND changed = ?3";
    DELETED = "UPDATE body_orphan SET state = 'deleted', changed = ?3 WHERE shelf = ?1 AND digest = ?2 AND state = 'deleting' AND changed = ?4";
    FORGET = "DELETE FROM body_orphan WHERE shelf = ?1 AND digest = ?2 AND state = 'deleted' AND changed = ?3";
}

/// How far a body is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkState {
    /// Nothing named it when somebody looked.
    Orphan,
    /// It is being deleted: nobody may name it now.
    Deleting,
    /// Its deletion is over: it was deleted, or its shelf refused to. Whoever saw it before that must
    /// look again, and put it if it is gone.
    Deleted,
}

/// A mark on a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub digest: String,
    pub state: MarkState,
    /// By the database's clock, as `changed` is.
    pub marked: i64,
    /// When it came to its state.
    pub changed: i64,
}

impl Mark {
    fn deleting_since(&self, changed: i64) -> Self {
        Self {
            state: MarkState::Deleting,
            changed,
            ..self.clone()
        }
    }
}

impl Tx<'_> {
    /// The marks on these bodies. To be read before one looks whether they are there.
    pub async fn find_marks(
        &mut self,
        name: &str,
        digests: &[&str],
    ) -> Result<Vec<Mark>, StoreError> {
        let mut marks = Vec::new();
        for some in digests.chunks(AT_ONCE) {
            let mut row = vec![Value::from(name)];
            row.extend((0..AT_ONCE).map(|at| Value::from(some[at.min(some.len() - 1)])));
            for mark in self.query(FIND, &row, mark).await? {
                marks.push(mark?);
            }
        }
        Ok(marks)
    }

    /// Takes the marks off these bodies, as something is about to name them; those that are already on
    /// their way out keep theirs.
    pub async fn unmark_bodies(&mut self, name: &str, digests: &[&str]) -> Result<(), StoreError> {
        for mark in self.find_marks(name, digests).await? {
            if mark.state == MarkState::Orphan {
                let row = params![name, mark.digest.as_str()];
                self.execute(UNMARK, row).await?;
            }
        }
        Ok(())
    }

    /// States that this transaction names bodies that were seen to be there after `before` was read, and
    /// answers whether they still are. If not, nothing of it may be committed.
    pub async fn name_bodies(
        &mut self,
        name: &str,
        digests: &[&str],
        before: &[Mark],
    ) -> Result<bool, StoreError> {
        for mark in self.find_marks(name, digests).await? {
            match mark.state {
                MarkState::Orphan => {
                    let row = params![name, mark.digest.as_str()];
                    self.execute(UNMARK, row).await?;
                }
                // It was gone before we looked, so what we saw was put since.
                MarkState::Deleted if before.contains(&mark) => {}
                MarkState::Deleting | MarkState::Deleted => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Marks bodies that nothing names, unless they are marked.
    pub async fn mark_bodies(&mut self, name: &str, digests: &[&str]) -> Result<u64, StoreError> {
        let now = self.now().await?;
        let mut count = 0;
        for digest in digests {
            count += self.execute(MARK, params![name, *digest, now]).await?;
        }
        Ok(count)
    }

    /// At most `count` marks after a digest, which may be empty, in the order of digests.
    pub async fn page_marks(
        &mut self,
        name: &str,
        after: &str,
        count: i64,
    ) -> Result<Vec<Mark>, StoreError> {
        let marks = self.query(PAGE, params![name, after, count], mark).await?;
        marks.into_iter().collect()
    }

    /// Turns an old mark into the right to delete, which is the new mark; `None` if the body was named
    /// or somebody else deletes it.
    pub async fn condemn_body(
        &mut self,
        name: &str,
        mark: &Mark,
    ) -> Result<Option<Mark>, StoreError> {
        let now = self.now().await?;
        let row = params![name, mark.digest.as_str(), mark.marked, now];
        let count = self.execute(CONDEMN, row).await?;
        Ok((count == 1).then(|| mark.deleting_since(now)))
    }

    /// Renews the right to delete, one's own or that of an owner who seems to be dead; `None` if
    /// somebody else has it by now, or used it.
    pub async fn renew_deletion(
        &mut self,
        name: &str,
        mark: &Mark,
    ) -> Result<Option<Mark>, StoreError> {
        let now = self.now().await?;
        let row = params![name, mark.digest.as_str(), mark.changed, now];
        let count = self.execute(RENEW, row).await?;
        Ok((count == 1).then(|| mark.deleting_since(now)))
    }

    /// Notes that the deletion is over, unless somebody else deletes the body by now.
    pub async fn note_deleted(&mut self, name: &str, mark: &Mark) -> Result<(), StoreError> {
        let now = self.now().await?;
        let row = params![name, mark.digest.as_str(), now, mark.changed];
        self.execute(DELETED, row).await.map(drop)
    }

    /// Forgets a deletion that nobody can have missed.
    pub async fn forget_deleted(&mut self, name: &str, mark: &Mark) -> Result<(), StoreError> {
        let row = params![name, mark.digest.as_str(), mark.changed];
        self.execute(FORGET, row).await.map(drop)
    }
}

fn mark(row: &Row<'_>) -> Result<Mark, StoreError> {
    let state = row.text(1);
    Ok(Mark {
        digest: row.text(0),
        state: match state.as_str() {
            "orphan" => MarkState::Orphan,
            "deleting" => MarkState::Deleting,
            "deleted" => MarkState::Deleted,
            _ => return Err(StoreError::Broken(format!("a body's mark is {state:?}"))),
        },
        marked: row.int(2),
        changed: row.int(3),
    })
}
