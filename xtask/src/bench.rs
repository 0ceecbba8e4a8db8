//! `cargo xtask bench [NAME …]`: builds the binary and the benchmarks, and runs them.

use std::process::Command;

/// Prints the table; names choose benchmarks, none means all.
pub(crate) fn run(names: &[String]) -> Result<(), String> {
    let root = crate::root();
    let cargo = |arguments: &[&str]| {
        let status = Command::new("cargo")
            .args(arguments)
            .current_dir(&root)
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("cargo {}: {status}", arguments.join(" "))),
            Err(error) => Err(format!("cargo {}: {error}", arguments.join(" "))),
        }
    };
    cargo(&["build", "--release", "-p", "mimeo", "-p", "mimeo-benches"])?;
    let mut run = vec!["run", "--quiet", "--release", "-p", "mimeo-benches", "--"];
    run.extend(names.iter().map(String::as_str));
    cargo(&run)
}
