//! A small S3 that follows a script: GET, PUT, DELETE and lists, in path style.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mimeo_templates::shelf::{BucketKeys, BucketRules, Patience, Shelf};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How long a bucket of the stub is left alone, and what silence it bears.
pub(crate) const REST: Duration = Duration::from_millis(400);
const SILENCE: Duration = Duration::from_millis(100);

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    SlowDown,
    Internal,
    Forbidden,
    /// The connection breaks before an answer.
    Reset,
    /// The connection breaks in the middle of the answer's body.
    Cut,
    /// Each byte after this long.
    Slow(Duration),
    Hang,
    /// The answer begins, and then nothing comes.
    HangInBody,
}

#[derive(Default)]
struct State {
    kept: BTreeMap<String, Bytes>,
    faults: VecDeque<Fault>,
    asked: usize,
    puts: usize,
    conditions: usize,
    knows_no_conditions: bool,
    is_full: bool,
}

pub(crate) struct Stub {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answered(Arc::clone(&state), request));
                let connection = http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self {
            address,
            state,
            server,
        }
    }

    pub(crate) fn shelf(&self, prefix: &str, path_style: bool) -> Shelf {
        let rules = BucketRules {
            bucket: "templates".into(),
            prefix: prefix.into(),
            region: "us-east-1".into(),
            endpoint: Some(self.endpoint().parse().unwrap()),
            path_style,
            keys: Some(BucketKeys {
                access_key_id: "AKIATEST".into(),
                secret_access_key: "secret".into(),
                session_token: None,
            }),
            conditional_put: true,
            patience: Patience {
                connect: SILENCE,
                silence: SILENCE,
                retry: Duration::from_secs(2),
                failures_max: 5,
                rest: REST,
            },
        };
        Shelf::bucket(&rules).unwrap()
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn fails_with(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults = faults.into_iter().collect();
    }

    pub(crate) fn knows_no_conditions(&self) {
        self.state().knows_no_conditions = true;
    }

    pub(crate) fn is_full(&self) {
        self.state().is_full = true;
    }

    pub(crate) fn change_all(&self, text: &'static str) {
        for body in self.state().kept.values_mut() {
            *body = Bytes::from_static(text.as_bytes());
        }
    }

    pub(crate) fn asked_count(&self) -> usize {
        self.state().asked
    }

    pub(crate) fn puts_count(&self) -> usize {
        self.state().puts
    }

    pub(crate) fn restore(&self, kept: BTreeMap<String, Bytes>) {
        self.state().kept.extend(kept);
    }

    pub(crate) fn kept(&self) -> BTreeMap<String, Bytes> {
        self.state().kept.clone()
    }

    pub(crate) fn conditions_count(&self) -> usize {
        self.state().conditions
    }

    pub(crate) async fn stop(&self) {
        self.server.abort();
        sleep(Duration::from_millis(50)).await;
    }
}

type Answer = Response<BoxBody<Bytes, io::Error>>;

async fn answered(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Answer, io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    assert!(
        parts.headers.contains_key("authorization"),
        "every request is signed"
    );
    let fault = {
        let mut state = state.lock().unwrap();
        state.asked += 1;
        state.faults.pop_front()
    };
    match fault {
        Some(Fault::SlowDown) => return Ok(error(503, "SlowDown")),
        Some(Fault::Internal) => return Ok(error(500, "InternalError")),
        Some(Fault::Forbidden) => return Ok(error(403, "AccessDenied")),
        Some(Fault::Reset) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Cut | Fault::Slow(_) | Fault::HangInBody) | None => (),
    }
    let path = parts.uri.path().to_owned();
    let key = path
        .trim_start_matches("/templates")
        .trim_start_matches('/');
    let answer = match parts.method {
        Method::GET if key.is_empty() => list(&state, parts.uri.query().unwrap_or_default()),
        Method::GET => match state.lock().unwrap().kept.get(key) {
            Some(body) => ok(body.clone()),
            None => error(404, "NoSuchKey"),
        },
        Method::PUT => put(
            &state,
            key,
            body,
            parts.headers.contains_key("if-none-match"),
        ),
        Method::DELETE => {
            state.lock().unwrap().kept.remove(key);
            ok(Bytes::new())
        }
        _ => error(405, "MethodNotAllowed"),
    };
    Ok(match fault {
        Some(fault) => spoilt(answer, fault).await,
        None => answer,
    })
}

fn put(state: &Mutex<State>, key: &str, body: Bytes, is_conditional: bool) -> Answer {
    let mut state = state.lock().unwrap();
    state.conditions += usize::from(is_conditional);
    if state.is_full {
        return error(507, "XMinioStorageFull");
    }
    if is_conditional && state.knows_no_conditions {
        return error(501, "NotImplemented");
    }
    if is_conditional && state.kept.contains_key(key) {
        return error(412, "PreconditionFailed");
    }
    state.puts += 1;
    state.kept.insert(key.to_owned(), body);
    ok(Bytes::new())
}

fn list(state: &Mutex<State>, query: &str) -> Answer {
    let asked: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let (prefix, after) = (of("prefix"), of("start-after"));
    let state = state.lock().unwrap();
    let contents: Vec<String> = state
        .kept
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix) && **key > after)
        .map(|(key, body)| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"x\"</ETag><Size>{}</Size></Contents>",
                body.len()
            )
        })
        .collect();
    ok(format!("<?xml version=\"1.0\"?><ListBucketResult><Name>templates</Name><Prefix>{prefix}</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{}</ListBucketResult>", contents.concat()).into())
}

fn ok(body: Bytes) -> Answer {
    Response::builder()
        .header("etag", "\"x\"")
        .header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        .header("content-length", body.len())
        .body(
            Full::new(body)
                .map_err(|never: Infallible| match never {})
                .boxed(),
        )
        .unwrap()
}

fn error(status: u16, code: &str) -> Answer {
    let text = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    let mut answer = ok(text.into());
    *answer.status_mut() = status.try_into().unwrap();
    answer
}

/// The same answer, badly sent.
async fn spoilt(answer: Answer, fault: Fault) -> Answer {
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let half = body.slice(..body.len() / 2);
    let frame = |bytes: Bytes| Ok::<_, io::Error>(Frame::data(bytes));
    let pieces = match fault {
        Fault::Slow(pause) => stream::iter(body)
            .then(move |byte| async move {
                sleep(pause).await;
                frame(Bytes::copy_from_slice(&[byte]))
            })
            .boxed(),
        Fault::HangInBody => stream::iter([frame(half)]).chain(stream::pending()).boxed(),
        _ => stream::iter([frame(half), Err(io::ErrorKind::ConnectionReset.into())]).boxed(),
    };
    let pieces = SyncStream(Mutex::new(pieces));
    Response::from_parts(parts, BodyExt::boxed(StreamBody::new(pieces)))
}

/// `BoxBody` wants what may be shared, though nobody shares it.
struct SyncStream(Mutex<stream::BoxStream<'static, io::Result<Frame<Bytes>>>>);

impl futures_util::Stream for SyncStream {
    type Item = io::Result<Frame<Bytes>>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.lock().unwrap().poll_next_unpin(cx)
    }
}
