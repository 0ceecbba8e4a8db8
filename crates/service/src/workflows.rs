//! Workflows: what acts on the outside, one durable step at a time.

pub mod copy;
mod gate;
pub mod hold;
pub mod lease;
pub mod orphans;
pub mod tidy;

pub use gate::{Gate, Point, Verdict};
