//! Service actions.
