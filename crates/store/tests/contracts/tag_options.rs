//! TagOptions.
