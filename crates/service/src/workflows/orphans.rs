//! Orphans: bodies that nothing names are marked, and deleted when they stayed so for long.
//!
//! Any number of nodes may sweep at once: each step is a conditional write that one of them wins.

mod marking;

use std::collections::HashMap;
use std::time::Duration;

use mimeo_store::{Mark, MarkState, Store, StoreError};
use mimeo_templates::shelf::{Digest, Shelf, ShelfError, Verdict};
use tokio::time::timeout;

pub(crate) use marking::FindMarks;
use marking::{Claim, Now, PageMarks, Step, Stepping};

use crate::bodies::Bodies;
use crate::world::Shelves;

/// Bodies that are listed before all rows are read to see which of them are named.
const CANDIDATES_MAX: usize = 100_000;

/// Bodies of one listing, and marks of one reading or writing.
const PAGE: usize = 500;

/// A deletion that is not done by then has lost its node, and another one takes it over.
pub const DELETION_MILLIS_MAX: i64 = 15 * 60 * 1000;

/// Making sure of the right to delete a body and removing it: far shorter, so that a removal is over
/// before anybody takes it over.
const REMOVAL_MAX: Duration = Duration::from_mins(2);

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Swept {
    /// Bodies that nothing names, marked for the first time.
    pub marked_count: u64,
    pub deleted_count: u64,
    pub deleted_bytes: u64,
    /// Bodies that the shelf did not delete; a later sweep tries again.
    pub left_count: u64,
    /// The first of them, and why.
    pub first_left: Option<(Digest, ShelfError)>,
}

impl Swept {
    /// Notes what is the matter with one body; what concerns all ends the sweep.
    fn unless_left<T>(
        &mut self,
        digest: Digest,
        done: Result<Option<T>, SweepError>,
    ) -> Result<Option<T>, SweepError> {
        match done {
            Err(SweepError::Shelf(error)) => {
                self.left_count += 1;
                self.first_left.get_or_insert((digest, error));
                Ok(None)
            }
            done => done,
        }
    }
}

/// Why a sweep ended early; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// They may name bodies: a newer server wrote them, or they are broken.
    #[error("{0} rows cannot be read, so nobody knows what they name")]
    Unreadable(u64),
}

/// A sweep of one shelf, whose bodies the rows of one store name.
#[derive(Debug, Clone)]
pub struct Sweep {
    store: Store,
    shelves: Shelves,
    /// The shelf's name in marks.
    name: String,
    shelf: Shelf,
    grace_millis: i64,
}

/// A body that nothing named for long, or whose deletion was left undone.
#[derive(Debug, Clone)]
pub struct Ripe {
    pub digest: Digest,
    mark: Mark,
}

/// The right to delete a body, as long as its mark stays the same.
#[derive(Debug, Clone)]
pub struct Condemned {
    pub digest: Digest,
    mark: Mark,
    /// How long the body was when it was looked at; 0 if it was not there, or not whole.
    bytes: u64,
}

/// A sweep for each shelf. No other store may name bodies on them.
pub fn sweeps(store: &Store, shelves: &Shelves, grace_millis: i64) -> Vec<Sweep> {
    let all = shelves.named().into_iter();
    all.map(|(name, shelf)| Sweep {
        store: store.clone(),
        shelves: shelves.clone(),
        name,
        shelf,
        grace_millis,
    })
    .collect()
}

impl Sweep {
    /// Deletes what was marked long ago and is still named by nothing, and marks what nothing names now.
    pub async fn run(&self) -> Result<Swept, SweepError> {
        let deleted = self.delete_ripe().await;
        // Whatever became of those, new ones begin to wait.
        let marked_count = self.mark().await?;
        Ok(Swept {
            marked_count,
            ..deleted?
        })
    }

    /// Marks all bodies that nothing names.
    pub async fn mark(&self) -> Result<u64, SweepError> {
        let mut marked_count = 0;
        let mut after: Option<Digest> = None;
        loop {
            #[expect(clippy::zero_sized_map_values, reason = "those with marks are maps")]
            let mut candidates = HashMap::new();
            while candidates.len() < CANDIDATES_MAX {
                let page = self.shelf.page(after.as_ref(), PAGE).await?;
                let Some(last) = page.last() else {
                    break;
                };
                after = Some(last.digest);
                candidates.extend(page.iter().map(|shelved| (shelved.digest, ())));
            }
            if candidates.is_empty() {
                return Ok(marked_count);
            }
            self.drop_named(&mut candidates).await?;
            let digests: Vec<_> = candidates.keys().map(Digest::to_string).collect();
            for some in digests.chunks(PAGE) {
                let marked = self.write(Step::Mark(some.to_vec())).await?;
                marked_count += marked;
            }
        }
    }

    /// Deletes what was marked longer ago than the grace and is named by nothing, and goes on with what a
    /// dead node began. One body at a time: a right to delete must not wait until others are gone. One
    /// that the shelf does not delete is in nobody's way.
    pub async fn delete_ripe(&self) -> Result<Swept, SweepError> {
        let mut swept = Swept::default();
        for ripe in self.ripe().await? {
            let digest = ripe.digest;
            let condemned = self.condemn(ripe).await;
            let Some(condemned) = swept.unless_left(digest, condemned)? else {
                continue;
            };
            let deleted = self.delete(condemned).await;
            let is_away = matches!(&deleted, Err(SweepError::Shelf(ShelfError::Away { .. })));
            if let Some(bytes) = swept.unless_left(digest, deleted)? {
                swept.deleted_bytes += bytes;
                swept.deleted_count += 1;
            }
            if is_away {
                // The next one would only be condemned for nothing too.
                break;
            }
        }
        Ok(swept)
    }

    /// The bodies that may be condemned now, if their marks are still the same by then.
    pub async fn ripe(&self) -> Result<Vec<Ripe>, SweepError> {
        let now = self.store.read(Now).await?;
        let mut orphans = HashMap::new();
        let mut ripe = Vec::new();
        let mut after = String::new();
        while orphans.len() + ripe.len() < CANDIDATES_MAX {
            let page = self.marks(&after).await?;
            let Some(last) = page.last() else {
                break;
            };
            after.clone_from(&last.digest);
            for mark in page {
                let age = now - mark.changed;
                let Ok(digest) = mark.digest.parse::<Digest>() else {
                    continue;
                };
                match mark.state {
                    MarkState::Orphan if age >= self.grace_millis => {
                        orphans.insert(digest, mark);
                    }
                    MarkState::Deleting if age >= DELETION_MILLIS_MAX => {
                        ripe.push(Ripe { digest, mark });
                    }
                    MarkState::Deleted if age > self.grace_millis.max(DELETION_MILLIS_MAX) => {
                        self.write(Step::Forget(mark)).await?;
                    }
                    MarkState::Orphan | MarkState::Deleting | MarkState::Deleted => {}
                }
            }
        }
        let mut unnamed = orphans.clone();
        // All that was named before the marks is seen now; all since took its mark away.
        self.drop_named(&mut unnamed).await?;
        for (digest, mark) in orphans {
            if unnamed.contains_key(&digest) {
                ripe.push(Ripe { digest, mark });
            } else {
                self.write(Step::Unmark(mark)).await?;
            }
        }
        Ok(ripe)
    }

    /// Gets the right to delete a ripe body: from here on nobody names it. `None` if it was named, or
    /// another node was faster.
    pub async fn condemn(&self, ripe: Ripe) -> Result<Option<Condemned>, SweepError> {
        let Ripe { digest, mark } = ripe;
        let bytes = match self.shelf.verify(&digest).await {
            Ok(Verdict::Present { bytes }) => bytes as u64,
            // Condemned, it would be named by nobody and not be deleted either.
            Err(error @ ShelfError::Away { .. }) => return Err(error.into()),
            // What cannot be read may be removed all the same.
            Ok(Verdict::Absent | Verdict::Corrupt) | Err(_) => 0,
        };
        let mark = self.claim(mark).await?;
        Ok(mark.map(|mark| Condemned {
            digest,
            mark,
            bytes,
        }))
    }

    /// Deletes a body, and answers how many bytes it had; `None` if the right to delete it is not ours
    /// any more.
    ///
    /// Where the shelf refused, the deletion is over like any other: whoever is about to name the body
    /// looks again, and finds it. (As an orphan it could be named by who saw it before an owner that is
    /// dead by now removed it.) After any other error the body may go yet, and it stays condemned.
    pub async fn delete(&self, condemned: Condemned) -> Result<Option<u64>, SweepError> {
        let Condemned {
            digest,
            mark,
            bytes,
        } = condemned;
        // Whoever was slow may have lost the right meanwhile, and the body may be a new one, and named.
        let removed = timeout(REMOVAL_MAX, async {
            let Some(mark) = self.claim(mark).await? else {
                return Ok(None);
            };
            Ok::<_, SweepError>(Some((mark, self.shelf.remove(&digest).await)))
        });
        let removed = removed.await.map_err(|late| ShelfError::Away {
            source: Box::new(late),
        })?;
        let Some((mark, removed)) = removed? else {
            return Ok(None);
        };
        if matches!(removed, Ok(()) | Err(ShelfError::Refused { .. })) {
            self.write(Step::Deleted(mark)).await?;
        }
        removed?;
        Ok(Some(bytes))
    }

    /// The right to delete what has this mark, as a new mark; `None` if the mark is another by now.
    async fn claim(&self, mark: Mark) -> Result<Option<Mark>, StoreError> {
        let name = self.name.clone();
        self.store.write(Claim { name, mark }).await
    }

    /// Takes those out that a row names.
    async fn drop_named<T>(&self, bodies: &mut HashMap<Digest, T>) -> Result<(), SweepError> {
        if bodies.is_empty() {
            return Ok(());
        }
        let mut rows = Bodies::default();
        while let Some(page) = rows.next_page(&self.store).await? {
            for named in page {
                if self.shelves.name_of(&named.region) == self.name
                    && let Ok(digest) = named.digest.parse()
                {
                    bodies.remove(&digest);
                }
            }
        }
        match rows.unreadable_count {
            0 => Ok(()),
            count => Err(SweepError::Unreadable(count)),
        }
    }

    async fn marks(&self, after: &str) -> Result<Vec<Mark>, StoreError> {
        let page = PageMarks {
            shelf: self.name.clone(),
            after: after.to_owned(),
        };
        self.store.scan(page).await
    }

    async fn write(&self, step: Step) -> Result<u64, StoreError> {
        let name = self.name.clone();
        self.store.write(Stepping { name, step }).await
    }
}
