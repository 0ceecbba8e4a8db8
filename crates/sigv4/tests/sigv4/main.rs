//! Signatures against AWS's vectors, against AWS's own signer, and against forgers.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows test functions, but not their helpers"
)]

mod form;
mod peers;
mod request;
mod rules;
mod sdk;
mod vectors;
