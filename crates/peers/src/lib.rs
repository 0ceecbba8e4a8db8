//! Regions on other servers, as sources of copies: another Mimeo, or AWS itself.
//!
//! Everything goes through the public API of Service Catalog with the official SDK, as the caller for
//! whom a copy is made; only the bodies of another Mimeo's templates come by a route of ours. The other
//! server applies its own rules, so that nobody may read more than it would let them read anyway.
//! Knows no SQL, no configuration and no clock but what its [`Home`] gives.

mod acting;
mod answers;
mod body;
mod calls;
mod role;
mod there;
mod wire;

pub use acting::{Acting, Role};
pub use there::{Called, Home, Outcome, Peer, There};

/// Under which a Mimeo gives out a version's template as it keeps it:
/// `/_mimeo/artifacts/REGION/PRODUCT/ARTIFACT/template`.
pub const ARTIFACTS_PATH: &str = "/_mimeo/artifacts/";

/// The header in which it says the SHA-256 of that template, in hexadecimal digits, before the body.
pub const DIGEST_HEADER: &str = "x-mimeo-sha256";

/// Calls by which one peer's products are looked at, at once; further ones wait.
pub const LOOKS_MAX: usize = 8;

/// Templates that one peer is asked for at once; further ones wait. As many as the copies of a node
/// want by default: four copies, four templates each.
pub const BODIES_MAX: usize = 16;

/// Questions to one peer whether a caller still sees a product, at once; further ones wait. Each is one
/// short call that a copy cannot land without, at most one for each template on its way.
pub const WORDS_MAX: usize = 16;

/// The longest answer to a call that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;

/// Versions of a product that are looked at; a product of more is not copied from elsewhere.
pub const VERSIONS_MAX: usize = 10_000;
