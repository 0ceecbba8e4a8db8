//! The fetcher: the only code in Mimeo that connects to a URL that a user gave.
//!
//! A URL is judged by its parsed host, never by its text. A name is resolved once, every answer must be allowed, and
//! the connection goes to one of those very addresses. Redirects are not followed, proxies are not used, nothing of
//! ours is sent along, and what is internal, dead or slow is refused in one and the same sentence.

mod address;
pub(crate) mod dial;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod refused;
mod rules;
mod s3;
mod target;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::TEMPLATE_BYTES_MAX;
pub use address::{Trust, is_global_unicast, may_connect};
use dial::Dialler;
pub use refused::{FetchRefused, FetcherError};
pub use rules::{AllowedOrigin, FetchRules, Loopback, NotAnOrigin, PlainHttp, Timeouts};
use target::Target;
pub use target::{SIGNED_URL_BYTES_MAX, URL_BYTES_MAX};

/// How many fetches run at once in the whole process; the rest wait, and waiting counts as time.
pub const FETCHES_MAX: usize = 32;

/// The longest head of a response, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Fetches what users point at. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    rules: FetchRules,
    dialler: Dialler,
    turns: Semaphore,
}

impl Fetcher {
    /// A fetcher that follows these rules. Fails if they hold a certificate that cannot be read.
    pub fn new(rules: FetchRules) -> Result<Fetcher, FetcherError> {
        let dialler = Dialler::new(&rules)?;
        let turns = Semaphore::new(FETCHES_MAX);
        Ok(Fetcher {
            inner: Arc::new(Inner {
                rules,
                dialler,
                turns,
            }),
        })
    }

    /// The body at `url`: at most [`TEMPLATE_BYTES_MAX`] bytes, answered with 200 and without an encoding.
    pub async fn fetch(&self, url: &str) -> Result<Bytes, FetchRefused> {
        self.fetch_target(Target::read(url, &self.inner.rules)?)
            .await
    }

    /// The same for a URL that another server signed: of at most [`SIGNED_URL_BYTES_MAX`] bytes.
    pub async fn fetch_signed(&self, url: &str) -> Result<Bytes, FetchRefused> {
        let rules = &self.inner.rules;
        let target = Target::read_within(SIGNED_URL_BYTES_MAX, url, rules)?;
        self.fetch_target(target).await
    }

    async fn fetch_target(&self, target: Target) -> Result<Bytes, FetchRefused> {
        let rules = &self.inner.rules;
        let unreachable = FetchRefused::Unreachable {
            url: target.shown.clone(),
        };
        // Set before the work begins, so that a refusal takes as long as a connection that is refused far away.
        let floor = sleep(rules.timeouts.refusal_floor);
        let outcome = timeout(rules.timeouts.total, self.run(&target)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Trouble::timed_out(&target)));
        match outcome {
            Err(Trouble::Refused(refused)) => Err(refused),
            Err(Trouble::Hidden(refused)) => {
                floor.await;
                Err(refused)
            }
            Err(Trouble::Transport) => {
                floor.await;
                Err(unreachable)
            }
            Ok(body) => Ok(body),
        }
    }

    async fn run(&self, target: &Target) -> Result<Bytes, Trouble> {
        let Inner {
            rules,
            dialler,
            turns,
        } = &*self.inner;
        let _turn = turns.acquire().await.map_err(|_| Trouble::Transport)?;
        let limits = rules.timeouts;
        let dialled = timeout(limits.connect, dialler.dial(target, rules)).await;
        let stream = dialled.map_err(|_| Trouble::timed_out(target))??;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_BYTES_MAX);
        let handshake = builder
            .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
            .await;
        let (mut sender, connection) = handshake.map_err(|_| Trouble::Transport)?;
        let exchange = async {
            let request = sender.send_request(request(target)?);
            let response = timeout(limits.first_byte, request).await;
            let response = response.map_err(|_| Trouble::timed_out(target))?;
            let response = response.map_err(|_| Trouble::Transport)?;
            read_response(target, response).await
        };
        // The connection lives in this future and dies with it: nothing of it is left when the time is up.
        tokio::pin!(exchange);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            biased;
            outcome = &mut exchange => outcome,
            _ = &mut connection => exchange.await,
        }
    }
}

// What ended a fetch, and whether the answer must take as long as any other of its kind.
enum Trouble {
    Refused(FetchRefused),
    Hidden(FetchRefused),
    Transport,
}

impl Trouble {
    fn timed_out(target: &Target) -> Trouble {
        FetchRefused::TimedOut {
            url: target.shown.clone(),
        }
        .into()
    }
}

impl From<FetchRefused> for Trouble {
    fn from(refused: FetchRefused) -> Trouble {
        match refused {
            FetchRefused::AddressNotAllowed { .. }
            | FetchRefused::Unreachable { .. }
            | FetchRefused::TimedOut { .. } => Trouble::Hidden(refused),
            _ => Trouble::Refused(refused),
        }
    }
}

fn request(target: &Target) -> Result<Request<Empty<Bytes>>, Trouble> {
    Request::get(target.path_and_query())
        .header(HOST, target.host_header())
        .header(ACCEPT, "*/*")
        .header(ACCEPT_ENCODING, "identity")
        .header(USER_AGENT, "mimeo")
        .body(Empty::new())
        .map_err(|_| Trouble::Transport)
}

async fn read_response(
    target: &Target,
    response: http::Response<Incoming>,
) -> Result<Bytes, Trouble> {
    let url = || target.shown.clone();
    let status = response.status();
    if status.is_redirection() {
        return Err(FetchRefused::Redirects {
            url: url(),
            status: status.as_u16(),
        }
        .into());
    }
    if status != StatusCode::OK {
        return Err(FetchRefused::Status {
            url: url(),
            status: status.as_u16(),
        }
        .into());
    }
    if !is_identity(response.headers()) {
        return Err(FetchRefused::Encoded { url: url() }.into());
    }
    let too_large = || Trouble::from(FetchRefused::TooLarge { url: url() });
    if announced_bytes(response.headers()).is_some_and(|bytes| bytes > TEMPLATE_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let mut body = response.into_body();
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Trouble::Transport)?;
        if let Some(data) = frame.data_ref() {
            if read.len() + data.len() > TEMPLATE_BYTES_MAX {
                return Err(too_large());
            }
            read.extend_from_slice(data);
        }
    }
    Ok(read.freeze())
}

fn is_identity(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn announced_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: CONNECT_MAX,
            first_byte: FIRST_BYTE_MAX,
            total: TOTAL_MAX,
            refusal_floor: REFUSAL_FLOOR,
        }
    }
}

/// How long resolving, connecting and the TLS handshake may take together.
pub const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long the head of the response may take after the request.
pub const FIRST_BYTE_MAX: Duration = Duration::from_secs(5);
/// How long a fetch may take in all.
pub const TOTAL_MAX: Duration = Duration::from_secs(15);
/// How long the answer "not reachable or not allowed" takes at least, so that its speed tells nothing.
pub const REFUSAL_FLOOR: Duration = Duration::from_millis(200);
