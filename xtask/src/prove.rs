//! `cargo xtask prove CAMPAIGN [--long] …`: builds the binary and the campaigns, and runs one.

use std::process::Command;

/// The long form is built with optimizations, as what runs in earnest is.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let long = arguments.iter().any(|argument| argument == "--long");
    let profile: &[&str] = if long { &["--release"] } else { &[] };
    // One after the other: built together, the server would get the features that only tests have.
    cargo(&["build", "-p", "mimeo"], profile, &[])?;
    let mut rest = vec!["--"];
    rest.extend(arguments.iter().map(String::as_str));
    cargo(&["run", "--quiet", "-p", "mimeo-proof"], profile, &rest)
}

fn cargo(first: &[&str], profile: &[&str], rest: &[&str]) -> Result<(), String> {
    let arguments = [first, profile, rest].concat();
    let status = Command::new("cargo")
        .args(&arguments)
        .current_dir(crate::root())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {}: {status}", arguments.join(" "))),
        Err(error) => Err(format!("cargo {}: {error}", arguments.join(" "))),
    }
}
