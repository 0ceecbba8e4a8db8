//! A server that answers as it is told to, and a process that asks it.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use mimeo_domain::{Caller, RegionName, Timestamp};
use mimeo_peers::{Called, Home};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use url::Url;

/// What becomes of one request.
pub(crate) enum Deed {
    Answer {
        status: u16,
        body: String,
    },
    /// Such a body is announced, of which only the first byte ever comes.
    Begin {
        bytes: usize,
    },
    Hold,
}

impl Deed {
    pub(crate) fn ok(body: impl fmt::Display) -> Self {
        let (status, body) = (200, body.to_string());
        Self::Answer { status, body }
    }
}

/// Each of its connections is for one request.
pub(crate) struct Far {
    pub(crate) url: Url,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Far {
    /// The script is given all of a request.
    pub(crate) async fn start(script: impl Fn(&str) -> Deed + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::default());
        let heard: Arc<Mutex<Vec<String>>> = Arc::clone(&asked);
        let script = Arc::new(script);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (heard, script) = (Arc::clone(&heard), Arc::clone(&script));
                tokio::spawn(async move {
                    let request = read(&mut stream).await;
                    heard.lock().unwrap().push(request.clone());
                    answer(&mut stream, script(&request)).await;
                });
            }
        });
        let url = url.parse().unwrap();
        Self { url, asked }
    }

    /// How many requests with this in them have come.
    pub(crate) fn count(&self, what: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.contains(what)).count()
    }

    pub(crate) async fn arrived(&self, what: &str, count: usize) {
        for _ in 0..1_500 {
            if self.count(what) >= count {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {count} requests with {what}", self.count(what));
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return String::from_utf8_lossy(&read).into_owned();
        }
    }
}

async fn answer(stream: &mut TcpStream, deed: Deed) {
    let text = match deed {
        Deed::Answer { status, body } => format!(
            "HTTP/1.1 {status} Told\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
        Deed::Begin { bytes } => format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n{{"),
        Deed::Hold => String::new(),
    };
    let is_whole = text.contains("connection: close");
    // Whoever asked may have gone away.
    let _gone = stream.write_all(text.as_bytes()).await;
    if !is_whole {
        let mut rest = Vec::new();
        let _gone = stream.read_to_end(&mut rest).await;
    }
}

/// A process whose clock is set by hand.
#[derive(Debug)]
pub(crate) struct Here {
    millis: AtomicI64,
}

impl Here {
    pub(crate) fn new() -> Arc<Self> {
        let millis = AtomicI64::new(1_790_000_000_000);
        Arc::new(Self { millis })
    }

    pub(crate) fn pass_minutes(&self, minutes: i64) {
        self.millis.fetch_add(minutes * 60_000, Ordering::SeqCst);
    }
}

impl Home for Here {
    fn vouch(&self, _: &Caller) -> Option<Credentials> {
        Some(Credentials::new("AKIAPEER", "secret", None, None, "test"))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }

    fn instant(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn called(&self, _: &RegionName, _: Called) {}
}
