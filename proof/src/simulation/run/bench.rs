//! Databases for one simulation after the other.

use mimeo_store::{Extent, Store, StoreError, Tx, Work, params};

use super::{Outcome, Simulation};
use crate::simulation::bugs::Bug;
use crate::simulation::ledger::look::at_once;
use crate::simulation::log::Log;

/// The databases that one thread's simulations use one after the other: emptying is faster than
/// making them.
#[derive(Debug)]
pub(in crate::simulation) struct Bench {
    stores: Vec<Store>,
}

impl Bench {
    pub(in crate::simulation) fn new() -> Self {
        let store = || at_once(mimeo_store::testing::simulated::simulated());
        Self {
            stores: vec![store(), store()],
        }
    }

    /// Runs a seed, with a planted bug or none.
    pub(in crate::simulation) fn run(
        &self,
        seed: u64,
        bug: Option<&'static Bug>,
        log: Log,
    ) -> Outcome {
        for store in &self.stores {
            at_once(store.write(Forget)).expect("an emptied database");
        }
        let mut simulation = Simulation::new(&self.stores, seed, bug, log);
        simulation.set_up();
        simulation.storm();
        simulation.rest();
        simulation.outcome()
    }
}

/// What a reset leaves, for it belongs to no account's extent.
const HINTS: [&str; 2] = ["DELETE FROM copy_lane", "DELETE FROM body_orphan"];

struct Forget;

impl Work for Forget {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.reset(&Extent::default()).await?;
        for hints in HINTS {
            tx.execute(hints, params![]).await?;
        }
        Ok(())
    }
}
