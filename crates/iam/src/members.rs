//! The members of a policy's objects, read so that every problem is told with its place.

use std::collections::BTreeSet;

use crate::json::Json;
use crate::problem::Problems;

/// Values of one list.
pub const VALUES_MAX: usize = 500;

/// The path of the document itself.
pub(crate) const WHOLE: &str = "policy";

fn below(path: &str, name: &str) -> String {
    if path == WHOLE {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The things that a list names, or all others.
#[derive(Debug, Clone)]
pub(crate) enum Listed<T> {
    Only(Box<[T]>),
    AllBut(Box<[T]>),
}

impl<T> Listed<T> {
    pub(crate) fn covers(&self, is_named: impl FnMut(&T) -> bool) -> bool {
        match self {
            Self::Only(named) => named.iter().any(is_named),
            Self::AllBut(named) => !named.iter().any(is_named),
        }
    }
}

/// The members of one statement.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    pub(crate) path: &'a str,
    members: &'a [(String, Json)],
}

impl<'a> Members<'a> {
    /// Tells the members that are not among `known`.
    pub(crate) fn of(
        value: &'a Json,
        path: &'a str,
        known: &[&str],
        problems: &mut Problems,
    ) -> Self {
        let members = told_object(value, path, problems);
        for (name, _) in members {
            if !known.contains(&name.as_str()) {
                let alike = known.iter().find(|known| known.eq_ignore_ascii_case(name));
                let hint = alike.map_or(String::new(), |known| format!("; {known} is meant?"));
                let path = below(path, name);
                problems.tell(&path, format!("there is no such member{hint}"));
            }
        }
        Self { path, members }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Json> {
        let member = self.members.iter().find(|(given, _)| given == name);
        member.map(|(_, value)| value)
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        below(self.path, name)
    }

    /// The member as text, if it is given.
    pub(crate) fn text(&self, name: &str, problems: &mut Problems) -> Option<&'a str> {
        match self.get(name)? {
            Json::Text(text) => Some(text),
            other => {
                let problem = format!("must be text, not {}", other.kind());
                problems.tell(&self.path_of(name), problem);
                None
            }
        }
    }

    /// The one of two members that is given, such as `Action` and `NotAction`.
    pub(crate) fn listed<T>(
        &self,
        only: &str,
        all_but: &str,
        problems: &mut Problems,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Listed<T>> {
        let (name, value) = match (self.get(only), self.get(all_but)) {
            (Some(value), None) => (only, value),
            (None, Some(value)) => (all_but, value),
            (Some(_), Some(_)) => {
                problems.tell(self.path, format!("has both {only} and {all_but}"));
                return None;
            }
            (None, None) => {
                problems.tell(self.path, format!("has neither {only} nor {all_but}"));
                return None;
            }
        };
        let mut items = Vec::new();
        for (path, text) in texts(value, &self.path_of(name), problems) {
            match read(text) {
                Ok(item) => items.push(item),
                Err(problem) => problems.tell(&path, problem),
            }
        }
        Some(if name == only {
            Listed::Only(items.into())
        } else {
            Listed::AllBut(items.into())
        })
    }
}

pub(crate) fn is_object(value: &Json, path: &str, problems: &mut Problems) -> bool {
    let is_object = matches!(value, Json::Object(_));
    if !is_object {
        let problem = format!("must be an object, not {}", value.kind());
        problems.tell(path, problem);
    }
    is_object
}

/// The members of an object, or none, which is told. A member given twice is told.
pub(crate) fn told_object<'a>(
    value: &'a Json,
    path: &str,
    problems: &mut Problems,
) -> &'a [(String, Json)] {
    is_object(value, path, problems);
    let Json::Object(members) = value else {
        return &[];
    };
    let mut seen = BTreeSet::new();
    for (name, _) in members {
        if !seen.insert(name) {
            problems.tell(&below(path, name), "is given twice");
        }
    }
    members
}

/// The items of a list, or the value itself, each with its path.
pub(crate) fn one_or_more<'a>(value: &'a Json, path: &str) -> Vec<(String, &'a Json)> {
    match value {
        Json::List(items) => {
            let paths = (0..).map(|at| format!("{path}[{at}]"));
            paths.zip(items).collect()
        }
        value => vec![(path.to_owned(), value)],
    }
}

pub(crate) fn check_count(path: &str, count: usize, max: usize, problems: &mut Problems) {
    if count == 0 {
        problems.tell(path, "must not be empty");
    }
    if count > max {
        problems.tell(path, format!("{count} items, at most {max} may be given"));
    }
}

/// Text or a list of texts.
pub(crate) fn texts<'a>(
    value: &'a Json,
    path: &str,
    problems: &mut Problems,
) -> Vec<(String, &'a str)> {
    values(value, path, problems, "text", |value| match value {
        Json::Text(text) => Some(text),
        _ => None,
    })
}

/// As [`texts`], where numbers and booleans may also stand without quotes.
pub(crate) fn scalars<'a>(
    value: &'a Json,
    path: &str,
    problems: &mut Problems,
) -> Vec<(String, &'a str)> {
    let wanted = "text, a number or a boolean";
    values(value, path, problems, wanted, |value| match value {
        Json::Text(text) | Json::Number(text) => Some(text),
        Json::Truth(true) => Some("true"),
        Json::Truth(false) => Some("false"),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    })
}

fn values<'a>(
    value: &'a Json,
    path: &str,
    problems: &mut Problems,
    wanted: &str,
    read: impl Fn(&'a Json) -> Option<&'a str>,
) -> Vec<(String, &'a str)> {
    if let Json::List(items) = value {
        check_count(path, items.len(), VALUES_MAX, problems);
    }
    let mut found = Vec::new();
    for (path, item) in one_or_more(value, path) {
        match read(item) {
            Some(text) => found.push((path, text)),
            None => problems.tell(&path, format!("must be {wanted}, not {}", item.kind())),
        }
    }
    found
}
