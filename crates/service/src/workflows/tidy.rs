//! Tidying: what is kept for a time only is forgotten, and what an older release left out is filled
//! in; a bounded piece at a time, by any server, as often as it likes.

use mimeo_domain::Timestamp;
use mimeo_store::{Store, StoreError, Tx, Work};

const DAY_MILLIS: i64 = 86_400_000;

/// How long an answer is remembered under its idempotency token: SDKs repeat within minutes, and the
/// promise is 24 hours after the operation ended.
pub const REPLAY_KEEP_MILLIS: i64 = 2 * DAY_MILLIS;

/// Does one piece of what there is to do in a store, and says whether there may be more. Copies are
/// kept for `copy_keep_days` after their end; `None` is for ever.
pub async fn tidy(store: &Store, copy_keep_days: Option<u32>) -> Result<bool, StoreError> {
    let filled = store.write(Fill).await?;
    let forgotten = store.write(Forget { copy_keep_days }).await?;
    Ok(filled > 0 || forgotten > 0)
}

struct Fill;

impl Work for Fill {
    type Output = usize;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<usize, StoreError> {
        tx.fill_sources().await
    }
}

struct Forget {
    copy_keep_days: Option<u32>,
}

impl Work for Forget {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        let now = tx.now().await.map(Timestamp::from_millis)?;
        let copies = match self.copy_keep_days {
            Some(days) => {
                let before = now.plus_millis(-i64::from(days).saturating_mul(DAY_MILLIS));
                tx.prune_copies(before).await?
            }
            None => 0,
        };
        let replays = tx
            .sweep_replays(now.plus_millis(-REPLAY_KEEP_MILLIS))
            .await?;
        Ok(copies + replays)
    }
}
