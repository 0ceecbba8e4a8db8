//! `cargo xtask table`: writes the README's compatibility table from what the wire stories state.

use std::process::Command;

pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let status = Command::new("cargo")
        .args([
            "test",
            "--quiet",
            "-p",
            "mimeo-service",
            "--test",
            "wire",
            "coverage",
        ])
        .env("MIMEO_UPDATE", "1")
        .current_dir(crate::root())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
