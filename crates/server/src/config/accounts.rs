//! The `[[account]]` tables: who may call, with which keys.

use std::collections::BTreeSet;

use mimeo_domain::AccountId;
use mimeo_sigv4::ACCESS_KEY_ID_BYTES_MAX;
use toml::{Table, Value};

use super::{AccessKey, Account, Secret};

/// A secret in a file is no longer than this, in bytes.
const SECRET_BYTES_MAX: usize = 1024;

/// Reads the accounts and says all that is wrong with them, without quoting a secret.
pub(super) fn read(value: Value, problems: &mut Vec<String>) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    let mut key_ids = BTreeSet::new();
    for (at, table) in tables(value, "account", problems).into_iter().enumerate() {
        let mut fields = Fields {
            table,
            place: format!("account {}", at + 1),
            problems,
        };
        let Some(account) = account(&mut fields) else {
            continue;
        };
        for key in &account.keys {
            if !key_ids.insert(key.id.clone()) {
                problems.push(format!("access key {} is there twice", key.id));
            }
        }
        if accounts.iter().any(|known| known.id == account.id) {
            problems.push(format!("account {} is there twice", account.id));
        }
        accounts.push(account);
    }
    accounts
}

fn account(fields: &mut Fields<'_>) -> Option<Account> {
    let id = fields.needed("id");
    fields.text("name");
    let keys = fields.table.remove("key");
    fields.finish();
    let id = id?.parse::<AccountId>();
    let id = id
        .map_err(|error| fields.problem(&error.to_string()))
        .ok()?;
    let keys = keys.map_or_else(Vec::new, |keys| {
        tables(keys, "account.key", fields.problems)
    });
    if keys.is_empty() {
        fields.problem("it has no [[account.key]]");
    }
    let read = |(at, table)| {
        let place = format!("account {id}, key {}", at + 1);
        access_key(&mut Fields {
            table,
            place,
            problems: fields.problems,
        })
    };
    let keys = keys.into_iter().enumerate().filter_map(read).collect();
    Some(Account { id, keys })
}

fn access_key(fields: &mut Fields<'_>) -> Option<AccessKey> {
    let id = fields.needed("id");
    let secret = fields.text("secret");
    let secret_file = fields.text("secret_file");
    let user = fields.text("user");
    fields.finish();
    let id = id?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if id.is_empty() || id.len() > ACCESS_KEY_ID_BYTES_MAX || !id.bytes().all(fits) {
        fields.problem(&format!("the id {id:?} is not letters and digits"));
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
    if user
        .as_ref()
        .is_some_and(|user| user.is_empty() || !user.bytes().all(is_name))
    {
        fields.problem("the user is not a name as IAM has them");
    }
    let secret = match (secret, secret_file) {
        (Some(secret), None) => secret,
        (None, Some(path)) => match std::fs::read_to_string(&path) {
            Ok(text) => text.trim().to_owned(),
            Err(error) => {
                fields.problem(&format!("{path}: {error}"));
                return None;
            }
        },
        (Some(_), Some(_)) | (None, None) => {
            fields.problem("it needs either secret or secret_file");
            return None;
        }
    };
    if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
        fields.problem("the secret is empty or too long");
    }
    Some(AccessKey {
        id,
        secret: Secret::new(secret),
        user,
    })
}

fn tables(value: Value, name: &str, problems: &mut Vec<String>) -> Vec<Table> {
    let Value::Array(items) = value else {
        problems.push(format!("{name} is written [[{name}]]"));
        return Vec::new();
    };
    let as_table = |item| match item {
        Value::Table(table) => Some(table),
        _ => None,
    };
    items.into_iter().filter_map(as_table).collect()
}

/// The fields of one table, taken out one by one; what is left nobody knows.
struct Fields<'a> {
    table: Table,
    place: String,
    problems: &'a mut Vec<String>,
}

impl Fields<'_> {
    fn problem(&mut self, problem: &str) {
        self.problems.push(format!("{}: {problem}", self.place));
    }

    fn text(&mut self, name: &str) -> Option<String> {
        if let Value::String(text) = self.table.remove(name)? {
            return Some(text);
        }
        self.problem(&format!("{name} is a text in quotes"));
        None
    }

    fn needed(&mut self, name: &str) -> Option<String> {
        if !self.table.contains_key(name) {
            self.problem(&format!("it has no {name}"));
        }
        self.text(name)
    }

    fn finish(&mut self) {
        for name in std::mem::take(&mut self.table)
            .into_iter()
            .map(|(name, _)| name)
        {
            self.problem(&format!("there is no key `{name}`"));
        }
    }
}
