//! The model's patterns: hot and trivial ones as loops over bytes, the others as regular expressions.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// A pattern that the whole of a text must match.
pub struct Pattern {
    source: &'static str,
    matches: fn(&str) -> bool,
}

impl Pattern {
    pub(crate) const fn new(source: &'static str, matches: fn(&str) -> bool) -> Self {
        Self { source, matches }
    }

    /// The pattern as the model spells it.
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        (self.matches)(text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.source)
    }
}

/// How a pattern is decided.
pub(crate) enum Matcher {
    Bytes(fn(&[u8]) -> bool),
    Regex(Regex),
}

impl Matcher {
    pub(crate) fn of(source: &str) -> Self {
        match bytes(source) {
            Some(matches) => Self::Bytes(matches),
            None => {
                Self::Regex(compile(source).expect("a test compiles each pattern of the model"))
            }
        }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Bytes(matches) => matches(text.as_bytes()),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// The loops for ids, tokens and accounts, which nearly every request carries.
fn bytes(source: &str) -> Option<fn(&[u8]) -> bool> {
    match source {
        r"^[a-zA-Z0-9_\-]*" => Some(|text| text.iter().copied().all(is_word)),
        r"^[0-9]{12}$" => Some(|text| text.len() == 12 && text.iter().all(u8::is_ascii_digit)),
        r"[a-zA-Z0-9][a-zA-Z0-9_-]*" => Some(|text| {
            text.first().is_some_and(u8::is_ascii_alphanumeric) && text.iter().copied().all(is_word)
        }),
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Java's meaning: the whole text, `\d` is ASCII, and `.` stops at either sort of line end.
fn compile(source: &str) -> Result<Regex, regex::Error> {
    let source = source.replace(r"\d", "[0-9]");
    RegexBuilder::new(&format!(r"\A(?:{source})\z"))
        .crlf(true)
        .build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::OPERATIONS;
    use crate::model::{Kind, Shape};

    fn patterns_of(shape: &Shape, found: &mut BTreeMap<&'static str, &'static Pattern>) {
        found.extend(shape.pattern.map(|pattern| (pattern.source(), pattern)));
        match shape.kind {
            Kind::Text | Kind::Integer | Kind::Boolean => {}
            Kind::List(item) => patterns_of(item, found),
            Kind::Map(key, value) => {
                patterns_of(key, found);
                patterns_of(value, found);
            }
            Kind::Structure(members) => {
                for member in members {
                    patterns_of(member.shape, found);
                }
            }
        }
    }

    fn patterns() -> BTreeMap<&'static str, &'static Pattern> {
        let mut found = BTreeMap::new();
        for operation in OPERATIONS {
            patterns_of(operation.input, &mut found);
        }
        found
    }

    #[test]
    fn each_pattern_of_the_model_compiles_and_refuses_something() {
        let patterns = patterns();
        assert!(patterns.len() > 10);
        for pattern in patterns.values() {
            compile(pattern.source()).unwrap();
            assert!(!pattern.matches("\u{0}"), "{}", pattern.source());
        }
    }

    #[test]
    fn the_byte_loops_agree_with_the_patterns_that_they_stand_for() {
        let patterns = patterns();
        let hot: Vec<&str> = patterns
            .keys()
            .copied()
            .filter(|source| bytes(source).is_some())
            .collect();
        assert_eq!(hot.len(), 3, "a hot pattern has left the model: {hot:?}");
        for source in hot {
            let regex = compile(source).unwrap();
            for text in [
                "",
                "-",
                "_",
                "a",
                "a-b_c",
                "-a",
                "_a",
                "9",
                "a b",
                "a\n",
                "é",
                "prod-abc",
                "a.b",
                "123456789012",
                "12345678901",
                "1234567890123",
                "12345678901a",
                "123456789012\n",
                "\u{0661}23456789012",
                "a/",
                "Z",
                "@",
                "[",
                "`",
                "{",
                ":",
                "/",
            ] {
                assert_eq!(
                    patterns[source].matches(text),
                    regex.is_match(text),
                    "{source} {text:?}"
                );
            }
        }
    }

    #[test]
    fn arns_tags_and_tokens_match_as_in_the_cloud() {
        let product = r"arn:[a-z0-9-\.]{1,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[^/].{0,1023}";
        let tag = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$";
        let page = r"[\u0009\u000a\u000d\u0020-\uD7FF\uE000-\uFFFD]*";
        let arn = "arn:aws:catalog:eu-west-1:123456789012:product/prod-abcdefghijklm";
        for (source, text, expected) in [
            (product, arn, true),
            (product, "arn:aws:catalog:eu-west-1:123456789012:/x", false),
            (product, "prod-abc", false),
            (product, "arn:aws:catalog:::x\r\n", false),
            (tag, "Größe 1 / 2", true),
            (tag, "a#b", false),
            (page, "any\ttext\u{e000}", true),
            (page, "\u{1f600}", false),
        ] {
            assert_eq!(patterns()[source].matches(text), expected, "{text:?}");
        }
    }
}
