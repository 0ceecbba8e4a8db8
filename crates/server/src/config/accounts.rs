//! The `[[account]]` tables: who may call, with which keys, and who may do what.

use std::collections::BTreeSet;
use std::time::Duration;

use mimeo_domain::AccountId;
use mimeo_sigv4::ACCESS_KEY_ID_BYTES_MAX;
use serde::{Deserialize, Serialize};
use toml::Value;

use super::Secret;
use super::fields::{Fields, tables};

/// A secret in a file is no longer than this, in bytes.
const SECRET_BYTES_MAX: u64 = 1024;

/// A policy in a file is no longer than this, in bytes; what a policy may be, `mimeo_iam` says.
const DOCUMENT_BYTES_MAX: u64 = 64 << 10;

/// The longest names of IAM, in characters.
const NAME_LENGTH_MAX: usize = 128;
const PATH_LENGTH_MAX: usize = 512;

/// How long sessions of a role may last: IAM's bounds and default, in seconds.
const SESSION_SECONDS: std::ops::RangeInclusive<u64> = 3600..=43_200;
const SESSION_SECONDS_DEFAULT: u64 = 3600;

/// An account as it is described: plain data, in which names still stand for what they name.
/// `front::Identities` makes sense of it. The store keeps it in this form, but for its keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    /// For people, and as the organization tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The unit of the organization that it belongs to; its root, if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(skip)]
    pub keys: Vec<AccessKey>,
    #[serde(default, rename = "user", skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
    #[serde(default, rename = "group", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    #[serde(default, rename = "role", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    #[serde(default, rename = "policy", skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<NamedPolicy>,
}

/// An access key and whom it belongs to.
#[derive(Debug, Clone)]
pub struct AccessKey {
    pub id: String,
    pub secret: Secret,
    /// The user's name; `None` is the account's root.
    pub user: Option<String>,
}

/// A user: may do what its policies and those of its groups allow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    /// Begins and ends with a slash, as IAM has paths.
    pub path: String,
    pub groups: Vec<String>,
    /// Names of policies of the account, or names or ARNs of managed policies.
    pub policies: Vec<String>,
}

/// Users who may do the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub path: String,
    pub policies: Vec<String>,
}

/// A role: whoever its trust policy names may act as it for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub path: String,
    /// The trust policy, as JSON.
    pub trust: String,
    pub policies: Vec<String>,
    /// The longest session.
    #[serde(rename = "max_session_seconds", with = "seconds")]
    pub session_max: Duration,
}

/// A policy of the account, as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NamedPolicy {
    pub name: String,
    pub document: String,
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(of: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(of.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

impl Account {
    /// An account with nobody in it.
    pub fn new(id: AccountId) -> Self {
        Self {
            id,
            name: None,
            unit: None,
            keys: Vec::new(),
            users: Vec::new(),
            groups: Vec::new(),
            roles: Vec::new(),
            policies: Vec::new(),
        }
    }
}

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
    let id = id.map(|id| id.parse::<AccountId>());
    if let Some(Ok(id)) = &id {
        fields.place = format!("account {id}");
    }
    let name = fields.text("name");
    let unit = fields.text("unit");
    let keys = fields.each("account", "key", access_key);
    let users = fields.each("account", "user", user);
    let groups = fields.each("account", "group", group);
    let roles = fields.each("account", "role", role);
    let policies = fields.each("account", "policy", policy);
    fields.finish();
    let id = id?
        .map_err(|error| fields.problem(&error.to_string()))
        .ok()?;
    Some(Account {
        id,
        name,
        unit,
        keys,
        users,
        groups,
        roles,
        policies,
    })
}

fn access_key(fields: &mut Fields<'_>) -> Option<AccessKey> {
    let id = fields.needed("id");
    let secret = fields.here_or_in_file("secret", "secret_file", SECRET_BYTES_MAX);
    let user = fields.text("user");
    fields.finish();
    let id = id?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if id.is_empty() || id.len() > ACCESS_KEY_ID_BYTES_MAX || !id.bytes().all(fits) {
        fields.problem(&format!("the id {id:?} is not letters and digits"));
    }
    let secret = secret?;
    let secret = secret.trim();
    if secret.is_empty() || secret.len() as u64 > SECRET_BYTES_MAX {
        fields.problem("the secret is empty or too long");
    }
    Some(AccessKey {
        id,
        secret: Secret::new(secret),
        user,
    })
}

fn user(fields: &mut Fields<'_>) -> Option<User> {
    let name = name(fields);
    let path = path(fields);
    let groups = fields.texts("groups");
    let policies = fields.texts("policies");
    fields.finish();
    Some(User {
        name: name?,
        path,
        groups,
        policies,
    })
}

fn group(fields: &mut Fields<'_>) -> Option<Group> {
    let name = name(fields);
    let path = path(fields);
    let policies = fields.texts("policies");
    fields.finish();
    Some(Group {
        name: name?,
        path,
        policies,
    })
}

fn role(fields: &mut Fields<'_>) -> Option<Role> {
    let name = name(fields);
    let path = path(fields);
    let trust = fields.here_or_in_file("trust", "trust_file", DOCUMENT_BYTES_MAX);
    let policies = fields.texts("policies");
    let seconds = match fields.table.remove("max_session_seconds") {
        None => Some(SESSION_SECONDS_DEFAULT),
        Some(Value::Integer(seconds)) => u64::try_from(seconds).ok(),
        Some(_) => None,
    };
    let seconds = seconds.filter(|seconds| SESSION_SECONDS.contains(seconds));
    if seconds.is_none() {
        let (min, max) = (SESSION_SECONDS.start(), SESSION_SECONDS.end());
        fields.problem(&format!(
            "max_session_seconds is a number from {min} to {max}"
        ));
    }
    fields.finish();
    Some(Role {
        name: name?,
        path,
        trust: trust?,
        policies,
        session_max: Duration::from_secs(seconds?),
    })
}

fn policy(fields: &mut Fields<'_>) -> Option<NamedPolicy> {
    let name = name(fields);
    let document = fields.here_or_in_file("document", "file", DOCUMENT_BYTES_MAX);
    fields.finish();
    Some(NamedPolicy {
        name: name?,
        document: document?,
    })
}

/// A name as IAM has them. The place of later problems is told by it.
fn name(fields: &mut Fields<'_>) -> Option<String> {
    let name = fields.needed("name")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.bytes().all(fits) {
        fields.problem(&format!(
            "{name:?} is not a name: up to {NAME_LENGTH_MAX} letters, digits and +=,.@_-"
        ));
        return None;
    }
    fields.place = format!("{} ({name})", fields.place);
    Some(name)
}

fn path(fields: &mut Fields<'_>) -> String {
    let path = fields.text("path").unwrap_or_else(|| "/".to_owned());
    // No wildcard: patterns of portfolios are compared with it.
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"*?:".contains(&byte);
    let whole = path.starts_with('/') && path.ends_with('/') && !path.contains("//");
    if !whole || path.len() > PATH_LENGTH_MAX || !path.bytes().all(fits) {
        fields.problem(&format!(
            "{path:?} is not a path such as \"/\" or \"/team/\""
        ));
    }
    path
}
