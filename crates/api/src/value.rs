//! One look at any value of the API, whatever its type: checking and writing need no more.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::timestamp::Timestamp;

/// Anything that a request or an answer can hold.
pub trait Value {
    fn look(&self) -> Look<'_>;
}

/// What a value is, seen from outside.
pub enum Look<'a> {
    Absent,
    Text(&'a str),
    Integer(i64),
    Boolean(bool),
    Time(Timestamp),
    /// Items, all with an empty name.
    List(&'a dyn Parts),
    /// Entries, named by their keys.
    Map(&'a dyn Parts),
    /// Members in alphabetical order, the absent ones too.
    Structure(&'a dyn Parts),
}

/// What is called with the name and value of each part.
pub type Visit<'a, 'v> = dyn FnMut(&'a str, &'a dyn Value) + 'v;

/// The parts of a list, map or structure.
pub trait Parts {
    fn each<'a>(&'a self, visit: &mut Visit<'a, '_>);
}

/// A text that is not one of an enum's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotInTheModel;

impl fmt::Display for NotInTheModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a value of the service model")
    }
}

impl std::error::Error for NotInTheModel {}

impl fmt::Debug for Look<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("null"),
            Self::Text(text) => text.fmt(formatter),
            Self::Integer(number) => number.fmt(formatter),
            Self::Boolean(flag) => flag.fmt(formatter),
            Self::Time(instant) => instant.fmt(formatter),
            Self::List(_) => formatter.write_str("[…]"),
            Self::Map(_) | Self::Structure(_) => formatter.write_str("{…}"),
        }
    }
}

impl Value for String {
    fn look(&self) -> Look<'_> {
        Look::Text(self)
    }
}

impl Value for i64 {
    fn look(&self) -> Look<'_> {
        Look::Integer(*self)
    }
}

impl Value for bool {
    fn look(&self) -> Look<'_> {
        Look::Boolean(*self)
    }
}

impl<T: Value> Value for Option<T> {
    fn look(&self) -> Look<'_> {
        self.as_ref().map_or(Look::Absent, Value::look)
    }
}

impl<T: Value> Value for Vec<T> {
    fn look(&self) -> Look<'_> {
        Look::List(self)
    }
}

impl<T: Value> Parts for Vec<T> {
    fn each<'a>(&'a self, visit: &mut Visit<'a, '_>) {
        for item in self {
            visit("", item);
        }
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
    fn look(&self) -> Look<'_> {
        Look::Map(self)
    }
}

impl<T: Value> Parts for BTreeMap<String, T> {
    fn each<'a>(&'a self, visit: &mut Visit<'a, '_>) {
        for (key, value) in self {
            visit(key, value);
        }
    }
}

/// The text of a value, if it is a text and present.
pub(crate) fn text(value: &dyn Value) -> Option<&str> {
    match value.look() {
        Look::Text(text) => Some(text),
        _ => None,
    }
}

impl Serialize for dyn Value + '_ {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self, serializer)
    }
}

/// Writes a value; absent members are left out, the others keep their order.
pub(crate) fn serialize<S: Serializer>(
    value: &dyn Value,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value.look() {
        Look::Absent => serializer.serialize_none(),
        Look::Text(text) => serializer.serialize_str(text),
        Look::Integer(number) => serializer.serialize_i64(number),
        Look::Boolean(flag) => serializer.serialize_bool(flag),
        Look::Time(instant) => instant.serialize(serializer),
        Look::List(items) => {
            let mut list = serializer.serialize_seq(Some(count(items)))?;
            let mut outcome = Ok(());
            items.each(&mut |_, item| {
                if outcome.is_ok() {
                    outcome = list.serialize_element(item);
                }
            });
            outcome?;
            list.end()
        }
        Look::Map(parts) | Look::Structure(parts) => {
            let mut map = serializer.serialize_map(Some(count(parts)))?;
            let mut outcome = Ok(());
            parts.each(&mut |name, part| {
                if outcome.is_ok() && is_present(part) {
                    outcome = map.serialize_entry(name, part);
                }
            });
            outcome?;
            map.end()
        }
    }
}

/// How many parts are present; CBOR writes this number first.
pub(crate) fn count(parts: &dyn Parts) -> usize {
    let mut count = 0;
    parts.each(&mut |_, part| count += usize::from(is_present(part)));
    count
}

fn is_present(value: &dyn Value) -> bool {
    !matches!(value.look(), Look::Absent)
}
