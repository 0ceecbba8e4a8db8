//! STS, as far as clients of Service Catalog need it: sessions of roles, and who one is.
//!
//! AWS's query protocol: <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>

mod assume_role;
mod form;
mod get_caller_identity;
mod get_session_token;
mod xml;

use mimeo_domain::{AccountId, Timestamp};
use mimeo_service::Rejection;
use mimeo_sigv4::Refused;
use uuid::Uuid;

use crate::clock;
use crate::front::{Credentials, Front, Known, Session, Who, iso8601};

pub(crate) use form::Form;
use xml::Element;

/// The one version of the API.
const VERSION: &str = "2011-06-15";

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

    /// Does it, and answers in XML.
    pub(crate) fn run(
        self,
        front: &Front,
        known: &Known,
        form: &Form,
        now: Timestamp,
        request_id: &Uuid,
    ) -> Result<Vec<u8>, Rejection> {
        let cx = Cx { front, known, now };
        let result = match self {
            Self::AssumeRole => assume_role::assume_role(&cx, form)?,
            Self::GetCallerIdentity => get_caller_identity::get_caller_identity(&cx),
            Self::GetSessionToken => get_session_token::get_session_token(&cx, form)?,
        };
        Ok(xml::answer(self.name(), &result, request_id))
    }
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
        code: "AccessDenied",
        message: message.into(),
    }
}

fn invalid(message: impl Into<String>) -> Rejection {
    Rejection::new("ValidationError", message)
}
