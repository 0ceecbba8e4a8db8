//! Holding a copy: the heartbeat, and the ways to let go of it.

use mimeo_domain::copying::{Copy, Reason, backoff_millis};
use mimeo_store::{Fence, Fenced, Level, Store, StoreError, Tx, Work};

/// Renews the lease of a copy that is being worked on.
pub async fn renew(store: &Store, fence: &Fence) -> Result<Fenced, StoreError> {
    store.write(Renew(fence.clone())).await
}

/// Hands a copy back unfinished, at once and without counting the try.
pub async fn give_back(store: &Store, fence: &Fence) -> Result<Fenced, StoreError> {
    store.write(GiveBack(fence.clone())).await
}

/// Counts a try that broke, and lets the next one come later. `chance` spreads it.
pub async fn put_off(store: &Store, copy: &Copy, chance: u64) -> Result<Fenced, StoreError> {
    put_off_for(store, copy, Reason::Internal, chance).await
}

/// The same for a try that failed, with the reason that is told.
pub(super) async fn put_off_for(
    store: &Store,
    copy: &Copy,
    reason: Reason,
    chance: u64,
) -> Result<Fenced, StoreError> {
    let put_off = PutOff {
        fence: Fence::of(copy),
        reason,
        wait_millis: backoff_millis(copy.failures, chance),
    };
    store.write(put_off).await
}

/// Hands a copy back as something outside was away: the next try comes later, and this one does
/// not count.
pub(super) async fn hand_back_for(
    store: &Store,
    copy: &Copy,
    reason: Reason,
    chance: u64,
) -> Result<Fenced, StoreError> {
    let hand_back = HandBack {
        fence: Fence::of(copy),
        reason,
        wait_millis: backoff_millis(copy.claims_before(), chance),
    };
    store.write(hand_back).await
}

/// Takes back every lease; for the one server that owns a store, when it starts.
pub async fn take_all_back(store: &Store) -> Result<u64, StoreError> {
    store.write(TakeAllBack).await
}

/// Copies that wait or run, of all accounts.
pub async fn unfinished_count(store: &Store) -> Result<u64, StoreError> {
    store.scan(UnfinishedCount).await
}

struct Renew(Fence);

impl Work for Renew {
    type Output = Fenced;
    type Error = StoreError;
    // One row, which its fence decides on.
    const LEVEL: Level = Level::RowLocks;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        tx.renew_lease(&self.0).await
    }
}

struct GiveBack(Fence);

impl Work for GiveBack {
    type Output = Fenced;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        tx.give_copy_back(&self.0).await
    }
}

struct PutOff {
    fence: Fence,
    reason: Reason,
    wait_millis: i64,
}

impl Work for PutOff {
    type Output = Fenced;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        tx.postpone_copy(&self.fence, self.reason, self.wait_millis)
            .await
    }
}

struct HandBack {
    fence: Fence,
    reason: Reason,
    wait_millis: i64,
}

impl Work for HandBack {
    type Output = Fenced;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Fenced, StoreError> {
        tx.hand_copy_back(&self.fence, self.reason, self.wait_millis)
            .await
    }
}

struct TakeAllBack;

impl Work for TakeAllBack {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        tx.take_all_copies_back().await
    }
}

struct UnfinishedCount;

impl Work for UnfinishedCount {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        tx.count_unfinished_copies().await
    }
}
