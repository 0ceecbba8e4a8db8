//! Stories of the fetcher against real listeners on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mimeo_templates::TEMPLATE_BYTES_MAX;
use mimeo_templates::fetch::{FetchRefused, FetchRules, Fetcher, Loopback, Timeouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// A listener that answers each connection with fixed bytes, and counts.
struct Listener {
    address: String,
    connections: Arc<AtomicUsize>,
    asked: Arc<std::sync::Mutex<String>>,
}

impl Listener {
    async fn answering(answer: impl Into<Vec<u8>>) -> Listener {
        let answer = answer.into();
        Listener::serving(move |mut stream| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(&answer).await;
            }
        })
        .await
    }

    async fn serving<F, W>(serve: F) -> Listener
    where
        F: Fn(TcpStream) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let asked = Arc::new(std::sync::Mutex::new(String::new()));
        let (count, heard) = (Arc::clone(&connections), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut byte).await {
                        Ok(1) => request.push(byte[0]),
                        _ => break,
                    }
                }
                *heard.lock().expect("no panic") = String::from_utf8_lossy(&request).into();
                tokio::spawn(serve(stream));
            }
        });
        Listener {
            address,
            connections,
            asked,
        }
    }

    fn url(&self) -> String {
        format!("http://{}/template.yaml", self.address)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn asked(&self) -> String {
        self.asked.lock().expect("no panic").clone()
    }
}

fn quick() -> Timeouts {
    Timeouts {
        connect: Duration::from_millis(500),
        first_byte: Duration::from_millis(300),
        total: Duration::from_millis(600),
        refusal_floor: Duration::from_millis(20),
    }
}

fn open_mode() -> Fetcher {
    let rules = FetchRules {
        loopback: Loopback::Allowed,
        timeouts: quick(),
        ..FetchRules::default()
    };
    Fetcher::new(rules).expect("plain rules")
}

fn ok(head: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{head}\r\n{body}")
}

const SAME_TEXT: &str = "could not be read: its host cannot be reached or is not allowed.";

#[tokio::test]
async fn open_mode_reads_from_a_loopback_server() {
    let server = Listener::answering(ok("Content-Length: 13\r\n", "Resources: {}")).await;
    assert_eq!(
        open_mode().fetch(&server.url()).await.unwrap(),
        "Resources: {}"
    );
    let asked = server.asked().to_lowercase();
    assert!(
        asked.starts_with("get /template.yaml http/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains(&format!("\r\nhost: {}\r\n", server.address)),
        "{asked}"
    );
    assert!(
        asked.contains("\r\naccept-encoding: identity\r\n"),
        "{asked}"
    );
    assert!(
        !asked.contains("cookie") && !asked.contains("authorization"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_body_may_come_in_chunks_or_end_with_the_connection() {
    let chunks = ok(
        "Transfer-Encoding: chunked\r\n",
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    let server = Listener::answering(chunks).await;
    assert_eq!(open_mode().fetch(&server.url()).await.unwrap(), "abcde");
    let server = Listener::answering(ok("", "to the end")).await;
    assert_eq!(
        open_mode().fetch(&server.url()).await.unwrap(),
        "to the end"
    );
}

#[tokio::test]
async fn verified_mode_never_connects_to_loopback() {
    let canary = Listener::answering(ok("", "")).await;
    let rules = FetchRules {
        timeouts: quick(),
        ..FetchRules::default()
    };
    let fetcher = Fetcher::new(rules).unwrap();
    let port = canary.address.rsplit_once(':').unwrap().1;
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0.0.0.0",
        "[::1]",
    ] {
        for scheme in ["http", "https"] {
            fetcher
                .fetch(&format!("{scheme}://{host}:{port}/"))
                .await
                .unwrap_err();
        }
    }
    let refused = fetcher.fetch("https://localhost/").await.unwrap_err();
    assert!(
        matches!(refused, FetchRefused::AddressNotAllowed { .. }),
        "{refused:?}"
    );
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn an_allowed_origin_is_read_in_verified_mode() {
    let server = Listener::answering(ok("Content-Length: 2\r\n", "ok")).await;
    let rules = FetchRules {
        allow: vec![server.address.parse().unwrap()],
        timeouts: quick(),
        ..FetchRules::default()
    };
    assert_eq!(
        Fetcher::new(rules)
            .unwrap()
            .fetch(&server.url())
            .await
            .unwrap(),
        "ok"
    );
}

#[tokio::test]
async fn our_own_listener_is_never_connected_to() {
    let own = Listener::answering(ok("", "")).await;
    let rules = FetchRules {
        loopback: Loopback::Allowed,
        own: vec![own.address.parse().unwrap()],
        timeouts: quick(),
        ..FetchRules::default()
    };
    let refused = Fetcher::new(rules)
        .unwrap()
        .fetch(&own.url())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, FetchRefused::AddressNotAllowed { .. }),
        "{refused:?}"
    );
    assert_eq!(own.connections(), 0);
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let canary = Listener::answering(ok("", "secret")).await;
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
            canary.url()
        );
        let server = Listener::answering(answer).await;
        let refused = open_mode().fetch(&server.url()).await.unwrap_err();
        assert!(
            matches!(refused, FetchRefused::Redirects { .. }),
            "{refused:?}"
        );
        assert!(
            refused.to_string().contains("redirects are not followed"),
            "{refused}"
        );
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_its_header_and_by_counting() {
    let length = format!("Content-Length: {}\r\n", TEMPLATE_BYTES_MAX + 1);
    // The body never comes: the header alone must do.
    let server = Listener::serving(move |mut stream| {
        let head = ok(&length, "");
        async move {
            let _ = stream.write_all(head.as_bytes()).await;
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
    })
    .await;
    let refused = open_mode().fetch(&server.url()).await.unwrap_err();
    assert_eq!(refused, FetchRefused::TooLarge { url: server.url() });

    let server = Listener::answering(ok("", &"x".repeat(TEMPLATE_BYTES_MAX + 1))).await;
    let refused = open_mode().fetch(&server.url()).await.unwrap_err();
    assert_eq!(refused, FetchRefused::TooLarge { url: server.url() });

    let server = Listener::answering(ok("", &"x".repeat(TEMPLATE_BYTES_MAX))).await;
    assert_eq!(
        open_mode().fetch(&server.url()).await.unwrap().len(),
        TEMPLATE_BYTES_MAX
    );
}

#[tokio::test]
async fn a_slow_server_is_cut_off() {
    let silent = Listener::serving(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let dripping = Listener::serving(|mut stream| async move {
        let _ = stream
            .write_all(ok("Content-Length: 1000\r\n", "").as_bytes())
            .await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for server in [silent, dripping] {
        #[expect(clippy::disallowed_methods, reason = "a test may measure")]
        let began = Instant::now();
        let refused = open_mode().fetch(&server.url()).await.unwrap_err();
        assert_eq!(refused, FetchRefused::TimedOut { url: server.url() });
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn refused_dead_slow_and_odd_hosts_are_told_in_one_sentence() {
    let dead = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let ssh = Listener::answering("SSH-2.0-OpenSSH_9.2p1\r\n").await;
    let closing = Listener::answering("").await;
    let cut = Listener::answering(ok("Content-Length: 10\r\n", "short")).await;
    let urls = [
        dead,
        ssh.url(),
        closing.url(),
        cut.url(),
        "http://10.0.0.1/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://127.0.0.1:1/".to_owned(),
        "http://no-such-host.invalid/".to_owned(),
    ];
    for url in urls {
        #[expect(clippy::disallowed_methods, reason = "a test may measure")]
        let began = Instant::now();
        let refused = open_mode().fetch(&url).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("{url} {SAME_TEXT}"));
        assert!(began.elapsed() >= quick().refusal_floor, "{url}");
    }
}

#[tokio::test]
async fn a_status_and_an_encoding_are_told() {
    let server =
        Listener::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nsecret").await;
    let refused = open_mode()
        .fetch(&format!("{}?token=1", server.url()))
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("{} answered 404.", server.url())
    );
    let server =
        Listener::answering(ok("Content-Encoding: gzip\r\nContent-Length: 0\r\n", "")).await;
    let refused = open_mode().fetch(&server.url()).await.unwrap_err();
    assert_eq!(refused, FetchRefused::Encoded { url: server.url() });
}

#[tokio::test]
async fn an_s3_url_is_read_from_the_operators_endpoint() {
    let server = Listener::answering(ok("Content-Length: 2\r\n", "ok")).await;
    let rules = FetchRules {
        s3_endpoint: Some(Url::parse(&format!("http://{}", server.address)).unwrap()),
        timeouts: quick(),
        ..FetchRules::default()
    };
    let fetcher = Fetcher::new(rules).unwrap();
    let url = "https://templates.s3.eu-west-1.amazonaws.com/vpc/a.yaml?versionId=3&X-Amz-Date=1";
    assert_eq!(fetcher.fetch(url).await.unwrap(), "ok");
    assert!(
        server
            .asked()
            .starts_with("GET /templates/vpc/a.yaml?versionId=3 HTTP/1.1\r\n")
    );
}

#[tokio::test]
async fn a_server_whose_certificate_no_one_vouches_for_is_unreachable() {
    let server = Listener::answering(ok("", "plain text on a TLS port")).await;
    let url = server.url().replace("http://", "https://");
    let refused = open_mode().fetch(&url).await.unwrap_err();
    assert!(refused.to_string().ends_with(SAME_TEXT), "{refused}");
}
