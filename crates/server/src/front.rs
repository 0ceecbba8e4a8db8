//! Who is asking: by a signature in verified mode, by mere assertion in open mode.

mod open;
mod verified;

use http::HeaderMap;
use http::request::Parts;
use mimeo_domain::{Caller, Timestamp};
use mimeo_service::Rejection;
use mimeo_sigv4::{Claim, Head, Refused};

use crate::config::Config;

use open::Asserted;
pub(crate) use open::{Open, host};
use verified::Verified;

/// The two modes, never mixed: which one it is follows from the configuration alone.
#[derive(Debug)]
pub(crate) enum Front {
    Open(Open),
    Verified(Box<Verified>),
}

impl Front {
    pub(crate) fn of(config: &Config) -> Self {
        if config.is_verified() {
            Self::Verified(Box::new(Verified::of(config)))
        } else {
            Self::Open(Open::of(config))
        }
    }

    /// What the head alone tells; the body is not read for a head that is refused.
    pub(crate) fn read<'a>(&self, head: &Head<'a>, now: Timestamp) -> Result<Asked<'a>, Rejection> {
        match self {
            Self::Open(_) => Asserted::read(head).map(Asked::Asserted),
            Self::Verified(verified) => verified.read(head, now).map(Asked::Signed),
        }
        .map_err(|refused| rejection(&refused))
    }

    /// The caller, once the body is there.
    pub(crate) fn caller(&self, asked: Asked<'_>, body: &[u8]) -> Result<Caller, Rejection> {
        match (self, asked) {
            (_, Asked::Asserted(asserted)) => Ok(asserted.caller),
            (Self::Verified(verified), Asked::Signed(claim)) => verified.verify(&claim, body),
            // Cannot be: a front that is open reads no claims. If it were, nobody is let in.
            (Self::Open(_), Asked::Signed(_)) => Err(Refused::UnrecognizedClient),
        }
        .map_err(|refused| rejection(&refused))
    }
}

/// What a head asks for: as whom, and whether that is still to be shown.
pub(crate) enum Asked<'a> {
    Asserted(Asserted<'a>),
    Signed(Claim<'a>),
}

impl Asked<'_> {
    /// The service that the credentials are scoped to.
    pub(crate) fn service(&self) -> Option<&str> {
        match self {
            Self::Asserted(asserted) => asserted.service,
            Self::Signed(claim) => Some(claim.credential().service),
        }
    }
}

/// The headers as the signature covers them.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}

/// The head of a request as it came.
pub(crate) fn head<'a>(parts: &'a Parts, headers: &'a [(&'a str, &'a [u8])]) -> Head<'a> {
    Head {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers,
    }
}

fn rejection(refused: &Refused) -> Rejection {
    Rejection::new(refused.code(), refused.to_string())
}
