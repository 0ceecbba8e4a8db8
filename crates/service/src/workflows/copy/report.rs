//! Reporting: how far a copy's templates have come, written to its row now and then.
//!
//! Nothing goes by what is reported: the shelf is the truth about what was brought.

use mimeo_domain::copying::{Copy, Plan, PlannedArtifact, Progress};
use mimeo_store::{Fence, Fenced, Level, Store, StoreError, Tx, Work};

use super::Trouble;

/// Bodies, and bytes moved, after which the progress is written.
const BODIES_MAX: u64 = 8;
const BYTES_MAX: u64 = 4 << 20;

/// Counts over all tries of a copy: what an earlier one brought is not counted again.
pub(super) struct Report<'a> {
    store: &'a Store,
    fence: Fence,
    plan: &'a Plan,
    pub progress: Progress,
    bodies: u64,
    bytes: u64,
}

impl<'a> Report<'a> {
    /// Goes on from what earlier tries reported.
    pub(super) async fn begin(
        store: &'a Store,
        copy: &Copy,
        plan: &'a Plan,
    ) -> Result<Self, Trouble> {
        let fence = Fence::of(copy);
        let progress = store.read(Find(fence.clone())).await?;
        Ok(Self {
            store,
            fence,
            plan,
            progress: progress.unwrap_or_default(),
            bodies: 0,
            bytes: 0,
        })
    }

    /// A body is there: that of `planned`, and of every version with the same digest.
    pub(super) async fn brought(
        &mut self,
        planned: &PlannedArtifact,
        digest: &str,
        bytes_moved: Option<u64>,
    ) -> Result<(), Trouble> {
        let is_known = self.progress.artifacts.contains(&planned.source);
        match bytes_moved {
            Some(bytes) => {
                self.progress.bodies_moved_count += 1;
                self.progress.bytes_moved += bytes;
                self.bytes += bytes;
                self.bodies += 1;
            }
            None if !is_known => self.progress.bodies_there_count += 1,
            None => {}
        }
        let same = self.plan.artifacts.iter().filter(|artifact| {
            artifact.source == planned.source || artifact.digest.as_deref() == Some(digest)
        });
        let same = same.map(|artifact| artifact.source.clone());
        self.progress.artifacts.extend(same);
        if self.bodies < BODIES_MAX && self.bytes < BYTES_MAX {
            return Ok(());
        }
        (self.bodies, self.bytes) = (0, 0);
        let note = Note {
            fence: self.fence.clone(),
            progress: self.progress.clone(),
        };
        match self.store.write(note).await {
            Ok(Fenced::Stale) => Err(Trouble::Stale),
            // A report that is lost is no reason to stop.
            Ok(Fenced::Written) | Err(_) => Ok(()),
        }
    }
}

struct Find(Fence);

impl Work for Find {
    type Output = Option<Progress>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<Progress>, StoreError> {
        tx.find_progress(&self.0).await
    }
}

struct Note {
    fence: Fence,
    progress: Progress,
}

impl Work for Note {
    type Output = Fenced;
    type Error = StoreError;
    // One row, which its fence decides on.
    const LEVEL: Level = Level::RowLocks;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        tx.tell_progress(&self.fence, &self.progress).await
    }
}
