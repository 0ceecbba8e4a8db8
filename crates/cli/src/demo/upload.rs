//! Templates are put onto the server itself, under `/_mimeo/templates/`.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use mimeo_sigv4::{AmzDate, Head, Identity, PathForm};

use super::DemoError;
use super::actors::{Place, SECRET};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A plain HTTP client that signs like the SDK does.
pub(super) struct Uploader<'a> {
    endpoint: &'a str,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl<'a> Uploader<'a> {
    pub(super) fn new(endpoint: &'a str) -> Self {
        Self {
            endpoint,
            http: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Puts a template; answers the URL that CreateProduct takes.
    pub(super) async fn put(
        &self,
        place: Place,
        name: &'static str,
        body: &'static str,
    ) -> Result<String, DemoError> {
        let sent = self.send(place, name, body).await;
        sent.map_err(|why| DemoError::Upload { name, why })
    }

    async fn send(&self, place: Place, name: &str, body: &'static str) -> Result<String, String> {
        let request = self.signed(place, name, body)?;
        let response = self
            .http
            .request(request)
            .await
            .map_err(|error| error.to_string())?;
        let (head, answer) = response.into_parts();
        let answer = Limited::new(answer, ANSWER_BYTES_MAX).collect().await;
        let answer = answer.map_err(|error| error.to_string())?.to_bytes();
        if !head.status.is_success() {
            let text = String::from_utf8_lossy(&answer);
            return Err(format!("{}: {text}", head.status));
        }
        let answer: serde_json::Value =
            serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        let url = answer["Url"].as_str().ok_or("the answer has no Url")?;
        Ok(url.to_owned())
    }

    fn signed(
        &self,
        place: Place,
        name: &str,
        body: &'static str,
    ) -> Result<Request<Full<Bytes>>, String> {
        let path = format!("/_mimeo/templates/{name}");
        let host = self
            .endpoint
            .split_once("://")
            .map_or(self.endpoint, |(_, host)| host);
        let date = AmzDate::at(now_ms()).to_string();
        let head = Head {
            method: "PUT",
            path: &path,
            query: "",
            headers: &[("host", host.as_bytes()), ("x-amz-date", date.as_bytes())],
        };
        let identity = Identity {
            access_key_id: place.account,
            secret_access_key: SECRET,
            region: place.region,
            service: "servicecatalog",
        };
        let digest = mimeo_sigv4::sha256(body.as_bytes());
        let authorization = mimeo_sigv4::sign(&head, &digest, &identity, PathForm::Normalized)
            .map_err(|error| error.to_string())?;
        Request::put(format!("{}{path}", self.endpoint))
            .header("host", host)
            .header("x-amz-date", date)
            .header("authorization", authorization)
            .body(Full::new(Bytes::from_static(body.as_bytes())))
            .map_err(|error| error.to_string())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client dates what it signs by its own clock"
)]
fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
