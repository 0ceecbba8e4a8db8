//! `Required<T>`: a member that the model demands, absent only until the check has run.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::{Look, Value};

const CHECKED: &str = "decode checks required members before anyone sees the input";

/// A member that the model requires; it reads as a plain `T`.
#[derive(Debug, Clone, PartialEq)]
pub struct Required<T>(Option<T>);

impl<T> Required<T> {
    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0.expect(CHECKED)
    }
}

impl<T> Default for Required<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Required<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect(CHECKED)
    }
}

impl<T> From<T> for Required<T> {
    fn from(value: T) -> Self {
        Self(Some(value))
    }
}

impl From<&str> for Required<String> {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl<T: Value> Value for Required<T> {
    fn look(&self) -> Look<'_> {
        self.0.look()
    }
}

impl<T: Serialize> Serialize for Required<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Required<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self)
    }
}

/// Says of a member's type whether the model requires the member.
pub(crate) trait Presence {
    const REQUIRED: bool;
}

impl<T> Presence for Option<T> {
    const REQUIRED: bool = false;
}

impl<T> Presence for Required<T> {
    const REQUIRED: bool = true;
}
