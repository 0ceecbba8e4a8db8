//! The rules of a service catalogue: pure functions of values.
//!
//! No async, no I/O, no clock, no randomness: time and chance arrive as arguments. The crate knows
//! nothing of wire shapes or of SQL; its `Cargo.toml` is the proof.

pub mod arn;
pub mod artifacts;
pub mod budgets;
pub mod constraints;
pub mod copying;
pub mod identity;
pub mod ids;
pub mod launch_paths;
pub mod organizations;
pub mod portfolios;
pub mod principals;
pub mod products;
pub mod provisioning;
pub mod quotas;
pub mod refusal;
pub mod search;
pub mod service_actions;
pub mod shares;
pub mod tag_options;
pub mod tags;
pub mod time;

pub use arn::Arn;
pub use identity::{AccountId, Caller, RegionName, Standing};
pub use ids::{
    ArtifactId, ConstraintId, CopyToken, Mint, PortfolioId, ProductId, ResourceId, Seed,
    ServiceActionId, ShareToken, TagOptionId,
};
pub use quotas::Quotas;
pub use refusal::Refusal;
pub use time::Timestamp;
