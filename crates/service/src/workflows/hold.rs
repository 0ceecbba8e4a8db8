//! Held copies: those that a test lets go on after some questions, or some time.

use std::time::Duration;

use mimeo_domain::copying::{Copy, State};
use mimeo_domain::{CopyToken, Timestamp};
use mimeo_store::{AuthScope, Extent, Store, StoreError, Tx, Work};
use tokio::time::sleep;

use crate::cx::Outside;
use crate::rehearsal::Rehearsal;

/// How long a question waits for the end of a copy that it let go on, and how often it looks.
const LOOKS_MAX: u32 = 2_000;
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// Lets every held copy of the extent go on.
pub async fn release(store: &Store, extent: Extent) -> Result<u64, StoreError> {
    store.write(ReleaseAll(extent)).await
}

/// Lets the copies go on that are held until `shown`, by the clock of requests.
pub async fn release_ripe(store: &Store, shown: Timestamp) -> Result<u64, StoreError> {
    store.write(ReleaseRipe(shown)).await
}

/// Counts a question for the status of a rehearsed copy. When its course is over it goes on, and the
/// question waits for its end, so that a test sees the same at each run.
pub(crate) async fn described(
    outside: &Outside<'_>,
    rehearsal: &Rehearsal,
    token: &CopyToken,
) -> Result<(), StoreError> {
    let Some(store) = outside.world.directory.store(&outside.caller.region) else {
        return Ok(());
    };
    let scope = AuthScope::of(outside.caller);
    let look = Look {
        scope: scope.clone(),
        token: token.clone(),
    };
    let Some(Held { copy, is_held }) = store.read(look.clone()).await? else {
        return Ok(());
    };
    let Some(course) = &copy.course else {
        return Ok(());
    };
    if is_held {
        let before = rehearsal.asked(outside.caller, token);
        if !course.is_over(before, copy.created, outside.now) {
            return Ok(());
        }
        store
            .write(Release {
                scope,
                token: token.clone(),
            })
            .await?;
        outside.world.ring();
    }
    rehearsal.forget(outside.caller, token);
    for _ in 0..LOOKS_MAX {
        match store.read(look.clone()).await? {
            Some(held) if is_under_way(&held.copy) => sleep(LOOK_PAUSE).await,
            _ => break,
        }
    }
    Ok(())
}

fn is_under_way(copy: &Copy) -> bool {
    match copy.state {
        State::Queued | State::Running => true,
        State::Succeeded | State::Failed(_) => false,
    }
}

struct Held {
    copy: Copy,
    is_held: bool,
}

#[derive(Clone)]
struct Look {
    scope: AuthScope,
    token: CopyToken,
}

impl Work for Look {
    type Output = Option<Held>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<Held>, StoreError> {
        let Some(copy) = tx.find_copy(&self.scope, &self.token).await? else {
            return Ok(None);
        };
        let is_held = tx.is_copy_held(&self.scope, &self.token).await?;
        Ok(Some(Held {
            copy,
            is_held: is_held.unwrap_or(false),
        }))
    }
}

struct Release {
    scope: AuthScope,
    token: CopyToken,
}

impl Work for Release {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.release_copy(&self.scope, &self.token).await
    }
}

struct ReleaseAll(Extent);

impl Work for ReleaseAll {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        tx.release_copies(&self.0).await
    }
}

struct ReleaseRipe(Timestamp);

impl Work for ReleaseRipe {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        tx.release_ripe_copies(self.0).await
    }
}
