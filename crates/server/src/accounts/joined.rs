//! The accounts of the configuration and those of the store as one.

use mimeo_domain::organizations::Organization;
use mimeo_store::{Store, StoreError, StoredIdentities, Tx, Work};

use super::MasterKey;
use crate::config::{AccessKey, Account, Config, ConfigError, member};
use crate::front::Identities;
use crate::serve::StartError;

/// Whom a server serves.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The configuration with all that the store describes.
    pub config: Config,
    pub identities: Identities,
    /// As of which the store was read.
    pub generation: i64,
}

/// Reads whom the store describes beside the configuration. From then on the store's organization is
/// the one that is described.
pub(crate) async fn load(config: &Config, store: &Store) -> Result<Loaded, StartError> {
    let stored = find(store).await?;
    let joined = join(config, &stored)?;
    let identities = Identities::of(&joined.accounts).map_err(ConfigError)?;
    let identities = identities.within(joined.organization.as_ref());
    if let Some(organization) = &joined.organization {
        let settle = Settle {
            organization: organization.clone(),
            generation: stored.generation,
        };
        store.write(settle).await?;
    }
    Ok(Loaded {
        config: joined,
        identities,
        generation: stored.generation,
    })
}

/// All that commands described.
pub(super) async fn find(store: &Store) -> Result<StoredIdentities, StoreError> {
    store.scan(Find).await
}

/// The configuration with all that the store describes, or what does not fit together.
pub(super) fn join(config: &Config, stored: &StoredIdentities) -> Result<Config, ConfigError> {
    let mut problems = Vec::new();
    let key = unlock(config, stored)?;
    let accounts = accounts(stored, key, &mut problems);
    let mut joined = config.clone();
    match (&config.organization, &stored.organization) {
        (Some(_), Some(_)) => problems.push(
            "an organization is described in the configuration and in the store: remove \
             [organization] from the configuration"
                .to_owned(),
        ),
        (None, Some(organization)) => {
            let mut organization = organization.clone();
            organization
                .accounts
                .extend(config.accounts.iter().map(member));
            joined.organization = Some(organization);
        }
        (_, None) => {}
    }
    if let Some(organization) = &mut joined.organization {
        organization.accounts.extend(accounts.iter().map(member));
    }
    for account in accounts {
        let id = &account.id;
        if config.accounts.iter().any(|known| known.id == *id) {
            problems.push(format!(
                "account {id} is described in the configuration and in the store: remove it from one \
                 of them (mimeo account remove {id})"
            ));
        }
        joined.accounts.push(account);
    }
    let of_config = config.accounts.iter().flat_map(|account| &account.keys);
    for key in of_config.filter(|key| stored.keys.contains_key(&key.id)) {
        let id = &key.id;
        problems.push(format!(
            "access key {id} is described in the configuration and in the store: remove it from one \
             of them (mimeo account key remove {id})"
        ));
    }
    problems.extend(joined.unfit());
    if problems.is_empty() {
        Ok(joined)
    } else {
        Err(ConfigError(problems))
    }
}

/// The configuration's master key, if it is the one of what is stored.
pub(super) fn unlock<'a>(
    config: &'a Config,
    stored: &StoredIdentities,
) -> Result<Option<&'a MasterKey>, ConfigError> {
    let key = config.identities.key();
    let problem = match (key, &stored.key_check) {
        (_, None) => return Ok(key),
        (Some(key), Some(check)) if key.made(check) => return Ok(Some(key)),
        (Some(_), Some(_)) => {
            "the master key of identities.key_file or MIMEO_IDENTITIES_KEY is not the one that the \
             store's secrets are sealed with"
        }
        (None, Some(_)) => {
            "the store holds accounts, so the master key that their secrets are sealed with is \
             needed: identities.key_file or MIMEO_IDENTITIES_KEY"
        }
    };
    Err(ConfigError(vec![problem.to_owned()]))
}

/// The accounts of the store with their keys, as far as they can be read.
fn accounts(
    stored: &StoredIdentities,
    key: Option<&MasterKey>,
    problems: &mut Vec<String>,
) -> Vec<Account> {
    let mut accounts = Vec::new();
    for (id, body) in &stored.accounts {
        match serde_json::from_str::<Account>(body) {
            Ok(account) if account.id.as_str() == id => accounts.push(account),
            Ok(_) | Err(_) => problems.push(format!("account {id} cannot be read from the store")),
        }
    }
    for (id, sealed) in &stored.keys {
        let secret = key.and_then(|key| key.open_secret(&sealed.account, id, &sealed.secret));
        let account = accounts
            .binary_search_by(|account| account.id.as_str().cmp(&sealed.account))
            .ok();
        match (secret, account) {
            (Some(secret), Some(at)) => accounts[at].keys.push(AccessKey {
                id: id.clone(),
                secret,
                user: sealed.user.clone(),
            }),
            (None, _) => problems.push(format!(
                "access key {id} of account {}: its secret does not open; it was altered, or is \
                 another key's",
                sealed.account
            )),
            // Its account was told already.
            (Some(_), None) => {}
        }
    }
    accounts
}

struct Find;

impl Work for Find {
    type Output = StoredIdentities;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<StoredIdentities, StoreError> {
        tx.find_identities().await
    }
}

struct Settle {
    organization: Organization,
    generation: i64,
}

impl Work for Settle {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        // What is described meanwhile, whoever sees it settles.
        if tx.find_identities_generation().await? == self.generation {
            tx.settle_organization(&self.organization).await?;
        }
        Ok(())
    }
}
