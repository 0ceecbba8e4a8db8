//! Why a fetch was refused, in sentences for the person who gave the URL.

use crate::TEMPLATE_BYTES_MAX;

/// Why a URL was not fetched. The texts show it without its query, which may hold a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchRefused {
    #[error("{text} is not a URL.")]
    NotAUrl { text: String },
    #[error("A template URL has at most {bytes_max} characters.")]
    TooLong { bytes_max: usize },
    #[error("{url} cannot be fetched: a template URL begins with https://.")]
    Scheme { url: String },
    #[error("{url} cannot be fetched: a template URL must not hold a user name or a password.")]
    Userinfo { url: String },
    #[error("{url} cannot be fetched: a template URL must not have a fragment.")]
    Fragment { url: String },
    #[error("{url} cannot be fetched: port {port} is not one of 80 and 443.")]
    Port { url: String, port: u16 },
    /// The host is internal. Told as [`FetchRefused::Unreachable`] is, so that no one can map a network with us.
    #[error("{url} could not be read: its host cannot be reached or is not allowed.")]
    AddressNotAllowed { url: String },
    /// The host was not found, did not accept the connection, or did not speak HTTP to its end.
    #[error("{url} could not be read: its host cannot be reached or is not allowed.")]
    Unreachable { url: String },
    /// The host took longer than the rules allow.
    #[error("{url} could not be read: its host cannot be reached or is not allowed.")]
    TimedOut { url: String },
    #[error("{url} answered {status}: redirects are not followed; give the final URL.")]
    Redirects { url: String, status: u16 },
    #[error("{url} answered {status}.")]
    Status { url: String, status: u16 },
    #[error("{url} is compressed: a template must be served as it is, without an encoding.")]
    Encoded { url: String },
    #[error("{url} is too large: a template has at most {TEMPLATE_BYTES_MAX} bytes.")]
    TooLarge { url: String },
}

/// Why a fetcher could not be made of the rules given.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    #[error("a certificate authority given to the fetcher cannot be read")]
    Authority(#[source] rustls::Error),
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    #[error("the S3 endpoint {0} is not an http or https URL")]
    S3Endpoint(String),
}
