//! The keys of one thing: read one by one, with what is wrong noted, and the rest refused.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use mimeo_domain::RegionName;
use serde_json::Value as Json;

use crate::tree::{Entry, Node, Value};
use crate::{PROBLEMS_MAX, Problem};

#[derive(Default)]
pub(crate) struct Problems(pub Vec<Problem>);

impl Problems {
    pub(crate) fn note(&mut self, line: usize, rule: String) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(Problem { line, rule });
        }
    }
}

/// The entries of a mapping, without those that are given twice.
pub(crate) fn mapping(node: Node, of: &str, problems: &mut Problems) -> Vec<Entry> {
    let entries = match node.value {
        Value::Mapping(entries) => entries,
        Value::Null => return Vec::new(),
        Value::Text { .. } | Value::List(_) => {
            problems.note(node.line, format!("{of} must be keys with values"));
            return Vec::new();
        }
    };
    let mut seen = BTreeSet::new();
    let mut first = Vec::new();
    for entry in entries {
        if seen.insert(entry.key.clone()) {
            first.push(entry);
        } else {
            problems.note(entry.line, format!("{of}: `{}` is given twice", entry.key));
        }
    }
    first
}

pub(crate) fn text(node: Node, of: &str, problems: &mut Problems) -> Option<String> {
    match node.value {
        Value::Text { text, .. } => Some(text),
        Value::Null | Value::List(_) | Value::Mapping(_) => {
            problems.note(node.line, format!("{of} must be a text"));
            None
        }
    }
}

pub(crate) fn parsed<T: FromStr>(node: Node, of: &str, problems: &mut Problems) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    let line = node.line;
    let text = text(node, of, problems)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            problems.note(line, format!("{of}: {error}"));
            None
        }
    }
}

/// The same as JSON has it: what is written plain as JSON writes numbers and switches is one.
pub(crate) fn json(node: Node, of: &str, problems: &mut Problems) -> Json {
    match node.value {
        Value::Null => Json::Null,
        Value::Text { text, is_plain } => {
            let read = serde_json::from_str(&text).ok().filter(|_| is_plain);
            match read {
                Some(plain @ (Json::Bool(_) | Json::Number(_))) => plain,
                _ => Json::String(text),
            }
        }
        Value::List(items) => items
            .into_iter()
            .map(|item| json(item, of, problems))
            .collect(),
        Value::Mapping(_) => mapping(node, of, problems)
            .into_iter()
            .map(|entry| (entry.key, json(entry.value, of, problems)))
            .collect(),
    }
}

/// The keys of one thing, less those that were read.
pub(crate) struct Keys {
    pub line: usize,
    pub of: String,
    given: BTreeMap<String, (usize, Node)>,
    known: Vec<&'static str>,
}

impl Keys {
    pub(crate) fn of(node: Node, of: &str, problems: &mut Problems) -> Self {
        let line = node.line;
        let entries = mapping(node, of, problems).into_iter();
        Self {
            line,
            of: of.to_owned(),
            given: entries
                .map(|entry| (entry.key, (entry.line, entry.value)))
                .collect(),
            known: Vec::new(),
        }
    }

    pub(crate) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        self.given.remove(key).map(|(_, node)| node)
    }

    pub(crate) fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        let node = self.take(key)?;
        text(node, &format!("`{key}` of {}", self.of), problems)
    }

    /// Empty, with a problem noted, if it is missing.
    pub(crate) fn needed(&mut self, key: &'static str, problems: &mut Problems) -> String {
        let is_given = self.given.contains_key(key);
        let text = self.text(key, problems).unwrap_or_default();
        if !is_given {
            problems.note(self.line, format!("{} needs `{key}`", self.of));
        }
        text
    }

    pub(crate) fn switch(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        let node = self.take(key)?;
        match &node.value {
            Value::Text {
                text,
                is_plain: true,
            } if text == "true" => Some(true),
            Value::Text {
                text,
                is_plain: true,
            } if text == "false" => Some(false),
            _ => {
                let rule = format!("`{key}` of {} must be true or false", self.of);
                problems.note(node.line, rule);
                None
            }
        }
    }

    pub(crate) fn list(&mut self, key: &'static str, problems: &mut Problems) -> Vec<Node> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        match node.value {
            Value::List(items) => items,
            Value::Null => Vec::new(),
            Value::Text { .. } | Value::Mapping(_) => {
                let rule = format!("`{key}` of {} must be a list", self.of);
                problems.note(node.line, rule);
                Vec::new()
            }
        }
    }

    pub(crate) fn names(&mut self, key: &'static str, problems: &mut Problems) -> Vec<String> {
        let of = format!("an item of `{key}` of {}", self.of);
        let items = self.list(key, problems).into_iter();
        items.filter_map(|node| text(node, &of, problems)).collect()
    }

    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> BTreeMap<String, String> {
        let Some(node) = self.take(key) else {
            return BTreeMap::new();
        };
        let of = format!("`{key}` of {}", self.of);
        let entries = mapping(node, &of, problems).into_iter();
        entries
            .filter_map(|entry| Some((entry.key, text(entry.value, &of, problems)?)))
            .collect()
    }

    pub(crate) fn regions(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Vec<RegionName> {
        let of = format!("an item of `{key}` of {}", self.of);
        let items = self.list(key, problems).into_iter();
        items
            .filter_map(|node| parsed(node, &of, problems))
            .collect()
    }

    /// Its own `regions`, or the document's.
    pub(crate) fn regions_or(
        &mut self,
        all: &[RegionName],
        problems: &mut Problems,
    ) -> Vec<RegionName> {
        let own = self.regions("regions", problems);
        let regions = if own.is_empty() { all.to_vec() } else { own };
        if regions.is_empty() {
            let rule = format!(
                "{} needs `regions`, here or for the whole document",
                self.of
            );
            problems.note(self.line, rule);
        }
        regions
    }

    /// Refuses what was given and is not known.
    pub(crate) fn end(&mut self, problems: &mut Problems) {
        for (key, (line, _)) in std::mem::take(&mut self.given) {
            let of = &self.of;
            let known = self.known.join("`, `");
            let rule = format!("{of} has no `{key}`; the keys are `{known}`");
            problems.note(line, rule);
        }
    }
}
