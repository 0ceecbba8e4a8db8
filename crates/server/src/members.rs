//! The members of a request to one of our own routes: read one by one, with all that is wrong with them at once.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use mimeo_service::Rejection;
use mimeo_store::Extent;
use serde_json::{Map, Value};
use url::form_urlencoded;

/// Characters of a wrong value that a message repeats.
const SHOWN_MAX: usize = 64;

/// What was given, less what was read of it, and what was wrong so far.
#[derive(Debug)]
pub(crate) struct Members {
    given: Map<String, Value>,
    /// The names that were asked for, which are those that exist.
    known: Vec<&'static str>,
    problems: Vec<String>,
    /// What stands before the names in messages: `copy_product.` within that member.
    within: String,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    /// Numbers are texts.
    Query,
}

impl Members {
    fn new(given: Map<String, Value>, within: String, form: Form) -> Self {
        Self {
            given,
            known: Vec::new(),
            problems: Vec::new(),
            within,
            form,
        }
    }

    /// A JSON object; an empty body is an empty one.
    pub(crate) fn of_body(body: &[u8]) -> Result<Self, Rejection> {
        let given = if body.is_empty() {
            Map::new()
        } else {
            serde_json::from_slice(body)
                .map_err(|error| invalid(&format!("The body is not a JSON object: {error}")))?
        };
        Ok(Self::new(given, String::new(), Form::Json))
    }

    pub(crate) fn of_query(query: &str) -> Self {
        let mut members = Self::new(Map::new(), String::new(), Form::Query);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = Value::from(value.into_owned());
            if members.given.insert(name.to_string(), value).is_some() {
                members.problem(&name, "is given twice");
            }
        }
        members
    }

    /// Notes that a member breaks a rule.
    pub(crate) fn problem(&mut self, name: &str, rule: &str) {
        let within = &self.within;
        self.problems.push(format!("`{within}{name}` {rule}"));
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.given.remove(name)
    }

    fn wrong(&mut self, name: &str, value: &Value, wanted: &str) {
        let shown: String = value.to_string().chars().take(SHOWN_MAX).collect();
        self.problem(name, &format!("must be {wanted}, not {shown}"));
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong(name, &other, "a text");
                None
            }
        }
    }

    /// One of the texts of a closed list.
    pub(crate) fn one_of<'a>(&mut self, name: &'static str, all: &[&'a str]) -> Option<&'a str> {
        let text = self.text(name)?;
        let found = all.iter().find(|word| **word == text);
        if found.is_none() {
            let wanted = format!("one of `{}`", all.join("`, `"));
            self.wrong(name, &Value::from(text), &wanted);
        }
        found.copied()
    }

    /// A text in the form that its type has.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let error: String = error.to_string().chars().take(4 * SHOWN_MAX).collect();
                self.problem(name, &format!("cannot be read: {error}"));
                None
            }
        }
    }

    /// A whole number in a range.
    pub(crate) fn whole(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.take(name)?;
        let number = match (&value, self.form) {
            (Value::String(text), Form::Query) => text.parse().ok(),
            (value, _) => value.as_u64(),
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let wanted = format!("a whole number from {} to {}", range.start(), range.end());
            self.wrong(name, &value, &wanted);
        }
        number
    }

    pub(crate) fn yes_or_no(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(yes) => Some(yes),
            other => {
                self.wrong(name, &other, "true or false");
                None
            }
        }
    }

    /// An object within; give it back to [`Members::close`] when it is read.
    pub(crate) fn within(&mut self, name: &'static str) -> Option<Members> {
        match self.take(name)? {
            Value::Object(given) => {
                let within = format!("{}{name}.", self.within);
                Some(Self::new(given, within, self.form))
            }
            other => {
                self.wrong(name, &other, "an object");
                None
            }
        }
    }

    pub(crate) fn close(&mut self, within: Members) {
        let problems = within.all_problems();
        self.problems.extend(problems);
    }

    /// `account` and `region`, each or none.
    pub(crate) fn extent(&mut self) -> Extent {
        Extent {
            account: self.parsed("account"),
            region: self.parsed("region"),
        }
    }

    fn all_problems(self) -> Vec<String> {
        let Self {
            given,
            known,
            mut problems,
            within,
            ..
        } = self;
        for name in given.keys() {
            let name: String = name.chars().take(SHOWN_MAX).collect();
            let known = known.join("`, `");
            problems.push(if known.is_empty() {
                format!("`{within}{name}` does not exist: there are no members here")
            } else {
                format!("`{within}{name}` does not exist: the members are `{known}`")
            });
        }
        problems
    }

    /// Refuses all that was wrong, and what was given but not asked for.
    pub(crate) fn end(self) -> Result<(), Rejection> {
        let problems = self.all_problems();
        if problems.is_empty() {
            return Ok(());
        }
        Err(invalid(&format!("{}.", problems.join("; "))))
    }
}

fn invalid(message: &str) -> Rejection {
    Rejection::new("ValidationException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told_at_once_by_name() {
        let body = br#"{"account": "12", "seed": -1, "on": 1, "in": {"b": 1, "a": 2}, "x": 0}"#;
        let mut members = Members::of_body(body).expect("an object");
        assert_eq!(members.extent(), Extent::default());
        assert_eq!(members.whole("seed", 0..=9), None);
        assert_eq!(members.yes_or_no("on"), None);
        let mut within = members.within("in").expect("an object");
        assert_eq!(within.whole("a", 0..=2), Some(2));
        members.close(within);
        let message = members.end().expect_err("wrong").message;
        for wanted in [
            "`account` cannot be read: ",
            "`seed` must be a whole number from 0 to 9, not -1",
            "`on` must be true or false, not 1",
            "`in.b` does not exist: the members are `a`",
            "`x` does not exist: the members are `account`, `region`, `seed`, `on`, `in`",
        ] {
            assert!(message.contains(wanted), "{wanted} in {message}");
        }
    }

    #[test]
    fn a_body_is_an_object_or_empty() {
        assert!(Members::of_body(b"").expect("empty").end().is_ok());
        for body in [&b"[]"[..], b"{", b"null", b"7", b"\xff", b"{} {}"] {
            assert!(Members::of_body(body).is_err(), "{body:?}");
        }
    }

    #[test]
    fn numbers_of_a_query_are_texts_and_no_name_comes_twice() {
        let mut members = Members::of_query("limit=7&account=1&account=2");
        assert_eq!(members.whole("limit", 1..=9), Some(7));
        let message = members.end().expect_err("twice").message;
        assert!(message.starts_with("`account` is given twice"), "{message}");
    }
}
