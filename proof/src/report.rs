//! What a campaign is asked, and what it answers.

use std::collections::BTreeMap;
use std::fmt;

/// How large a campaign is to be.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub long: bool,
    numbers: BTreeMap<String, u64>,
}

impl Asked {
    /// Reads `--long` and `--NAME=NUMBER`.
    pub(crate) fn read(arguments: &[String]) -> Result<Self, String> {
        let mut asked = Self::default();
        for argument in arguments {
            if argument == "--long" {
                asked.long = true;
                continue;
            }
            let pair = argument
                .strip_prefix("--")
                .and_then(|it| it.split_once('='));
            let (name, number) = pair.ok_or_else(|| format!("{argument:?} is no --NAME=NUMBER"))?;
            let number = number
                .parse()
                .map_err(|_| format!("{argument:?}: {number:?} is no number"))?;
            asked.numbers.insert(name.to_owned(), number);
        }
        Ok(asked)
    }

    /// The number of this name: as asked for, or the short or the long form's.
    pub(crate) fn number(&self, name: &str, short: u64, long: u64) -> u64 {
        let usual = if self.long { long } else { short };
        self.numbers.get(name).copied().unwrap_or(usual)
    }
}

/// What came out: figures by name, and whatever should not have happened.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<(&'static str, String)>,
    pub wrong: Vec<String>,
}

impl Report {
    pub(crate) fn figure(&mut self, name: &'static str, value: impl fmt::Display) {
        self.figures.push((name, value.to_string()));
    }

    pub(crate) fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.figures {
            write!(f, "{name} {value}, ")?;
        }
        write!(f, "wrong {}", self.wrong.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_goes_before_the_form() {
        let read = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(|&text| text.to_owned()).collect();
            Asked::read(&arguments)
        };
        let asked = read(&["--long", "--kills=7"]).expect("well formed");
        assert_eq!(asked.number("kills", 1, 100), 7);
        assert_eq!(asked.number("copies", 1, 100), 100);
        assert_eq!(read(&[]).expect("nothing").number("copies", 1, 100), 1);
        for bent in ["kills=7", "--kills", "--kills=many"] {
            assert!(read(&[bent]).is_err(), "{bent}");
        }
    }
}
