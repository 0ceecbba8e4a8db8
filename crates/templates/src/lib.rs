//! Templates: bodies by content hash, the fetcher of user-given URLs, the CloudFormation reader.
//!
//! - [`shelf`] keeps bodies under their SHA-256, so a copy within one shelf moves no bytes.
//! - [`fetch`] is the only code in Mimeo that connects to a URL that a user gave.
//! - [`cloudformation`] reads hostile template text into a small tree and says what is wrong with it.
//!
//! Nothing here knows of accounts, the catalogue or the database.

pub mod cloudformation;
pub mod fetch;
pub mod shelf;

/// The longest template, in bytes: CloudFormation's own limit for a template in S3.
pub const TEMPLATE_BYTES_MAX: usize = 1 << 20;
