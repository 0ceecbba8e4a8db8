//! Virtual time: it stands still until the scheduler moves it.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::link::lock;

/// The instant at which each simulation begins, in milliseconds since 1970.
pub(super) const BEGIN_MILLIS: i64 = 1_768_464_000_000;

#[derive(Debug)]
pub(super) struct Clock {
    now: AtomicI64,
    /// How far the database's clock is ahead.
    database_ahead: AtomicI64,
    /// How far the database's clock was set back, all times together.
    set_back: AtomicI64,
    /// The earliest instant that somebody asked to be woken at during this poll.
    asked: AtomicI64,
    /// Who sleeps inside of something that polls only what was woken.
    sleepers: Mutex<Vec<Waker>>,
}

impl Clock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            now: AtomicI64::new(BEGIN_MILLIS),
            database_ahead: AtomicI64::new(0),
            set_back: AtomicI64::new(0),
            asked: AtomicI64::new(i64::MAX),
            sleepers: Mutex::default(),
        })
    }

    pub(super) fn now(&self) -> i64 {
        self.now.load(Relaxed)
    }

    pub(super) fn advance_to(&self, instant: i64) {
        self.now.fetch_max(instant, Relaxed);
    }

    pub(super) fn database(&self) -> i64 {
        self.now() + self.database_ahead.load(Relaxed)
    }

    pub(super) fn database_ahead(&self) -> i64 {
        self.database_ahead.load(Relaxed)
    }

    pub(super) fn jump(&self, millis: i64) {
        self.database_ahead.fetch_add(millis, Relaxed);
        self.set_back.fetch_sub(millis.min(0), Relaxed);
    }

    pub(super) fn set_back(&self) -> i64 {
        self.set_back.load(Relaxed)
    }

    /// Waits for so many milliseconds of virtual time.
    pub(super) fn sleep(self: &Arc<Self>, millis: i64) -> Sleep {
        Sleep {
            clock: Arc::clone(self),
            until: self.now() + millis,
        }
    }

    /// Notes that the task that is being polled wants to be polled again at `instant`.
    pub(super) fn ask(&self, instant: i64) {
        self.asked.fetch_min(instant, Relaxed);
    }

    /// Lets every sleeper look at the clock when it is polled next.
    pub(super) fn wake_sleepers(&self) {
        let sleepers = std::mem::take(&mut *lock(&self.sleepers));
        sleepers.into_iter().for_each(Waker::wake);
    }

    /// What was asked for since the last time that this was called.
    pub(super) fn take_asked(&self) -> i64 {
        self.asked.swap(i64::MAX, Relaxed)
    }
}

#[derive(Debug)]
pub(super) struct Sleep {
    clock: Arc<Clock>,
    until: i64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.clock.now() >= self.until {
            return Poll::Ready(());
        }
        self.clock.ask(self.until);
        if !context.waker().will_wake(Waker::noop()) {
            lock(&self.clock.sleepers).push(context.waker().clone());
        }
        Poll::Pending
    }
}
