//! Who claims copies: its limit, what it heard of the database, and how many it took over.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mimeo_domain::copying::{Copy, Pulse};

/// A node's workers on one store, or one of them; its clones share what they heard.
#[derive(Debug, Clone)]
pub struct Claimer {
    /// Copies of one account that may run at a time, on all nodes.
    pub(super) running_max: u32,
    pulse: Arc<Mutex<Pulse>>,
    takeovers_count: Arc<AtomicU64>,
}

/// A copy as it was claimed.
pub(super) struct Held {
    pub copy: Copy,
    /// The worker of the try before fell silent.
    pub taken_over: bool,
}

impl Claimer {
    /// One that has heard nothing yet.
    pub fn new(running_max: u32) -> Self {
        Self {
            running_max,
            pulse: Arc::default(),
            takeovers_count: Arc::default(),
        }
    }

    /// Copies that were taken over from workers that fell silent, since it was asked last.
    pub fn takeovers(&self) -> u64 {
        self.takeovers_count.swap(0, Ordering::Relaxed)
    }

    pub(super) fn notes(&self, held: Held) -> Copy {
        let taken_over = u64::from(held.taken_over);
        self.takeovers_count
            .fetch_add(taken_over, Ordering::Relaxed);
        held.copy
    }

    /// Hears the database's clock; whether leases that ran out may be taken over.
    pub fn hears(&self, now: i64) -> bool {
        let mut pulse = self.pulse.lock().unwrap_or_else(PoisonError::into_inner);
        pulse.hears(now)
    }
}
