//! Accounts made sense of: which key is whose, who is in which groups, what policies say.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use mimeo_domain::AccountId;
use mimeo_domain::organizations::Organization;
use mimeo_iam::{Policy, TrustPolicy, managed};
use mimeo_sigv4::sha256;

use crate::config::{Account, Secret};

/// What a server knows of those who may call it. Made as a whole and replaced as a whole.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    keys: HashMap<String, Key>,
    accounts: HashMap<AccountId, Inhabitants>,
    /// The id of the organization of which all of them are members.
    pub organization: Option<String>,
}

/// An access key that lasts.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub secret: Secret,
    /// Another one for another secret, so that keys derived from an earlier one are forgotten.
    pub secret_version: u64,
    pub account: AccountId,
    /// The user's name; `None` is the account's root user.
    pub user: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct Inhabitants {
    users: HashMap<String, Arc<User>>,
    roles: HashMap<String, Arc<Role>>,
}

/// A user, with all that it may do.
#[derive(Debug)]
pub(crate) struct User {
    pub name: String,
    /// `user/PATH/NAME`, the end of its ARN.
    pub resource: String,
    /// `AIDA…`: as AWS, ours are made from the ARN.
    pub unique_id: String,
    /// `group/PATH/NAME` of each group that it is in.
    pub groups: Vec<String>,
    pub policies: Vec<Arc<Policy>>,
}

/// A role, with all that its sessions may do.
#[derive(Debug)]
pub(crate) struct Role {
    pub name: String,
    /// `role/PATH/NAME`, the end of its ARN.
    pub resource: String,
    /// `AROA…`.
    pub unique_id: String,
    pub trust: TrustPolicy,
    pub policies: Vec<Arc<Policy>>,
    pub session_max: Duration,
}

impl Identities {
    /// Makes sense of accounts, or tells all that makes none.
    pub(crate) fn of(accounts: &[Account]) -> Result<Self, Vec<String>> {
        let mut identities = Self::default();
        let mut problems = Vec::new();
        let mut managed = Managed::default();
        for account in accounts {
            let mut reading = Reading {
                account,
                policies: BTreeMap::new(),
                managed: &mut managed,
                problems: &mut problems,
            };
            reading.policies();
            let inhabitants = reading.inhabitants();
            for key in &account.keys {
                if let Some(user) = &key.user
                    && !account.users.iter().any(|known| known.name == *user)
                {
                    problems.push(format!(
                        "account {}, access key {}: it is the key of user {user:?}, but no \
                         [[account.user]] describes that user",
                        account.id, key.id
                    ));
                }
                let of_key = Key {
                    secret: key.secret.clone(),
                    secret_version: version(&key.secret),
                    account: account.id.clone(),
                    user: key.user.clone(),
                };
                identities.keys.insert(key.id.clone(), of_key);
            }
            identities.accounts.insert(account.id.clone(), inhabitants);
        }
        if problems.is_empty() {
            Ok(identities)
        } else {
            Err(problems)
        }
    }

    /// The same, in their organization.
    pub(crate) fn within(mut self, organization: Option<&Organization>) -> Self {
        self.organization = organization.map(|organization| organization.id.clone());
        self
    }

    /// The same, with no other accounts and keys than these.
    pub(crate) fn only(
        &self,
        is_account: impl Fn(&AccountId) -> bool,
        is_key: impl Fn(&str) -> bool,
    ) -> Self {
        let mut keys = self.keys.clone();
        keys.retain(|id, key| is_key(id) && is_account(&key.account));
        let mut accounts = self.accounts.clone();
        accounts.retain(|id, _| is_account(id));
        Self {
            keys,
            accounts,
            organization: self.organization.clone(),
        }
    }

    pub(crate) fn key(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    pub(crate) fn user(&self, account: &AccountId, name: &str) -> Option<&Arc<User>> {
        self.accounts.get(account)?.users.get(name)
    }

    pub(crate) fn role(&self, account: &AccountId, name: &str) -> Option<&Arc<Role>> {
        self.accounts.get(account)?.roles.get(name)
    }

    pub(crate) fn has_account(&self, account: &AccountId) -> bool {
        self.accounts.contains_key(account)
    }
}

/// AWS's policies, each read once.
#[derive(Default)]
struct Managed(BTreeMap<String, Arc<Policy>>);

impl Managed {
    fn named(&mut self, name: &str) -> Option<Arc<Policy>> {
        if let Some(policy) = self.0.get(name) {
            return Some(Arc::clone(policy));
        }
        let policy = Policy::parse(managed(name)?).expect("our own policies are well formed");
        let policy = Arc::new(policy);
        self.0.insert(name.to_owned(), Arc::clone(&policy));
        Some(policy)
    }
}

/// One account on its way to make sense.
struct Reading<'a> {
    account: &'a Account,
    policies: BTreeMap<&'a str, Arc<Policy>>,
    managed: &'a mut Managed,
    problems: &'a mut Vec<String>,
}

impl Reading<'_> {
    fn problem(&mut self, what: &str, problem: &str) {
        let id = &self.account.id;
        self.problems
            .push(format!("account {id}, {what}: {problem}"));
    }

    fn policies(&mut self) {
        for named in &self.account.policies {
            let what = format!("policy {}", named.name);
            if managed(&named.name).is_some() {
                self.problem(&what, "AWS has a policy of this name");
            }
            match Policy::parse(&named.document) {
                Ok(policy) => {
                    let policy = Arc::new(policy);
                    if self.policies.insert(&named.name, policy).is_some() {
                        self.problem(&what, "it is there twice");
                    }
                }
                Err(error) => self.problem(&what, &error.to_string()),
            }
        }
    }

    fn inhabitants(&mut self) -> Inhabitants {
        let mut inhabitants = Inhabitants::default();
        let account = self.account;
        let mut groups = BTreeMap::new();
        for group in &account.groups {
            let what = format!("group {}", group.name);
            let policies = self.attached(&what, &group.policies);
            let resource = format!("group{}{}", group.path, group.name);
            if groups.insert(&*group.name, (resource, policies)).is_some() {
                self.problem(&what, "it is there twice");
            }
        }
        for user in &account.users {
            let what = format!("user {}", user.name);
            let mut policies = self.attached(&what, &user.policies);
            let mut of_groups = Vec::new();
            for group in &user.groups {
                let Some((resource, of_group)) = groups.get(&**group) else {
                    self.problem(&what, &format!("there is no group {group:?}"));
                    continue;
                };
                of_groups.push(resource.clone());
                policies.extend(of_group.iter().map(Arc::clone));
            }
            let resource = format!("user{}{}", user.path, user.name);
            let made = Arc::new(User {
                name: user.name.clone(),
                unique_id: unique_id("AIDA", &account.id, &resource),
                resource,
                groups: of_groups,
                policies,
            });
            if inhabitants.users.insert(user.name.clone(), made).is_some() {
                self.problem(&what, "it is there twice");
            }
        }
        for role in &account.roles {
            let what = format!("role {}", role.name);
            let policies = self.attached(&what, &role.policies);
            let trust = match TrustPolicy::parse(&role.trust) {
                Ok(trust) => trust,
                Err(error) => {
                    self.problem(&what, &format!("its trust policy: {error}"));
                    continue;
                }
            };
            let resource = format!("role{}{}", role.path, role.name);
            let made = Arc::new(Role {
                name: role.name.clone(),
                unique_id: role_unique_id(&account.id, &resource),
                resource,
                trust,
                policies,
                session_max: role.session_max,
            });
            if inhabitants.roles.insert(role.name.clone(), made).is_some() {
                self.problem(&what, "it is there twice");
            }
        }
        inhabitants
    }

    /// The policies that names stand for: the account's, by name or ARN, or else AWS's.
    fn attached(&mut self, what: &str, names: &[String]) -> Vec<Arc<Policy>> {
        let own_prefix = format!(":iam::{}:policy/", self.account.id);
        let mut attached = Vec::new();
        for name in names {
            let own = name
                .split_once(&own_prefix)
                .filter(|(partition, _)| partition.starts_with("arn:aws"))
                .map_or(&**name, |(_, own)| own);
            let policy = self.policies.get(own).map(Arc::clone);
            match policy.or_else(|| self.managed.named(name)) {
                Some(policy) => attached.push(policy),
                // One that is there but broken was told already.
                None if self.account.policies.iter().any(|known| known.name == own) => {}
                None => self.problem(what, &format!("there is no policy {name:?}")),
            }
        }
        attached
    }
}

fn version(secret: &Secret) -> u64 {
    let digest = sha256(secret.reveal().as_bytes());
    let (first, _) = digest.split_first_chunk().expect("32 bytes hold 8");
    u64::from_be_bytes(*first)
}

/// The unique id of a role, `AROA…`.
pub(crate) fn role_unique_id(account: &AccountId, resource: &str) -> String {
    unique_id("AROA", account, resource)
}

/// An id of IAM's form that only this ARN has.
fn unique_id(prefix: &str, account: &AccountId, resource: &str) -> String {
    let digest = sha256(format!("{account}:{resource}").as_bytes());
    prefix.to_owned() + &letters(&digest[..17])
}

/// A letter or digit of IAM's alphabet for each byte.
pub(crate) fn letters(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    bytes.iter().map(letter).collect()
}
