//! What is wrong with a template, and where.

use std::fmt;

/// How much of a name from the template is repeated in a text, in characters.
const QUOTED_CHARS_MAX: usize = 80;

/// What is wrong with a template, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    place: Option<Place>,
    rule: String,
}

/// A place in the text. Lines and columns count from 1; columns are characters in YAML, bytes in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Invalid {
    pub(super) fn at(place: Place, rule: impl Into<String>) -> Invalid {
        Invalid {
            place: Some(place),
            rule: rule.into(),
        }
    }

    pub(super) fn nowhere(rule: impl Into<String>) -> Invalid {
        Invalid {
            place: None,
            rule: rule.into(),
        }
    }

    /// Where; `None` if it is about the template as a whole.
    pub fn place(&self) -> Option<Place> {
        self.place
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column }) => {
                write!(f, "{} (line {line}, column {column}).", self.rule)
            }
            None => write!(f, "{}.", self.rule),
        }
    }
}

impl std::error::Error for Invalid {}

impl Place {
    /// The place that follows this text.
    pub(super) fn after(text: &str) -> Place {
        let last = text.rsplit('\n').next().unwrap_or(text);
        let line = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        Place {
            line,
            column: last.chars().count() + 1,
        }
    }
}

/// A name from the template as it may stand in a sentence: cut short, without control characters.
pub(super) fn quote(name: &str) -> String {
    let mut quoted: String = name
        .chars()
        .take(QUOTED_CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().nth(QUOTED_CHARS_MAX).is_some() {
        quoted.push('…');
    }
    format!("'{quoted}'")
}
