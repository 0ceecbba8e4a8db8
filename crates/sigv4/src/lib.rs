//! AWS Signature Version 4: signs requests and verifies them; no I/O, no clock.
//!
//! A server asks two questions. [`Claim::read`] needs only the head of a request, so that a bad
//! one is refused before its body is read; [`Claim::verify`] needs the hash of the body and the
//! key of whoever claims to have signed. Between the two the caller looks the key up by
//! [`Claim::credential`], at best in a [`KeyCache`]. Where no such key exists, verify with a key
//! derived from a dummy secret and then answer [`Refused::UnrecognizedClient`], so that the time
//! taken does not tell which access keys exist.
//!
//! A client calls [`sign`]. Only signatures in the `Authorization` header are spoken: no presigned
//! queries, no unsigned or streamed payloads, no asymmetric variant.
//!
//! The algorithm: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

mod authorization;
mod canonical;
mod claim;
mod date;
mod key;
mod key_cache;
mod refused;
mod request;
mod sign;

pub use authorization::{
    ACCESS_KEY_ID_BYTES_MAX, AUTHORIZATION_BYTES_MAX, Credential, REGION_BYTES_MAX,
    SIGNED_HEADERS_MAX,
};
pub use canonical::{canonical_request, string_to_sign};
pub use claim::{Claim, Rules, SKEW_MINUTES, SKEW_MINUTES_MAX};
pub use date::AmzDate;
pub use key::SigningKey;
pub use key_cache::{KEYS_MAX, KeyCache};
pub use refused::Refused;
pub use request::{Head, PATH_BYTES_MAX, PathForm, QUERY_BYTES_MAX, sha256};
pub use sign::{Identity, sign};

/// The one algorithm that is spoken here.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The last element of each credential scope.
pub(crate) const TERMINATOR: &str = "aws4_request";
