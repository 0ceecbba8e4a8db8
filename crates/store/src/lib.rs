//! Mimeo: store.
