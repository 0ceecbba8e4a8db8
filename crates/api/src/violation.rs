//! Violations of the model as data; displayed, they are AWS's text.

use std::fmt;

use serde::Serialize;

/// How many violations are spelled out; the others are only counted.
pub const VIOLATIONS_MAX: usize = 100;

/// How many characters of an offending value are shown.
pub const VALUE_CHARACTERS_MAX: usize = 1_024;

/// Every constraint that an input violates. Displayed, it is AWS's text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Violations {
    count: usize,
    spelled: Vec<Violation>,
}

/// One constraint that one value violates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// At most [`VALUE_CHARACTERS_MAX`] characters of the value; `None` is null.
    pub value: Option<String>,
    /// Where it is: `tags.1.member.key`.
    pub at: String,
    pub rule: Broken,
}

/// The rule that is violated, with what it demands. Displayed, it is AWS's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Broken {
    NotNull,
    LengthAtMost(i64),
    LengthAtLeast(i64),
    ValueAtMost(i64),
    ValueAtLeast(i64),
    Pattern(String),
    /// The allowed values, joined with commas.
    OneOf(String),
    /// All rules of the list's items, whichever is violated.
    Items(Vec<Broken>),
    Keys(Vec<Broken>),
    Values(Vec<Broken>),
}

impl Violations {
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are, those that are not spelled out too.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Those that are spelled out, at most [`VIOLATIONS_MAX`].
    pub fn spelled(&self) -> &[Violation] {
        &self.spelled
    }

    pub(crate) fn add(&mut self, violation: impl FnOnce() -> Violation) {
        self.count += 1;
        if self.spelled.len() < VIOLATIONS_MAX {
            self.spelled.push(violation());
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        let texts: Vec<String> = self.spelled.iter().map(Violation::to_string).collect();
        let texts = texts.join("; ");
        write!(
            formatter,
            "{} validation error{plural} detected: {texts}",
            self.count
        )
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, at, rule } = self;
        match value {
            Some(value) => write!(formatter, "Value '{value}'")?,
            None => formatter.write_str("Value null")?,
        }
        write!(formatter, " at '{at}' failed to satisfy constraint: {rule}")
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |rules: &[Self]| {
            let texts: Vec<String> = rules.iter().map(Self::to_string).collect();
            texts.join(", ")
        };
        match self {
            Self::NotNull => formatter.write_str("Member must not be null"),
            Self::LengthAtMost(max) => {
                write!(
                    formatter,
                    "Member must have length less than or equal to {max}"
                )
            }
            Self::LengthAtLeast(min) => {
                write!(
                    formatter,
                    "Member must have length greater than or equal to {min}"
                )
            }
            Self::ValueAtMost(max) => {
                write!(
                    formatter,
                    "Member must have value less than or equal to {max}"
                )
            }
            Self::ValueAtLeast(min) => {
                write!(
                    formatter,
                    "Member must have value greater than or equal to {min}"
                )
            }
            Self::Pattern(pattern) => {
                write!(
                    formatter,
                    "Member must satisfy regular expression pattern: {pattern}"
                )
            }
            Self::OneOf(values) => {
                write!(formatter, "Member must satisfy enum value set: [{values}]")
            }
            Self::Items(rules) => {
                write!(
                    formatter,
                    "Member must satisfy constraint: [{}]",
                    joined(rules)
                )
            }
            Self::Keys(rules) => {
                write!(
                    formatter,
                    "Map keys must satisfy constraint: [{}]",
                    joined(rules)
                )
            }
            Self::Values(rules) => {
                write!(
                    formatter,
                    "Map value must satisfy constraint: [{}]",
                    joined(rules)
                )
            }
        }
    }
}
