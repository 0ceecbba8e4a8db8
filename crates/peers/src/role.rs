//! STS AssumeRole: the one call at AWS besides Service Catalog's, so it needs no SDK of its own.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use mimeo_domain::{AccountId, Caller, Timestamp};
use mimeo_sigv4::{AmzDate, Head, Identity, PathForm, sha256, sign};
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::form_urlencoded::Serializer;

use crate::acting::Role;
use crate::there::Trouble;
use crate::wire::{HEAD_MAX, Wire};

const OPERATION: &str = "AssumeRole";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// How long a session is asked for, and how long it is used, in seconds.
const SESSION_SECONDS: i64 = 3_600;
const USED_SECONDS: i64 = 3_000;

/// Sessions in the role, one for each account that may have one: AWS's own log tells them apart.
#[derive(Debug)]
pub(crate) struct Assuming {
    pub role: Role,
    wire: Wire,
    /// No more than there are accounts in the configuration.
    begun: Mutex<BTreeMap<AccountId, (Credentials, Timestamp)>>,
}

impl Assuming {
    pub(crate) fn new(role: Role, wire: &Wire) -> Self {
        Self {
            role,
            wire: wire.clone(),
            begun: Mutex::default(),
        }
    }

    /// Credentials of a session for the caller's account; nothing is there for other accounts, and
    /// for callers whose session is narrowed: AWS would not know.
    pub(crate) async fn session(&self, caller: &Caller) -> Result<Credentials, Trouble> {
        let account = &caller.account;
        if !self.role.accounts.contains(account) || caller.session_policy.is_some() {
            return Err(Trouble::Nothing);
        }
        let now = self.wire.home.now();
        // Held while one is asked for, so that it is asked for once.
        let mut begun = self.begun.lock().await;
        if let Some((credentials, until)) = begun.get(account)
            && now < *until
        {
            return Ok(credentials.clone());
        }
        let credentials = self
            .wire
            .timed(OPERATION, self.assume(account, now))
            .await?;
        let until = now.plus_millis(USED_SECONDS * 1000);
        begun.insert(account.clone(), (credentials.clone(), until));
        Ok(credentials)
    }

    async fn assume(&self, account: &AccountId, now: Timestamp) -> Result<Credentials, Trouble> {
        let request = self.request(account, now)?;
        let answer = timeout(HEAD_MAX, async {
            let answer = self.wire.bounded().call(request).await;
            let answer = answer.map_err(|error| away(&format!("{error:?}")))?;
            let status = answer.status().as_u16();
            let body = ByteStream::new(answer.into_body()).collect().await;
            let body = body.map_err(|error| away(&error.to_string()))?;
            Ok::<_, Trouble>((status, body.into_bytes()))
        });
        let (status, body) = answer.await.map_err(|_| away("no answer in time"))??;
        let body = String::from_utf8_lossy(&body);
        if status != 200 {
            let code = element(&body, "Code").unwrap_or("no code");
            return Err(away(&format!("answered with {status} {code}")));
        }
        let needed = |name| {
            let text = element(&body, name).map(str::to_owned);
            text.ok_or_else(|| away(&format!("an answer without {name}")))
        };
        Ok(Credentials::new(
            needed("AccessKeyId")?,
            needed("SecretAccessKey")?,
            Some(needed("SessionToken")?),
            None,
            "assumed role",
        ))
    }

    fn request(&self, account: &AccountId, now: Timestamp) -> Result<HttpRequest, Trouble> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", OPERATION)
            .append_pair("Version", "2011-06-15")
            .append_pair("RoleArn", &self.role.arn)
            .append_pair("RoleSessionName", &format!("mimeo-{account}"))
            .append_pair("DurationSeconds", &SESSION_SECONDS.to_string());
        if let Some(external_id) = &self.role.external_id {
            form.append_pair("ExternalId", external_id);
        }
        let body = form.finish();
        let endpoint = &self.role.sts_endpoint;
        let host = endpoint
            .as_str()
            .split_once("://")
            .map_or("", |(_, rest)| rest);
        let host = host.trim_end_matches('/');
        let date = AmzDate::at(now.millis()).to_string();
        let credentials = &self.role.credentials;
        let mut headers = vec![
            ("content-type", FORM.as_bytes()),
            ("host", host.as_bytes()),
            ("x-amz-date", date.as_bytes()),
        ];
        headers.extend(
            credentials
                .session_token()
                .map(|token| ("x-amz-security-token", token.as_bytes())),
        );
        let head = Head {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
        };
        let identity = Identity {
            access_key_id: credentials.access_key_id(),
            secret_access_key: credentials.secret_access_key(),
            region: self.wire.region.as_str(),
            service: "sts",
        };
        let digest = sha256(body.as_bytes());
        let authorization = sign(&head, &digest, &identity, PathForm::Normalized);
        let authorization = authorization.map_err(|refused| away(&refused.to_string()))?;
        let mut request =
            http::Request::post(endpoint.as_str()).header("authorization", authorization);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let request = request.body(SdkBody::from(body));
        let request = request.map_err(|error| away(&error.to_string()))?;
        HttpRequest::try_from(request).map_err(|error| away(&error.to_string()))
    }
}

fn away(why: &str) -> Trouble {
    Trouble::Away(format!("{OPERATION}: {why}"))
}

/// The text of the first element of this name. Those that are read here have no entities in them.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}
