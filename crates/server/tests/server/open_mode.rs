//! Open mode: anybody is any account, on this machine, and no web page is anybody.

use mimeo_server::config::Config;
use mimeo_server::{Server, StartError};

use crate::client::{HUB, JSON, Request, open, start};

#[tokio::test]
async fn the_account_and_the_region_are_the_credentials() {
    let server = start(open()).await;
    let body = r#"{"DisplayName":"p","ProviderName":"p","IdempotencyToken":"t"}"#;
    for (key, region, account) in [
        (HUB, "eu-west-1", HUB),
        ("test", "ap-southeast-2", "000000000000"),
        ("AKIAIOSFODNN7EXAMPLE", "us-gov-west-1", "000000000000"),
    ] {
        let made = Request::call("CreatePortfolio", body)
            .with_key(key, region)
            .send(&server)
            .await;
        let arn = made.json()["PortfolioDetail"]["ARN"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            arn.contains(&format!(":catalog:{region}:{account}:portfolio/")),
            "{arn}"
        );
    }
    let unsigned = Request::call("CreatePortfolio", body).send(&server).await;
    assert!(
        unsigned.text().contains(":us-east-1:000000000000:"),
        "{}",
        unsigned.text()
    );
    let nowhere = Request::call("ListPortfolios", "{}")
        .with_key(HUB, "nowhere")
        .send(&server)
        .await;
    assert_eq!(nowhere.refusal(), (400, "InvalidSignatureException".into()));
}

#[tokio::test]
async fn pages_and_foreign_names_are_turned_away_before_dispatch() {
    let server = start(open()).await;
    let call = Request::call("ListPortfolios", "{}");
    let own = format!("http://{}", server.address);
    for (name, value) in [
        ("Host", "evil.test"),
        ("Host", "127.0.0.1.evil.test:4566"),
        ("Host", "10.0.0.7"),
        ("Origin", "http://evil.test"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let answer = call.clone().with(name, value).send(&server).await;
        assert_eq!(
            answer.refusal(),
            (403, "AccessDeniedException".into()),
            "{name}: {value}"
        );
    }
    let upload = Request::to("PUT", "/_mimeo/templates/x").with("Origin", "http://evil.test");
    assert_eq!(upload.send(&server).await.status, 403);
    let preflight = Request::to("OPTIONS", "/").with("Origin", "http://evil.test");
    let preflight = preflight.send(&server).await;
    assert_eq!(preflight.status, 403);
    assert!(preflight.header("access-control-allow-origin").is_none());
    assert_eq!(
        call.clone().with("Origin", &own).send(&server).await.status,
        200
    );
    let local = call
        .clone()
        .with("Host", "mimeo.localhost:4566")
        .send(&server)
        .await;
    assert_eq!(local.status, 200);
    // A form needs no leave to be sent anywhere.
    let form = Request::to("POST", "/")
        .with("Content-Type", "text/plain")
        .body("{}");
    assert_ne!(form.without("X-Amz-Target").send(&server).await.status, 200);
    assert_eq!(JSON, "application/x-amz-json-1.1");
}

#[tokio::test]
async fn it_listens_beyond_this_machine_only_when_told_so() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let config = Config {
            listen: listen.into(),
            ..open()
        };
        let Err(StartError::OpenNetwork(_)) = Server::start(config).await.map(drop) else {
            panic!("{listen} was taken");
        };
    }
    let config = Config {
        listen: "0.0.0.0:0".into(),
        allow_open_network: true,
        ..open()
    };
    let server = start(config).await;
    assert!(server.url().starts_with("http://127.0.0.1:"));
}
