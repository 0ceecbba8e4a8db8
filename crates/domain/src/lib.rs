//! Mimeo: domain.
