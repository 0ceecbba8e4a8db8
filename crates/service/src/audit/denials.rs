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

impl Denials {
    /// `None` where this attempt is only counted. Otherwise it is to be recorded, after what was left
    /// out in the minute before.
    #[expect(
        clippy::option_option,
        reason = "recorded or not, then with what before it"
    )]
    pub(crate) fn admit(
        &self,
        scope: &AuthScope,
        request: Uuid,
        now: Timestamp,
    ) -> Option<Option<LeftOut>> {
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
        Some(before)
    }

    /// What was left out in minutes that are over; those are forgotten here.
    pub(crate) fn past(&self, now: Timestamp) -> Vec<LeftOut> {
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
        past
    }

    /// Takes back what could not be recorded; it is told with what is left out now.
    pub(crate) fn restore(&self, left_out: Option<LeftOut>) {
        let Some(LeftOut {
            scope,
            from,
            count,
            first,
        }) = left_out
        else {
            return;
        };
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
        for _ in 0..DENIED_PER_MINUTE_MAX {
            assert_eq!(denials.admit(&hub, request(0), at(1)), Some(None));
        }
        for number in 1..=5 {
            assert_eq!(denials.admit(&hub, request(number), at(59_999)), None);
        }
        assert_eq!(denials.admit(&spoke, request(6), at(59_999)), Some(None));
        let left_out = LeftOut {
            scope: hub.clone(),
            from: at(0),
            count: 5,
            first: request(1),
        };
        assert_eq!(denials.past(at(59_999)), []);
        let next = denials.admit(&hub, request(7), at(60_000));
        assert_eq!(next, Some(Some(left_out.clone())));
        denials.restore(next.flatten());
        let told = denials.past(at(120_000));
        assert_eq!(told.len(), 1);
        assert_eq!((&told[0].scope, told[0].count), (&hub, 5));
        assert_eq!(denials.past(at(180_000)), []);
    }
}
