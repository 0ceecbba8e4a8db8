//! Mimeo: server.
