//! The PostgreSQL text of each statement, derived from the one that SQLite takes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The PostgreSQL texts of the statements seen so far; as many as the program has, since each is a constant.
#[derive(Default)]
pub(super) struct Texts(RwLock<HashMap<&'static str, Arc<str>>>);

impl Texts {
    pub(super) fn derive(&self, sql: &'static str) -> Arc<str> {
        if let Some(text) = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(sql)
        {
            return Arc::clone(text);
        }
        let text: Arc<str> = with_locks(&numbered_by_dollar(sql)).into();
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(sql, Arc::clone(&text));
        text
    }
}

/// What a statement says in a comment, as SQLite has no row locks and needs none.
fn with_locks(sql: &str) -> String {
    sql.replace("/* skip locked */", "FOR UPDATE SKIP LOCKED")
        .replace("/* lock */", "FOR UPDATE")
}

/// Turns `?1` into `$1`, except inside quotes.
fn numbered_by_dollar(sql: &str) -> String {
    let mut quoted = false;
    let mut characters = sql.chars().peekable();
    let mut text = String::with_capacity(sql.len());
    while let Some(character) = characters.next() {
        quoted ^= character == '\'';
        let parameter =
            character == '?' && !quoted && characters.peek().is_some_and(char::is_ascii_digit);
        text.push(if parameter { '$' } else { character });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_clauses() {
        let text = with_locks("SELECT a FROM t LIMIT 1 /* skip locked */");
        assert_eq!(text, "SELECT a FROM t LIMIT 1 FOR UPDATE SKIP LOCKED");
        assert_eq!(with_locks("SELECT 1 /* lock */"), "SELECT 1 FOR UPDATE");
    }

    #[test]
    fn parameters_are_numbered_by_dollar_except_inside_quotes() {
        let cases = [
            ("SELECT 1", "SELECT 1"),
            (
                "SELECT a FROM t WHERE b = ?1 AND c = ?12",
                "SELECT a FROM t WHERE b = $1 AND c = $12",
            ),
            ("SELECT 'what?1' || ?1", "SELECT 'what?1' || $1"),
            ("SELECT 'it''s ?1', ?2", "SELECT 'it''s ?1', $2"),
        ];
        for (sql, wanted) in cases {
            assert_eq!(numbered_by_dollar(sql), wanted);
        }
    }
}
