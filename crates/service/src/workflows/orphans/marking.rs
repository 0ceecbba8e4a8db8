//! Marking: the transactions on the marks of bodies.

use mimeo_store::{Mark, MarkState, StoreError, Tx, Work};

use super::PAGE;

pub(super) enum Step {
    Mark(Vec<String>),
    Unmark(Mark),
    Deleted(Mark),
    Forget(Mark),
}

pub(super) struct Stepping {
    /// Of the shelf.
    pub name: String,
    pub step: Step,
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
            Step::Deleted(mark) => {
                tx.note_deleted(name, mark).await?;
                Ok(1)
            }
            Step::Forget(mark) => {
                tx.forget_deleted(name, mark).await?;
                Ok(1)
            }
        }
    }
}

pub(super) struct Claim {
    /// Of the shelf.
    pub name: String,
    pub mark: Mark,
}

impl Work for Claim {
    type Output = Option<Mark>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<Mark>, StoreError> {
        match self.mark.state {
            MarkState::Orphan => tx.condemn_body(&self.name, &self.mark).await,
            MarkState::Deleting => tx.renew_deletion(&self.name, &self.mark).await,
            MarkState::Deleted => Ok(None),
        }
    }
}

pub(super) struct PageMarks {
    pub shelf: String,
    pub after: String,
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

/// The database's clock.
pub(super) struct Now;

impl Work for Now {
    type Output = i64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<i64, StoreError> {
        tx.now().await
    }
}
