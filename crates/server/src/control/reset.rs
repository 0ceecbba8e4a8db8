//! `/_mimeo/reset`: forgets what accounts did.

use mimeo_service::{Rejection, Service};
use mimeo_store::{Extent, StoreError, Tx, Work};
use serde_json::{Value, json};

use super::{Control, broken};
use crate::members::Members;

impl Control {
    pub(super) async fn reset(
        &self,
        service: &Service,
        mut members: Members,
    ) -> Result<Value, Rejection> {
        let extent = members.extent();
        members.end()?;
        for store in service.world().directory.stores() {
            let reset = store.write(Reset(extent.clone())).await;
            reset.map_err(|error| broken(&error))?;
        }
        self.rehearsal.reset(&extent);
        Ok(json!({}))
    }
}

struct Reset(Extent);

impl Work for Reset {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.reset(&self.0).await
    }
}
