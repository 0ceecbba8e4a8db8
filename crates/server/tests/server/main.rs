//! Stories over the wire: a server on loopback, and a client that sends exactly what it is told.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod audit;
mod away;
mod client;
mod control;
mod described_api;
mod limits;
mod nodes;
mod open_mode;
mod peers;
mod policies;
mod probes;
mod relay;
mod run;
mod seed;
mod slow_readers;
mod sources;
mod stored_accounts;
mod sts;
mod v1;
mod v1_copies;
mod verified_mode;
mod wire;
