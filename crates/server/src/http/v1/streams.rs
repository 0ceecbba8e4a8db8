//! Streams of events: how many are open, and a copy's events as they happen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use mimeo_domain::{AccountId, Caller, CopyToken};
use mimeo_service::copies::view::EventView;
use mimeo_service::copies::{CopyEvent, EVENTS_PAGE_MAX};
use mimeo_service::{Rejection, Service};
use tokio::time::sleep;

use crate::clock;
use crate::phase::{Phase, Watch};

/// Streams that are open at once, of all accounts and of one.
const STREAMS_MAX: usize = 256;
const STREAMS_PER_ACCOUNT_MAX: usize = 16;

/// How often a stream looks for what another server did; what this one does rings a bell.
const POLL: Duration = Duration::from_millis(500);

/// Between two looks, however often the bell rings: it rings for every copy.
const PAUSE: Duration = Duration::from_millis(100);

/// Without news for so long a comment is sent, so that nobody on the way closes the line.
const QUIET_MAX: Duration = Duration::from_secs(15);

/// After so long a stream ends, so that whoever goes on watching signs again.
const LIFE_MAX: Duration = Duration::from_hours(1);

/// Streams that are open.
#[derive(Debug, Default, Clone)]
pub(crate) struct Streams(Arc<Mutex<BTreeMap<AccountId, usize>>>);

/// The right to one stream.
#[derive(Debug)]
pub(super) struct Slot {
    streams: Streams,
    account: AccountId,
}

impl Streams {
    pub(super) fn open(&self, account: &AccountId) -> Result<Slot, Rejection> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = open.get(account).copied().unwrap_or_default();
        let of_all: usize = open.values().sum();
        if of_account >= STREAMS_PER_ACCOUNT_MAX || of_all >= STREAMS_MAX {
            let message = "Too many streams of events are open. Close some, or read pages.";
            return Err(Rejection::throttled(message));
        }
        open.insert(account.clone(), of_account + 1);
        Ok(Slot {
            streams: self.clone(),
            account: account.clone(),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self
            .streams
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.account) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                open.remove(&self.account);
            }
        }
    }
}

/// One copy as somebody watches it. A page of events is read when the one before was taken, so a slow
/// reader holds no more than that.
pub(super) struct Watched {
    pub service: Service,
    pub caller: Caller,
    pub token: CopyToken,
    /// The number of the last event that was sent.
    pub after: i64,
    pub watch: Watch,
}

/// The events as a browser's EventSource reads them, until the copy has ended or the server drains.
pub(super) fn events(watched: Watched, slot: Slot) -> impl Stream<Item = Bytes> + Send + 'static {
    let state = (watched, slot, clock::instant(), false);
    unfold(state, |(mut watched, slot, began, ended)| async move {
        if ended {
            return None;
        }
        let (bytes, ended) = watched.next(began).await?;
        Some((bytes, (watched, slot, began, ended)))
    })
}

impl Watched {
    /// What to send next, and whether that is the last of it.
    async fn next(&mut self, began: Instant) -> Option<(Bytes, bool)> {
        let quiet_since = clock::instant();
        let service = self.service.clone();
        while began.elapsed() < LIFE_MAX && self.watch.now() == Phase::Running {
            // Before the look, so that no bell is missed between the two.
            let told = service.world().copy_told.notified();
            let read = service.copy_events(&self.caller, &self.token, self.after, EVENTS_PAGE_MAX);
            // A copy that was forgotten meanwhile, and a store that is away, end the stream: whoever
            // asks again is told which.
            let (page, is_last) = read.await.ok()?;
            if let Some(last) = page.last() {
                self.after = last.seq;
                return Some((page.iter().flat_map(written).collect(), is_last));
            }
            if is_last {
                return None;
            }
            if quiet_since.elapsed() >= QUIET_MAX {
                return Some((Bytes::from_static(b":\n\n"), false));
            }
            let news = async {
                sleep(PAUSE).await;
                told.await;
            };
            tokio::select! {
                () = news => {}
                () = sleep(POLL) => {}
                _ = self.watch.next() => {}
            }
        }
        None
    }
}

/// An event in the form of `text/event-stream`.
fn written(told: &CopyEvent) -> Vec<u8> {
    let data = serde_json::to_string(&EventView::of(told)).unwrap_or_default();
    format!(
        "id: {}\nevent: {}\ndata: {data}\n\n",
        told.seq,
        told.event.kind()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_so_many_streams_and_gets_closed_ones_back() {
        let streams = Streams::default();
        let hub: AccountId = "111111111111".parse().expect("an account");
        let spoke: AccountId = "222222222222".parse().expect("an account");
        let mut slots: Vec<Slot> = (0..STREAMS_PER_ACCOUNT_MAX)
            .map(|_| streams.open(&hub).expect("room"))
            .collect();
        assert!(streams.open(&hub).is_err());
        assert!(streams.open(&spoke).is_ok());
        slots.pop();
        let again = streams.open(&hub);
        assert!(again.is_ok());
        drop((slots, again));
        assert!(streams.0.lock().expect("no panic").is_empty());
    }
}
