//! The audit's house-keeping: what is older than the retention goes, and what was left out is told.

use std::time::Duration;

use mimeo_domain::Timestamp;
use mimeo_service::{Audit, Pruned, Service};
use mimeo_store::StoreError;
use tokio::time::sleep;
use tracing::warn;

use crate::clock;
use crate::config::{Auditing, Config};
use crate::phase::{Phase, Watch};

/// How often it is looked.
const PERIOD: Duration = Duration::from_secs(30);

/// The pause between two steps of the pruning, in which others write.
const PAUSE: Duration = Duration::from_millis(100);

impl Auditing {
    /// What a server begins with.
    pub(crate) fn begin(&self) -> Audit {
        if self.enabled {
            Audit::on()
        } else {
            Audit::off()
        }
    }
}

/// Who looks after the records.
#[derive(Debug)]
pub(crate) struct House {
    service: Service,
    /// Without one records are kept for ever.
    retention: Option<Duration>,
}

impl House {
    pub(crate) fn of(config: &Config, service: &Service) -> Self {
        Self {
            service: service.clone(),
            retention: config.audit.retention,
        }
    }

    /// Runs until the server drains.
    pub(crate) async fn keep(self, mut watch: Watch) {
        while watch.now() == Phase::Running {
            let next = match self.step().await {
                Ok(Pruned::Some) => PAUSE,
                Ok(Pruned::All) => PERIOD,
                Err(error) => {
                    warn!(%error, "audit records cannot be looked after");
                    PERIOD
                }
            };
            tokio::select! {
                () = sleep(next) => {}
                _ = watch.next() => {}
            }
        }
        // What this minute left out would be known to nobody after this.
        let over = Timestamp::from_millis(i64::MAX);
        if let Err(error) = self.service.record_left_out(over, self.now()).await {
            warn!(%error, "denied attempts that were left out are not recorded");
        }
    }

    async fn step(&self) -> Result<Pruned, StoreError> {
        let now = self.now();
        self.service.record_left_out(now, now).await?;
        let Some(retention) = self.retention else {
            return Ok(Pruned::All);
        };
        let millis = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        self.service.prune_audit(now.plus_millis(-millis)).await
    }

    /// By the clock of requests, which a test may have set.
    fn now(&self) -> Timestamp {
        let now = clock::now();
        let rehearsal = self.service.world().rehearsal.as_ref();
        rehearsal.map_or(now, |rehearsal| rehearsal.now(now))
    }
}
