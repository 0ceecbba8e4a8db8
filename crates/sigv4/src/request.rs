//! The parts of an HTTP request that a signature covers, as they came.

use std::fmt;

use sha2::{Digest, Sha256};

/// The longest path that is canonicalised, in bytes.
pub const PATH_BYTES_MAX: usize = 8 * 1024;

/// The longest query that is canonicalised, in bytes.
pub const QUERY_BYTES_MAX: usize = 8 * 1024;

/// The head of a request: everything but the body.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    /// The method, such as `POST`.
    pub method: &'a str,
    /// The path as sent, still percent-encoded.
    pub path: &'a str,
    /// The query as sent, without its `?`; empty if there is none.
    pub query: &'a str,
    /// Names and values in the order received. The case of a name does not matter.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// How a path enters the canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathForm {
    /// Dot segments and doubled slashes removed: each service but S3.
    Normalized,
    /// Segment by segment as sent.
    AsSent,
}

impl<'a> Head<'a> {
    /// The values of a header, in the order received.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(received, _)| received.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The first value of a header.
    pub(crate) fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.values(name).next()
    }
}

// Header values hold session tokens and signatures, so only the names are shown.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Head")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// The SHA-256 of a body.
pub fn sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}
