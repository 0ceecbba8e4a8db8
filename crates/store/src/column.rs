//! Between columns and the domain's values.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// Characters of a text that an index keeps: PostgreSQL refuses index rows over 2,704 bytes.
pub(crate) const KEY_CHARACTERS_MAX: usize = 128;

/// A document column: the JSON text of a value of ours.
pub(crate) fn document<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own values have string keys and no failing parts")
}

/// Reads a document column back.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Broken(format!("a stored document does not read: {error}")))
}

/// Reads a whole column of documents.
pub(crate) fn read_all<T: DeserializeOwned>(texts: &[String]) -> Result<Vec<T>, StoreError> {
    texts.iter().map(|text| read(text)).collect()
}

/// A text that an index may hold: cut, and without NUL, which PostgreSQL cannot store.
pub(crate) fn key(text: &str) -> String {
    clean(text).chars().take(KEY_CHARACTERS_MAX).collect()
}

pub(crate) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Counts are never negative and far below the limits of either type.
pub(crate) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

pub(crate) fn stored_count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
