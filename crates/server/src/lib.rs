//! HTTP, who is asking, configuration, workers, health and metrics.
//!
//! The only place that knows HTTP, and the only one with a clock, chance and the environment.

pub mod accounts;
mod auditing;
mod clock;
pub mod config;
mod control;
mod front;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod log;
mod members;
mod metrics;
mod opening;
mod phase;
mod seed;
mod serve;
mod sts;
mod sweeper;
mod tidying;
pub mod upkeep;
mod worker;

pub use config::Config;
pub use log::init as init_log;
pub use serve::{Mode, Running, Server, StartError, serve};
