//! `Timestamp`: an instant of the API, in milliseconds.

use ciborium::tag;
use serde::{Serialize, Serializer};

use crate::value::{Look, Value};

const MILLIS_PER_SECOND: i64 = 1_000;

/// CBOR's tag of a number of seconds since the epoch (RFC 8949, 3.4.2).
const EPOCH_TAG: u64 = 1;

/// Milliseconds since the epoch. JSON and CBOR both carry seconds, with a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The same instant without its milliseconds: products and versions show no more.
    #[must_use]
    pub const fn whole_seconds(self) -> Self {
        Self(self.0 - self.0.rem_euclid(MILLIS_PER_SECOND))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "2^53 milliseconds are 285,000 years"
    )]
    fn seconds(self) -> f64 {
        self.0 as f64 / MILLIS_PER_SECOND as f64
    }
}

impl Value for Timestamp {
    fn look(&self) -> Look<'_> {
        Look::Time(*self)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_f64(self.seconds())
        } else {
            tag::Required::<f64, EPOCH_TAG>(self.seconds()).serialize(serializer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_seconds_with_a_fraction() {
        for (millis, text) in [
            (1_571_337_221_555, "1571337221.555"),
            (1_576_025_036_000, "1576025036.0"),
            (0, "0.0"),
            (-1, "-0.001"),
        ] {
            let instant = Timestamp::from_millis(millis);
            assert_eq!(serde_json::to_string(&instant).unwrap(), text);
        }
        assert_eq!(Timestamp::from_millis(-1).whole_seconds().millis(), -1_000);
        assert_eq!(
            Timestamp::from_millis(1_999).whole_seconds().millis(),
            1_000
        );
    }
}
