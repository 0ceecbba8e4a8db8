//! What is wrong with a policy, told all at once.

use std::fmt;

/// More problems than this are counted, not told.
pub const PROBLEMS_MAX: usize = 50;

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {text}")]
pub struct Problem {
    /// Where, such as `Statement[2].Condition.StringEquls`; lists count from 0. `policy` is the
    /// document itself.
    pub path: String,
    /// What, such as `there is no such operator`.
    pub text: String,
}

/// Why a text is not a policy. Never without a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// In the order of the document, at most [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            write!(formatter, "{between}{problem}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}

impl std::error::Error for PolicyError {}

/// Collects problems while a document is read.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Problem>,
    more: usize,
}

impl Problems {
    pub(crate) fn tell(&mut self, path: &str, text: impl Into<String>) {
        if self.found.len() == PROBLEMS_MAX {
            self.more += 1;
            return;
        }
        self.found.push(Problem {
            path: path.to_owned(),
            text: text.into(),
        });
    }

    /// `whole`, if nothing was told.
    pub(crate) fn unless<T>(self, whole: T) -> Result<T, PolicyError> {
        if self.found.is_empty() {
            return Ok(whole);
        }
        Err(self.into_error())
    }

    pub(crate) fn into_error(self) -> PolicyError {
        PolicyError {
            problems: self.found,
            more: self.more,
        }
    }
}
