//! Sessions: credentials that expire. All of a session is in its sealed token; nothing is stored.

use mimeo_domain::{AccountId, Caller, Standing, Timestamp};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::identities::letters;
use crate::accounts::MasterKey;
use crate::config::Secret;

/// How our tokens begin, so that another's is not taken for a broken one of ours.
const PREFIX: &str = "mimeo-";

/// How those begin that servers make for their callers, to read from each other.
const PEER_PREFIX: &str = "mimeo-peer-";

/// How long such a session is good: for one reading of a source, with room for skewed clocks.
const PEER_MILLIS: i64 = 300_000;

/// How access key ids of sessions begin, as AWS's.
const KEY_ID_PREFIX: &str = "ASIA";

/// Longer tokens are none of ours, in bytes; the longest session policy fits in twice.
const TOKEN_BYTES_MAX: usize = 12 * 1024;

/// What the server's chance must give for a new session, in bytes.
const CHANCE_BYTES: usize = 32;

/// A session, as its token holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub account: AccountId,
    pub who: Who,
    pub began: Timestamp,
    pub expires: Timestamp,
    /// A policy that narrows what the session may do, as JSON.
    pub policy: Option<String>,
}

/// As whom a session acts. What that may do is looked up at each request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Who {
    Root,
    User(String),
    Role {
        /// `role/PATH/NAME`.
        resource: String,
        session_name: String,
    },
}

/// What a session opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Everything,
    /// What a copy reads of its source, and nothing else: another server vouches for the caller.
    Sources,
}

impl Session {
    /// A session in which another server is asked for what this caller wants.
    pub(crate) fn for_peer(caller: &Caller, now: Timestamp) -> Self {
        Self {
            account: caller.account.clone(),
            who: Who::of(caller),
            began: now,
            expires: now.plus_millis(PEER_MILLIS),
            policy: caller.session_policy.clone(),
        }
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires
    }
}

impl Who {
    /// Whoever stands behind a caller. Nobody, if that cannot be told.
    fn of(caller: &Caller) -> Self {
        let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
        if let Standing::As(arns) = &caller.standing {
            let arn = arns.first().map(String::as_str).unwrap_or_default();
            let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
            if resource.starts_with("role/") {
                return Self::Role {
                    resource: resource.to_owned(),
                    session_name: last(&caller.principal),
                };
            }
            if resource.starts_with("user/") {
                return Self::User(last(resource));
            }
        } else if caller.principal.ends_with(":root") {
            return Self::Root;
        }
        Self::User(String::new())
    }
}

/// What a client signs a session's requests with.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub access_key_id: String,
    pub secret: Secret,
    pub token: String,
}

/// Seals the tokens of sessions; all nodes on one store use the same.
pub(crate) struct SessionKey {
    seal: LessSafeKey,
    /// From which secrets are derived: one is a function of its token.
    secrets: hmac::Key,
    prefix: &'static str,
}

/// The keys of a server: of its own sessions, and of those that its peers begin.
#[derive(Debug)]
pub(crate) struct SessionKeys {
    own: SessionKey,
    peers: Option<SessionKey>,
}

impl SessionKeys {
    pub(crate) fn new(own: SessionKey, peers: Option<SessionKey>) -> Self {
        Self { own, peers }
    }

    /// Credentials of a session of this server; see [`SessionKey::issue`].
    pub(crate) fn issue(&self, session: &Session, chance: &[u8; CHANCE_BYTES]) -> Credentials {
        self.own.issue(session, chance)
    }

    pub(crate) fn open(&self, access_key_id: &str, token: &[u8]) -> Result<(Session, Reach), Bent> {
        let (key, reach) = self.of(token)?;
        Ok((key.open(access_key_id, token)?, reach))
    }

    pub(crate) fn secret_of(&self, token: &[u8]) -> Result<Secret, Bent> {
        self.of(token)?.0.secret_of(token)
    }

    fn of(&self, token: &[u8]) -> Result<(&SessionKey, Reach), Bent> {
        if !token.starts_with(PEER_PREFIX.as_bytes()) {
            return Ok((&self.own, Reach::Everything));
        }
        let peers = self.peers.as_ref().ok_or(Bent)?;
        Ok((peers, Reach::Sources))
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// The token is ours by its form, but does not open or belongs to another access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bent;

impl SessionKey {
    /// For sessions of the server that has this secret.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self::of(
            secret,
            ["mimeo session seal", "mimeo session secret"],
            PREFIX,
        )
    }

    /// For sessions between the servers that share this key. What open mode believes opens nothing
    /// in verified mode.
    pub(crate) fn of_peers(key: &MasterKey, is_verified: bool) -> Self {
        let secret = key.of_peers(if is_verified { "verified" } else { "open" });
        let purposes = ["mimeo peer session seal", "mimeo peer session secret"];
        Self::of(secret.as_bytes(), purposes, PEER_PREFIX)
    }

    fn of(secret: &[u8], [seal, secrets]: [&str; 2], prefix: &'static str) -> Self {
        let master = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derive = |purpose: &str| hmac::sign(&master, purpose.as_bytes());
        let seal = UnboundKey::new(&AES_256_GCM, derive(seal).as_ref())
            .expect("SHA-256 has the length of an AES-256 key");
        let secrets = derive(secrets);
        Self {
            seal: LessSafeKey::new(seal),
            secrets: hmac::Key::new(hmac::HMAC_SHA256, secrets.as_ref()),
            prefix,
        }
    }

    /// Credentials of a session. `chance` must be fresh: it makes the key's id and the nonce.
    pub(crate) fn issue(&self, session: &Session, chance: &[u8; CHANCE_BYTES]) -> Credentials {
        let (nonce, rest) = chance.split_first_chunk().expect("32 bytes hold a nonce");
        let nonce: [u8; NONCE_LEN] = *nonce;
        let access_key_id = KEY_ID_PREFIX.to_owned() + &letters(&rest[..16]);
        let mut sealed = serde_json::to_vec(session).expect("a session is plain data");
        self.seal
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&access_key_id),
                &mut sealed,
            )
            .expect("a session is far below the cipher's limit");
        let token = self.prefix.to_owned() + &hex::encode([&nonce[..], &sealed].concat());
        let secret = self.secret(&token);
        Credentials {
            access_key_id,
            secret,
            token,
        }
    }

    /// Whether a token has the form of ours.
    pub(crate) fn is_ours(token: &[u8]) -> bool {
        token.starts_with(PREFIX.as_bytes())
    }

    /// The session of a token that came with this access key.
    pub(crate) fn open(&self, access_key_id: &str, token: &[u8]) -> Result<Session, Bent> {
        let sealed = token.strip_prefix(self.prefix.as_bytes()).ok_or(Bent)?;
        if sealed.len() > TOKEN_BYTES_MAX {
            return Err(Bent);
        }
        let mut bytes = hex::decode(sealed).map_err(|_| Bent)?;
        if bytes.len() < NONCE_LEN {
            return Err(Bent);
        }
        let mut sealed = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| Bent)?;
        let plain = self
            .seal
            .open_in_place(nonce, Aad::from(access_key_id), &mut sealed)
            .map_err(|_| Bent)?;
        serde_json::from_slice(plain).map_err(|_| Bent)
    }

    /// The secret that belongs to a token which opens.
    pub(crate) fn secret_of(&self, token: &[u8]) -> Result<Secret, Bent> {
        let token = std::str::from_utf8(token).map_err(|_| Bent)?;
        // Upper-case digits open too, but were never issued.
        Ok(self.secret(&token.to_ascii_lowercase()))
    }

    fn secret(&self, token: &str) -> Secret {
        let derived = hmac::sign(&self.secrets, token.as_bytes());
        Secret::new(hex::encode(derived.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session {
            account: "111111111111".parse().unwrap(),
            who: Who::User("deploy".into()),
            began: Timestamp::from_millis(1_000),
            expires: Timestamp::from_millis(2_000),
            policy: None,
        }
    }

    #[test]
    fn a_token_opens_with_its_own_access_key_and_store_only() {
        let key = SessionKey::new(b"of this store");
        let issued = key.issue(&session(), &[7; 32]);
        let open = |key: &SessionKey, id: &str| key.open(id, issued.token.as_bytes());
        assert_eq!(open(&key, &issued.access_key_id), Ok(session()));
        assert_eq!(open(&key, "ASIAANOTHER"), Err(Bent));
        assert_eq!(
            open(&SessionKey::new(b"of another"), &issued.access_key_id),
            Err(Bent)
        );
        let secret = key.secret_of(issued.token.as_bytes()).unwrap();
        assert_eq!(secret.reveal(), issued.secret.reveal());
        assert!(!format!("{issued:?}").contains(secret.reveal()));
    }

    #[test]
    fn a_token_with_any_bit_flipped_is_refused() {
        let key = SessionKey::new(b"of this store");
        let issued = key.issue(&session(), &[7; 32]);
        let token = hex::decode(&issued.token[PREFIX.len()..]).unwrap();
        for bit in 0..token.len() * 8 {
            let mut bent = token.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            let bent = PREFIX.to_owned() + &hex::encode(bent);
            assert_eq!(key.open(&issued.access_key_id, bent.as_bytes()), Err(Bent));
        }
        for text in ["", "mimeo-", "mimeo-zz", "mimeo-00", "AQoDYXdz"] {
            assert_eq!(key.open(&issued.access_key_id, text.as_bytes()), Err(Bent));
        }
    }

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_peers_token_opens_with_their_key_in_their_mode_and_as_no_other() {
        let key = MasterKey::parse(KEY).unwrap();
        let other = MasterKey::parse(&KEY.replace("1f", "2f")).unwrap();
        let keys = |peers| SessionKeys::new(SessionKey::new(b"of this store"), peers);
        let issued = SessionKey::of_peers(&key, true).issue(&session(), &[7; 32]);
        assert!(issued.token.starts_with(PEER_PREFIX));
        let open =
            |keys: &SessionKeys, token: &str| keys.open(&issued.access_key_id, token.as_bytes());
        let same = keys(Some(SessionKey::of_peers(&key, true)));
        let opened = open(&same, &issued.token);
        assert_eq!(opened, Ok((session(), Reach::Sources)));
        // Nor does it open as a session of the server's own.
        let as_own = issued.token.replace(PEER_PREFIX, PREFIX);
        assert_eq!(open(&same, &as_own), Err(Bent));
        let of_others = [
            None,
            Some(SessionKey::of_peers(&other, true)),
            Some(SessionKey::of_peers(&key, false)),
        ];
        for peers in of_others {
            assert_eq!(open(&keys(peers), &issued.token), Err(Bent));
        }
    }

    #[test]
    fn a_peer_is_told_who_stands_behind_a_caller() {
        let account: AccountId = "111111111111".parse().unwrap();
        let root = Caller::root(account, "eu-west-1".parse().unwrap());
        let caller = |principal: &str, arns: &[&str]| Caller {
            principal: principal.to_owned(),
            standing: Standing::As(arns.iter().map(|arn| (*arn).to_owned()).collect()),
            ..root.clone()
        };
        let user = "arn:aws:iam::111111111111:user/ci/deploy";
        let group = "arn:aws:iam::111111111111:group/ci";
        let session = "arn:aws:sts::111111111111:assumed-role/Publisher/story";
        let role = "arn:aws:iam::111111111111:role/ci/Publisher";
        let told = [
            (root.clone(), Who::Root),
            (caller(user, &[user, group]), Who::User("deploy".into())),
            (
                caller(session, &[role]),
                Who::Role {
                    resource: "role/ci/Publisher".into(),
                    session_name: "story".into(),
                },
            ),
            // Whoever cannot be told is nobody, and never root.
            (caller(user, &[]), Who::User(String::new())),
            (
                Caller {
                    standing: Standing::Root,
                    ..caller(user, &[])
                },
                Who::User(String::new()),
            ),
        ];
        for (caller, who) in told {
            let session = Session::for_peer(&caller, Timestamp::from_millis(1_000));
            assert_eq!(session.who, who);
            assert_eq!(session.expires.millis(), 301_000);
        }
    }

    #[test]
    fn a_session_is_over_at_its_last_instant() {
        let at = |millis| session().is_over(Timestamp::from_millis(millis));
        assert!(!at(1_999));
        assert!(at(2_000));
    }
}
