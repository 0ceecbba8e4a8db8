//! What `mimeo account …` does: reads and changes the accounts in the store of a configuration.

use std::collections::{BTreeMap, BTreeSet};

use mimeo_domain::organizations;
use mimeo_store::{OpenError, SealedKey, Store, StoreError, StoredIdentities, Tx, Work};
use toml::{Table, Value};

use super::MasterKey;
use super::joined::{find, join, unlock};
use crate::clock;
use crate::config::{Account, Config, ConfigError, Data, Secret, read_accounts};
use crate::front::letters;
use crate::opening;
use crate::serve::StartError;

/// Accounts that a store describes at most: as many as an organization may have.
const ACCOUNTS_MAX: usize = organizations::ACCOUNTS_MAX;

/// Access keys that a store keeps at most (ours).
const KEYS_MAX: usize = 100_000;

/// How access key ids begin, as AWS's.
const KEY_ID_PREFIX: &str = "AKIA";

/// Characters of a minted secret, as many as AWS's have.
const SECRET_LENGTH: usize = 40;

/// Why a command did nothing, in a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error(
        "{0}: only one process may have a SQLite file, so stop that server first; on PostgreSQL \
         accounts can be changed while servers run"
    )]
    InUse(OpenError),
    #[error(
        "data is :memory:, which is gone with its server: describe accounts in its configuration"
    )]
    Memory,
    #[error(transparent)]
    Open(StartError),
    #[error(transparent)]
    Problems(#[from] ConfigError),
    #[error(
        "secrets are sealed with a master key, and there is none: make one with \
         `openssl rand -hex 32 > FILE`, and name it in identities.key_file or put it into \
         MIMEO_IDENTITIES_KEY"
    )]
    NoMasterKey,
    #[error("{0}: the file of the new master key is needed")]
    NewMasterKey(String),
    #[error("the new master key is the one that is used already")]
    SameMasterKey,
    #[error("the store has no account {0}; mimeo account list tells which there are")]
    NoSuchAccount(String),
    #[error("the store has no access key {0}")]
    NoSuchKey(String),
    #[error(
        "another command changed accounts at the same time, so this one did nothing: try again"
    )]
    Changed,
    #[error("the store does not work: {0}")]
    Store(#[from] StoreError),
}

/// The accounts of one store, for one command.
#[derive(Debug)]
pub struct Registry {
    config: Config,
    store: Store,
}

/// An account in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub name: String,
    /// `store` or `configuration`.
    pub place: &'static str,
    pub keys_count: usize,
}

/// An access key that was minted. Its secret is nowhere else to be read.
#[derive(Debug)]
pub struct NewKey {
    pub id: String,
    secret: Secret,
}

impl NewKey {
    /// For the one time that it is shown.
    pub fn secret(&self) -> &str {
        self.secret.reveal()
    }
}

impl Registry {
    /// Opens the store of a configuration.
    pub async fn open(config: Config) -> Result<Self, AccountsError> {
        if config.data == Data::Memory {
            return Err(AccountsError::Memory);
        }
        let store = opening::store(&config).await.map_err(|error| match error {
            StartError::Store(held @ OpenError::InUse { .. }) => AccountsError::InUse(held),
            other => AccountsError::Open(other),
        })?;
        Ok(Self { config, store })
    }

    /// Finishes what was written.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// All accounts, those of the configuration first.
    pub async fn list(&self) -> Result<Vec<Listed>, AccountsError> {
        let stored = find(&self.store).await?;
        let of_config = self.config.accounts.iter().map(|account| Listed {
            id: account.id.to_string(),
            name: account.name.clone().unwrap_or_default(),
            place: "configuration",
            keys_count: account.keys.len(),
        });
        let mut all: Vec<Listed> = of_config.collect();
        let mut keys_counts: BTreeMap<&str, usize> = BTreeMap::new();
        for key in stored.keys.values() {
            *keys_counts.entry(&key.account).or_default() += 1;
        }
        for id in stored.accounts.keys() {
            all.push(Listed {
                id: id.clone(),
                name: described(&stored, id)?.name.unwrap_or_default(),
                place: "store",
                keys_count: keys_counts.get(&**id).copied().unwrap_or_default(),
            });
        }
        Ok(all)
    }

    /// An account as [`Registry::set`] takes it, but for the secrets of its keys.
    pub async fn show(&self, id: &str) -> Result<String, AccountsError> {
        let stored = find(&self.store).await?;
        let account = described(&stored, id)?;
        let mut table = Table::try_from(account).map_err(|error| unreadable(id, &error))?;
        let keys = stored.keys.iter().filter(|(_, key)| key.account == id);
        let keys = keys.map(|(key_id, key)| {
            let mut row = Table::from_iter([("id".to_owned(), Value::from(key_id.as_str()))]);
            if let Some(user) = &key.user {
                row.insert("user".to_owned(), Value::from(user.as_str()));
            }
            Value::Table(row)
        });
        let keys: Vec<Value> = keys.collect();
        if !keys.is_empty() {
            table.insert("key".to_owned(), Value::Array(keys));
        }
        let all = Table::from_iter([(
            "account".to_owned(),
            Value::Array(vec![Value::Table(table)]),
        )]);
        toml::to_string(&all).map_err(|error| unreadable(id, &error))
    }

    /// Puts the accounts and the organization of a TOML file into the store, in place of those of the
    /// same ids; others stay. An account that the file gives no key keeps those that it has. Tells the
    /// ids of the accounts.
    pub async fn set(&self, path: &str) -> Result<Vec<String>, AccountsError> {
        let (accounts, organization) = read_accounts(path)?;
        let ids = accounts
            .iter()
            .map(|account| account.id.to_string())
            .collect();
        self.change(|key, after| {
            let mut problems = Vec::new();
            let replaced = accounts.iter().filter(|account| !account.keys.is_empty());
            let replaced: BTreeSet<&str> = replaced.map(|account| account.id.as_str()).collect();
            after
                .keys
                .retain(|_, known| !replaced.contains(&*known.account));
            for account in &accounts {
                put(account, key, after, &mut problems);
            }
            if after.accounts.len() > ACCOUNTS_MAX || after.keys.len() > KEYS_MAX {
                problems.push(format!(
                    "a store takes up to {ACCOUNTS_MAX} accounts and {KEYS_MAX} access keys"
                ));
            }
            if organization.is_some() {
                after.organization.clone_from(&organization);
            }
            if problems.is_empty() {
                Ok(ids)
            } else {
                Err(ConfigError(problems).into())
            }
        })
        .await
    }

    /// Removes an account with its keys.
    pub async fn remove(&self, id: &str) -> Result<(), AccountsError> {
        self.change(|_, after| {
            let gone = after.accounts.remove(id);
            gone.ok_or_else(|| AccountsError::NoSuchAccount(id.to_owned()))?;
            after.keys.retain(|_, key| key.account != id);
            Ok(())
        })
        .await
    }

    /// Mints an access key of a user, or else of the account's root.
    pub async fn add_key(&self, id: &str, user: Option<&str>) -> Result<NewKey, AccountsError> {
        self.change(|key, after| {
            if !after.accounts.contains_key(id) {
                return Err(AccountsError::NoSuchAccount(id.to_owned()));
            }
            if after.keys.len() >= KEYS_MAX {
                let problem = format!("a store takes up to {KEYS_MAX} access keys");
                return Err(ConfigError(vec![problem]).into());
            }
            let minted = mint();
            let sealed = SealedKey {
                account: id.to_owned(),
                user: user.map(str::to_owned),
                secret: key.seal_secret(id, &minted.id, &minted.secret),
            };
            after.keys.insert(minted.id.clone(), sealed);
            Ok(minted)
        })
        .await
    }

    /// Removes an access key: nobody can sign with it any more.
    pub async fn remove_key(&self, key_id: &str) -> Result<(), AccountsError> {
        self.change(|_, after| {
            let gone = after.keys.remove(key_id);
            gone.map(drop)
                .ok_or_else(|| AccountsError::NoSuchKey(key_id.to_owned()))
        })
        .await
    }

    /// Seals all secrets with the master key in this file instead of the configuration's, and tells
    /// how many.
    pub async fn rekey(&self, new_key_file: &str) -> Result<usize, AccountsError> {
        let new = MasterKey::read(new_key_file).map_err(AccountsError::NewMasterKey)?;
        let mut after = find(&self.store).await?;
        let old = self.unlocked(&after)?;
        let Some(check) = &after.key_check else {
            return Ok(0);
        };
        if new.made(check) {
            return Err(AccountsError::SameMasterKey);
        }
        let mut problems = Vec::new();
        for (id, key) in &mut after.keys {
            match old.open_secret(&key.account, id, &key.secret) {
                Some(secret) => key.secret = new.seal_secret(&key.account, id, &secret),
                None => problems.push(format!("the secret of access key {id} does not open")),
            }
        }
        if !problems.is_empty() {
            return Err(ConfigError(problems).into());
        }
        after.key_check = Some(new.check());
        let count = after.keys.len();
        self.write(after).await?;
        Ok(count)
    }

    /// Makes one change, unless it brings problems that were not there before.
    async fn change<T>(
        &self,
        edit: impl FnOnce(&MasterKey, &mut StoredIdentities) -> Result<T, AccountsError>,
    ) -> Result<T, AccountsError> {
        let before = find(&self.store).await?;
        let key = self.unlocked(&before)?;
        let mut after = before.clone();
        let made = edit(key, &mut after)?;
        if after.accounts.is_empty() {
            after.key_check = None;
        } else if after.key_check.is_none() {
            after.key_check = Some(key.check());
        }
        let problems = |stored| {
            let joined = join(&self.config, stored);
            joined.err().map(|ConfigError(problems)| problems)
        };
        if let Some(mut found) = problems(&after) {
            let known: BTreeSet<String> = problems(&before).into_iter().flatten().collect();
            found.retain(|problem| !known.contains(problem));
            if !found.is_empty() {
                return Err(ConfigError(found).into());
            }
        }
        self.write(after).await?;
        Ok(made)
    }

    fn unlocked(&self, stored: &StoredIdentities) -> Result<&MasterKey, AccountsError> {
        unlock(&self.config, stored)?.ok_or(AccountsError::NoMasterKey)
    }

    async fn write(&self, after: StoredIdentities) -> Result<(), AccountsError> {
        if self.store.write(Replace(after)).await? {
            Ok(())
        } else {
            Err(AccountsError::Changed)
        }
    }
}

fn put(
    account: &Account,
    key: &MasterKey,
    after: &mut StoredIdentities,
    problems: &mut Vec<String>,
) {
    let id = account.id.as_str();
    let body = serde_json::to_string(account).expect("an account is plain data");
    after.accounts.insert(id.to_owned(), body);
    for given in &account.keys {
        let sealed = SealedKey {
            account: id.to_owned(),
            user: given.user.clone(),
            secret: key.seal_secret(id, &given.id, &given.secret),
        };
        if let Some(other) = after.keys.insert(given.id.clone(), sealed) {
            problems.push(format!(
                "access key {} is one of account {} already",
                given.id, other.account
            ));
        }
    }
}

/// An id as AWS's are, and a secret of as many letters.
fn mint() -> NewKey {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let id: [u8; 16] = clock::random();
    let secret: [u8; SECRET_LENGTH] = clock::random();
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 64)]);
    NewKey {
        id: KEY_ID_PREFIX.to_owned() + &letters(&id),
        secret: Secret::new(secret.iter().map(letter).collect::<String>()),
    }
}

fn described(stored: &StoredIdentities, id: &str) -> Result<Account, AccountsError> {
    let body = stored.accounts.get(id);
    let body = body.ok_or_else(|| AccountsError::NoSuchAccount(id.to_owned()))?;
    serde_json::from_str(body).map_err(|error| unreadable(id, &error))
}

fn unreadable(id: &str, error: &dyn std::fmt::Display) -> AccountsError {
    StoreError::Broken(format!("account {id} cannot be read: {error}")).into()
}

struct Replace(StoredIdentities);

impl Work for Replace {
    type Output = bool;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        tx.replace_identities(&self.0).await
    }
}
