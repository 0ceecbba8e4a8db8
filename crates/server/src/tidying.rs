//! The housekeeper: forgets what was kept long enough, now and then, until the server drains.

use std::time::Duration;

use mimeo_service::workflows::tidy::tidy;
use mimeo_store::Store;
use tokio::time::sleep;
use tracing::warn;

use crate::clock;
use crate::phase::{Phase, Watch};

/// How often a server looks, in milliseconds; chance spreads it, so that many servers take turns.
const EVERY_MILLIS: u64 = 600_000;

/// Between two pieces of work, so that requests come first.
const PAUSE: Duration = Duration::from_millis(50);

/// Keeps a store tidy. Copies are kept for `copy_keep_days` after their end; `None` is for ever.
pub(crate) async fn run(store: Store, copy_keep_days: Option<u32>, mut watch: Watch) {
    while watch.now() == Phase::Running {
        let pause = match tidy(&store, copy_keep_days).await {
            Ok(true) => PAUSE,
            Ok(false) => rest(),
            Err(error) => {
                warn!(%error, "the store cannot be tidied now");
                rest()
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = watch.next() => {}
        }
    }
}

fn rest() -> Duration {
    Duration::from_millis(EVERY_MILLIS / 2 + clock::chance() % EVERY_MILLIS)
}
