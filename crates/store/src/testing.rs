//! Fresh stores of every engine, for contract tests here and in other crates.
