//! The pulse of a database, as one node hears it: whether leases that have run out mean dead holders.

use super::{HEARTBEAT_MILLIS, LEASE_MILLIS};

/// A shorter standstill lets no lease run out whose holder lives: it was renewed a heartbeat ago.
const STANDSTILL_MILLIS: i64 = LEASE_MILLIS / 2;

/// By then a holder that lives has renewed its lease, or handed its copy back.
const PATIENCE_MILLIS: i64 = HEARTBEAT_MILLIS + 2_000;

/// When a node last heard its database, by the database's clock.
///
/// Who did not hear it for long cannot know whether holders could renew their leases meanwhile: the
/// database stood still, its clock was set forward, or this machine slept. So they speak first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pulse {
    heard: Option<i64>,
    patient_until: Option<i64>,
}

impl Pulse {
    /// Hears the database say `now`, in milliseconds; whether leases that ran out may be taken over.
    pub fn hears(&mut self, now: i64) -> bool {
        let since = self.heard.map(|heard| now - heard);
        self.heard = Some(now);
        match since {
            Some(since) if since >= STANDSTILL_MILLIS => {
                self.patient_until = Some(now + PATIENCE_MILLIS);
            }
            // A clock that was set back says nothing of how long patience lasts.
            Some(since) if since < 0 => self.patient_until = None,
            _ => {}
        }
        self.patient_until.is_none_or(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_taken_over_while_the_database_is_heard() {
        let mut pulse = Pulse::default();
        let taken = [0, 1_000, 8_000, 15_499].map(|now| pulse.hears(now));
        assert_eq!(taken, [true; 4]);
    }

    #[test]
    fn after_a_standstill_holders_speak_first() {
        let mut pulse = Pulse::default();
        let taken = [0, 20_000, 21_000, 26_999, 27_000, 28_000].map(|now| pulse.hears(now));
        assert_eq!(taken, [true, false, false, false, true, true]);
    }

    #[test]
    fn patience_that_no_heartbeat_fits_into_would_be_none() {
        let mut pulse = Pulse::default();
        pulse.hears(0);
        pulse.hears(LEASE_MILLIS);
        assert!(!pulse.hears(LEASE_MILLIS + HEARTBEAT_MILLIS));
    }

    #[test]
    fn a_clock_that_is_set_back_ends_patience() {
        let mut pulse = Pulse::default();
        let taken = [0, 3_600_000, 1_000, 2_000].map(|now| pulse.hears(now));
        assert_eq!(taken, [true, false, true, true]);
    }
}
