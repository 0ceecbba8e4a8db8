//! What commands change while a server runs: it looks, and replaces what it knows as a whole.

use std::sync::Arc;
use std::time::Duration;

use mimeo_store::{Store, StoreError, StoredIdentities, Tx, Work};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::joined::{find, load};
use crate::config::Config;
use crate::front::Identities;
use crate::phase::{Phase, Watch};
use crate::serve::StartError;

/// How often a server asks whether accounts were changed; so long a removed key may still open.
const IDENTITIES_LOOK: Duration = Duration::from_secs(1);

/// Keeps the identities of one server those of its store.
#[derive(Debug)]
pub(crate) struct Watching {
    /// Without the store's accounts.
    pub config: Config,
    pub store: Store,
    /// Which generation is served.
    pub generation: i64,
    /// To the front; `None` in open mode, where a change waits for a restart.
    pub identities: Option<watch::Sender<Arc<Identities>>>,
}

impl Watching {
    /// Looks until the server drains. A store that is away leaves things as they are.
    pub(crate) async fn run(mut self, mut watch: Watch) {
        let mut is_away = false;
        while watch.now() == Phase::Running {
            tokio::select! {
                () = sleep(IDENTITIES_LOOK) => {}
                _ = watch.next() => continue,
            }
            match self.look().await {
                Ok(()) => is_away = false,
                Err(error) => {
                    if !is_away {
                        warn!(%error, "accounts cannot be looked for: those known last stay");
                    }
                    is_away = true;
                }
            }
        }
    }

    /// What is left of the identities known: a key that was removed opens nothing, whatever else does
    /// not fit together.
    fn left(&self, known: &Identities, stored: &StoredIdentities) -> Identities {
        let of_config = &self.config.accounts;
        known.only(
            |id| {
                stored.accounts.contains_key(id.as_str())
                    || of_config.iter().any(|account| account.id == *id)
            },
            |id| {
                let mut keys = of_config.iter().flat_map(|account| &account.keys);
                stored.keys.contains_key(id) || keys.any(|key| key.id == id)
            },
        )
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let found = self.store.read(FindGeneration).await?;
        if found == self.generation {
            return Ok(());
        }
        let Some(identities) = &self.identities else {
            error!("accounts were described: signatures are checked after a restart only");
            self.generation = found;
            return Ok(());
        };
        match load(&self.config, &self.store).await {
            Ok(loaded) => {
                let (accounts, generation) = (loaded.config.accounts.len(), loaded.generation);
                info!(accounts, generation, "accounts were changed");
                identities.send_replace(Arc::new(loaded.identities));
                self.generation = generation;
            }
            Err(StartError::Broken(error)) => return Err(error),
            Err(problem) => {
                error!(%problem, "accounts were changed: what was removed is gone, all else stays");
                let stored = find(&self.store).await?;
                identities.send_modify(|known| *known = Arc::new(self.left(known, &stored)));
                self.generation = found;
            }
        }
        Ok(())
    }
}

struct FindGeneration;

impl Work for FindGeneration {
    type Output = i64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<i64, StoreError> {
        tx.find_identities_generation().await
    }
}
