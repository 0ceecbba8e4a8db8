//! Mimeo: api.
