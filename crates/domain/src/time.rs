//! Instants as the service stores them: epoch milliseconds.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The same instant cut to a whole second: products and versions are shown without
    /// milliseconds, portfolios with them (recorded answers of the real service).
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self(self.0 - self.0.rem_euclid(1000))
    }

    /// Saturates at the ends of time instead of wrapping.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_second_never_lies_after_the_instant() {
        for (millis, second) in [(1_571_337_221_555, 1_571_337_221_000), (-1, -1000), (0, 0)] {
            assert_eq!(
                Timestamp::from_millis(millis).whole_second().millis(),
                second
            );
        }
    }
}
