//! Accounts that commands described, and their access keys: statements and functions.
//!
//! They are read as a whole and replaced as a whole; what a body or a sealed secret says is not known
//! here.

use std::collections::BTreeMap;

use mimeo_domain::organizations::Organization;

use crate::column::{document, read};
use crate::dialect::statements;
use crate::params;
use crate::{StoreError, Tx};

statements! {
    GENERATION = "SELECT generation FROM identity_state WHERE one = 1";
    STATE = "SELECT generation, organization, key_check FROM identity_state WHERE one = 1";
    RAISE = "UPDATE identity_state SET generation = generation + 1, organization = ?2, key_check = ?3 WHERE one = 1 AND generation = ?1";
    ACCOUNTS = "SELECT id, body FROM identity_account WHERE id > '' ORDER BY id";
    PUT_ACCOUNT = "INSERT INTO identity_account (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
    REMOVE_ACCOUNT = "DELETE FROM identity_account WHERE id = ?1";
    KEYS = "SELECT id, account, user_name, secret FROM identity_key WHERE id > '' ORDER BY id";
    PUT_KEY = "INSERT INTO identity_key (id, account, user_name, secret) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET account = excluded.account, user_name = excluded.user_name, secret = excluded.secret";
    REMOVE_KEY = "DELETE FROM identity_key WHERE id = ?1";
}

/// All that commands described, as of one generation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredIdentities {
    /// Raised by each change.
    pub generation: i64,
    /// The organization, without those accounts below that are members of it.
    pub organization: Option<Organization>,
    /// A text sealed with the key that the secrets are sealed with; `None` while there are none.
    pub key_check: Option<String>,
    /// The JSON text of each account, by account id.
    pub accounts: BTreeMap<String, String>,
    /// By access key id; each is of one of the accounts.
    pub keys: BTreeMap<String, SealedKey>,
}

/// An access key at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKey {
    pub account: String,
    /// The user's name; `None` is the account's root.
    pub user: Option<String>,
    /// The secret, sealed.
    pub secret: String,
}

impl Tx<'_> {
    /// Which generation is stored: as cheap as a question can be.
    pub async fn find_identities_generation(&mut self) -> Result<i64, StoreError> {
        let generation = self.query_one(GENERATION, &[], |row| row.int(0)).await?;
        generation.ok_or_else(no_state)
    }

    /// All that is described.
    pub async fn find_identities(&mut self) -> Result<StoredIdentities, StoreError> {
        let state = self
            .query_one(STATE, &[], |row| {
                (row.int(0), row.maybe_text(1), row.maybe_text(2))
            })
            .await?;
        let (generation, organization, key_check) = state.ok_or_else(no_state)?;
        let accounts = self
            .query(ACCOUNTS, &[], |row| (row.text(0), row.text(1)))
            .await?;
        let key = |row: &crate::Row<'_>| {
            let key = SealedKey {
                account: row.text(1),
                user: row.maybe_text(2),
                secret: row.text(3),
            };
            (row.text(0), key)
        };
        let keys = self.query(KEYS, &[], key).await?;
        Ok(StoredIdentities {
            generation,
            organization: organization.map(|body| read(&body)).transpose()?,
            key_check,
            accounts: accounts.into_iter().collect(),
            keys: keys.into_iter().collect(),
        })
    }

    /// Puts these in place of those of the same generation, from which they were made, and raises it.
    /// `false` if that generation is the stored one no longer; then nothing is changed.
    ///
    /// Only rows that differ are written.
    pub async fn replace_identities(
        &mut self,
        after: &StoredIdentities,
    ) -> Result<bool, StoreError> {
        let organization = after.organization.as_ref().map(document);
        let row = params![
            after.generation,
            organization.as_deref(),
            after.key_check.as_deref(),
        ];
        if self.execute(RAISE, row).await? == 0 {
            return Ok(false);
        }
        let before = self.find_identities().await?;
        for id in before
            .keys
            .keys()
            .filter(|id| !after.keys.contains_key(*id))
        {
            self.execute(REMOVE_KEY, params![id]).await?;
        }
        for (id, body) in &after.accounts {
            if before.accounts.get(id) != Some(body) {
                self.execute(PUT_ACCOUNT, params![id, body]).await?;
            }
        }
        for (id, key) in &after.keys {
            if before.keys.get(id) != Some(key) {
                let row = params![id, &key.account, key.user.as_deref(), &key.secret];
                self.execute(PUT_KEY, row).await?;
            }
        }
        let is_gone = |id: &&String| !after.accounts.contains_key(*id);
        for id in before.accounts.keys().filter(is_gone) {
            self.execute(REMOVE_ACCOUNT, params![id]).await?;
        }
        Ok(true)
    }
}

fn no_state() -> StoreError {
    StoreError::Broken("the identities' row is not there".to_owned())
}
