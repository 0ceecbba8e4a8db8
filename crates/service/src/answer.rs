//! What goes back over the wire, and how rejections and stops become that.

use mimeo_api::{ErrorCode, Protocol};

use crate::error::{Rejection, Stop, Told};
use crate::language::Language;

/// What goes back over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// The error's code, if it is one.
    pub error: Option<&'static str>,
    /// What only the log may tell.
    pub fault: Option<String>,
}

impl Answer {
    pub fn rejected(rejection: &Rejection, protocol: Protocol) -> Self {
        Self::told(&Told::from(rejection), protocol, None)
    }

    /// In English, as where there is no `AcceptLanguage`.
    pub fn stopped(stop: &Stop, declared: &[ErrorCode], protocol: Protocol) -> Self {
        Self::stopped_in(Language::English, stop, declared, protocol)
    }

    pub(crate) fn stopped_in(
        language: Language,
        stop: &Stop,
        declared: &[ErrorCode],
        protocol: Protocol,
    ) -> Self {
        let fault = match stop {
            Stop::Failure(failure) => Some(failure.to_string()),
            Stop::Refusal(_) | Stop::Denied(_) | Stop::NotYet(_) => None,
        };
        Self::told(&Told::stop(stop, declared, language), protocol, fault)
    }

    /// A rejection as our own API tells it: `code` and `message`, under the status that REST has for
    /// the code.
    pub fn rejected_by_ours(rejection: &Rejection) -> Self {
        Self::ours(rejection, None)
    }

    /// The same for what the service refused, or failed in.
    pub fn stopped_by_ours(stop: &Stop) -> Self {
        let fault = match stop {
            Stop::Failure(failure) => Some(failure.to_string()),
            Stop::Refusal(_) | Stop::Denied(_) | Stop::NotYet(_) => None,
        };
        Self::ours(&Told::ours(stop), fault)
    }

    fn ours(rejection: &Rejection, fault: Option<String>) -> Self {
        let body = serde_json::json!({"code": rejection.code, "message": rejection.message});
        Self {
            status: status_of(rejection),
            body: body.to_string().into_bytes(),
            error: Some(rejection.code),
            fault,
        }
    }

    fn told(told: &Told, protocol: Protocol, fault: Option<String>) -> Self {
        Self {
            status: told.status,
            body: told.body(protocol),
            error: Some(told.code),
            fault,
        }
    }

    /// With status 200.
    pub fn done(body: Vec<u8>) -> Self {
        Self {
            status: 200,
            body,
            error: None,
            fault: None,
        }
    }
}

/// AWS's JSON protocols say 400 for nearly everything; our own API uses the statuses of HTTP.
fn status_of(rejection: &Rejection) -> u16 {
    match rejection.code {
        "AccessDeniedException"
        | "ExpiredTokenException"
        | "IncompleteSignatureException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "UnrecognizedClientException" => 403,
        "ResourceNotFoundException" => 404,
        "InvalidStateException" => 409,
        "LimitExceededException" | "ThrottlingException" => 429,
        _ => rejection.status,
    }
}
