//! Verified mode: a caller is whose key signed the request.

use std::collections::BTreeSet;
use std::sync::Arc;

use mimeo_domain::{RegionName, Timestamp};
use mimeo_iam::Policy;
use mimeo_sigv4::{Claim, Credential, Head, KeyCache, Refused, Rules, SigningKey, sha256};
use tokio::sync::watch;

use super::identities::Identities;
use super::known::{Began, Known, Origin, Place};
use super::session::{Reach, Session, SessionKeys, Who};
use crate::config::Config;

/// Verifies with this where there is no such key, so that the time taken does not tell.
const DUMMY_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// Secrets of sessions never change: their access key ids are never used again.
const SESSION_SECRET_VERSION: u64 = 0;
const PEER_SECRET_VERSION: u64 = 1;

/// Where clients of STS's global endpoint sign, whatever Regions are served.
const STS_GLOBAL_REGION: &str = "us-east-1";

#[derive(Debug)]
pub(crate) struct Verified {
    /// Whoever may call; each request looks once.
    identities: watch::Receiver<Arc<Identities>>,
    regions: BTreeSet<RegionName>,
    cache: KeyCache,
}

/// Whose key it is, before the signature is verified.
enum Holder<'a> {
    /// Of a lasting key: the user, or root.
    Lasting(&'a super::identities::Key),
    Session(Session, Reach),
}

impl Verified {
    pub(super) fn of(config: &Config, identities: watch::Receiver<Arc<Identities>>) -> Self {
        Self {
            identities,
            regions: config.regions.clone(),
            cache: KeyCache::default(),
        }
    }

    /// Those who may call now.
    pub(super) fn identities(&self) -> Arc<Identities> {
        Arc::clone(&self.identities.borrow())
    }

    pub(super) fn read<'a>(
        &self,
        head: &Head<'a>,
        rules: &Rules<'_>,
        now: Timestamp,
    ) -> Result<Claim<'a>, Refused> {
        let claim = Claim::read(head, rules, now.millis())?;
        self.region(claim.credential())?;
        Ok(claim)
    }

    pub(super) fn verify(
        &self,
        claim: &Claim<'_>,
        body: &[u8],
        origin: &Origin<'_>,
        sessions: &SessionKeys,
    ) -> Result<Known, Refused> {
        let credential = claim.credential();
        let body_sha256 = sha256(body);
        let identities = self.identities();
        let (holder, secret, version) = match claim.security_token() {
            // A lasting key comes without a token, a session's with its own.
            None => match identities.key(credential.access_key_id) {
                Some(key) => (Holder::Lasting(key), key.secret.clone(), key.secret_version),
                None => return Err(nobody(claim, &body_sha256)),
            },
            Some(token) => {
                let session = sessions.open(credential.access_key_id, token);
                match (session, sessions.secret_of(token)) {
                    (Ok((session, reach)), Ok(secret)) => {
                        let version = match reach {
                            Reach::Everything => SESSION_SECRET_VERSION,
                            Reach::Sources => PEER_SECRET_VERSION,
                        };
                        (Holder::Session(session, reach), secret, version)
                    }
                    _ => return Err(nobody(claim, &body_sha256)),
                }
            }
        };
        if let Some(cached) = self.cache.find(credential, version) {
            claim.verify(&body_sha256, &cached)?;
        } else {
            let derived = derive(secret.reveal(), credential);
            claim.verify(&body_sha256, &derived)?;
            self.cache.insert(credential, version, derived);
        }
        let region = self.region(credential)?;
        known(&identities, holder, &region, origin)
    }

    fn region(&self, credential: &Credential<'_>) -> Result<RegionName, Refused> {
        let region = credential.region.parse::<RegionName>();
        let region = region.map_err(|_| Refused::ScopeRegion)?;
        let is_global =
            credential.service == Rules::STS.service && credential.region == STS_GLOBAL_REGION;
        if is_global || self.regions.contains(&region) {
            Ok(region)
        } else {
            Err(Refused::ScopeRegion)
        }
    }
}

/// What is known of whoever holds the key that signed.
fn known(
    identities: &Identities,
    holder: Holder<'_>,
    region: &RegionName,
    origin: &Origin<'_>,
) -> Result<Known, Refused> {
    let (session, reach) = match holder {
        Holder::Session(session, reach) => (session, reach),
        Holder::Lasting(key) => {
            let place = place(identities, &key.account, region, origin);
            return match &key.user {
                None => Ok(place.root()),
                Some(name) => identities
                    .user(&key.account, name)
                    .map(|user| place.user(user))
                    .ok_or(Refused::UnrecognizedClient),
            };
        }
    };
    if session.is_over(origin.now) {
        return Err(Refused::ExpiredToken);
    }
    let understood = |text: &String| {
        let policy = Policy::parse(text).map_err(|_| Refused::UnrecognizedClient)?;
        Ok((text.clone(), Arc::new(policy)))
    };
    let place = Place {
        session: Some(Began(session.began)),
        session_policy: session.policy.as_ref().map(understood).transpose()?,
        ..place(identities, &session.account, region, origin)
    };
    // Whoever is gone by now has no session any more.
    let known = match &session.who {
        Who::Root => identities
            .has_account(&session.account)
            .then(|| place.root()),
        Who::User(name) => {
            let user = identities.user(&session.account, name);
            user.map(|user| place.user(user))
        }
        Who::Role {
            resource,
            session_name,
        } => {
            let name = resource.rsplit('/').next().unwrap_or_default();
            let role = identities.role(&session.account, name);
            role.filter(|role| role.resource == *resource)
                .map(|role| place.role(role, session_name))
        }
    };
    match (known, reach) {
        (Some(known), reach) => Ok(Known { reach, ..known }),
        (None, Reach::Everything) => Err(Refused::UnrecognizedClient),
        // Told apart, so that a server whose key is wrong is not taken for one without the caller.
        (None, Reach::Sources) => Err(Refused::NotKnownHere),
    }
}

fn place<'a>(
    identities: &'a Identities,
    account: &'a mimeo_domain::AccountId,
    region: &'a RegionName,
    origin: &Origin<'a>,
) -> Place<'a> {
    Place {
        account,
        region,
        organization: identities.organization.as_deref(),
        origin: *origin,
        session: None,
        session_policy: None,
    }
}

/// The answer to who signs with a key that is nobody's, after as much work as for one that is.
fn nobody(claim: &Claim<'_>, body_sha256: &[u8; 32]) -> Refused {
    let dummy = derive(DUMMY_SECRET, claim.credential());
    // Whatever it says: nobody signs with a key that does not exist.
    let (Ok(()) | Err(_)) = claim.verify(body_sha256, &dummy);
    Refused::UnrecognizedClient
}

fn derive(secret: &str, credential: &Credential<'_>) -> SigningKey {
    SigningKey::derive(
        secret,
        credential.date,
        credential.region,
        credential.service,
    )
}
