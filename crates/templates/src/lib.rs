//! Mimeo: templates.
