//! Answers as HTTP has them: status, the three headers of AWS, the body.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::Frame;
use mimeo_api::Protocol;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const NEXT: HeaderName = HeaderName::from_static("x-mimeo-next");
const DIGEST: HeaderName = HeaderName::from_static(mimeo_peers::DIGEST_HEADER);
pub(super) const SMITHY_PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");
pub(super) const RPC_V2_CBOR: &str = "rpc-v2-cbor";
pub(super) const JSON: &str = "application/x-amz-json-1.1";
pub(super) const CBOR: &str = "application/cbor";
pub(super) const XML: &str = "text/xml";
/// JSON of our own, in no protocol of AWS's.
pub(super) const PLAIN_JSON: &str = "application/json";
/// A JSON object a line.
pub(super) const NDJSON: &str = "application/x-ndjson";
pub(super) const EVENTS: &str = "text/event-stream";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a client reads: nearly always all of it at once, else a stream.
pub(crate) type Payload = Either<Full<Bytes>, UnsyncBoxBody<Bytes, Infallible>>;

/// An answer about to be sent.
pub(super) struct Reply {
    pub status: u16,
    pub kind: &'static str,
    body: Payload,
    /// Set where the body of the request was not read to its end.
    pub close: bool,
    /// Where the next page begins, for what has no member to say it.
    pub next: Option<String>,
    /// SHA-256 of a template, in hexadecimal digits, told before its body.
    pub digest: Option<String>,
}

impl Reply {
    pub(super) fn new(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            kind,
            body: Payload::Left(Full::new(body.into())),
            close: false,
            next: None,
            digest: None,
        }
    }

    /// Events as they happen.
    pub(super) fn events<S>(events: S) -> Self
    where
        S: Stream<Item = Bytes> + Send + 'static,
    {
        let frames = events.map(|bytes| Ok(Frame::data(bytes)));
        Self {
            status: 200,
            kind: EVENTS,
            body: Payload::Right(StreamBody::new(frames).boxed_unsync()),
            close: false,
            next: None,
            digest: None,
        }
    }

    pub(super) fn in_protocol(status: u16, protocol: Protocol, body: Vec<u8>) -> Self {
        let kind = match protocol {
            Protocol::Json => JSON,
            Protocol::Cbor => CBOR,
        };
        Self::new(status, kind, body)
    }

    pub(super) fn into_response(self, request_id: &Uuid) -> Response<Payload> {
        let mut id = [0; uuid::fmt::Hyphenated::LENGTH];
        let id = request_id.hyphenated().encode_lower(&mut id);
        let mut response = Response::new(self.body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            REQUEST_ID,
            HeaderValue::from_str(id).expect("hexadecimal digits and hyphens fit a header"),
        );
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if self.kind == CBOR {
            headers.insert(SMITHY_PROTOCOL, HeaderValue::from_static(RPC_V2_CBOR));
        } else if self.kind != JSON {
            // What users uploaded is never to be taken for a page.
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        if let Some(next) = self.next.and_then(|next| next.parse().ok()) {
            headers.insert(NEXT, next);
        }
        if let Some(digest) = &self.digest
            && let Ok(digest) = HeaderValue::from_str(digest)
        {
            headers.insert(DIGEST, digest);
        }
        if self.kind == EVENTS {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
