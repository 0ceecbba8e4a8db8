//! The audit over the wire: who asked and from where, sessions, denials, reading, and no secrets.

use mimeo_server::config::{Auditing, Data};
use mimeo_server::upkeep::{Span, export_audit, export_audit_from};
use mimeo_server::{Config, Running, Server};
use mimeo_sigv4::Identity;
use serde_json::{Value, json};

use crate::client::{Answer, HUB, Request, described, open, start};

const AUDIT: &str = "/_mimeo/v1/audit";

const ACCOUNTS: &str = r#"
regions = ["eu-west-1"]
[[account]]
id = "111111111111"
key = [
    { id = "AKIADEV", secret = "c4n4ry", user = "dev" },
    { id = "AKIAROOT", secret = "c4n4ry" },
]
user = [{ name = "dev", path = "/ci/", policies = ["AWSServiceCatalogAdminReadOnlyAccess"] }]
[[account.role]]
name = "Admin"
policies = ["AWSServiceCatalogAdminFullAccess"]
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"AWS": "arn:aws:iam::111111111111:user/ci/dev"}}}'''
[[account.role]]
name = "Shut"
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "333333333333"}}}'''

[[account]]
id = "222222222222"
key = [{ id = "AKIASPOKE", secret = "c4n4ry" }]
"#;

const CANARY: &str = "c4n4ry";

async fn send(server: &Running, key: &str, service: &str, request: Request) -> Answer {
    let region = if service == "sts" {
        "us-east-1"
    } else {
        "eu-west-1"
    };
    let identity = Identity {
        access_key_id: key,
        secret_access_key: CANARY,
        region,
        service,
    };
    let request = request.with("User-Agent", "story/1.0");
    request.signed_by(server, &identity, 0).send(server).await
}

async fn call(server: &Running, key: &str, operation: &str, body: &str) -> Answer {
    send(
        server,
        key,
        "servicecatalog",
        Request::call(operation, body),
    )
    .await
}

/// The records of a key's account, newest first.
async fn records(server: &Running, key: &str, query: &str) -> Vec<Value> {
    let request = Request::to("GET", &format!("{AUDIT}{query}"));
    let answer = send(server, key, "servicecatalog", request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.text().contains(CANARY), "{}", answer.text());
    answer.json()["events"].as_array().unwrap().clone()
}

fn assume(role: &str) -> Request {
    let body = format!(
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::{HUB}:role/{role}\
         &RoleSessionName=story&ExternalId={CANARY}"
    );
    Request::to("POST", "/")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(body)
}

const PORTFOLIO: &str = r#"{"DisplayName":"p","ProviderName":"p","IdempotencyToken":"t"}"#;

#[tokio::test]
async fn a_record_tells_who_asked_from_where_and_under_which_request() {
    let server = start(described(ACCOUNTS)).await;
    let denied = call(&server, "AKIADEV", "CreatePortfolio", PORTFOLIO).await;
    assert_eq!(denied.refusal(), (400, "AccessDeniedException".into()));
    let all = records(&server, "AKIAROOT", "").await;
    assert_eq!(all.len(), 1, "{all:?}");
    let record = &all[0];
    let identity = &record["userIdentity"];
    assert_eq!(identity["type"], "IAMUser");
    assert_eq!(identity["userName"], "dev");
    assert_eq!(identity["arn"], "arn:aws:iam::111111111111:user/ci/dev");
    assert_eq!(identity["accessKeyId"], "AKIADEV");
    assert!(
        identity["principalId"]
            .as_str()
            .unwrap()
            .starts_with("AIDA")
    );
    assert_eq!(record["errorCode"], "AccessDenied");
    assert_eq!(record["errorMessage"], denied.message());
    assert_eq!(record["sourceIPAddress"], "127.0.0.1");
    assert_eq!(record["userAgent"], "story/1.0");
    let request_id = denied.header("x-amzn-requestid").unwrap();
    assert_eq!(record["requestID"], request_id);
    // Others see nothing of it.
    assert_eq!(records(&server, "AKIASPOKE", "").await, Vec::<Value>::new());
    // Nor does who may not; that too is recorded.
    let request = Request::to("GET", AUDIT);
    let answer = send(&server, "AKIADEV", "servicecatalog", request).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    let denied = records(&server, "AKIAROOT", "?event=LookupEvents&user=dev").await;
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0]["readOnly"], true);
}

#[tokio::test]
async fn sessions_are_recorded_without_what_they_sign_with() {
    let server = start(described(ACCOUNTS)).await;
    let begun = send(&server, "AKIADEV", "sts", assume("Admin")).await;
    assert_eq!(begun.status, 200, "{}", begun.text());
    let refused = send(&server, "AKIADEV", "sts", assume("Shut")).await;
    assert_eq!(refused.status, 403);
    let element = |name: &str| {
        let (_, rest) = begun.text().split_once(&format!("<{name}>")).unwrap();
        rest.split_once("</").unwrap().0.to_owned()
    };
    let id = element("AccessKeyId");
    let (secret, token) = (element("SecretAccessKey"), element("SessionToken"));
    let identity = Identity {
        access_key_id: &id,
        secret_access_key: &secret,
        region: "eu-west-1",
        service: "servicecatalog",
    };
    let made = Request::call("CreatePortfolio", PORTFOLIO)
        .with("X-Amz-Security-Token", &token)
        .signed_by(&server, &identity, 0);
    assert_eq!(made.send(&server).await.status, 200);
    let put = Request::to("PUT", "/_mimeo/templates/t.json")
        .with("X-Amz-Security-Token", &token)
        .body(r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#)
        .signed_by(&server, &identity, 0);
    assert_eq!(put.send(&server).await.status, 201);

    let all = records(&server, "AKIAROOT", "").await;
    let text = Value::from(all.clone()).to_string();
    assert!(!text.contains(&secret) && !text.contains(&token));
    assert!(!text.contains("Signature="));
    let of = |event: &str| -> Vec<&Value> {
        let found = all.iter().filter(|record| record["eventName"] == event);
        found.collect()
    };
    let sessions = of("AssumeRole");
    assert_eq!(sessions.len(), 2, "{text}");
    let (denied, done): (Vec<_>, Vec<_>) = sessions
        .into_iter()
        .partition(|record| record.get("errorCode").is_some());
    assert_eq!(denied[0]["errorCode"], "AccessDenied");
    assert_eq!(done[0]["eventSource"], "sts.amazonaws.com");
    assert_eq!(done[0]["awsRegion"], "us-east-1");
    assert_eq!(done[0]["requestParameters"]["roleSessionName"], "story");
    let credentials = &done[0]["responseElements"]["credentials"];
    assert_eq!(credentials["accessKeyId"], id);
    let by_session = of("CreatePortfolio");
    let identity = &by_session[0]["userIdentity"];
    assert_eq!(identity["type"], "AssumedRole");
    assert_eq!(identity["accessKeyId"], id);
    let shown = "arn:aws:sts::111111111111:assumed-role/Admin/story";
    assert_eq!(identity["arn"], shown);
    let context = &identity["sessionContext"];
    assert_eq!(context["sessionIssuer"]["userName"], "Admin");
    assert!(context["attributes"]["creationDate"].is_string());
    assert_eq!(of("PutTemplate").len(), 1);
    let by_name = records(&server, "AKIAROOT", "?user=story").await;
    assert_eq!(by_name.len(), 2);
}

#[tokio::test]
async fn records_come_as_json_lines_page_by_page() {
    let server = start(described(ACCOUNTS)).await;
    for token in ["a", "b", "c"] {
        let body = PORTFOLIO.replace(r#""t""#, &format!("{token:?}"));
        let made = call(&server, "AKIAROOT", "CreatePortfolio", &body).await;
        assert_eq!(made.status, 200);
    }
    let mut tokens = Vec::new();
    let mut next = String::new();
    loop {
        let request = Request::to("GET", &format!("{AUDIT}?max=2{next}"))
            .with("Accept", "application/x-ndjson");
        let page = send(&server, "AKIAROOT", "servicecatalog", request).await;
        assert_eq!(page.header("content-type"), Some("application/x-ndjson"));
        for line in page.text().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            tokens.push(record["requestParameters"]["idempotencyToken"].clone());
        }
        match page.header("x-mimeo-next") {
            Some(place) => next = format!("&next={place}"),
            None => break,
        }
    }
    assert_eq!(tokens, ["c", "b", "a"]);
    for query in [
        "?next=x",
        "?max=0",
        "?max=51",
        "?since=yesterday",
        "?nothing=1",
    ] {
        let request = Request::to("GET", &format!("{AUDIT}{query}"));
        let answer = send(&server, "AKIAROOT", "servicecatalog", request).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn verified_mode_always_records_and_open_mode_may_leave_it() {
    let off = Auditing {
        enabled: false,
        retention: None,
    };
    let config = Config {
        audit: off.clone(),
        ..described(ACCOUNTS)
    };
    let refused = Server::start(config).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("audit.enabled"), "{refused}");
    for (audit, count) in [(open().audit, 1), (off, 0)] {
        let server = start(Config { audit, ..open() }).await;
        let made = Request::call("CreatePortfolio", PORTFOLIO).with_key(HUB, "eu-west-1");
        assert_eq!(made.send(&server).await.status, 200);
        let read = Request::to("GET", AUDIT).with_key(HUB, "eu-west-1");
        let found = read.send(&server).await.json();
        assert_eq!(found["events"].as_array().unwrap().len(), count);
        if count == 1 {
            let reset = Request::to("POST", "/_mimeo/reset").body(json!({}).to_string());
            assert_eq!(reset.send(&server).await.status, 200);
            let read = Request::to("GET", AUDIT).with_key(HUB, "eu-west-1");
            assert_eq!(read.send(&server).await.json(), json!({"events": []}));
        }
    }
}

#[tokio::test]
async fn all_accounts_records_are_exported_while_the_server_runs_and_once_by_a_cursor() {
    let folder = tempfile::TempDir::new().unwrap();
    let config = Config {
        data: Data::Folder(folder.path().join("data")),
        ..open()
    };
    let server = start(config.clone()).await;
    for (account, region) in [(HUB, "eu-west-1"), ("222222222222", "us-east-1")] {
        let made = Request::call("CreatePortfolio", PORTFOLIO).with_key(account, region);
        assert_eq!(made.send(&server).await.status, 200);
    }
    let mut lines = Vec::new();
    let exported = export_audit(&config, Span::default(), &mut lines).await;
    assert_eq!(exported.unwrap(), 2);
    let lines = String::from_utf8(lines).unwrap();
    let accounts: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["recipientAccountId"].clone())
        .collect();
    assert_eq!(accounts, [HUB, "222222222222"]);
    let none = Span::read(Some("2000-01-01T00:00:00Z"), Some("2001-01-01T00:00:00Z")).unwrap();
    let exported = export_audit(&config, none, &mut Vec::new()).await;
    assert_eq!(exported.unwrap(), 0);
    // A cursor leaves what is fresh to the next run.
    let cursor = folder.path().join("cursor");
    for _ in 0..2 {
        let exported = export_audit_from(&config, &cursor, &mut Vec::new()).await;
        assert_eq!(exported.unwrap(), 0);
    }
    std::fs::write(&cursor, "2100-01-01T00:00:00Z\n").unwrap();
    let exported = export_audit_from(&config, &cursor, &mut Vec::new()).await;
    assert_eq!(exported.unwrap(), 0);
    assert_eq!(
        std::fs::read_to_string(&cursor).unwrap(),
        "2100-01-01T00:00:00Z\n"
    );
    std::fs::write(&cursor, "yesterday").unwrap();
    let refused = export_audit_from(&config, &cursor, &mut Vec::new()).await;
    assert!(refused.is_err());
}
