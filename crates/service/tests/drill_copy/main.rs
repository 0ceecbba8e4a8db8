//! Drills of the copy: workers die, wake up late, meet refusals and each other at every point, and
//! afterwards the slate is clean.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod cancelled;
mod crashes;
mod crossing;
mod cut_commits;
mod late;
mod meanwhile;
mod orphans;
mod refusals;
mod right;
mod slate;
mod stage;
mod templates;
mod undeletable;
