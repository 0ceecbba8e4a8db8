//! Who is asking: by a signature in verified mode, by mere assertion in open mode.

mod identities;
mod known;
mod open;
mod session;
mod verified;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;
use mimeo_domain::Timestamp;
use mimeo_sigv4::{Claim, Head, Refused, Rules};
use tokio::sync::watch;

use crate::config::Config;

pub(crate) use identities::{Identities, Role, letters, role_unique_id};
pub(crate) use known::{Actor, Began, Known, Origin, iso8601, session_arn};
use open::Asserted;
pub(crate) use open::{Open, host};
use session::SessionKeys;
pub(crate) use session::{Credentials, Reach, Session, SessionKey, Who};
use verified::Verified;

/// Who may call, and how it is found out.
#[derive(Debug)]
pub(crate) struct Front {
    pub mode: Mode,
    /// Seals and opens the tokens of sessions.
    pub sessions: SessionKeys,
}

/// The two modes, never mixed: which one it is follows from the configuration alone.
#[derive(Debug)]
pub(crate) enum Mode {
    Open(Open),
    Verified(Box<Verified>),
}

impl Front {
    /// `identities` are those of verified mode; whoever holds the sender may replace them.
    pub(crate) fn of(
        config: &Config,
        identities: watch::Receiver<Arc<Identities>>,
        sessions: SessionKey,
    ) -> Self {
        let peers = config.peers.key();
        let peers = peers.map(|key| SessionKey::of_peers(key, config.is_verified()));
        let sessions = SessionKeys::new(sessions, peers);
        let mode = if config.is_verified() {
            Mode::Verified(Box::new(Verified::of(config, identities)))
        } else {
            Mode::Open(Open::of(config))
        };
        Self { mode, sessions }
    }

    /// What the head alone tells; the body is not read for a head that is refused.
    pub(crate) fn read<'a>(
        &self,
        head: &Head<'a>,
        rules: &Rules<'_>,
        now: Timestamp,
    ) -> Result<Asked<'a>, Refused> {
        match &self.mode {
            Mode::Open(open) => {
                Asserted::read(open, head, &self.sessions, now).map(Asked::Asserted)
            }
            Mode::Verified(verified) => verified.read(head, rules, now).map(Asked::Signed),
        }
    }

    /// The caller, once the body is there. Not one that another server vouches for.
    pub(crate) fn caller(
        &self,
        asked: Asked<'_>,
        body: &[u8],
        origin: &Origin<'_>,
    ) -> Result<Known, Refused> {
        let known = self.caller_or_peers(asked, body, origin)?;
        match known.reach {
            Reach::Everything => Ok(known),
            Reach::Sources => Err(Refused::UnrecognizedClient),
        }
    }

    /// The same, and also one that another server vouches for: it must be held to its reach.
    pub(crate) fn caller_or_peers(
        &self,
        asked: Asked<'_>,
        body: &[u8],
        origin: &Origin<'_>,
    ) -> Result<Known, Refused> {
        match (&self.mode, asked) {
            (_, Asked::Asserted(asserted)) => Ok(asserted.known),
            (Mode::Verified(verified), Asked::Signed(claim)) => {
                verified.verify(&claim, body, origin, &self.sessions)
            }
            // Cannot be: a front that is open reads no claims. If it were, nobody is let in.
            (Mode::Open(_), Asked::Signed(_)) => Err(Refused::UnrecognizedClient),
        }
    }

    /// Those who may call now; `None` in open mode, where they are not described.
    pub(crate) fn identities(&self) -> Option<Arc<Identities>> {
        match &self.mode {
            Mode::Open(_) => None,
            Mode::Verified(verified) => Some(verified.identities()),
        }
    }
}

/// What a head asks for: as whom, and whether that is still to be shown.
pub(crate) enum Asked<'a> {
    Asserted(Asserted<'a>),
    Signed(Claim<'a>),
}

impl<'a> Asked<'a> {
    /// The service that the credentials are scoped to.
    pub(crate) fn service(&self) -> Option<&str> {
        match self {
            Self::Asserted(asserted) => asserted.service,
            Self::Signed(claim) => Some(claim.credential().service),
        }
    }

    /// Whose key it is, in open mode what is said in its place.
    pub(crate) fn access_key_id(&self) -> Option<&'a str> {
        match self {
            Self::Asserted(asserted) => asserted.access_key_id,
            Self::Signed(claim) => Some(claim.credential().access_key_id),
        }
    }
}

/// Who is at the other end of the connection, among a request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub IpAddr);

/// How a request came.
pub(crate) fn origin(parts: &Parts, now: Timestamp) -> Origin<'_> {
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let user_agent = parts.headers.get(USER_AGENT);
    Origin {
        address: parts.extensions.get().map_or(unknown, |Peer(peer)| *peer),
        user_agent: user_agent.and_then(|value| value.to_str().ok()),
        now,
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

#[cfg(test)]
mod tests;
