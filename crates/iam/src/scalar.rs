//! Numbers and instants as conditions write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// How two values must stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    /// Whether `given` stands so to `wanted`.
    pub(crate) fn holds<T: PartialOrd>(self, given: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => given == wanted,
            Self::Less => given < wanted,
            Self::LessOrEqual => given <= wanted,
            Self::Greater => given > wanted,
            Self::GreaterOrEqual => given >= wanted,
        }
    }
}

/// An integer or a decimal such as `-1.5`.
pub(crate) fn number(text: &str) -> Option<f64> {
    let is_number = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    text.bytes().all(is_number).then(|| text.parse().ok())?
}

/// Seconds since 1970, or one of the W3C's forms of ISO 8601: from `2026` and `2026-01` to
/// `2026-01-31T23:59:59.5+01:00`. Four digits are a year. Ours: a time without an offset is UTC.
///
/// The forms: <https://www.w3.org/TR/NOTE-datetime>
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let is_date = |length: usize| {
        let digit_or_hyphen = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        text.len() == length && text.bytes().enumerate().all(digit_or_hyphen)
    };
    if is_date("2026".len()) {
        return midnight(&format!("{text}-01-01"));
    }
    if is_date("2026-01".len()) {
        return midnight(&format!("{text}-01"));
    }
    if is_date("2026-01-31".len()) {
        return midnight(text);
    }
    if text.contains(['T', 't']) {
        let with_offset = text.parse::<Timestamp>().ok();
        return with_offset.or_else(|| utc(text.parse::<DateTime>().ok()?));
    }
    let is_count = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    let seconds = text.bytes().all(is_count).then(|| text.parse().ok())??;
    Timestamp::from_second(seconds).ok()
}

fn midnight(date: &str) -> Option<Timestamp> {
    utc(date.parse::<Date>().ok()?.at(0, 0, 0, 0))
}

fn utc(time: DateTime) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_has_many_forms() {
        let forms = [
            "1767225600",
            "2026",
            "2026-01",
            "2026-01-01",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T01:00:00.0+01:00",
        ];
        let wanted = Timestamp::from_second(1_767_225_600).expect("in range");
        for form in forms {
            assert_eq!(instant(form), Some(wanted), "{form}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in ["", "now", "2026-13-01", "2026-02-30", "12:00", "-", "1e9"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "ten", "NaN", "inf", "1 ", "0x1", "--1"] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(number("-1.50"), Some(-1.5));
    }
}
