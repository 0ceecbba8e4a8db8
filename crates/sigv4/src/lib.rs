//! Mimeo: sigv4.
