//! Orphans: bodies that nothing names are marked, and deleted when they stayed so for long.
//!
//! Any number of nodes may sweep at once: each step is a conditional write that one of them wins.

use std::collections::HashMap;

use mimeo_store::{Mark, MarkState, Store, StoreError, Tx, Work};
use mimeo_templates::shelf::{Digest, Shelf, ShelfError, Verdict};

use crate::bodies::Bodies;
use crate::world::Shelves;

/// Bodies that are listed before all rows are read to see which of them are named.
const CANDIDATES_MAX: usize = 100_000;

/// Bodies of one listing, and marks of one reading or writing.
const PAGE: usize = 500;

/// A deletion that is not done by then has lost its node. Far longer than any request to a shelf takes.
pub const DELETION_MILLIS_MAX: i64 = 15 * 60 * 1000;

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Bodies that nothing names, marked for the first time.
    pub marked_count: u64,
    pub deleted_count: u64,
    pub deleted_bytes: u64,
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
        let deleted = self.delete_ripe().await?;
        let marked_count = self.mark().await?;
        Ok(Swept {
            marked_count,
            ..deleted
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
    /// dead node began.
    pub async fn delete_ripe(&self) -> Result<Swept, SweepError> {
        let mut swept = Swept::default();
        for digest in self.condemn().await? {
            swept.deleted_bytes += self.delete(&digest).await?;
            swept.deleted_count += 1;
        }
        Ok(swept)
    }

    /// Gets the right to delete ripe bodies: from here on nobody names them.
    pub async fn condemn(&self) -> Result<Vec<Digest>, SweepError> {
        let now = self.store.read(Now).await?;
        let mut ripe = HashMap::new();
        let mut condemned = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.marks(&after).await?;
            let Some(last) = page.last() else {
                break;
            };
            after.clone_from(&last.digest);
            for mark in page {
                let age = now - mark.changed;
                match mark.state {
                    MarkState::Orphan if age >= self.grace_millis => {
                        if let Ok(digest) = mark.digest.parse::<Digest>() {
                            ripe.insert(digest, mark);
                        }
                    }
                    MarkState::Deleting if age >= DELETION_MILLIS_MAX => {
                        let digest = mark.digest.parse::<Digest>().ok();
                        if self.write(Step::TakeOver(mark)).await? == 1 {
                            condemned.extend(digest);
                        }
                    }
                    MarkState::Deleted if age > self.grace_millis.max(DELETION_MILLIS_MAX) => {
                        self.write(Step::Forget(mark)).await?;
                    }
                    MarkState::Orphan | MarkState::Deleting | MarkState::Deleted => {}
                }
            }
            if ripe.len() >= CANDIDATES_MAX {
                break;
            }
        }
        let marks = ripe.clone();
        // All that was named before the marks is seen now; all since took its mark away.
        self.drop_named(&mut ripe).await?;
        for (digest, mark) in marks {
            if !ripe.contains_key(&digest) {
                self.write(Step::Unmark(mark)).await?;
            } else if self.write(Step::Condemn(mark)).await? == 1 {
                condemned.push(digest);
            }
        }
        Ok(condemned)
    }

    /// Deletes a body that this node has the right to delete, and answers how many bytes it had.
    pub async fn delete(&self, digest: &Digest) -> Result<u64, SweepError> {
        let bytes = match self.shelf.verify(digest).await? {
            Verdict::Present { bytes } => bytes as u64,
            Verdict::Absent | Verdict::Corrupt => 0,
        };
        self.shelf.remove(digest).await?;
        self.write(Step::Deleted(digest.to_string())).await?;
        Ok(bytes)
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

enum Step {
    Mark(Vec<String>),
    Unmark(Mark),
    Condemn(Mark),
    TakeOver(Mark),
    Deleted(String),
    Forget(Mark),
}

struct Stepping {
    /// Of the shelf.
    name: String,
    step: Step,
}

impl Work for Stepping {
    /// How many rows it was true of.
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        let name = self.name.as_str();
        match &self.step {
            Step::Mark(digests) => {
                let digests: Vec<_> = digests.iter().map(String::as_str).collect();
                tx.mark_bodies(name, &digests).await
            }
            Step::Unmark(mark) => {
                tx.unmark_bodies(name, &[&mark.digest]).await?;
                Ok(0)
            }
            Step::Condemn(mark) => tx.condemn_body(name, mark).await.map(u64::from),
            Step::TakeOver(mark) => tx.take_deletion_over(name, mark).await.map(u64::from),
            Step::Deleted(digest) => {
                tx.note_deleted(name, digest).await?;
                Ok(1)
            }
            Step::Forget(mark) => {
                tx.forget_deleted(name, mark).await?;
                Ok(1)
            }
        }
    }
}

struct PageMarks {
    shelf: String,
    after: String,
}

impl Work for PageMarks {
    type Output = Vec<Mark>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<Mark>, StoreError> {
        let count = i64::try_from(PAGE).unwrap_or(i64::MAX);
        tx.page_marks(&self.shelf, &self.after, count).await
    }
}

/// The marks on bodies, read before one looks whether they are there.
pub(crate) struct FindMarks {
    pub shelf: String,
    pub digests: Vec<String>,
}

impl Work for FindMarks {
    type Output = Vec<Mark>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<Mark>, StoreError> {
        let digests: Vec<_> = self.digests.iter().map(String::as_str).collect();
        tx.find_marks(&self.shelf, &digests).await
    }
}

struct Now;

impl Work for Now {
    type Output = i64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<i64, StoreError> {
        tx.now().await
    }
}
