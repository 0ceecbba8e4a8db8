//! Mimeo: testkit.
