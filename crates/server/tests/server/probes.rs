//! What operators ask: health, readiness, figures.

use crate::client::{Request, open, start, verified};

#[tokio::test]
async fn a_server_tells_that_it_lives_and_is_ready() {
    for config in [open(), verified()] {
        let server = start(config).await;
        for path in ["/livez", "/readyz"] {
            let answer = Request::to("GET", path).send(&server).await;
            assert_eq!((answer.status, answer.text()), (200, "ok\n"), "{path}");
            // Machines reach a container by whatever address it has.
            let probe = Request::to("GET", path).with("Host", "10.1.2.3:4566");
            assert_eq!(probe.send(&server).await.status, 200);
        }
    }
}

#[tokio::test]
async fn health_has_the_form_that_tools_for_local_servers_know() {
    let server = start(open()).await;
    for path in ["/_mimeo/health", "/_localstack/health"] {
        let health = Request::to("GET", path).send(&server).await.json();
        assert_eq!(health["services"]["servicecatalog"], "running");
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    }
}

#[tokio::test]
async fn figures_count_requests_without_naming_accounts() {
    let server = start(open()).await;
    let body = r#"{"Id":"port-absent"}"#;
    let call = Request::call("DescribePortfolio", body).with_key("111111111111", "eu-west-1");
    call.send(&server).await;
    let figures = Request::to("GET", "/metrics").send(&server).await;
    let count =
        r#"mimeo_requests_total{operation="DescribePortfolio",code="ResourceNotFoundException"} 1"#;
    assert!(figures.text().contains(count), "{}", figures.text());
    assert!(figures.text().contains("mimeo_copies_unfinished 0"));
    assert!(figures.text().contains("mimeo_store_write_queue_max 4096"));
    assert!(!figures.text().contains("111111111111"));
    assert!(!figures.text().contains("port-absent"));
}
