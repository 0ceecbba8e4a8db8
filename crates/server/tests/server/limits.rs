//! Limits: each has a name, and whoever goes beyond it gets an answer or a closed connection.

use std::time::Duration;

use mimeo_server::config::{Config, Limits};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{Request, is_closed, open, read, start};

fn limited(change: impl FnOnce(&mut Limits)) -> Config {
    let mut config = open();
    change(&mut config.limits);
    config
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_by_its_length_and_by_counting() {
    let server = start(open()).await;
    let fits = " ".repeat((1 << 20) - 2) + "{}";
    let answer = Request::call("ListPortfolios", &fits).send(&server).await;
    assert_eq!(answer.status, 200);
    let announced = Request::call("ListPortfolios", &(fits.clone() + " "));
    let answer = announced.send(&server).await;
    assert_eq!(
        answer.refusal(),
        (413, "RequestEntityTooLargeException".into())
    );
    assert_eq!(
        answer.message(),
        "The body of the request is longer than 1048576 bytes."
    );

    let chunk = format!("{:x}\r\n{fits} \r\n0\r\n\r\n", fits.len() + 1);
    let counted = Request::call("ListPortfolios", "").with("Transfer-Encoding", "chunked");
    assert_eq!(counted.body(chunk).send(&server).await.status, 413);
}

#[tokio::test]
async fn a_client_that_asks_before_sending_too_much_is_spared_the_sending() {
    let server = start(open()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read(&mut stream).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test]
async fn a_template_beyond_one_mebibyte_is_refused() {
    let server = start(open()).await;
    let put = Request::to("PUT", "/_mimeo/templates/big.yaml").body(vec![b' '; (1 << 20) + 1]);
    assert_eq!(put.send(&server).await.status, 413);
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let server = start(limited(|limits| limits.head = Duration::from_millis(200))).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: loc")
        .await
        .unwrap();
    assert!(is_closed(&mut stream).await);
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    assert!(is_closed(&mut idle).await);
}

#[tokio::test]
async fn a_body_that_drips_is_given_up() {
    let server = start(limited(|limits| limits.body = Duration::from_millis(200))).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n{{",
        server.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read(&mut stream).await;
    assert_eq!(answer.refusal(), (408, "RequestTimeoutException".into()));
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = start(open()).await;
    let request = Request::call("ListPortfolios", "{}");
    let long = request
        .clone()
        .with("X-Long", &"x".repeat(20_000))
        .send(&server)
        .await;
    assert_eq!(long.status, 431);
    let many = (0..120).fold(request, |request, n| request.with(&format!("X-{n}"), "1"));
    assert_eq!(many.send(&server).await.status, 431);
}

#[tokio::test]
async fn what_is_no_http_is_refused_without_harm() {
    let server = start(open()).await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        assert!(is_closed(&mut stream).await);
    }
    assert_eq!(
        Request::call("ListPortfolios", "{}")
            .send(&server)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once() {
    let server = start(limited(|limits| limits.connections_max = 2)).await;
    let call = Request::call("ListPortfolios", "{}");
    let mut first = TcpStream::connect(server.address).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(call.send_on(&mut first, &server).await.status, 200);
    assert_eq!(call.send_on(&mut second, &server).await.status, 200);
    let mut third = TcpStream::connect(server.address).await.unwrap();
    assert!(is_closed(&mut third).await);
    assert_eq!(call.send_on(&mut first, &server).await.status, 200);
}

#[tokio::test]
async fn requests_without_a_turn_are_throttled() {
    let config = limited(|limits| {
        limits.requests_max = 1;
        limits.turn = Duration::from_millis(1);
    });
    let server = std::sync::Arc::new(start(config).await);
    let mut calls = JoinSet::new();
    for number in 0..64 {
        let server = std::sync::Arc::clone(&server);
        calls.spawn(async move {
            let body = format!(
                r#"{{"DisplayName":"p","ProviderName":"p","IdempotencyToken":"t{number}"}}"#
            );
            Request::call("CreatePortfolio", &body).send(&server).await
        });
    }
    let mut done = 0;
    while let Some(answer) = calls.join_next().await {
        let answer = answer.unwrap();
        if answer.status == 200 {
            done += 1;
        } else {
            assert_eq!(answer.refusal(), (400, "ThrottlingException".into()));
        }
    }
    assert!(done >= 1);
}

#[tokio::test]
async fn bodies_share_one_budget() {
    let server = start(limited(|limits| limits.bodies_bytes_max = 4096)).await;
    let small = Request::call("ListPortfolios", "{}").send(&server).await;
    assert_eq!(small.status, 200);
    let large = Request::call("ListPortfolios", &(" ".repeat(8000) + "{}"))
        .send(&server)
        .await;
    assert_eq!(large.refusal(), (400, "ThrottlingException".into()));
}
