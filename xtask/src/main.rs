//! xtask: the chores of this repository, `cargo xtask <chore>`.

mod bench;
mod codegen;
mod model;
mod prove;
mod table;
mod test;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod translations;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Chore = fn(&[String]) -> Result<(), String>;

/// Name, what it does, and the function that does it.
const CHORES: &[(&str, &str, Chore)] = &[
    (
        "bench",
        "measure the real binary and print a table: bench [NAME …]",
        bench::run,
    ),
    (
        "prove",
        "hunt for lost, doubled and half-made copies: prove CAMPAIGN [--long]",
        prove::run,
    ),
    (
        "table",
        "write the README's compatibility table from the wire stories",
        table::run,
    ),
    (
        "model",
        "rebuild model/servicecatalog.json from an installed botocore",
        model::run,
    ),
    (
        "codegen",
        "write crates/api/src/generated from model/",
        codegen::run,
    ),
    (
        "test",
        "check all that must hold before a change lands",
        test::run,
    ),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let Some((_, _, chore)) = CHORES.iter().find(|(name, ..)| *name == wanted) else {
        eprintln!("usage: cargo xtask <chore> [arguments]");
        for (name, purpose, _) in CHORES {
            eprintln!("  {name:<12} {purpose}");
        }
        return ExitCode::from(2);
    };
    match chore(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("cargo xtask {wanted}: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository, whatever folder cargo was called from.
fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask
        .parent()
        .expect("xtask lies in the repository")
        .to_path_buf()
}
