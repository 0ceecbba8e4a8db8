//! Constraints: statements and functions.

use crate::dialect::statements;

statements! {}
