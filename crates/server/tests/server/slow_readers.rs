//! Readers that ask for templates and then take nothing: what is kept for them has a limit, and they
//! keep nobody else from theirs.

use std::time::Duration;

use mimeo_server::Running;
use mimeo_server::config::Config;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::{HUB, Request, open, start};

const SPOKE: &str = "222222222222";
const REGION: &str = "eu-west-1";

/// More than all accounts together may read at once.
const READERS: usize = 20;
/// What one of them may.
const READERS_LET: usize = 8;

fn patient() -> Config {
    let mut config = open();
    config.limits.turn = Duration::from_secs(1);
    config
}

/// Nearly as long as a template may be.
fn long() -> String {
    "# much\n".repeat(140_000) + "Resources:\n  T:\n    Type: AWS::SNS::Topic\n"
}

/// Asks for a template that the account uploaded, under the URL by which products load it.
async fn upload(server: &Running, account: &str) -> (Request, Value) {
    let put = Request::to("PUT", "/_mimeo/templates/long.yaml").with_key(account, REGION);
    let url = put.body(long()).send(server).await.json()["Url"].clone();
    let path = url.as_str().unwrap().strip_prefix(&server.url()).unwrap();
    (Request::to("GET", path).with_key(account, REGION), url)
}

/// Asks for the template of a version of the account's.
async fn version(server: &Running, account: &str) -> Request {
    let (_, url) = upload(server, account).await;
    let made = json!({
        "Name": "p", "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "IdempotencyToken": "t", "ProvisioningArtifactParameters": {
            "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": url},
        },
    });
    let made = Request::call("CreateProduct", &made.to_string()).with_key(account, REGION);
    let made = made.send(server).await.json();
    let product = &made["ProductViewDetail"]["ProductViewSummary"]["ProductId"];
    let artifact = &made["ProvisioningArtifactDetail"]["Id"];
    let (product, artifact) = (product.as_str().unwrap(), artifact.as_str().unwrap());
    let path = format!("/_mimeo/artifacts/{REGION}/{product}/{artifact}/template");
    Request::to("GET", &path).with_key(account, REGION)
}

/// A connection on which little fits between the two ends: short segments keep what the server's
/// system buffers short too.
fn narrow(server: &Running) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.set_tcp_mss(536).unwrap();
    socket.connect(&server.address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    TcpStream::from_std(socket.into()).unwrap()
}

/// Many connections that ask at once, and take no more than the status of their answers.
fn ask_all(server: &Running, get: &Request, readers: usize) -> JoinSet<Option<TcpStream>> {
    let mut asking = JoinSet::new();
    for _ in 0..readers {
        let (mut stream, text) = (narrow(server), get.text(server));
        asking.spawn(async move {
            stream.write_all(&text).await.unwrap();
            let mut status = [0; 12];
            stream.read_exact(&mut status).await.unwrap();
            (&status == b"HTTP/1.1 200").then_some(stream)
        });
    }
    asking
}

/// The connections of those who are given a template.
async fn let_of(asking: JoinSet<Option<TcpStream>>) -> Vec<TcpStream> {
    asking.join_all().await.into_iter().flatten().collect()
}

async fn leave_others_theirs(server: &Running, slow: &Request, others: &Request) {
    let readers = let_of(ask_all(server, slow, READERS)).await;
    assert_eq!(readers.len(), READERS_LET);
    let one_more = slow.send(server).await;
    assert_eq!(one_more.refusal(), (400, "ThrottlingException".into()));
    assert_eq!(others.send(server).await.text(), long());
    drop(readers);
    assert_eq!(slow.send(server).await.text(), long());
}

#[tokio::test]
async fn slow_readers_of_versions_leave_other_accounts_theirs() {
    let server = start(patient()).await;
    let slow = version(&server, HUB).await;
    let others = version(&server, SPOKE).await;
    leave_others_theirs(&server, &slow, &others).await;
}

#[tokio::test]
async fn slow_readers_of_uploads_are_few_and_leave_other_accounts_theirs() {
    let server = start(patient()).await;
    let (slow, _) = upload(&server, HUB).await;
    let others = version(&server, SPOKE).await;
    leave_others_theirs(&server, &slow, &others).await;
}

#[tokio::test]
async fn readers_who_wait_for_a_template_keep_no_other_request_from_its_turn() {
    let mut config = open();
    config.limits.requests_max = READERS_LET;
    config.limits.turn = Duration::from_secs(6);
    let server = start(config).await;
    let (get, _) = upload(&server, HUB).await;
    let readers = let_of(ask_all(&server, &get, READERS_LET)).await;
    assert_eq!(readers.len(), READERS_LET);
    let waiting = ask_all(&server, &get, READERS);
    sleep(Duration::from_millis(100)).await;
    let list = Request::call("ListPortfolios", "{}").with_key(SPOKE, REGION);
    let answer = timeout(Duration::from_secs(3), list.send(&server)).await;
    assert_eq!(answer.expect("not after those who wait").status, 200);
    drop((readers, waiting));
}
