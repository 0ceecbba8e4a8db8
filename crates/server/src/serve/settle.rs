//! What all servers on a store agree on before they serve.

use mimeo_store::{Store, StoreError, Tx, Work};

use crate::clock;

/// A secret that all servers on a store share; the first of them proposes it.
pub(super) async fn secret(store: &Store, name: &'static str) -> Result<String, StoreError> {
    let proposed = hex::encode(clock::secret());
    store.write(Settle { name, proposed }).await
}

struct Settle {
    name: &'static str,
    proposed: String,
}

impl Work for Settle {
    type Output = String;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<String, StoreError> {
        tx.settle(self.name, &self.proposed).await
    }
}
