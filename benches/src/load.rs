//! Clients: plain HTTP/1.1 over sockets, requests signed beforehand, answers read and nothing more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use mimeo_sigv4::{AmzDate, Head, Identity, PathForm, sha256, sign};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{SECRET, access_key};

/// Who asks, and where.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub account: &'static str,
    pub region: &'static str,
}

/// The bytes of a signed call of the API.
pub(crate) fn request(address: &str, caller: Caller, operation: &str, input: &Value) -> Vec<u8> {
    let target = format!("AWS242ServiceCatalogService.{operation}");
    let named: [(&str, &[u8]); 1] = [("x-amz-target", target.as_bytes())];
    signed(
        address,
        caller,
        ("POST", "/"),
        &named,
        input.to_string().as_bytes(),
    )
}

/// The bytes of a signed upload of a template.
pub(crate) fn upload(address: &str, caller: Caller, name: &str, template: &str) -> Vec<u8> {
    let path = format!("/_mimeo/templates/{name}");
    signed(address, caller, ("PUT", &path), &[], template.as_bytes())
}

/// The bytes of a request without a signature.
pub(crate) fn plain_request(address: &str, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn signed(
    address: &str,
    caller: Caller,
    (method, path): (&str, &str),
    more: &[(&str, &[u8])],
    body: &[u8],
) -> Vec<u8> {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let date = AmzDate::at(i64::try_from(since_epoch.as_millis()).unwrap());
    let mut headers: Vec<(&str, &[u8])> = vec![
        ("content-type", b"application/x-amz-json-1.1"),
        ("host", address.as_bytes()),
        ("x-amz-date", date.as_str().as_bytes()),
    ];
    headers.extend(more);
    let head = Head {
        method,
        path,
        query: "",
        headers: &headers,
    };
    let access_key_id = access_key(caller.account);
    let identity = Identity {
        access_key_id: &access_key_id,
        secret_access_key: SECRET,
        region: caller.region,
        service: "servicecatalog",
    };
    let authorization = sign(&head, &sha256(body), &identity, PathForm::Normalized).unwrap();
    let mut bytes = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    let rest = format!(
        "authorization: {authorization}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    bytes.extend([rest.as_bytes(), body].concat());
    bytes
}

/// How long a throttled client waits before it asks again.
const PAUSES: [Duration; 8] = [
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(160),
    Duration::from_millis(320),
    Duration::from_millis(640),
    Duration::from_millis(1280),
];

/// Throttled answers to all connections so far.
static THROTTLED: AtomicUsize = AtomicUsize::new(0);

/// How many answers were throttled since this was asked last.
pub(crate) fn throttled() -> usize {
    THROTTLED.swap(0, Ordering::Relaxed)
}

/// One connection, kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Connection {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Sends a request and reads its answer: status and body.
    pub(crate) async fn send(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.write_all(request).await.unwrap();
        loop {
            if let Some(answer) = self.take_answer() {
                return answer;
            }
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
        }
    }

    /// Sends a call that must succeed, again after a while if it is throttled, as SDKs do.
    pub(crate) async fn call(
        &mut self,
        address: &str,
        caller: Caller,
        operation: &str,
        input: &Value,
    ) -> Value {
        let request = request(address, caller, operation, input);
        for pause in PAUSES {
            let (status, body) = self.send(&request).await;
            if status == 200 {
                return serde_json::from_slice(&body).unwrap();
            }
            let text = String::from_utf8_lossy(&body);
            assert!(text.contains("ThrottlingException"), "{operation}: {text}");
            THROTTLED.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
        }
        panic!("{operation} is throttled for ever");
    }

    fn take_answer(&mut self) -> Option<(u16, Vec<u8>)> {
        let head_end = self
            .buffer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")?
            + 4;
        let head = str::from_utf8(&self.buffer[..head_end]).unwrap();
        let status = head.split(' ').nth(1)?.parse().unwrap();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>())
        });
        let end = head_end + length?.unwrap();
        if self.buffer.len() < end {
            return None;
        }
        let body = self.buffer[head_end..end].to_vec();
        self.buffer.drain(..end);
        Some((status, body))
    }
}

/// What a load came to.
pub(crate) struct Outcome {
    pub elapsed: Duration,
    pub done_count: usize,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        crate::table::float(self.done_count) / self.elapsed.as_secs_f64()
    }
}

/// Sends all requests over `clients_count` connections, each as fast as its answers come.
pub(crate) async fn drive(
    address: &str,
    clients_count: usize,
    requests: Arc<Vec<Vec<u8>>>,
    repeats: usize,
) -> Outcome {
    let next = Arc::new(AtomicUsize::new(0));
    let done_count = requests.len() * repeats;
    let mut connections = Vec::new();
    for _ in 0..clients_count {
        connections.push(Connection::open(address).await);
    }
    let began = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for mut connection in connections {
        let (next, requests) = (Arc::clone(&next), Arc::clone(&requests));
        clients.spawn(async move {
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= done_count {
                    return;
                }
                let (status, body) = connection.send(&requests[turn % requests.len()]).await;
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    Outcome {
        elapsed: began.elapsed(),
        done_count,
    }
}
