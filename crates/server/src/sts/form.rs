//! The parameters of a request, and what is demanded of them, in AWS's words.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::RangeInclusive;

use mimeo_service::Rejection;
use url::form_urlencoded;

use super::invalid;

/// More parameters than any action has.
const PARAMETERS_MAX: usize = 512;

/// What is shown of a value in a message, in characters.
const SHOWN_MAX: usize = 200;

/// The parameters of a request by name.
#[derive(Debug)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Rejection> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body).take(PARAMETERS_MAX + 1) {
            if parameters.len() == PARAMETERS_MAX {
                return Err(Rejection::new(
                    "MalformedQueryString",
                    format!("There are more than {PARAMETERS_MAX} parameters."),
                ));
            }
            let name = name.into_owned();
            if parameters.contains_key(&name) {
                let name = cut(&name);
                return Err(Rejection::new(
                    "MalformedQueryString",
                    format!("The parameter {name} is there twice."),
                ));
            }
            parameters.insert(name, value.into_owned());
        }
        Ok(Self(parameters))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Refuses what an action does not do here, so that nobody believes that it was done.
    pub(super) fn has_none_but(&self, action: &str, names: &[&str]) -> Result<(), Rejection> {
        let common = ["Action", "Version"];
        let is_other = |name: &&String| {
            // An empty list, as some SDKs write it, asks for nothing.
            !common.contains(&name.as_str())
                && !names.contains(&name.as_str())
                && !self.0[*name].is_empty()
        };
        let others: Vec<String> = self
            .0
            .keys()
            .filter(is_other)
            .map(|name| cut(name))
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let others = others.join(", ");
        Err(invalid(format!("{action} has no {others} in Mimeo.")))
    }
}

/// A text that is not too long for a message.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// Collects what is wrong, to tell it all at once.
#[derive(Debug, Default)]
pub(super) struct Violations {
    told: String,
    count: usize,
}

/// What a parameter must be like.
pub(super) struct Rule {
    /// The name in messages.
    pub shown: &'static str,
    pub length: RangeInclusive<usize>,
    /// The pattern, as AWS writes it, and what it lets pass.
    pub pattern: &'static str,
    pub fits: fn(char) -> bool,
}

impl Violations {
    fn add(&mut self, value: Option<&str>, shown: &str, constraint: &str) {
        let between = if self.count == 0 { "" } else { "; " };
        let value = value.map_or("null".to_owned(), |value| format!("'{}'", cut(value)));
        write!(
            self.told,
            "{between}Value {value} at '{shown}' failed to satisfy constraint: Member must {constraint}"
        )
        .expect("a String takes all that is written");
        self.count += 1;
    }

    /// A text that must be there.
    pub(super) fn needed<'a>(&mut self, value: Option<&'a str>, rule: &Rule) -> &'a str {
        if value.is_none() {
            self.add(None, rule.shown, "not be null");
        }
        self.text(value, rule).unwrap_or_default()
    }

    pub(super) fn text<'a>(&mut self, value: Option<&'a str>, rule: &Rule) -> Option<&'a str> {
        let text = value?;
        let length = text.chars().count();
        let (min, max) = (rule.length.start(), rule.length.end());
        if length < *min {
            let constraint = format!("have length greater than or equal to {min}");
            self.add(value, rule.shown, &constraint);
        }
        if length > *max {
            let constraint = format!("have length less than or equal to {max}");
            self.add(value, rule.shown, &constraint);
        }
        if !text.chars().all(rule.fits) {
            let constraint = format!("satisfy regular expression pattern: {}", rule.pattern);
            self.add(value, rule.shown, &constraint);
        }
        value
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &mut self,
        value: Option<&str>,
        shown: &str,
        bounds: &RangeInclusive<u64>,
    ) -> Option<u64> {
        let text = value.filter(|text| !text.is_empty())?;
        let Ok(number) = text.parse::<u64>() else {
            self.add(value, shown, "be a whole number");
            return None;
        };
        let (min, max) = (bounds.start(), bounds.end());
        if number < *min {
            let constraint = format!("have value greater than or equal to {min}");
            self.add(value, shown, &constraint);
        }
        if number > *max {
            let constraint = format!("have value less than or equal to {max}");
            self.add(value, shown, &constraint);
        }
        Some(number)
    }

    pub(super) fn finish(self) -> Result<(), Rejection> {
        let errors = match self.count {
            0 => return Ok(()),
            1 => "1 validation error",
            count => &format!("{count} validation errors"),
        };
        Err(invalid(format!("{errors} detected: {}", self.told)))
    }
}
