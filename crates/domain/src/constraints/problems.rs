//! What is wrong with the parameters of a constraint: all of it, each with its place.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

/// Problems that one answer tells; how many more there are is told after them.
const TOLD_MAX: usize = 20;
/// Characters of a foreign text that one problem quotes.
const QUOTED_MAX: usize = 64;

/// Collects problems, so that a caller can mend them all at once. Places are JSON paths.
#[derive(Debug, Default)]
pub(super) struct Problems {
    told: Vec<String>,
    untold_count: usize,
}

/// Which texts a member takes, and how that is said: "must be …".
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) fits: fn(&str) -> bool,
    pub(super) is: &'static str,
}

impl Problems {
    pub(super) fn add(&mut self, at: &str, rule: &str) {
        if self.told.len() < TOLD_MAX {
            self.told.push(format!("{at} {rule}"));
        } else {
            self.untold_count += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    pub(super) fn into_told(mut self) -> Vec<String> {
        if self.untold_count > 0 {
            self.told.push(format!("{} more", self.untold_count));
        }
        self.told
    }

    pub(super) fn object<'a>(
        &mut self,
        at: &str,
        value: &'a Value,
    ) -> Option<&'a Map<String, Value>> {
        let found = value.as_object();
        if found.is_none() {
            self.add(at, "must be an object");
        }
        found
    }

    /// A member that must be there.
    pub(super) fn member<'a>(
        &mut self,
        at: &str,
        object: &'a Map<String, Value>,
        name: &str,
    ) -> Option<&'a Value> {
        let found = object.get(name);
        if found.is_none() {
            self.add(&format!("{at}.{name}"), "is missing");
        }
        found
    }

    pub(super) fn text<'a>(&mut self, at: &str, value: &'a Value, form: Form) -> Option<&'a str> {
        let found = value.as_str().filter(|text| (form.fits)(text));
        if found.is_none() {
            self.add(at, &format!("must be {}", form.is));
        }
        found
    }

    pub(super) fn list<'a>(
        &mut self,
        at: &str,
        value: &'a Value,
        lengths: RangeInclusive<usize>,
    ) -> Option<&'a [Value]> {
        let found = value
            .as_array()
            .filter(|items| lengths.contains(&items.len()));
        if found.is_none() {
            let (least, most) = (lengths.start(), lengths.end());
            let how_many = match (least, most) {
                (least, most) if least == most => format!("{least}"),
                (1, &usize::MAX) => "at least 1".to_owned(),
                _ => format!("{least} to {most}"),
            };
            self.add(at, &format!("must be a list of {how_many}"));
        }
        found.map(Vec::as_slice)
    }

    /// A list of texts of one form.
    pub(super) fn texts<'a>(
        &mut self,
        at: &str,
        value: &'a Value,
        lengths: RangeInclusive<usize>,
        form: Form,
    ) -> Option<Vec<&'a str>> {
        let items = self.list(at, value, lengths)?;
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            texts.extend(self.text(&format!("{at}[{index}]"), item, form));
        }
        Some(texts)
    }
}

/// A foreign text, cut to what a message may hold of it.
pub(super) fn quoted(text: &str) -> String {
    let mut cut: String = text.chars().take(QUOTED_MAX).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}
