//! Stories of sessions over time, which a server with a real clock cannot tell.

use std::net::Ipv4Addr;

use mimeo_domain::{AccountId, Timestamp};
use mimeo_iam::{Facts, Request};
use mimeo_service::Authority;
use mimeo_sigv4::{AmzDate, Identity, PathForm, sha256, sign};

use super::*;

const ACCOUNT: &str = "111111111111";
const ROLE: &str = "role/Publisher";

/// One role, which may do everything.
const WITH_ROLE: &str = r#"
regions = ["eu-west-1"]
[[account]]
id = "111111111111"
key = [{ id = "AKIAROOT", secret = "secret" }]
[[account.role]]
name = "Publisher"
policies = ["AdministratorAccess"]
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}}'''
"#;

/// An instant of this story, in seconds since it began.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_768_464_000_000 + seconds * 1000)
}

type Ask = fn(&Front, Asked<'_>, &[u8], &Origin<'_>) -> Result<Known, Refused>;

struct Story {
    front: Front,
    identities: watch::Sender<Arc<Identities>>,
    credentials: Credentials,
}

impl Story {
    /// A session of the role that lasts an hour.
    fn begin(config: &Config) -> Self {
        let known = Identities::of(&config.accounts).unwrap();
        let (sender, receiver) = watch::channel(Arc::new(known));
        let front = Front::of(config, receiver, SessionKey::new(b"of this story"));
        let account: AccountId = ACCOUNT.parse().unwrap();
        let session = Session {
            account,
            who: Who::Role {
                resource: ROLE.into(),
                session_name: "story".into(),
            },
            began: at(0),
            expires: at(3600),
            policy: None,
        };
        Self {
            credentials: front.sessions.issue(&session, &[7; 32]),
            front,
            identities: sender,
        }
    }

    fn asks(&self, now: Timestamp) -> Result<Known, Refused> {
        self.asks_of(Front::caller, now)
    }

    fn asks_as_peer(&self, now: Timestamp) -> Result<Known, Refused> {
        self.asks_of(Front::caller_or_peers, now)
    }

    fn asks_of(&self, ask: Ask, now: Timestamp) -> Result<Known, Refused> {
        let date = AmzDate::at(now.millis()).to_string();
        let headers: [(&str, &[u8]); 3] = [
            ("host", b"mimeo.test"),
            ("x-amz-date", date.as_bytes()),
            ("x-amz-security-token", self.credentials.token.as_bytes()),
        ];
        let signer = Identity {
            access_key_id: &self.credentials.access_key_id,
            secret_access_key: self.credentials.secret.reveal(),
            region: "eu-west-1",
            service: "servicecatalog",
        };
        let unsigned = Head {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
        };
        let authorization = sign(&unsigned, &sha256(b""), &signer, PathForm::Normalized).unwrap();
        let authorization = ("authorization", authorization.as_bytes());
        let whole: Vec<(&str, &[u8])> = headers.into_iter().chain([authorization]).collect();
        let head = Head {
            headers: &whole,
            ..unsigned
        };
        let asked = self.front.read(&head, &Rules::SERVICE_CATALOG, now)?;
        let origin = Origin {
            address: Ipv4Addr::LOCALHOST.into(),
            user_agent: None,
            now,
        };
        ask(&self.front, asked, b"", &origin)
    }
}

fn may_everything(known: &Known) -> bool {
    let facts = Facts::new();
    let request = Request {
        action: "servicecatalog:CreatePortfolio",
        resource: None,
        context: &facts,
    };
    match &known.authority {
        Authority::Whole => true,
        Authority::Granted(grant) => grant.decide(&request).is_ok(),
    }
}

#[test]
fn a_session_ends_with_its_time() {
    let story = Story::begin(&Config::of_toml(WITH_ROLE).unwrap());
    assert!(story.asks(at(3599)).is_ok());
    // The second finds the derived key in the cache.
    for _ in 0..2 {
        assert_eq!(story.asks(at(3600)).unwrap_err(), Refused::ExpiredToken);
    }
    assert_eq!(
        Refused::ExpiredToken.to_string(),
        "The security token included in the request is expired"
    );
}

#[test]
fn a_session_ends_with_its_time_in_open_mode_too() {
    let story = Story::begin(&Config::default());
    let known = story.asks(at(3599)).unwrap();
    assert_eq!(known.caller.account.as_str(), ACCOUNT);
    assert_eq!(story.asks(at(3600)).unwrap_err(), Refused::ExpiredToken);
}

#[test]
fn a_session_may_do_what_its_role_may_now() {
    let config = Config::of_toml(WITH_ROLE).unwrap();
    let story = Story::begin(&config);
    assert!(may_everything(&story.asks(at(1)).unwrap()));
    let mut accounts = config.accounts;
    accounts[0].roles[0].policies.clear();
    let changed = Identities::of(&accounts).unwrap();
    story.identities.send_replace(Arc::new(changed));
    assert!(!may_everything(&story.asks(at(2)).unwrap()));
    // Under another path it is another role.
    accounts[0].roles[0].path = "/other/".into();
    let moved = Identities::of(&accounts).unwrap();
    story.identities.send_replace(Arc::new(moved));
    assert_eq!(story.asks(at(3)).unwrap_err(), Refused::UnrecognizedClient);
    accounts[0].roles.clear();
    let gone = Identities::of(&accounts).unwrap();
    story.identities.send_replace(Arc::new(gone));
    assert_eq!(story.asks(at(4)).unwrap_err(), Refused::UnrecognizedClient);
}

#[test]
fn a_session_that_a_peer_begins_ends_soon_and_opens_sources_only() {
    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let config = Config::of_toml(&format!("peers.key = \"{KEY}\"\n{WITH_ROLE}")).unwrap();
    let mut story = Story::begin(&config);
    let theirs = SessionKey::of_peers(config.peers.key().unwrap(), true);
    let caller = mimeo_domain::Caller {
        principal: format!("arn:aws:sts::{ACCOUNT}:assumed-role/Publisher/story"),
        standing: mimeo_domain::Standing::As(vec![format!("arn:aws:iam::{ACCOUNT}:{ROLE}")]),
        session_policy: Some(r#"{"Statement":{"Effect":"Allow","Action":"servicecatalog:Describe*","Resource":"*"}}"#.into()),
        ..mimeo_domain::Caller::root(ACCOUNT.parse().unwrap(), "us-east-1".parse().unwrap())
    };
    story.credentials = theirs.issue(&Session::for_peer(&caller, at(0)), &[9; 32]);
    let known = story.asks_as_peer(at(1)).unwrap();
    assert_eq!(known.reach, Reach::Sources);
    assert_eq!(known.caller.principal, caller.principal);
    // What the caller was narrowed to there holds here, and on.
    assert!(!may_everything(&known));
    assert_eq!(known.caller.session_policy, caller.session_policy);
    assert_eq!(story.asks(at(1)).unwrap_err(), Refused::UnrecognizedClient);
    assert!(story.asks_as_peer(at(299)).is_ok());
    assert_eq!(
        story.asks_as_peer(at(300)).unwrap_err(),
        Refused::ExpiredToken
    );
    story.identities.send_replace(Arc::default());
    assert_eq!(
        story.asks_as_peer(at(2)).unwrap_err(),
        Refused::NotKnownHere
    );
}
