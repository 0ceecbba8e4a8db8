//! Mimeo: cli.
