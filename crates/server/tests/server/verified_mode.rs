//! Verified mode: nothing happens without a signature.

use mimeo_server::config::Config;
use mimeo_sigv4::Identity;

use crate::client::{HUB, Request, identity, open, start, verified};

const LIST: &str = "ListPortfolios";

#[tokio::test]
async fn a_signed_request_acts_for_the_keys_account() {
    let server = start(verified()).await;
    let body = r#"{"DisplayName":"p","ProviderName":"p","IdempotencyToken":"t"}"#;
    // The second comes with the cached key.
    for _ in 0..2 {
        let made = Request::call("CreatePortfolio", body)
            .signed(&server)
            .send(&server)
            .await;
        assert_eq!(made.status, 200, "{}", made.text());
        assert!(
            made.text()
                .contains(&format!(":eu-west-1:{HUB}:portfolio/"))
        );
    }
}

#[tokio::test]
async fn what_is_not_signed_is_refused() {
    let server = start(verified()).await;
    for request in [
        Request::call(LIST, "{}"),
        Request::call("NoSuchThing", "not JSON"),
        Request::to("PUT", "/_mimeo/templates/x").body("{}"),
        Request::to("GET", "/_mimeo/templates/eu-west-1/111111111111/x"),
    ] {
        let answer = request.send(&server).await;
        assert_eq!(
            answer.refusal(),
            (400, "MissingAuthenticationTokenException".into())
        );
    }
    let basic = Request::call(LIST, "{}").with("Authorization", "Basic dGVzdA==");
    assert_eq!(basic.send(&server).await.status, 400);
}

#[tokio::test]
async fn another_secret_key_region_or_service_is_refused() {
    let server = start(verified()).await;
    let whole = identity();
    for (identity, code) in [
        (
            Identity {
                secret_access_key: "guessed",
                ..whole
            },
            "InvalidSignatureException",
        ),
        (
            Identity {
                access_key_id: "AKIANOBODY",
                ..whole
            },
            "UnrecognizedClientException",
        ),
        (
            Identity {
                region: "us-east-1",
                ..whole
            },
            "InvalidSignatureException",
        ),
        (
            Identity {
                service: "s3",
                ..whole
            },
            "InvalidSignatureException",
        ),
    ] {
        let call = Request::call(LIST, "{}").signed_by(&server, &identity, 0);
        assert_eq!(
            call.send(&server).await.refusal(),
            (400, code.into()),
            "{identity:?}"
        );
    }
    let token = Request::call(LIST, "{}")
        .with("X-Amz-Security-Token", "abc")
        .signed(&server);
    let answer = token.send(&server).await;
    assert_eq!(
        answer.refusal(),
        (400, "UnrecognizedClientException".into())
    );
}

#[tokio::test]
async fn a_clock_that_is_off_by_more_than_five_minutes_is_told_so() {
    let server = start(verified()).await;
    for (minutes, begins) in [
        (-6, "Signature expired: "),
        (6, "Signature not yet current: "),
    ] {
        let call = Request::call(LIST, "{}").signed_by(&server, &identity(), minutes * 60_000);
        let answer = call.send(&server).await;
        assert_eq!(answer.refusal(), (400, "InvalidSignatureException".into()));
        assert!(answer.message().starts_with(begins), "{}", answer.message());
        assert!(
            answer.header("date").is_some(),
            "a client sets its clock by it"
        );
    }
    let call = Request::call(LIST, "{}").signed_by(&server, &identity(), -4 * 60_000);
    assert_eq!(call.send(&server).await.status, 200);
}

#[tokio::test]
async fn what_was_not_signed_cannot_be_changed_or_added() {
    let server = start(verified()).await;
    let target = "AWS242ServiceCatalogService.ListPortfolios";
    let unsigned_target = Request::call(LIST, "{}")
        .without("X-Amz-Target")
        .signed(&server);
    let answer = unsigned_target
        .with("X-Amz-Target", target)
        .send(&server)
        .await;
    assert_eq!(answer.refusal(), (400, "InvalidSignatureException".into()));
    assert!(
        answer.message().contains("x-amz-target"),
        "{}",
        answer.message()
    );

    let signed = Request::call(LIST, "{}").signed(&server);
    let other_target = signed
        .clone()
        .without("X-Amz-Target")
        .with("X-Amz-Target", "X.DeletePortfolio");
    let other_body = signed.clone().body(r#"{"PageSize":1}"#);
    let other_path = Request {
        path: "/service/x".into(),
        ..signed.clone()
    };
    for request in [other_target, other_body] {
        let answer = request.send(&server).await;
        assert_eq!(answer.refusal(), (400, "InvalidSignatureException".into()));
    }
    assert_ne!(other_path.send(&server).await.status, 200);
    assert_eq!(signed.send(&server).await.status, 200);
}

#[tokio::test]
async fn the_order_is_signature_then_target_then_body() {
    let server = start(verified()).await;
    let codes = [
        "UnknownOperationException",
        "SerializationException",
        "ValidationException",
    ];
    for (operation, body, code) in [
        ("NoSuchThing", "{", codes[0]),
        ("DescribePortfolio", "{", codes[1]),
        ("DescribePortfolio", "{}", codes[2]),
    ] {
        let call = Request::call(operation, body).signed(&server);
        assert_eq!(call.send(&server).await.refusal(), (400, code.into()));
    }
}

#[tokio::test]
async fn templates_are_put_and_read_by_their_own_account() {
    let server = start(verified()).await;
    let put = Request::to("PUT", "/_mimeo/templates/x.json")
        .body("{}")
        .signed(&server);
    let put = put.send(&server).await;
    assert_eq!(put.status, 201, "{}", put.text());
    let path = format!("/_mimeo/templates/eu-west-1/{HUB}/x.json");
    let get = Request::to("GET", &path)
        .signed(&server)
        .send(&server)
        .await;
    assert_eq!((get.status, get.text()), (200, "{}"));
    let others = "/_mimeo/templates/eu-west-1/222222222222/x.json";
    let get = Request::to("GET", others)
        .signed(&server)
        .send(&server)
        .await;
    assert_eq!(get.status, 404);
}

#[tokio::test]
async fn it_may_listen_anywhere() {
    let config = Config {
        listen: "0.0.0.0:0".into(),
        ..verified()
    };
    assert_eq!(
        Request::call(LIST, "{}")
            .send(&start(config).await)
            .await
            .status,
        400
    );
    assert!(!open().is_verified());
}
