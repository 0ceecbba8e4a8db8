//! Starting and stopping, and the copies that go on meanwhile.

use std::time::Duration;

use mimeo_server::config::{Config, Data};
use mimeo_server::{Server, StartError};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::client::{HUB, Request, is_closed, open, start};

fn in_folder(folder: &TempDir) -> Config {
    Config {
        data: Data::Folder(folder.path().join("data")),
        ..open()
    }
}

async fn call(server: &mimeo_server::Running, operation: &str, body: Value) -> Value {
    let call = Request::call(operation, &body.to_string()).with_key(HUB, "eu-west-1");
    let answer = call.send(server).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

async fn ended(server: &mimeo_server::Running, token: &Value) -> Value {
    for _ in 0..1000 {
        let asked = json!({"CopyProductToken": token});
        let status = call(server, "DescribeCopyProductStatus", asked).await;
        if status["CopyProductStatus"] != "IN_PROGRESS" {
            return status;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the copy does not end");
}

async fn product(server: &mimeo_server::Running) -> Value {
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

#[tokio::test]
async fn a_copy_is_made_by_the_servers_own_workers() {
    let server = start(open()).await;
    let arn = product(&server).await;
    let mut tokens = Vec::new();
    for number in 0..20 {
        let asked = json!({"SourceProductArn": arn, "IdempotencyToken": format!("c{number}")});
        tokens.push(call(&server, "CopyProduct", asked).await["CopyProductToken"].clone());
    }
    for token in &tokens {
        let status = ended(&server, token).await;
        assert_eq!(status["CopyProductStatus"], "SUCCEEDED", "{status}");
        let target = json!({"Id": status["TargetProductId"]});
        let copied = call(&server, "DescribeProductAsAdmin", target).await;
        assert_eq!(
            copied["ProvisioningArtifactSummaries"]
                .as_array()
                .map(Vec::len),
            Some(1)
        );
    }
    let figures = Request::to("GET", "/metrics").send(&server).await;
    let count = r#"mimeo_copy_tries_total{outcome="succeeded"} 20"#;
    assert!(figures.text().contains(count), "{}", figures.text());
}

#[tokio::test]
async fn what_was_accepted_before_a_stop_is_done_after_it() {
    let folder = TempDir::new().unwrap();
    let server = start(in_folder(&folder)).await;
    let arn = product(&server).await;
    let mut tokens = Vec::new();
    for number in 0..8 {
        let asked = json!({"SourceProductArn": arn, "IdempotencyToken": format!("c{number}")});
        tokens.push(call(&server, "CopyProduct", asked).await["CopyProductToken"].clone());
    }
    server.stop().await;
    let server = start(in_folder(&folder)).await;
    for token in &tokens {
        assert_eq!(
            ended(&server, token).await["CopyProductStatus"],
            "SUCCEEDED"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_and_names_the_first() {
    let folder = TempDir::new().unwrap();
    let first = start(in_folder(&folder)).await;
    let Err(refused) = Server::start(in_folder(&folder)).await.map(drop) else {
        panic!("two servers on one file");
    };
    assert!(matches!(refused, StartError::Store(_)));
    assert!(refused.to_string().contains(&first.url()), "{refused}");
    first.stop().await;
    start(in_folder(&folder)).await.stop().await;
}

#[tokio::test]
async fn an_address_in_use_is_refused() {
    let first = start(open()).await;
    let config = Config {
        listen: first.address.to_string(),
        ..open()
    };
    let Err(refused) = Server::start(config).await.map(drop) else {
        panic!("two on one port")
    };
    assert!(
        refused.to_string().contains(&first.address.to_string()),
        "{refused}"
    );
}

#[tokio::test]
async fn a_stopping_server_closes_idle_connections_and_takes_no_new_ones() {
    let server = start(open()).await;
    let address = server.address;
    let mut idle = TcpStream::connect(address).await.unwrap();
    assert_eq!(
        Request::call("ListPortfolios", "{}")
            .send_on(&mut idle, &server)
            .await
            .status,
        200
    );
    server.stop().await;
    assert!(is_closed(&mut idle).await);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_request_that_hangs_is_cut_off_when_the_drain_is_over() {
    let server = start(Config {
        drain: Duration::from_millis(1200),
        ..open()
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n",
        server.address
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes())
        .await
        .unwrap();
    sleep(Duration::from_millis(50)).await;
    server.stop().await;
    assert!(is_closed(&mut stream).await);
}
