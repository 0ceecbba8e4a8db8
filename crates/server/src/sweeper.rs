//! The sweeper: marks bodies that nothing names, deletes old ones, and clears up after crashes.

use std::sync::Arc;
use std::time::Duration;

use mimeo_service::Service;
use mimeo_service::workflows::orphans::sweeps;
use mimeo_store::Store;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::clock;
use crate::metrics::Metrics;
use crate::phase::{Phase, Watch};

/// From one sweep to the next, in milliseconds; chance adds as much again, so that nodes spread.
const PAUSE_MILLIS: u64 = 5 * 60 * 1000;

/// No write of a body takes as long.
const TEMPORARY_AGE: Duration = Duration::from_hours(24);

/// Sweeps all shelves of a store, again and again, until the server drains.
pub(crate) async fn run(
    service: Service,
    store: Store,
    metrics: Arc<Metrics>,
    grace: Duration,
    mut watch: Watch,
) {
    let grace_millis = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
    while watch.now() == Phase::Running {
        let pause = Duration::from_millis(PAUSE_MILLIS + clock::chance() % PAUSE_MILLIS);
        tokio::select! {
            () = sleep(pause) => {}
            _ = watch.next() => continue,
        }
        let shelves = &service.world().shelves;
        for sweep in sweeps(&store, shelves, grace_millis) {
            let mut watch = watch.clone();
            tokio::select! {
                swept = sweep.run() => match swept {
                    Ok(swept) => {
                        metrics.orphans_marked.inc_by(swept.marked_count);
                        metrics.orphans_deleted.inc_by(swept.deleted_count);
                        metrics.orphan_bytes_deleted.inc_by(swept.deleted_bytes);
                        if let Some((digest, error)) = swept.first_left {
                            let count = swept.left_count;
                            warn!(count, first = %digest, ?error, "template bodies that nothing names cannot be deleted");
                        }
                        if swept.deleted_count > 0 {
                            info!(deleted = swept.deleted_count, "template bodies that nothing named");
                        }
                    }
                    Err(error) => warn!(%error, "the sweep of template bodies ended early"),
                },
                // What it began is finished by a later sweep.
                _ = watch.next() => return,
            }
        }
        clear_up(&service).await;
    }
}

/// Removes what writes that were cut off have left.
async fn clear_up(service: &Service) {
    for (_, shelf) in service.world().shelves.named() {
        let now = clock::system();
        match shelf.sweep_temporaries(now, TEMPORARY_AGE).await {
            Ok(0) => {}
            Ok(count) => info!(count, "temporary files of template bodies removed"),
            Err(error) => warn!(%error, "temporary files cannot be removed"),
        }
    }
}
