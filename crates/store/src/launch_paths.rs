//! Launch paths: statements and functions.

use crate::dialect::statements;

statements! {}
