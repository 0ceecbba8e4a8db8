//! A connection with a transaction under way, and what becomes of both when nobody waits for them
//! any more, as when a worker stops.

use std::ops::{Deref, DerefMut};

use deadpool_postgres::Object;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::NoTls;

use super::CONNECTION_WAIT;

pub(super) struct Busy {
    client: Option<Object>,
}

impl Busy {
    pub(super) fn new(client: Object) -> Self {
        Self {
            client: Some(client),
        }
    }

    /// The transaction is over. Unless the connection is usable, the pool must not hand it out again.
    pub(super) fn end(mut self, is_usable: bool) {
        let client = self.client.take();
        if !is_usable {
            drop(client.map(Object::take));
        }
    }
}

impl Deref for Busy {
    type Target = Object;

    fn deref(&self) -> &Object {
        self.client.as_ref().expect("it has not ended")
    }
}

impl DerefMut for Busy {
    fn deref_mut(&mut self) -> &mut Object {
        self.client.as_mut().expect("it has not ended")
    }
}

impl Drop for Busy {
    /// Whoever got the connection next would wait for the statement that still runs on it; and the
    /// server looks at a closed connection only after that statement, which may hold locks until then.
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        let statement = client.cancel_token();
        drop(Object::take(client));
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                drop(timeout(CONNECTION_WAIT, statement.cancel_query(NoTls)).await);
            });
        }
    }
}
