//! A whole catalogue in one YAML document: its values, and all that is wrong with it, by line.
//!
//! Pure: no file is read and nothing is applied here. Names stand for ids, the order of the keys means
//! nothing, and a document either has no problem or is not a [`World`].

mod document;
mod keys;
mod tree;

use std::fmt;

pub use document::{
    Constraint, Copy, Hung, Origin, Portfolio, Principal, Product, Share, Version, Who, With, World,
};
use mimeo_domain::Quotas;

/// The longest document, in bytes (ours).
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;

/// How deep a document may nest (ours); what it may say needs half of it.
pub const NESTING_MAX: usize = 32;

/// Values of one document (ours).
pub const VALUES_MAX: usize = 200_000;

/// Problems that are told at once (ours).
pub const PROBLEMS_MAX: usize = 100;

/// What is wrong, and on which line, from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub line: usize,
    pub rule: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.rule)
    }
}

/// Reads a document, or tells everything that is wrong with it, in the order of its lines.
/// The quotas are those of the server that it is for.
pub fn read(text: &str, quotas: &Quotas) -> Result<World, Vec<Problem>> {
    let root = tree::parse(text).map_err(|problem| vec![problem]);
    let read = root.and_then(|root| document::world(root, quotas));
    read.map_err(|mut problems| {
        // At the end of a text the parser stands a line behind its last one.
        let last = text.matches(['\n', '\r']).count() + 1;
        for problem in &mut problems {
            problem.line = problem.line.min(last);
        }
        problems
    })
}
