//! `Course`: the way that a test chooses for a copy before it is accepted.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What a rehearsed copy does instead of running at once. It is stored with the copy, so a copy keeps
/// the course that was set when it was accepted, whatever is set later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Course {
    /// Held until its status was asked for this many times.
    AfterDescribes(u32),
    /// Held for this long, by the clock that stamps requests.
    AfterMillis(i64),
    /// Fails with this text, and makes nothing.
    Fails(String),
}

impl Course {
    /// Whether a held copy may go on, when its status was asked for `describes` times before, and it
    /// is `now` by the clock that stamped `created`.
    pub fn is_over(&self, describes: u32, created: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::AfterDescribes(wanted) => describes >= *wanted,
            Self::AfterMillis(millis) => now >= created.plus_millis(*millis),
            Self::Fails(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_ends_by_what_it_counts() {
        let at = Timestamp::from_millis;
        let asked = Course::AfterDescribes(2);
        assert!(!asked.is_over(1, at(0), at(i64::MAX)));
        assert!(asked.is_over(2, at(0), at(0)));
        let timed = Course::AfterMillis(500);
        assert!(!timed.is_over(u32::MAX, at(1_000), at(1_499)));
        assert!(timed.is_over(0, at(1_000), at(1_500)));
    }
}
