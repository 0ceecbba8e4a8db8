//! Portfolio principals.
