//! Portfolio principals: statements and functions.

use crate::dialect::statements;

statements! {}
