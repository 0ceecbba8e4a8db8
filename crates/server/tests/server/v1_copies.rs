//! Copies through our own API: seen, watched, cancelled and retried over the wire.

use std::time::Duration;

use mimeo_server::Running;
use mimeo_sigv4::Identity;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::client::{Answer, HUB, Request, described, is_closed, open, start};
use crate::described_api::assert_described;
use crate::policies::PEOPLE;
use crate::v1::refusal;

const SPOKE: &str = "222222222222";

async fn call(server: &Running, operation: &str, body: Value) -> Value {
    let call = Request::call(operation, &body.to_string()).with_key(HUB, "eu-west-1");
    let answer = call.send(server).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

/// Asks our own API, and holds the answer against its document.
async fn ours(server: &Running, method: &'static str, path: &str) -> Answer {
    let full = format!("/_mimeo/v1/copies{path}");
    let request = Request::to(method, &full).with_key(HUB, "eu-west-1");
    let answer = request.send(server).await;
    let below = path.split('?').next().unwrap_or_default();
    let operation = match below.rsplit('/').next() {
        Some("") | None => "ListCopies",
        Some("events") => "ListCopyEvents",
        Some("cancel") => "CancelCopy",
        Some("retry") => "RetryCopy",
        Some(_) => "DescribeCopy",
    };
    assert_described(operation, &answer);
    answer
}

/// A product of the hub's.
pub(crate) async fn product(server: &Running) -> Value {
    let put = Request::to("PUT", "/_mimeo/templates/q.json")
        .body(r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#);
    let url = put.send(server).await.json()["Url"].clone();
    let made = json!({
        "Name": "q", "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "IdempotencyToken": "t", "ProvisioningArtifactParameters": {
            "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": url},
        },
    });
    let made = call(server, "CreateProduct", made).await;
    made["ProductViewDetail"]["ProductARN"].clone()
}

pub(crate) async fn copy(server: &Running, arn: &Value, token: &str) -> String {
    let asked = json!({"SourceProductArn": arn, "IdempotencyToken": token});
    let accepted = call(server, "CopyProduct", asked).await;
    accepted["CopyProductToken"].as_str().unwrap().to_owned()
}

/// From now on copies wait until they are released, or a year.
pub(crate) async fn hold(server: &Running) {
    let held = Request::to("PUT", "/_mimeo/transitions")
        .body(r#"{"copy_product": {"succeeds_after": {"seconds": 31536000}}}"#);
    let answer = held.send(server).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn ended(server: &Running, token: &str) -> Value {
    for _ in 0..1_000 {
        let copy = ours(server, "GET", &format!("/{token}")).await.json();
        if !["QUEUED", "RUNNING"].contains(&copy["state"].as_str().unwrap()) {
            return copy;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the copy does not end");
}

/// A stream of events as it comes in.
struct Watching {
    stream: TcpStream,
    text: String,
}

impl Watching {
    async fn begin(server: &Running, token: &str, last: Option<i64>) -> Self {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let resumed = last.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        let head = format!(
            "GET /_mimeo/v1/copies/{token}/events HTTP/1.1\r\nHost: {}\r\n\
             Accept: text/event-stream\r\n{resumed}Authorization: AWS4-HMAC-SHA256 Credential=\
             {HUB}/20260101/eu-west-1/servicecatalog/aws4_request, SignedHeaders=host, \
             Signature=00\r\n\r\n",
            server.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let text = String::new();
        Self { stream, text }
    }

    /// Reads until `wanted` has come.
    async fn until(&mut self, wanted: &str) -> &str {
        let patience = Duration::from_secs(20);
        while !self.text.contains(wanted) {
            let mut bytes = [0; 4096];
            let read = timeout(patience, self.stream.read(&mut bytes)).await;
            let count = read.expect("in time").unwrap();
            assert!(count > 0, "cut off before {wanted}: {}", self.text);
            self.text += std::str::from_utf8(&bytes[..count]).unwrap();
        }
        &self.text
    }
}

#[tokio::test]
async fn a_copy_is_listed_described_and_told_event_by_event() {
    let server = start(open()).await;
    let arn = product(&server).await;
    let token = copy(&server, &arn, "c").await;
    let done = ended(&server, &token).await;
    assert_eq!(done["state"], "SUCCEEDED", "{done}");
    let list = ours(&server, "GET", "?state=SUCCEEDED&limit=5").await;
    assert_eq!(list.status, 200, "{}", list.text());
    assert_eq!(list.header("content-type"), Some("application/json"));
    assert_eq!(list.json()["copies"][0]["token"], json!(token));
    let of_products = ours(&server, "GET", "?of=products").await.json();
    assert_eq!(of_products["copies"][0]["targetAccountId"], HUB);
    let page = ours(&server, "GET", &format!("/{token}/events?limit=2"))
        .await
        .json();
    let kinds = |page: &Value| -> Vec<String> {
        let events = page["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(kinds(&page), ["ACCEPTED", "CLAIMED"]);
    assert_eq!(
        (&page["after"], &page["isLast"]),
        (&json!(2), &json!(false))
    );
    let rest = ours(&server, "GET", &format!("/{token}/events?after=2"))
        .await
        .json();
    assert_eq!(kinds(&rest), ["PLANNED", "BROUGHT", "SUCCEEDED"]);
    assert_eq!(rest["isLast"], true);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_query_is_told_at_once() {
    let server = start(open()).await;
    let answer = ours(
        &server,
        "GET",
        "?state=DONE&limit=0&since=x&of=me&colour=red",
    )
    .await;
    assert_eq!(refusal(&answer), (400, "ValidationException".into()));
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    for wrong in ["`state`", "`limit`", "`since`", "`of`", "`colour`"] {
        assert!(message.contains(wrong), "{wrong} in {message}");
    }
    let answer = ours(&server, "GET", "?page=00").await;
    assert_eq!(refusal(&answer), (400, "InvalidParametersException".into()));
}

#[tokio::test]
async fn a_foreign_copy_answers_byte_for_byte_as_an_absent_one() {
    let server = start(open()).await;
    let arn = product(&server).await;
    let token = copy(&server, &arn, "c").await;
    ended(&server, &token).await;
    let absent = "copyproduct-aaaaaaaaaaaaa";
    for (method, below) in [
        ("GET", ""),
        ("GET", "/events"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
    ] {
        let ask = async |token: &str| {
            let path = format!("/_mimeo/v1/copies/{token}{below}");
            let request = Request::to(method, &path).with_key(SPOKE, "eu-west-1");
            request.send(&server).await
        };
        let foreign = ask(&token).await;
        assert_eq!(refusal(&foreign), (404, "ResourceNotFoundException".into()));
        let absent_told = ask(absent).await.text().replace(absent, "X");
        assert_eq!(foreign.text().replace(&token, "X"), absent_told);
    }
}

#[tokio::test]
async fn events_are_streamed_as_they_happen_and_a_cut_stream_goes_on() {
    let server = start(open()).await;
    let arn = product(&server).await;
    hold(&server).await;
    let token = copy(&server, &arn, "c").await;
    let mut first = Watching::begin(&server, &token, None).await;
    let text = first.until("event: ACCEPTED").await;
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    assert!(!text.contains("event: CANCELLED"), "{text}");
    drop(first);
    let mut resumed = Watching::begin(&server, &token, Some(1)).await;
    resumed.until("200 OK").await;
    let cancelled = ours(&server, "POST", &format!("/{token}/cancel")).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text());
    let text = resumed.until("\r\n0\r\n\r\n").await;
    assert!(text.contains("id: 2\nevent: CANCELLED\ndata: {"), "{text}");
    assert!(!text.contains("ACCEPTED"), "it was seen before: {text}");
    let mut whole = Watching::begin(&server, &token, None).await;
    let text = whole.until("\r\n0\r\n\r\n").await;
    assert!(text.contains("id: 1\nevent: ACCEPTED"), "{text}");
}

#[tokio::test]
async fn streams_are_limited_and_end_when_the_server_drains() {
    let server = start(open()).await;
    let arn = product(&server).await;
    hold(&server).await;
    let token = copy(&server, &arn, "c").await;
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut watching = Watching::begin(&server, &token, None).await;
        watching.until("event: ACCEPTED").await;
        open.push(watching);
    }
    let mut refused = Watching::begin(&server, &token, None).await;
    let text = refused.until("\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 429 "), "{text}");
    drop(open.pop());
    for _ in 0..200 {
        let mut again = Watching::begin(&server, &token, None).await;
        if again.until("\r\n\r\n").await.starts_with("HTTP/1.1 200 ") {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    server.stop().await;
    for mut watching in open {
        assert!(is_closed(&mut watching.stream).await);
    }
}

#[tokio::test]
async fn a_copy_is_cancelled_and_retried_and_each_twice_is_as_once() {
    let server = start(open()).await;
    let arn = product(&server).await;
    hold(&server).await;
    let token = copy(&server, &arn, "c").await;
    for _ in 0..2 {
        let cancelled = ours(&server, "POST", &format!("/{token}/cancel")).await;
        assert_eq!(cancelled.status, 200, "{}", cancelled.text());
        assert_eq!(cancelled.json()["statusDetail"]["code"], "CANCELLED");
    }
    let reset = Request::to("DELETE", "/_mimeo/transitions")
        .send(&server)
        .await;
    assert_eq!(reset.status, 200, "{}", reset.text());
    let mut by = Vec::new();
    for _ in 0..2 {
        let retried = ours(&server, "POST", &format!("/{token}/retry")).await;
        assert_eq!(retried.status, 200, "{}", retried.text());
        by.push(retried.json()["token"].as_str().unwrap().to_owned());
    }
    assert_eq!(by[0], by[1]);
    assert_eq!(ended(&server, &by[0]).await["state"], "SUCCEEDED");
    for path in [format!("/{}/cancel", by[0]), format!("/{}/retry", by[0])] {
        let refused = ours(&server, "POST", &path).await;
        assert_eq!(refusal(&refused), (409, "InvalidStateException".into()));
        let message = refused.json()["message"].to_string();
        assert!(message.contains("SUCCEEDED"), "{message}");
    }
}

/// Who may do anything but copy, and anything but look at copies.
const FORBIDDEN: &str = r#"
regions = ["eu-west-1"]
[[account]]
id = "111111111111"
key = [
    { id = "AKIANOCOPY", secret = "secret", user = "no-copy" },
    { id = "AKIANOLOOK", secret = "secret", user = "no-look" },
]
user = [
    { name = "no-copy", policies = ["all", "no-copy"] },
    { name = "no-look", policies = ["all", "no-look"] },
]
[[account.policy]]
name = "all"
document = '''{"Version": "2012-10-17", "Statement":
    {"Effect": "Allow", "Action": "*", "Resource": "*"}}'''
[[account.policy]]
name = "no-copy"
document = '''{"Version": "2012-10-17", "Statement":
    {"Effect": "Deny", "Action": "servicecatalog:CopyProduct", "Resource": "*"}}'''
[[account.policy]]
name = "no-look"
document = '''{"Version": "2012-10-17", "Statement":
    {"Effect": "Deny", "Action": "servicecatalog:DescribeCopyProductStatus", "Resource": "*"}}'''
"#;

#[tokio::test]
async fn what_a_policy_forbids_of_copies_is_forbidden_here_as_well() {
    let server = start(described(FORBIDDEN)).await;
    let ask = async |key: &str, method: &'static str, below: &str| {
        let identity = Identity {
            access_key_id: key,
            secret_access_key: "secret",
            region: "eu-west-1",
            service: "servicecatalog",
        };
        let path = format!("/_mimeo/v1/copies{below}");
        let request = Request::to(method, &path).signed_by(&server, &identity, 0);
        request.send(&server).await
    };
    let (retry, cancel) = (
        "/copyproduct-aaaaaaaaaaaaa/retry",
        "/copyproduct-aaaaaaaaaaaaa/cancel",
    );
    for below in [retry, cancel] {
        let denied = ask("AKIANOCOPY", "POST", below).await;
        assert_eq!(
            refusal(&denied),
            (403, "AccessDeniedException".into()),
            "{below}"
        );
        let message = denied.json()["message"].to_string();
        assert!(message.contains("servicecatalog:CopyProduct"), "{message}");
        assert!(message.contains("explicit deny"), "{message}");
        assert_eq!(
            ask("AKIANOLOOK", "POST", below).await.status,
            404,
            "{below}"
        );
    }
    assert_eq!(ask("AKIANOCOPY", "GET", "").await.status, 200);
    let denied = ask("AKIANOLOOK", "GET", "").await;
    assert_eq!(refusal(&denied), (403, "AccessDeniedException".into()));
}

#[tokio::test]
async fn who_may_ask_for_copies_may_see_them_and_who_may_make_them_may_steer_them() {
    let server = start(described(PEOPLE)).await;
    let ask = async |key: &str, method: &'static str, below: &str| {
        let identity = Identity {
            access_key_id: key,
            secret_access_key: "secret",
            region: "eu-west-1",
            service: "servicecatalog",
        };
        let path = format!("/_mimeo/v1/copies{below}");
        let request = Request::to(method, &path).signed_by(&server, &identity, 0);
        request.send(&server).await
    };
    let cancel = "/copyproduct-aaaaaaaaaaaaa/cancel";
    assert_eq!(ask("AKIAPUBLISHER", "GET", "").await.status, 200);
    assert_eq!(ask("AKIAPUBLISHER", "POST", cancel).await.status, 404);
    let denied = ask("AKIANOTHING", "GET", "").await;
    assert_eq!(refusal(&denied), (403, "AccessDeniedException".into()));
    let message = denied.json()["message"].to_string();
    assert!(
        message.contains("servicecatalog:DescribeCopyProductStatus"),
        "{message}"
    );
    assert_eq!(ask("AKIAREADER", "GET", "").await.status, 200);
    let denied = ask("AKIAREADER", "POST", cancel).await;
    assert_eq!(refusal(&denied), (403, "AccessDeniedException".into()));
}
