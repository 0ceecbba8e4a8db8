//! What operators and their machines ask: is it alive, is it ready, how is it doing.

use std::time::Duration;

use mimeo_service::workflows::lease;
use mimeo_store::Gauges;
use tokio::time::timeout;

use super::door::Door;
use super::reply::{METRICS, Reply, TEXT};
use super::route::Route;
use crate::phase::Phase;

/// How long a store may take to answer a probe.
const PROBE_TIME: Duration = Duration::from_secs(2);

impl Door {
    pub(super) async fn probe(&self, route: &Route) -> Reply {
        match route {
            Route::Ready => self.ready().await,
            Route::Metrics => self.figures().await,
            Route::Health => health(),
            _ => Reply::new(200, TEXT, "ok\n"),
        }
    }

    async fn ready(&self) -> Reply {
        if self.watch.now() != Phase::Running {
            return Reply::new(503, TEXT, "the server is stopping\n");
        }
        for store in self.service.world().directory.stores() {
            if !matches!(timeout(PROBE_TIME, store.ping()).await, Ok(Ok(()))) {
                return Reply::new(503, TEXT, "the store does not answer\n");
            }
        }
        Reply::new(200, TEXT, "ok\n")
    }

    async fn figures(&self) -> Reply {
        let stores = self.service.world().directory.stores();
        let gauges: Vec<Gauges> = stores.iter().map(mimeo_store::Store::gauges).collect();
        let (mut unfinished, mut silent) = (0, 0);
        for store in &stores {
            match timeout(PROBE_TIME, lease::unfinished_count(store)).await {
                Ok(Ok(count)) => unfinished += count,
                Ok(Err(_)) | Err(_) => silent += 1,
            }
        }
        let copies = if silent == 0 { Some(unfinished) } else { None };
        Reply::new(200, METRICS, self.metrics.render(&gauges, silent, copies))
    }
}

/// As tools for local AWS servers ask for it.
fn health() -> Reply {
    let version = env!("CARGO_PKG_VERSION");
    let body = serde_json::json!({
        "services": { "servicecatalog": "running" },
        "edition": "mimeo",
        "version": version,
    });
    Reply::new(200, "application/json", body.to_string())
}
