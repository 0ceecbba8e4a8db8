//! The target: a URL that has passed every rule that needs no look-up.

use url::{Host, Position, Url};

use super::address::{PUBLIC_PORTS, Trust};
use super::refused::FetchRefused;
use super::rules::{FetchRules, Loopback, PlainHttp};
use super::s3;

/// The longest URL of a user that is fetched, in bytes.
pub const URL_BYTES_MAX: usize = 2048;

/// The longest that another server signed, in bytes: with a session's token they often pass 2048.
pub const SIGNED_URL_BYTES_MAX: usize = 8 << 10;

/// How much of a text that is no URL is shown back, in characters.
const SHOWN_CHARS_MAX: usize = 128;

/// Where to connect and what to ask there.
#[derive(Debug)]
pub(super) struct Target {
    url: Url,
    pub(super) host: Host<String>,
    pub(super) port: u16,
    pub(super) transport: Transport,
    pub(super) trust: Trust,
    /// The URL as given, without its query: for the texts.
    pub(super) shown: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Plain,
    Tls,
}

impl Target {
    /// A user's URL.
    pub(super) fn read(text: &str, rules: &FetchRules) -> Result<Target, FetchRefused> {
        Self::read_within(URL_BYTES_MAX, text, rules)
    }

    pub(super) fn read_within(
        bytes_max: usize,
        text: &str,
        rules: &FetchRules,
    ) -> Result<Target, FetchRefused> {
        if text.len() > bytes_max {
            return Err(FetchRefused::TooLong { bytes_max });
        }
        let not_a_url = || FetchRefused::NotAUrl {
            text: show_text(text),
        };
        let given = Url::parse(text).map_err(|_| not_a_url())?;
        let shown = show(&given);
        if !matches!(given.scheme(), "http" | "https") {
            return Err(FetchRefused::Scheme { url: shown });
        }
        if !given.username().is_empty() || given.password().is_some() {
            return Err(FetchRefused::Userinfo { url: shown });
        }
        if given.fragment().is_some() {
            return Err(FetchRefused::Fragment { url: shown });
        }
        let endpoint = rules.s3_endpoint.as_ref();
        let url = endpoint
            .and_then(|endpoint| s3::rewrite(&given, endpoint))
            .unwrap_or(given);
        let transport = if url.scheme() == "https" {
            Transport::Tls
        } else {
            Transport::Plain
        };
        let host = url.host().ok_or_else(not_a_url)?.to_owned();
        let port = url.port_or_known_default().ok_or_else(not_a_url)?;
        let trust = trust(&host, port, rules);
        if trust == Trust::Stranger && rules.loopback == Loopback::Refused {
            if transport == Transport::Plain && rules.http == PlainHttp::Refused {
                return Err(FetchRefused::Scheme { url: shown });
            }
            if !PUBLIC_PORTS.contains(&port) {
                return Err(FetchRefused::Port { url: shown, port });
            }
        }
        Ok(Target {
            url,
            host,
            port,
            transport,
            trust,
            shown,
        })
    }

    pub(super) fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    pub(super) fn host_header(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }
}

fn trust(host: &Host<String>, port: u16, rules: &FetchRules) -> Trust {
    let listed = rules.allow.iter().any(|origin| origin.is(host, port));
    let is_s3 = rules.s3_endpoint.as_ref().is_some_and(|endpoint| {
        endpoint
            .host()
            .is_some_and(|of_s3| of_s3.to_owned() == *host)
            && endpoint.port_or_known_default() == Some(port)
    });
    if listed || is_s3 {
        Trust::Named
    } else {
        Trust::Stranger
    }
}

// Without user name, password, query and fragment: each may be a secret.
fn show(url: &Url) -> String {
    if url.cannot_be_a_base() {
        return format!("{}:…", url.scheme());
    }
    let scheme = url.scheme();
    let rest = &url[Position::BeforeHost..Position::AfterPath];
    format!("{scheme}://{rest}")
}

fn show_text(text: &str) -> String {
    let end = text.find(['?', '#', '@']).unwrap_or(text.len());
    let shown: String = text[..end].chars().take(SHOWN_CHARS_MAX).collect();
    if text.contains('@') || shown.is_empty() {
        return "The text given".to_owned();
    }
    shown.escape_debug().to_string()
}

#[cfg(test)]
mod tests;
