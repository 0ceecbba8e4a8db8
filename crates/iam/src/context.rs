//! What a request is known to be: the keys that conditions and variables ask for.

use std::borrow::Cow;

/// The values of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values<'a> {
    /// A key that has one value at a time, such as `aws:username`.
    One(Cow<'a, str>),
    /// A key that has a set of values, such as `aws:TagKeys`. An empty set counts as absent, and
    /// no variable resolves to a set, not even to a set of one.
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Values<'a> {
    /// One value.
    pub fn one(value: impl Into<Cow<'a, str>>) -> Self {
        Self::One(value.into())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::One(value) => (Some(value), None),
            Self::Many(values) => (None, Some(values)),
        };
        one.into_iter()
            .chain(many.into_iter().flatten())
            .map(AsRef::as_ref)
    }
}

/// Knows the request's context, and is asked only for what a statement needs.
///
/// Service keys such as `servicecatalog:userLevel` and tags such as `aws:ResourceTag/team` are keys
/// like all others.
pub trait Context {
    /// The values of `key`, or `None` where the request has no such key.
    ///
    /// `key` arrives with its ASCII letters in lower case, such as `aws:principaltag/team`: keys,
    /// also those of tags, ignore case. Asked more than once, the answer must be the same.
    fn values(&self, key: &str) -> Option<Values<'_>>;
}

/// A context that was put together beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    known: Vec<(Cow<'a, str>, Values<'a>)>,
}

impl<'a> Facts<'a> {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows also that `key` has this one value. Of a key given twice the first counts.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.known.push((key.into(), Values::One(value.into())));
        self
    }

    /// Knows also that `key` has this set of values.
    #[must_use]
    pub fn with_many<V: Into<Cow<'a, str>>>(
        mut self,
        key: impl Into<Cow<'a, str>>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.known.push((key.into(), Values::Many(values)));
        self
    }
}

impl Context for Facts<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let mut known = self.known.iter();
        let (_, values) = known.find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        Some(match values {
            Values::One(value) => Values::One(Cow::Borrowed(value)),
            Values::Many(values) => {
                Values::Many(values.iter().map(|value| Cow::Borrowed(&**value)).collect())
            }
        })
    }
}
