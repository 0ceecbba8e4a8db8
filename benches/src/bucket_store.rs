//! A small S3 in memory, in a process of its own: GET, PUT and DELETE in path style, and its figures.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::load::{Connection, plain_request};
use crate::server::pin;

/// Under which no bucket lies: settings and figures.
const ABOUT: &str = "/_store/";

/// The process; killed when dropped.
pub(crate) struct BucketStore {
    child: Child,
    pub address: String,
}

impl BucketStore {
    /// On the clients' core.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("bucket-store")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        pin(child.id(), 0);
        let address = address.trim().to_owned();
        Self { child, address }
    }

    /// How long each answer waits from now on.
    pub(crate) async fn delay(&self, millis: u64) {
        self.ask("PUT", &format!("{ABOUT}delay/{millis}")).await;
    }

    pub(crate) async fn empty(&self, bucket: &str) {
        self.ask("DELETE", &format!("{ABOUT}bucket/{bucket}")).await;
    }

    /// So far.
    pub(crate) async fn bytes_put(&self, bucket: &str) -> usize {
        let told = self.ask("GET", &format!("{ABOUT}bytes_put/{bucket}")).await;
        String::from_utf8(told).unwrap().parse().unwrap()
    }

    async fn ask(&self, method: &str, path: &str) -> Vec<u8> {
        let mut connection = Connection::open(&self.address).await;
        let request = plain_request(&self.address, method, path, &[]);
        let (status, body) = connection.send(&request).await;
        assert_eq!(status, 200, "{path}");
        body
    }
}

impl Drop for BucketStore {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Default)]
struct State {
    /// By bucket and key.
    kept: HashMap<String, HashMap<String, Bytes>>,
    bytes_put: HashMap<String, usize>,
    delay: Duration,
}

/// Serves until it is killed.
pub(crate) async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let state = Arc::new(Mutex::new(State::default()));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answered(Arc::clone(&state), request));
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.await;
        });
    }
}

async fn answered(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = parts.uri.path();
    if let Some(asked) = path.strip_prefix(ABOUT) {
        return Ok(about(&mut state.lock().unwrap(), asked));
    }
    let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let delay = state.lock().unwrap().delay;
    if !delay.is_zero() {
        sleep(delay).await;
    }
    let mut state = state.lock().unwrap();
    let found = match (parts.method, key) {
        // Nobody here needs to know what is there.
        (Method::GET, "") => Some("<ListBucketResult></ListBucketResult>".into()),
        (Method::GET, key) => state
            .kept
            .get(bucket)
            .and_then(|kept| kept.get(key))
            .cloned(),
        (Method::PUT, key) => {
            *state.bytes_put.entry(bucket.to_owned()).or_default() += body.len();
            let kept = state.kept.entry(bucket.to_owned()).or_default();
            kept.insert(key.to_owned(), body);
            Some(Bytes::new())
        }
        (Method::DELETE, key) => {
            if let Some(kept) = state.kept.get_mut(bucket) {
                kept.remove(key);
            }
            Some(Bytes::new())
        }
        (other, _) => panic!("{other} {path}"),
    };
    Ok(match found {
        Some(body) => answer(200, body),
        None => answer(404, "<Error><Code>NoSuchKey</Code></Error>".into()),
    })
}

fn about(state: &mut State, asked: &str) -> Response<Full<Bytes>> {
    let mut told = Bytes::new();
    match asked.split_once('/') {
        Some(("delay", millis)) => state.delay = Duration::from_millis(millis.parse().unwrap()),
        Some(("bucket", bucket)) => drop(state.kept.remove(bucket)),
        Some(("bytes_put", bucket)) => {
            let put = state.bytes_put.get(bucket).copied().unwrap_or_default();
            told = put.to_string().into();
        }
        _ => panic!("{asked}"),
    }
    answer(200, told)
}

fn answer(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("etag", "\"x\"")
        .header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        .header("content-length", body.len())
        .body(Full::new(body))
        .unwrap()
}
