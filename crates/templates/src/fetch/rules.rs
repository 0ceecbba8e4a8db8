//! What the operator allows the fetcher.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use url::{Host, Url};

/// What the operator allows. The default is the strictest: public hosts over https.
#[derive(Debug, Clone, Default)]
pub struct FetchRules {
    /// Whether this machine's loopback addresses may be fetched from, on any port.
    pub loopback: Loopback,
    /// Whether public hosts may be fetched from without TLS. Where loopback is allowed, plain http is too.
    pub http: PlainHttp,
    /// Hosts that may be fetched from on the given port, whatever their addresses.
    pub allow: Vec<AllowedOrigin>,
    /// Our own listeners, database and blob store: never connected to, even if listed or public.
    pub own: Vec<SocketAddr>,
    /// Where URLs in S3's style are read instead of AWS. Chosen by the operator, so its address is trusted.
    pub s3_endpoint: Option<Url>,
    /// Certificate authorities that count beside Mozilla's, such as that of a private S3 endpoint.
    pub authorities: Vec<CertificateDer<'static>>,
    /// How long a fetch may take.
    pub timeouts: Timeouts,
}

/// Whether 127.0.0.0/8 and `::1` may be fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Loopback {
    /// For a laptop, where the only user is the owner of the machine.
    Allowed,
    #[default]
    Refused,
}

/// Whether a public host may be fetched from over plain http.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlainHttp {
    Allowed,
    #[default]
    Refused,
}

/// How long each part of a fetch may take; the defaults are the named constants of [`crate::fetch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Resolving, connecting and the TLS handshake together.
    pub connect: Duration,
    /// From the request to the head of the response.
    pub first_byte: Duration,
    /// All of it.
    pub total: Duration,
    /// How long a refusal that must not tell why takes at least.
    pub refusal_floor: Duration,
}

/// An exact host and port, written `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin {
    host: Host<String>,
    port: u16,
}

/// The text is not `host:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an allowed origin is written host:port, such as templates.example.com:443")]
pub struct NotAnOrigin;

impl AllowedOrigin {
    pub(super) fn is(&self, host: &Host<String>, port: u16) -> bool {
        self.host == *host && self.port == port
    }
}

impl FromStr for AllowedOrigin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<AllowedOrigin, NotAnOrigin> {
        let (host, port) = text.rsplit_once(':').ok_or(NotAnOrigin)?;
        let host = Host::parse(host).map_err(|_| NotAnOrigin)?;
        let port = port.parse().map_err(|_| NotAnOrigin)?;
        Ok(AllowedOrigin { host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_a_url_would_read_it() {
        let origin: AllowedOrigin = "Templates.Example.COM:8443".parse().unwrap();
        assert!(origin.is(&Host::Domain("templates.example.com".to_owned()), 8443));
        assert!(!origin.is(&Host::Domain("templates.example.com".to_owned()), 443));
        let origin: AllowedOrigin = "[fd00::5]:80".parse().unwrap();
        assert!(origin.is(&Host::Ipv6("fd00::5".parse().unwrap()), 80));
    }

    #[test]
    fn an_origin_without_a_port_is_none() {
        for text in [
            "",
            "host",
            "host:",
            "host:http",
            "host:70000",
            ":80",
            "https://host:443",
        ] {
            assert_eq!(text.parse::<AllowedOrigin>(), Err(NotAnOrigin), "{text}");
        }
    }
}
