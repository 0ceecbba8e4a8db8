//! STS, as far as clients of Service Catalog need it: sessions of roles, and who one is.
//!
//! AWS's query protocol: <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>

mod assume_role;
mod form;
mod get_caller_identity;
mod get_session_token;
mod xml;

use mimeo_domain::{AccountId, Timestamp};
use mimeo_service::{Event, HIDDEN, Rejection};
use mimeo_sigv4::Refused;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::front::{Credentials, Front, Known, Session, Who, iso8601};

pub(crate) use form::Form;
use xml::Element;

/// The one version of the API.
const VERSION: &str = "2011-06-15";

/// The code of what a policy does not allow.
pub(crate) const ACCESS_DENIED: &str = "AccessDenied";

/// What is served of STS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    AssumeRole,
    GetCallerIdentity,
    GetSessionToken,
}

/// What an action may touch.
struct Cx<'a> {
    front: &'a Front,
    known: &'a Known,
    now: Timestamp,
}

impl Action {
    /// The action that a form names.
    pub(crate) fn of(form: &Form) -> Result<Self, Rejection> {
        let version = form.get("Version").unwrap_or("NO_VERSION_SPECIFIED");
        let Some(name) = form.get("Action") else {
            return Err(Rejection::new("MissingAction", "Missing Action"));
        };
        let known = [
            Self::AssumeRole,
            Self::GetCallerIdentity,
            Self::GetSessionToken,
        ];
        let known = known.into_iter().find(|action| action.name() == name);
        known.filter(|_| version == VERSION).ok_or_else(|| {
            let (name, version) = (form::cut(name), form::cut(version));
            Rejection::new(
                "InvalidAction",
                format!(
                    "Could not find operation {name} for version {version}. Mimeo has AssumeRole, \
                     GetCallerIdentity and GetSessionToken of version {VERSION}."
                ),
            )
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AssumeRole => "AssumeRole",
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::GetSessionToken => "GetSessionToken",
        }
    }

    /// As its records name it; `None` where it leaves none. CloudTrail too has sessions that begin
    /// as read-only events.
    pub(crate) fn event(self) -> Option<Event> {
        let event = Event {
            source: "sts.amazonaws.com",
            name: self.name(),
            read_only: true,
        };
        (self != Self::GetCallerIdentity).then_some(event)
    }

    /// Does it, and answers in XML.
    pub(crate) fn run(
        self,
        front: &Front,
        known: &Known,
        form: &Form,
        now: Timestamp,
        request_id: &Uuid,
    ) -> Result<Done, Rejection> {
        let cx = Cx { front, known, now };
        let result = match self {
            Self::AssumeRole => assume_role::assume_role(&cx, form)?,
            Self::GetCallerIdentity => get_caller_identity::get_caller_identity(&cx),
            Self::GetSessionToken => get_session_token::get_session_token(&cx, form)?,
        };
        Ok(Done {
            body: xml::answer(self.name(), &result, request_id),
            elements: elements(&result),
        })
    }
}

/// What was done: the answer, and what a record shows of it.
pub(crate) struct Done {
    pub body: Vec<u8>,
    pub elements: Value,
}

/// The parameters of a request as a record shows them.
pub(crate) fn parameters(form: &Form) -> Value {
    let mut shown = serde_json::Map::new();
    for (name, shown_as) in [
        ("RoleArn", "roleArn"),
        ("RoleSessionName", "roleSessionName"),
        ("DurationSeconds", "durationSeconds"),
        ("Policy", "policy"),
    ] {
        if let Some(value) = form.get(name) {
            shown.insert(shown_as.to_owned(), value.into());
        }
    }
    // Whoever gave it may take it for a secret, although AWS does not.
    if form.get("ExternalId").is_some() {
        shown.insert("externalId".to_owned(), HIDDEN.into());
    }
    Value::Object(shown)
}

/// What began, without what its requests are signed with.
fn elements(result: &[Element]) -> Value {
    let found = |name| result.iter().find_map(|element| element.find(name));
    let mut shown = json!({
        "credentials": {"accessKeyId": found("AccessKeyId"), "expiration": found("Expiration")},
    });
    if let Some(id) = found("AssumedRoleId") {
        shown["assumedRoleUser"] = json!({"assumedRoleId": id, "arn": found("Arn")});
    }
    shown
}

impl Cx<'_> {
    /// Credentials of a session that begins now and lasts so long, in whole seconds as they are
    /// shown.
    fn begin(&self, account: &AccountId, who: Who, policy: Option<&str>, seconds: u64) -> Element {
        let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        let session = Session {
            account: account.clone(),
            who,
            began: self.now,
            expires: self.now.plus_millis(millis).whole_second(),
            policy: policy.map(str::to_owned),
        };
        let Credentials {
            access_key_id,
            secret,
            token,
        } = self.front.sessions.issue(&session, &clock::secret());
        Element::of(
            "Credentials",
            [
                Element::text("AccessKeyId", access_key_id),
                Element::text("SecretAccessKey", secret.reveal()),
                Element::text("SessionToken", token),
                Element::text("Expiration", iso8601(session.expires)),
            ],
        )
    }
}

/// Reads the body of a request and answers what is wrong with it before anybody is asked, as XML.
#[cfg(feature = "fuzzing")]
pub(crate) fn judge(body: &[u8]) -> Option<Vec<u8>> {
    let read = || {
        let form = Form::read(body)?;
        Action::of(&form)?;
        assume_role::judge(&form)
    };
    let rejection = read().err()?;
    Some(error(&rejection, &Uuid::nil()))
}

/// An error as STS tells it.
pub(crate) fn error(rejection: &Rejection, request_id: &Uuid) -> Vec<u8> {
    xml::error(rejection, request_id)
}

/// Why a request to STS is not authenticated, in STS's own codes.
pub(crate) fn refused(refused: &Refused) -> Rejection {
    let (status, code) = match refused.code() {
        "MissingAuthenticationTokenException" => (403, "MissingAuthenticationToken"),
        "IncompleteSignatureException" => (400, "IncompleteSignature"),
        "UnrecognizedClientException" => (403, "InvalidClientTokenId"),
        "AccessDeniedException" => (403, "AccessDenied"),
        "ExpiredTokenException" => (403, "ExpiredToken"),
        _ => (403, "SignatureDoesNotMatch"),
    };
    Rejection {
        status,
        code,
        message: refused.to_string(),
    }
}

fn denied(message: impl Into<String>) -> Rejection {
    Rejection {
        status: 403,
        code: ACCESS_DENIED,
        message: message.into(),
    }
}

fn invalid(message: impl Into<String>) -> Rejection {
    Rejection::new("ValidationError", message)
}
