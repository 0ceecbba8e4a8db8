//! Verified mode: a caller is whose key signed the request.

use std::collections::{BTreeSet, HashMap};

use mimeo_domain::{Caller, RegionName, Standing, Timestamp};
use mimeo_sigv4::{Claim, Credential, Head, KeyCache, Refused, Rules, SigningKey, sha256};

use crate::config::{Config, Secret};

/// Secrets do not change while the server runs, so neither does their version.
const SECRET_VERSION: u64 = 0;

/// Verifies with this where there is no such key, so that the time taken does not tell.
const DUMMY_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

#[derive(Debug)]
pub(crate) struct Verified {
    keys: HashMap<String, Key>,
    regions: BTreeSet<RegionName>,
    cache: KeyCache,
}

/// An access key: the secret, and the caller but for the Region.
#[derive(Debug)]
struct Key {
    secret: Secret,
    account: mimeo_domain::AccountId,
    principal: String,
    standing: Standing,
}

impl Verified {
    pub(super) fn of(config: &Config) -> Self {
        let mut keys = HashMap::new();
        for account in &config.accounts {
            for key in &account.keys {
                let who = key
                    .user
                    .as_ref()
                    .map_or("root".to_owned(), |user| format!("user/{user}"));
                let principal = format!("arn:aws:iam::{}:{who}", account.id);
                let standing = match &key.user {
                    Some(_) => Standing::As(vec![principal.clone()]),
                    None => Standing::Root,
                };
                let key_of = Key {
                    secret: key.secret.clone(),
                    account: account.id.clone(),
                    principal,
                    standing,
                };
                keys.insert(key.id.clone(), key_of);
            }
        }
        Self {
            keys,
            regions: config.regions.clone(),
            cache: KeyCache::default(),
        }
    }

    pub(super) fn read<'a>(&self, head: &Head<'a>, now: Timestamp) -> Result<Claim<'a>, Refused> {
        let claim = Claim::read(head, &Rules::SERVICE_CATALOG, now.millis())?;
        self.region(claim.credential())?;
        Ok(claim)
    }

    pub(super) fn verify(&self, claim: &Claim<'_>, body: &[u8]) -> Result<Caller, Refused> {
        let credential = claim.credential();
        let body_sha256 = sha256(body);
        let Some(key) = self.keys.get(credential.access_key_id) else {
            let dummy = derive(DUMMY_SECRET, credential);
            // Whatever it says: nobody signs with a key that does not exist.
            let (Ok(()) | Err(_)) = claim.verify(&body_sha256, &dummy);
            return Err(Refused::UnrecognizedClient);
        };
        if let Some(cached) = self.cache.find(credential, SECRET_VERSION) {
            claim.verify(&body_sha256, &cached)?;
        } else {
            let derived = derive(key.secret.reveal(), credential);
            claim.verify(&body_sha256, &derived)?;
            self.cache.insert(credential, SECRET_VERSION, derived);
        }
        // Configured keys are lasting ones: a session token is not theirs.
        if claim.security_token().is_some() {
            return Err(Refused::UnrecognizedClient);
        }
        Ok(Caller {
            account: key.account.clone(),
            principal: key.principal.clone(),
            region: self.region(credential)?.clone(),
            standing: key.standing.clone(),
        })
    }

    fn region(&self, credential: &Credential<'_>) -> Result<&RegionName, Refused> {
        let region = credential.region.parse::<RegionName>().ok();
        region
            .and_then(|region| self.regions.get(&region))
            .ok_or(Refused::ScopeRegion)
    }
}

fn derive(secret: &str, credential: &Credential<'_>) -> SigningKey {
    SigningKey::derive(
        secret,
        credential.date,
        credential.region,
        credential.service,
    )
}
