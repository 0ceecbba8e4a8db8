//! The template of a version as another Mimeo keeps it: signed for, bounded, in pieces.

use std::io;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;
use futures_util::stream;
use mimeo_domain::arn::ProductArn;
use mimeo_domain::copying::PlannedArtifact;
use mimeo_sigv4::{AmzDate, Head, Identity, PathForm, sha256, sign};
use mimeo_templates::shelf::{BODY_BYTES_MAX, Body};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};

use crate::there::Trouble;
use crate::wire::{HEAD_MAX, Purpose, Wire};
use crate::{ARTIFACTS_PATH, DIGEST_HEADER};

const OPERATION: &str = "GetArtifactTemplate";
const SERVICE: &str = "servicecatalog";

/// How long a piece of a body may take.
const PIECE_MAX: Duration = Duration::from_secs(10);
/// How long all of a body may take.
const BODY_MAX: Duration = Duration::from_mins(1);

/// The body as kept there.
pub(crate) async fn kept(
    wire: &Wire,
    credentials: &Credentials,
    source: &ProductArn,
    artifact: &PlannedArtifact,
) -> Result<Body, Trouble> {
    let turn = wire.turn(Purpose::Body).await?;
    let asked = async {
        let request = request(wire, credentials, source, artifact)?;
        let until = Instant::now() + BODY_MAX;
        let answer = timeout(HEAD_MAX, wire.connector.call(request)).await;
        let answer = answer.map_err(|_| away("no answer in time"))?;
        let answer = answer.map_err(|error| away(&format!("{error:?}")))?;
        if answer.status().as_u16() != 200 {
            return Err(refused(answer).await);
        }
        let bytes_said = judge(&answer, artifact)?;
        let pieces = Pieces {
            body: ByteStream::new(answer.into_body()),
            bytes: 0,
            until,
            _turn: turn,
        };
        Ok(Body::new(bytes_said, stream::try_unfold(pieces, next)))
    };
    wire.timed(OPERATION, asked).await
}

fn away(why: &str) -> Trouble {
    Trouble::Away(format!("{OPERATION}: {why}"))
}

fn request(
    wire: &Wire,
    credentials: &Credentials,
    source: &ProductArn,
    artifact: &PlannedArtifact,
) -> Result<HttpRequest, Trouble> {
    let ProductArn {
        region, product, ..
    } = source;
    let path = format!(
        "{ARTIFACTS_PATH}{region}/{product}/{}/template",
        artifact.source
    );
    let url = format!("{}{path}", wire.endpoint);
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let date = AmzDate::at(wire.home.now().millis()).to_string();
    let mut headers = vec![("host", host.as_bytes()), ("x-amz-date", date.as_bytes())];
    headers.extend(
        credentials
            .session_token()
            .map(|token| ("x-amz-security-token", token.as_bytes())),
    );
    let head = Head {
        method: "GET",
        path: &path,
        query: "",
        headers: &headers,
    };
    let identity = Identity {
        access_key_id: credentials.access_key_id(),
        secret_access_key: credentials.secret_access_key(),
        region: region.as_str(),
        service: SERVICE,
    };
    let authorization = sign(&head, &sha256(b""), &identity, PathForm::Normalized);
    let authorization = authorization.map_err(|refused| away(&refused.to_string()))?;
    let mut request = http::Request::get(&url).header("authorization", authorization);
    for (name, value) in &headers {
        request = request.header(*name, *value);
    }
    // What cannot be a path is no id.
    let request = request
        .body(SdkBody::empty())
        .map_err(|_| Trouble::Nothing)?;
    HttpRequest::try_from(request).map_err(|_| Trouble::Nothing)
}

/// What a refusal says: that the caller sees nothing there, or that something is wrong.
async fn refused(answer: HttpResponse) -> Trouble {
    let status = answer.status().as_u16();
    let mut body = ByteStream::new(answer.into_body());
    let first = timeout(PIECE_MAX, body.next()).await;
    let first = first
        .ok()
        .flatten()
        .and_then(Result::ok)
        .unwrap_or_default();
    // What it says is short, and comes in one piece.
    let told = String::from_utf8_lossy(&first);
    let sees_nothing = ["AccessDenied", "ResourceNotFound"];
    if status == 404 || sees_nothing.iter().any(|code| told.contains(code)) {
        return Trouble::Nothing;
    }
    away(&format!("answered with {status}"))
}

/// How long the body says that it is, if it is one that can be read.
fn judge(answer: &HttpResponse, artifact: &PlannedArtifact) -> Result<Option<u64>, Trouble> {
    let headers = answer.headers();
    if let (Some(told), Some(planned)) = (headers.get(DIGEST_HEADER), &artifact.digest)
        && told != planned
    {
        return Err(away("another template than was planned"));
    }
    let bytes_said = headers.get("content-length");
    let bytes_said = bytes_said.and_then(|text| text.parse::<u64>().ok());
    if bytes_said.is_some_and(|bytes| bytes > BODY_BYTES_MAX as u64) {
        return Err(away("a template that is too long"));
    }
    Ok(bytes_said)
}

struct Pieces {
    body: ByteStream,
    bytes: usize,
    until: Instant,
    /// Other bodies wait until the body is read, or dropped.
    _turn: OwnedSemaphorePermit,
}

async fn next(mut pieces: Pieces) -> io::Result<Option<(Bytes, Pieces)>> {
    let until = pieces.until.min(Instant::now() + PIECE_MAX);
    let piece = timeout_at(until, pieces.body.next()).await;
    let piece = piece.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    let Some(piece) = piece.transpose().map_err(io::Error::other)? else {
        return Ok(None);
    };
    pieces.bytes += piece.len();
    if pieces.bytes > BODY_BYTES_MAX {
        return Err(io::Error::other("the template is too long"));
    }
    Ok(Some((piece, pieces)))
}
