//! Mimeo: service.
