//! How many denied attempts are recorded: who may do nothing must not fill the disk either.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use mimeo_domain::Timestamp;
use mimeo_store::AuthScope;
use uuid::Uuid;

/// Denied attempts of an account in a Region that one server records in a minute. Of further ones it
/// keeps the number.
pub const DENIED_PER_MINUTE_MAX: u32 = 60;

const MINUTE_MILLIS: i64 = 60_000;

/// The denied attempts of this minute, by account and Region.
#[derive(Debug, Default)]
pub(super) struct Denials {
    // Only who is verified is denied by a policy, so there are no more of these than accounts.
    windows: Mutex<BTreeMap<(String, String), Window>>,
}

#[derive(Debug)]
struct Window {
    scope: AuthScope,
    minute: i64,
    noted: u32,
    left_out: u64,
    /// The first request that was left out.
    first: Uuid,
}

/// Denied attempts of one minute that left no record of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub scope: AuthScope,
    /// When the minute began.
    pub from: Timestamp,
    pub count: u64,
    /// One of the requests, by which the others are known.
    pub first: Uuid,
}

/// What was left out, taken from the counts to be recorded. What is still in it when it goes, as it
/// could not be recorded or nobody waited for that, is counted again: it may then be told twice, but
/// never not at all.
#[derive(Debug)]
pub(super) struct Untold<'a> {
    denials: &'a Denials,
    left_out: Vec<LeftOut>,
}

impl Untold<'_> {
    /// The next one to record.
    pub(super) fn next(&self) -> Option<&LeftOut> {
        self.left_out.last()
    }

    /// The next one was recorded.
    pub(super) fn told(&mut self) {
        self.left_out.pop();
    }
}

impl Drop for Untold<'_> {
    fn drop(&mut self) {
        for left_out in self.left_out.drain(..) {
            self.denials.restore(left_out);
        }
    }
}

impl Denials {
    /// `None` where this attempt is only counted. Otherwise it is to be recorded, after what was left
    /// out in the minute before.
    pub(super) fn admit(
        &self,
        scope: &AuthScope,
        request: Uuid,
        now: Timestamp,
    ) -> Option<Untold<'_>> {
        let minute = now.millis().div_euclid(MINUTE_MILLIS);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(key(scope)).or_insert_with(|| Window {
            scope: scope.clone(),
            minute,
            noted: 0,
            left_out: 0,
            first: request,
        });
        let mut before = None;
        if window.minute != minute {
            before = window.left_out();
            window.minute = minute;
            (window.noted, window.left_out) = (0, 0);
        }
        if window.noted >= DENIED_PER_MINUTE_MAX {
            if window.left_out == 0 {
                window.first = request;
            }
            window.left_out += 1;
            return None;
        }
        window.noted += 1;
        Some(self.untold(before))
    }

    /// What was left out in minutes that are over; those are forgotten here.
    pub(super) fn past(&self, now: Timestamp) -> Untold<'_> {
        let minute = now.millis().div_euclid(MINUTE_MILLIS);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut past = Vec::new();
        windows.retain(|_, window| {
            let is_now = window.minute == minute;
            if !is_now {
                past.extend(window.left_out());
            }
            is_now
        });
        self.untold(past)
    }

    fn untold(&self, left_out: impl IntoIterator<Item = LeftOut>) -> Untold<'_> {
        Untold {
            denials: self,
            left_out: left_out.into_iter().collect(),
        }
    }

    /// Takes back what could not be recorded; it is told with what is left out now.
    fn restore(&self, left_out: LeftOut) {
        let LeftOut {
            scope,
            from,
            count,
            first,
        } = left_out;
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = from.millis().div_euclid(MINUTE_MILLIS);
        let window = windows.entry(key(&scope)).or_insert_with(|| Window {
            scope,
            minute,
            noted: 0,
            left_out: 0,
            first,
        });
        if window.left_out == 0 {
            window.first = first;
        }
        window.left_out += count;
    }
}

fn key(scope: &AuthScope) -> (String, String) {
    (scope.account.to_string(), scope.region.to_string())
}

impl Window {
    fn left_out(&self) -> Option<LeftOut> {
        (self.left_out > 0).then(|| LeftOut {
            scope: self.scope.clone(),
            from: Timestamp::from_millis(self.minute.saturating_mul(MINUTE_MILLIS)),
            count: self.left_out,
            first: self.first,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(account: &str) -> AuthScope {
        AuthScope {
            account: account.parse().expect("an account"),
            region: "eu-west-1".parse().expect("a Region"),
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn request(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn an_accounts_flood_is_counted_and_hides_nobody_elses_attempts() {
        let denials = Denials::default();
        let (hub, spoke) = (scope("111111111111"), scope("222222222222"));
        let admit = |who: &AuthScope, number: u128, millis: i64| {
            let untold = denials.admit(who, request(number), at(millis))?;
            Some(untold.next().cloned())
        };
        for _ in 0..DENIED_PER_MINUTE_MAX {
            assert_eq!(admit(&hub, 0, 1), Some(None));
        }
        for number in 1..=5 {
            assert_eq!(admit(&hub, number, 59_999), None);
        }
        assert_eq!(admit(&spoke, 6, 59_999), Some(None));
        assert!(denials.past(at(59_999)).next().is_none());
        let left_out = LeftOut {
            scope: hub.clone(),
            from: at(0),
            count: 5,
            first: request(1),
        };
        assert_eq!(admit(&hub, 7, 60_000), Some(Some(left_out)));
    }

    #[test]
    fn what_nobody_waited_for_is_told_later_and_what_was_told_is_not() {
        let denials = Denials::default();
        let hub = scope("111111111111");
        for _ in 0..DENIED_PER_MINUTE_MAX + 5 {
            drop(denials.admit(&hub, request(0), at(1)));
        }
        drop(denials.admit(&hub, request(1), at(60_000)));
        for _ in 0..2 {
            let untold = denials.past(at(120_000));
            assert_eq!(untold.next().map(|told| told.count), Some(5));
        }
        denials.past(at(120_000)).told();
        assert!(denials.past(at(180_000)).next().is_none());
    }
}
