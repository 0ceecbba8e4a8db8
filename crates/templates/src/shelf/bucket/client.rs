//! HTTP for a bucket: hyper and rustls, with a deadline for each step and a few idle connections.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri, header};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::TlsConnector;

use super::Patience;
use crate::fetch::FetcherError;
use crate::fetch::dial::{Stream, tls};

/// Connections that are kept for the next request.
const IDLE_MAX: usize = 16;

/// Makes clients.
#[derive(Clone)]
pub(super) struct Connector {
    tls: TlsConnector,
    connect: Duration,
    silence: Duration,
}

impl Connector {
    pub(super) fn new(patience: &Patience) -> Result<Self, FetcherError> {
        Ok(Self {
            tls: tls(&[])?,
            connect: patience.connect,
            silence: patience.silence,
        })
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector(..)")
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Client {
            connector: self.clone(),
            idle: Arc::default(),
        }))
    }
}

type Sender = SendRequest<HttpRequestBody>;

#[derive(Debug)]
struct Client {
    connector: Connector,
    /// Connections that were used, some of them still busy with the body of an answer.
    idle: Arc<Mutex<Vec<(Authority, Sender)>>>,
}

type Calling<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

impl HttpService for Client {
    fn call<'client, 'call>(&'client self, request: HttpRequest) -> Calling<'call>
    where
        'client: 'call,
        Self: 'call,
    {
        Box::pin(self.exchange(request))
    }
}

impl Client {
    async fn exchange(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let uri = std::mem::take(request.uri_mut());
        let authority = uri
            .authority()
            .ok_or_else(|| told(HttpErrorKind::Unknown, "a request without a host"))?;
        let path = uri.path_and_query().cloned();
        *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        if !request.headers().contains_key(header::HOST) {
            let host = HeaderValue::from_str(authority.as_str());
            let host = host.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
            request.headers_mut().insert(header::HOST, host);
        }
        let mut sender = match self.idle_to(authority) {
            Some(sender) => sender,
            None => self.connected(&uri, authority).await?,
        };
        let silence = self.connector.silence;
        let answer = timeout(silence, sender.send_request(request)).await;
        let answer = answer
            .map_err(|error| HttpError::new(HttpErrorKind::Timeout, error))?
            .map_err(broken)?;
        self.keep(authority, sender);
        let (parts, body) = answer.into_parts();
        let body = Timed {
            body,
            silence,
            deadline: Box::pin(sleep_until(Instant::now() + silence)),
        };
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)))
    }

    fn idle_to(&self, authority: &Authority) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, sender)| !sender.is_closed());
        let at = idle
            .iter()
            .position(|(to, sender)| to == authority && sender.is_ready())?;
        Some(idle.swap_remove(at).1)
    }

    fn keep(&self, authority: &Authority, sender: Sender) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push((authority.clone(), sender));
        }
    }

    async fn connected(&self, uri: &Uri, authority: &Authority) -> Result<Sender, HttpError> {
        let connect = self.connector.connect;
        let dialled = timeout(connect, self.dial(uri, authority)).await;
        let stream = dialled
            .map_err(|error| HttpError::new(HttpErrorKind::Connect, error))?
            .map_err(|error| HttpError::new(HttpErrorKind::Connect, error))?;
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(broken)?;
        // It ends with the last sender, and tells each what went wrong.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn dial(&self, uri: &Uri, authority: &Authority) -> io::Result<Stream> {
        let is_tls = uri.scheme() != Some(&Scheme::HTTP);
        let port = authority
            .port_u16()
            .unwrap_or(if is_tls { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']);
        let tcp = TcpStream::connect((host, port)).await?;
        tcp.set_nodelay(true)?;
        if !is_tls {
            return Ok(Stream::Plain(tcp));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let tls = self.connector.tls.connect(name, tcp).await?;
        Ok(Stream::Tls(Box::new(tls)))
    }
}

/// A body whose pieces may not be too far apart.
struct Timed {
    body: Incoming,
    silence: Duration,
    deadline: Pin<Box<Sleep>>,
}

impl Body for Timed {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.deadline.as_mut().reset(Instant::now() + this.silence);
            return Poll::Ready(frame.map(|frame| frame.map_err(broken)));
        }
        match this.deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(told(
                HttpErrorKind::Timeout,
                "the answer stands still",
            )))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn broken(error: hyper::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else {
        // All that we send may be sent twice.
        HttpErrorKind::Request
    };
    HttpError::new(kind, error)
}

fn told(kind: HttpErrorKind, text: &'static str) -> HttpError {
    HttpError::new(kind, io::Error::other(text))
}
