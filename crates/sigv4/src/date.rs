//! The time of a signature, in the ISO 8601 basic form that is signed.

use std::{fmt, str};

use jiff::{Timestamp, civil, fmt::rfc2822, tz::TimeZone};

/// The last second that jiff can hold: 9999-12-30T22:00:00Z.
const SECONDS_MAX: i64 = 253_402_207_200;

/// The longest `Date` header that is looked at, in bytes.
const HTTP_DATE_BYTES_MAX: usize = 64;

/// A time as signatures write it, such as `20150830T123600Z`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AmzDate {
    text: [u8; 16],
    seconds: i64,
}

impl AmzDate {
    /// The second that holds `now_ms`, milliseconds since 1970. Times that have no four-digit
    /// year after 1970 are drawn to the nearest that has.
    pub fn at(now_ms: i64) -> Self {
        let seconds = now_ms.div_euclid(1000).clamp(0, SECONDS_MAX);
        let time = Timestamp::from_second(seconds).expect("clamped to what a timestamp can hold");
        let time = TimeZone::UTC.to_datetime(time);
        let mut text = *b"00000000T000000Z";
        let mut put = |at: usize, digits: usize, mut number: i32| {
            for place in (at..at + digits).rev() {
                text[place] = b'0' + u8::try_from(number % 10).expect("years after 1970");
                number /= 10;
            }
        };
        put(0, 4, time.year().into());
        put(4, 2, time.month().into());
        put(6, 2, time.day().into());
        put(9, 2, time.hour().into());
        put(11, 2, time.minute().into());
        put(13, 2, time.second().into());
        Self { text, seconds }
    }

    /// Reads `X-Amz-Date`, and nothing but its one form.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let text: [u8; 16] = value.try_into().ok()?;
        if text[8] != b'T' || text[15] != b'Z' {
            return None;
        }
        let number = |at: usize, digits: usize| {
            text[at..at + digits]
                .iter()
                .try_fold(0_i16, |number, digit| {
                    digit
                        .is_ascii_digit()
                        .then(|| number * 10 + i16::from(digit - b'0'))
                })
        };
        let two = |at| number(at, 2).and_then(|number| i8::try_from(number).ok());
        let time = civil::DateTime::new(
            number(0, 4)?,
            two(4)?,
            two(6)?,
            two(9)?,
            two(11)?,
            two(13)?,
            0,
        );
        let time = TimeZone::UTC.to_timestamp(time.ok()?).ok()?;
        Some(Self {
            text,
            seconds: time.as_second(),
        })
    }

    /// Reads `Date`, in the form of HTTP or in that of `X-Amz-Date`.
    pub(crate) fn parse_http(value: &[u8]) -> Option<Self> {
        if value.len() > HTTP_DATE_BYTES_MAX {
            return None;
        }
        Self::parse(value).or_else(|| {
            let time = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
            Some(Self::at(time.as_second().saturating_mul(1000)))
        })
    }

    /// The time as text, such as `20150830T123600Z`.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.text).expect("digits, T and Z")
    }

    /// The day as text, such as `20150830`.
    pub fn day(&self) -> &str {
        &self.as_str()[..8]
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The time so many minutes later, or earlier.
    pub(crate) fn plus_minutes(&self, minutes: i64) -> Self {
        Self::at((self.seconds + minutes * 60).saturating_mul(1000))
    }
}

impl fmt::Display for AmzDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AmzDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_date_name_the_same_second() {
        let basic = AmzDate::parse(b"20150830T123600Z").unwrap();
        assert_eq!(basic.seconds(), 1_440_938_160);
        assert_eq!(basic.day(), "20150830");
        assert_eq!(AmzDate::at(1_440_938_160_999), basic);
        assert_eq!(
            AmzDate::parse_http(b"Sun, 30 Aug 2015 12:36:00 GMT"),
            Some(basic)
        );
        assert_eq!(AmzDate::parse_http(b"20150830T123600Z"), Some(basic));
    }

    #[test]
    fn a_date_that_is_not_in_the_calendar_is_refused() {
        for date in [
            "",
            "20150230T123600Z",
            "20151301T123600Z",
            "20150830T246000Z",
            "20150830 123600Z",
            "20150830T123600+",
            "2015-08-30T12:36",
            "+0150830T123600Z",
        ] {
            assert_eq!(AmzDate::parse(date.as_bytes()), None, "{date}");
        }
    }

    #[test]
    fn no_clock_is_too_far_off_to_be_written() {
        assert_eq!(AmzDate::at(i64::MIN).as_str(), "19700101T000000Z");
        assert_eq!(AmzDate::at(i64::MAX).as_str(), "99991230T220000Z");
        assert_eq!(
            AmzDate::at(i64::MAX).plus_minutes(15).as_str(),
            "99991230T220000Z"
        );
    }
}
