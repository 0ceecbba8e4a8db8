//! Who claims copies: its limit, and what it heard of the database.

use std::sync::{Arc, Mutex, PoisonError};

use mimeo_domain::copying::Pulse;

/// A node's workers on one store, or one of them; its clones share what they heard.
#[derive(Debug, Clone)]
pub struct Claimer {
    /// Copies of one account that may run at a time, on all nodes.
    pub(super) running_max: u32,
    pulse: Arc<Mutex<Pulse>>,
}

impl Claimer {
    /// One that has heard nothing yet.
    pub fn new(running_max: u32) -> Self {
        let pulse = Arc::default();
        Self { running_max, pulse }
    }

    /// Hears the database's clock; whether leases that ran out may be taken over.
    pub fn hears(&self, now: i64) -> bool {
        let mut pulse = self.pulse.lock().unwrap_or_else(PoisonError::into_inner);
        pulse.hears(now)
    }
}
