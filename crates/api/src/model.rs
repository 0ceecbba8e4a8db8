//! What the service model says of a value: its kind, constraints and members.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::{DeserializeOwned, MapAccess};

pub use crate::pattern::Pattern;
use crate::value::Value;

/// A structure that a request can hold.
pub trait InputShape:
    DeserializeOwned + Serialize + Value + Default + Debug + Clone + Send + Sync + 'static
{
    /// Its members, by name.
    const MEMBERS: &'static [Member];

    /// What the model says of it.
    const SHAPE: &'static Shape;

    /// Reads the value of a member; false if the model has no such member, and nothing was read.
    fn read<'de, A: MapAccess<'de>>(&mut self, member: &str, map: &mut A)
    -> Result<bool, A::Error>;
}

/// One shape of the model.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub name: &'static str,
    pub kind: Kind,
    /// Least length in characters, number of items or entries, or number itself.
    pub min: Option<i64>,
    /// Greatest length in characters, number of items or entries, or number itself.
    pub max: Option<i64>,
    /// The pattern that the whole of a text must match.
    pub pattern: Option<&'static Pattern>,
    /// The only texts allowed; empty means any.
    pub values: &'static [&'static str],
}

/// What sort of value a shape is.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Text,
    Integer,
    Boolean,
    /// A list of such items.
    List(&'static Shape),
    /// A map from text of the first shape to values of the second.
    Map(&'static Shape, &'static Shape),
    /// Members, by name.
    Structure(&'static [Member]),
}

/// One member of a structure.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// As on the wire: `SourceProductArn`.
    pub name: &'static str,
    pub shape: &'static Shape,
    pub required: bool,
}

impl Shape {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            min: None,
            max: None,
            pattern: None,
            values: &[],
        }
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    pub(crate) const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
    }

    pub(crate) const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    pub(crate) const fn list(name: &'static str, item: &'static Self) -> Self {
        Self::new(name, Kind::List(item))
    }

    pub(crate) const fn map(name: &'static str, key: &'static Self, value: &'static Self) -> Self {
        Self::new(name, Kind::Map(key, value))
    }

    pub(crate) const fn structure(name: &'static str, members: &'static [Member]) -> Self {
        Self::new(name, Kind::Structure(members))
    }

    pub(crate) const fn at_least(self, min: i64) -> Self {
        Self {
            min: Some(min),
            ..self
        }
    }

    pub(crate) const fn at_most(self, max: i64) -> Self {
        Self {
            max: Some(max),
            ..self
        }
    }

    pub(crate) const fn matching(self, pattern: &'static Pattern) -> Self {
        Self {
            pattern: Some(pattern),
            ..self
        }
    }

    pub(crate) const fn one_of(self, values: &'static [&'static str]) -> Self {
        Self { values, ..self }
    }
}
