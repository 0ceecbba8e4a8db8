//! A database that is away: known after the first failure, so that callers are refused at once while
//! one task looks for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::time::timeout;

/// Pauses between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
const LOOK_PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long the answer to a look may take.
const LOOK_MAX: Duration = Duration::from_secs(3);

pub(super) struct Absence {
    pool: Pool,
    known: AtomicBool,
}

impl Absence {
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            known: AtomicBool::new(false),
        }
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// Whether a statement is answered: a database that stands still leaves its connections open.
    async fn answers(&self) -> bool {
        let Ok(client) = self.pool.get().await else {
            return false;
        };
        let answer = timeout(LOOK_MAX, client.batch_execute("SELECT 1")).await;
        if matches!(answer, Ok(Ok(()))) {
            return true;
        }
        drop(Object::take(client));
        false
    }

    /// No connection could be made, or a statement went unanswered. The first to say so starts the looking.
    pub(super) fn begin(self: &Arc<Self>) {
        if self.known.swap(true, Ordering::Relaxed) {
            return;
        }
        // It ends with the absence, or with the store, which is gone with its last holder.
        let absence = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut pause = LOOK_PAUSE;
            loop {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LOOK_PAUSE_MAX);
                let Some(absence) = absence.upgrade() else {
                    return;
                };
                if absence.pool.is_closed() || absence.answers().await {
                    absence.known.store(false, Ordering::Relaxed);
                    tracing::info!("PostgreSQL is back");
                    return;
                }
            }
        });
    }
}
