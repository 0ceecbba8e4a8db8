//! What a Region on another server costs those who ask it: who waits for whom, and for how long.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod far;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use far::{Deed, Far, Here};
use mimeo_domain::arn::ProductArn;
use mimeo_domain::artifacts::{ArtifactType, Details, Guidance, Origin};
use mimeo_domain::copying::PlannedArtifact;
use mimeo_domain::{AccountId, Caller};
use mimeo_peers::{Acting, Peer, Role, There};
use mimeo_service::Source;
use mimeo_templates::fetch::{FetchRules, Fetcher, Loopback};
use serde_json::json;
use tokio::time::timeout;

const PRODUCT: &str = "arn:aws:catalog:us-east-1:111111111111:product/prod-aaaaaaaaaaaaa";
const HUB: &str = "111111111111";
const SPOKE: &str = "222222222222";

/// A copy does not land with a word that took longer.
const WORD_MAX: Duration = Duration::from_secs(5);

/// What one node's copies want at once by default: four copies of four templates each.
const TEMPLATES: usize = 16;

fn product() -> ProductArn {
    ProductArn::parse(PRODUCT).unwrap()
}

fn caller(account: &str) -> Caller {
    Caller::root(account.parse().unwrap(), "eu-west-1".parse().unwrap())
}

fn version() -> PlannedArtifact {
    PlannedArtifact {
        source: "pa-aaaaaaaaaaaaa".into(),
        details: Details {
            name: None,
            description: None,
        },
        artifact_type: ArtifactType::CloudFormationTemplate,
        active: true,
        guidance: Guidance::Default,
        origin: Origin::Url(String::new()),
        digest: None,
        unread: false,
    }
}

fn described() -> Deed {
    Deed::ok(
        json!({"ProductViewDetail": {"ProductARN": PRODUCT, "ProductViewSummary": {
        "Name": "vpc", "Owner": "hub", "Type": "CLOUD_FORMATION_TEMPLATE"}}}),
    )
}

fn mimeo(far: &Far) -> There {
    let peer = Peer {
        region: "us-east-1".parse().unwrap(),
        endpoint: far.url.clone(),
        acting: Acting::AsCaller,
    };
    There::new(peer, Here::new())
}

fn aws(far: &Far, here: &Arc<Here>) -> There {
    let accounts: BTreeSet<AccountId> = [HUB, SPOKE].map(|id| id.parse().unwrap()).into();
    let rules = FetchRules {
        loopback: Loopback::Allowed,
        ..FetchRules::default()
    };
    let role = Role {
        arn: "arn:aws:iam::111111111111:role/Reader".to_owned(),
        external_id: None,
        sts_endpoint: far.url.clone(),
        credentials: Credentials::new("AKIABRIDGE", "secret", None, None, "test"),
        accounts,
        fetcher: Fetcher::new(rules).unwrap(),
    };
    let peer = Peer {
        region: "us-east-1".parse().unwrap(),
        endpoint: far.url.clone(),
        acting: Acting::InRole(Box::new(role)),
    };
    There::new(peer, here.clone())
}

const SESSION: &str = "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
     <SessionToken>token</SessionToken>";

async fn sees_in_time(there: &There, account: &str) -> bool {
    let (caller, source) = (caller(account), product());
    let word = timeout(WORD_MAX, there.sees(&caller, &source)).await;
    word.expect("a word in time").unwrap()
}

#[tokio::test]
async fn a_word_waits_for_no_look_and_no_template() {
    let far = Far::start(|request| {
        if request.contains("DescribeProductAsAdmin") {
            described()
        } else if request.starts_with("GET /_mimeo/artifacts/") {
            Deed::Begin { bytes: 100 }
        } else {
            Deed::Hold
        }
    })
    .await;
    let there = Arc::new(mimeo(&far));
    for _ in 0..20 {
        let there = Arc::clone(&there);
        tokio::spawn(async move { there.look(&caller(HUB), &product()).await.map(drop) });
    }
    far.arrived("ListProvisioningArtifacts", mimeo_peers::LOOKS_MAX)
        .await;
    let mut bodies = Vec::new();
    for _ in 0..TEMPLATES {
        let (caller, source, version) = (caller(HUB), product(), version());
        let body = timeout(WORD_MAX, there.template(&caller, &source, &version)).await;
        bodies.push(body.expect("no template waits").unwrap().unwrap());
    }
    let (of_hub, source, planned) = (caller(HUB), product(), version());
    let one_more = there.template(&of_hub, &source, &planned);
    let one_more = timeout(Duration::from_millis(100), one_more).await;
    assert!(one_more.is_err(), "more than so many wait");
    assert!(sees_in_time(&there, HUB).await);
}

#[tokio::test]
async fn nobody_waits_for_the_session_of_another_account() {
    let far = Far::start(|request| {
        if !request.contains("AssumeRole") {
            described()
        } else if request.contains(SPOKE) {
            Deed::Hold
        } else {
            Deed::ok(SESSION)
        }
    })
    .await;
    let there = Arc::new(aws(&far, &Here::new()));
    let of_spoke = Arc::clone(&there);
    tokio::spawn(async move { of_spoke.sees(&caller(SPOKE), &product()).await });
    far.arrived("mimeo-222222222222", 1).await;
    assert!(sees_in_time(&there, HUB).await);
}

#[tokio::test]
async fn a_session_is_used_to_its_end_where_no_new_one_is_given() {
    const SILENT: u16 = 0;
    let status = Arc::new(AtomicU16::new(200));
    let answered = Arc::clone(&status);
    let far = Far::start(move |request| {
        if !request.contains("AssumeRole") {
            return described();
        }
        match answered.load(Ordering::SeqCst) {
            SILENT => Deed::Hold,
            200 => Deed::ok(SESSION),
            status => Deed::Answer {
                status,
                body: String::new(),
            },
        }
    })
    .await;
    let here = Here::new();
    let there = aws(&far, &here);
    assert!(sees_in_time(&there, HUB).await);
    status.store(SILENT, Ordering::SeqCst);
    here.pass_minutes(49);
    assert!(sees_in_time(&there, HUB).await);
    assert_eq!(far.count("AssumeRole"), 1, "no new one is needed yet");
    here.pass_minutes(2);
    for _ in 0..3 {
        assert!(sees_in_time(&there, HUB).await);
    }
    assert_eq!(far.count("AssumeRole"), 2, "one is asked for once a minute");
    here.pass_minutes(2);
    status.store(200, Ordering::SeqCst);
    assert!(sees_in_time(&there, HUB).await);
    status.store(500, Ordering::SeqCst);
    here.pass_minutes(49);
    assert!(sees_in_time(&there, HUB).await);
    assert_eq!(far.count("AssumeRole"), 3, "the new one is used");
    here.pass_minutes(11);
    let (caller, source) = (caller(HUB), product());
    let over = there.sees(&caller, &source).await;
    assert!(over.is_err(), "the session is over: {over:?}");
}

#[tokio::test]
async fn a_template_is_read_by_a_long_signed_url() {
    let far = Far::start(|request| {
        if request.contains("AssumeRole") {
            return Deed::ok(SESSION);
        }
        if request.starts_with("GET /template.json") {
            return Deed::ok("{}");
        }
        let lower = request.to_ascii_lowercase();
        let host = lower.lines().find_map(|line| line.strip_prefix("host: "));
        let url = format!(
            "http://{}/template.json?X-Amz-Security-Token={}",
            host.unwrap(),
            "a".repeat(5_000)
        );
        Deed::ok(json!({"Info": {"TemplateUrl": url}}))
    })
    .await;
    let there = aws(&far, &Here::new());
    let (caller, source, version) = (caller(HUB), product(), version());
    let body = there.template(&caller, &source, &version).await.unwrap();
    let piece = body.unwrap().next().await.unwrap().unwrap();
    assert_eq!(piece, "{}");
}
