//! The breaker: a store that failed several times in a row is left alone for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::shelf::ShelfError;

/// The store was not asked, as it failed so often.
#[derive(Debug, thiserror::Error)]
#[error("the store failed again and again and is left alone for a while")]
struct Open;

#[derive(Debug)]
pub(super) struct Breaker {
    failures_max: u32,
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Until then nobody asks.
    open_until: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(failures_max: u32, rest: Duration) -> Self {
        Self {
            failures_max,
            rest,
            state: Mutex::default(),
        }
    }

    /// Does the work unless the store rests, and notes how it went.
    pub(super) async fn guard<T>(
        &self,
        work: impl Future<Output = Result<T, ShelfError>>,
    ) -> Result<T, ShelfError> {
        self.may_ask()?;
        let done = work.await;
        self.note(matches!(done, Err(ShelfError::Away { .. })));
        done
    }

    fn may_ask(&self) -> Result<(), ShelfError> {
        let mut state = self.state();
        let Some(until) = state.open_until else {
            return Ok(());
        };
        let now = Instant::now();
        if now < until {
            return Err(ShelfError::Away {
                source: Box::new(Open),
            });
        }
        // Whoever comes now tries, and the first failure is one too many. If only one might, whoever came
        // beside it would be told that the store is away, and a copy whose other body that is drops both.
        *state = State {
            failures: self.failures_max.saturating_sub(1),
            open_until: None,
        };
        Ok(())
    }

    fn note(&self, is_failure: bool) {
        let mut state = self.state();
        if !is_failure {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.failures_max {
            state.open_until = Some(Instant::now() + self.rest);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
