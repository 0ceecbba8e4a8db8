//! `/_mimeo/clock`: the clock that stamps requests.

use http::Method;
use jiff::Timestamp as Instant;
use mimeo_domain::Timestamp;
use mimeo_service::{Clock, Rejection, Service};
use serde_json::{Value, json};

use super::{Control, broken, release_ripe};
use crate::clock;
use crate::members::Members;

/// The last instant that the clock may be set to: 9999-01-01T00:00:00Z. `jiff` and clients can write
/// what is up to a year later, such as the end of a session.
const MILLIS_MAX: i64 = 253_370_764_800_000;

/// A century, which the clock may be advanced by at once.
const ADVANCE_SECONDS_MAX: u64 = 3_155_760_000;

impl Control {
    pub(super) async fn answer_clock(
        &self,
        service: &Service,
        method: &Method,
        mut members: Members,
    ) -> Result<Value, Rejection> {
        match *method {
            Method::PUT => {
                let set = self.clock_asked(&mut members);
                members.end()?;
                self.rehearsal.set_clock(set);
            }
            Method::DELETE => {
                members.end()?;
                self.rehearsal.set_clock(Clock::Ahead { millis: 0 });
            }
            _ => members.end()?,
        }
        if *method != Method::GET {
            let released = release_ripe(service, &self.rehearsal).await;
            released.map_err(|error| broken(&error))?;
        }
        let real = clock::now();
        Ok(json!({
            "now": text(self.rehearsal.now(real)),
            "frozen": is_frozen(self.rehearsal.clock()),
            "real_now": text(real),
        }))
    }

    fn clock_asked(&self, members: &mut Members) -> Clock {
        let before = self.rehearsal.clock();
        let real = clock::now();
        let now = members.parsed::<Instant>("now");
        let advance = members.whole("advance_seconds", 0..=ADVANCE_SECONDS_MAX);
        let frozen = members.yes_or_no("frozen");
        let name = match (now, advance) {
            (Some(_), Some(_)) => {
                members.problem("advance_seconds", "cannot stand beside `now`");
                "now"
            }
            (Some(_), None) => "now",
            (None, Some(_)) => "advance_seconds",
            (None, None) if frozen.is_none() => {
                members.problem("now", "is needed, or `advance_seconds`, or `frozen`");
                "now"
            }
            (None, None) => "frozen",
        };
        let by_millis = i64::try_from(advance.unwrap_or(0) * 1000).unwrap_or(i64::MAX);
        let shown = now.map_or_else(
            || before.at(real).plus_millis(by_millis),
            |now| Timestamp::from_millis(now.as_millisecond()),
        );
        if !(0..=MILLIS_MAX).contains(&shown.millis()) {
            members.problem(name, "leads to before 1970 or after 9999-01-01");
        }
        if frozen.unwrap_or(is_frozen(before)) {
            Clock::Frozen(shown)
        } else {
            Clock::Ahead {
                millis: shown.millis().saturating_sub(real.millis()),
            }
        }
    }
}

fn is_frozen(clock: Clock) -> bool {
    matches!(clock, Clock::Frozen(_))
}

/// RFC 3339 in UTC.
pub(super) fn text(instant: Timestamp) -> String {
    Instant::from_millisecond(instant.millis())
        .unwrap_or(Instant::MAX)
        .to_string()
}
