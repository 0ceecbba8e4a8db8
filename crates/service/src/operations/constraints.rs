//! Constraints: what holds for a product in a portfolio when it is launched.
