//! What all nodes on one store must agree on, such as the key of page tokens.

use crate::dialect::statements;
use crate::params;
use crate::{StoreError, Tx};

statements! {
    FIND = "SELECT value FROM setting WHERE name = ?1";
    PUT_IF_ABSENT = "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
}

impl Tx<'_> {
    /// The stored value, or `proposed`, which then is the stored one: the first node decides.
    pub async fn settle(&mut self, name: &str, proposed: &str) -> Result<String, StoreError> {
        self.execute(PUT_IF_ABSENT, params![name, proposed]).await?;
        let stored = self
            .query_one(FIND, params![name], |row| row.text(0))
            .await?;
        stored.ok_or_else(|| StoreError::Broken(format!("setting {name} was not kept")))
    }
}
