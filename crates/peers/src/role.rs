//! STS AssumeRole: the one call at AWS besides Service Catalog's, so it needs no SDK of its own.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use mimeo_domain::{AccountId, Caller, Timestamp};
use mimeo_sigv4::{AmzDate, Head, Identity, PathForm, sha256, sign};
use tokio::time::timeout;
use url::form_urlencoded::Serializer;

use crate::acting::Role;
use crate::there::Trouble;
use crate::wire::{HEAD_MAX, Wire};

const OPERATION: &str = "AssumeRole";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// How long a session is asked for, in seconds.
const SESSION_SECONDS: i64 = 3_600;
/// For how long of that it is used without asking for the next, in seconds.
const FRESH_SECONDS: i64 = 3_000;
/// For how long it is used at most: a call that begins with it must end with it.
const USED_SECONDS: i64 = 3_570;
/// How long after an early try to begin the next session another is made, in seconds.
const TRIED_AGAIN_SECONDS: i64 = 60;
/// How long such a try may take: its caller has a session, and may need a word in time.
const EARLY_MAX: Duration = Duration::from_secs(2);

/// Sessions in the role, one for each account that may have one: AWS's own log tells them apart.
#[derive(Debug)]
pub(crate) struct Assuming {
    pub role: Role,
    wire: Wire,
    /// Of each account of the role.
    seats: BTreeMap<AccountId, Seat>,
}

/// An account's place for a session.
#[derive(Debug, Default)]
struct Seat {
    session: Mutex<Option<Session>>,
    /// Held by whoever begins a session where there is none to use, so that it is begun once.
    beginning: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Session {
    credentials: Credentials,
    /// From then on the next is asked for, by one caller at a time.
    fresh_until: Timestamp,
    used_until: Timestamp,
}

enum Kept {
    Fresh(Credentials),
    /// To be used if the next does not begin; it is this caller who asks for that.
    Ageing(Credentials),
    Nothing,
}

impl Seat {
    fn session(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, now: Timestamp) -> Kept {
        let mut session = self.session();
        let Some(session) = session.as_mut().filter(|kept| now < kept.used_until) else {
            return Kept::Nothing;
        };
        let credentials = session.credentials.clone();
        if now < session.fresh_until {
            return Kept::Fresh(credentials);
        }
        session.fresh_until = now.plus_millis(TRIED_AGAIN_SECONDS * 1000);
        Kept::Ageing(credentials)
    }
}

impl Assuming {
    pub(crate) fn new(role: Role, wire: &Wire) -> Self {
        let accounts = role.accounts.iter().cloned();
        Self {
            seats: accounts.map(|account| (account, Seat::default())).collect(),
            role,
            wire: wire.clone(),
        }
    }

    /// Credentials of a session for the caller's account; nothing is there for other accounts, and
    /// for callers whose session is narrowed: AWS would not know.
    pub(crate) async fn session(&self, caller: &Caller) -> Result<Credentials, Trouble> {
        let account = &caller.account;
        let seat = self.seats.get(account).ok_or(Trouble::Nothing)?;
        if caller.session_policy.is_some() {
            return Err(Trouble::Nothing);
        }
        match seat.kept(self.wire.home.now()) {
            Kept::Fresh(credentials) => return Ok(credentials),
            Kept::Ageing(credentials) => {
                let next = self.begin(account, seat, EARLY_MAX).await;
                return Ok(next.unwrap_or(credentials));
            }
            Kept::Nothing => (),
        }
        let _one = seat.beginning.lock().await;
        match seat.kept(self.wire.home.now()) {
            Kept::Fresh(credentials) | Kept::Ageing(credentials) => Ok(credentials),
            Kept::Nothing => self.begin(account, seat, HEAD_MAX).await,
        }
    }

    async fn begin(
        &self,
        account: &AccountId,
        seat: &Seat,
        limit: Duration,
    ) -> Result<Credentials, Trouble> {
        // Before the request: the session begins later.
        let now = self.wire.home.now();
        let assumed = self.assume(account, now, limit);
        let credentials = self.wire.timed(OPERATION, assumed).await?;
        *seat.session() = Some(Session {
            credentials: credentials.clone(),
            fresh_until: now.plus_millis(FRESH_SECONDS * 1000),
            used_until: now.plus_millis(USED_SECONDS * 1000),
        });
        Ok(credentials)
    }

    async fn assume(
        &self,
        account: &AccountId,
        now: Timestamp,
        limit: Duration,
    ) -> Result<Credentials, Trouble> {
        let request = self.request(account, now)?;
        let answer = timeout(limit, async {
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
