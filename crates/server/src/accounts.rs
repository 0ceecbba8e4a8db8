//! Accounts in the store: sealed at rest, joined with those of the configuration, changed by commands.
//!
//! Reference: `docs/reference/identities.md`.

mod joined;
mod master_key;
mod registry;
mod watching;

pub(crate) use joined::{Loaded, load};
pub use master_key::MasterKey;
pub use registry::{AccountsError, Listed, NewKey, Registry};
pub(crate) use watching::Watching;
