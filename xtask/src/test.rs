//! `cargo xtask test`: all that must hold before a change lands, stage by stage.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::root;

/// A stage: its name, and the command that ends with success if it holds.
struct Stage {
    name: &'static str,
    program: String,
    arguments: &'static [&'static str],
}

pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let mut took = Vec::new();
    for stage in stages() {
        eprintln!("\n=== {} ===", stage.name);
        let begun = now();
        let outcome = perform(&stage);
        let seconds = begun.elapsed();
        took.push((stage.name, seconds));
        eprintln!("=== {}: {:.1} s ===", stage.name, seconds.as_secs_f64());
        if let Err(problem) = outcome {
            summary(&took, "failed");
            return Err(format!("stage \"{}\" failed: {problem}", stage.name));
        }
    }
    summary(&took, "ok");
    Ok(())
}

fn stages() -> Vec<Stage> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let cargo = cargo.to_string_lossy().into_owned();
    let of_cargo = |name, arguments| Stage {
        name,
        program: cargo.clone(),
        arguments,
    };
    vec![
        of_cargo("format", &["fmt", "--all", "--check"]),
        of_cargo(
            "lints",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
        ),
        of_cargo("lock of the fuzzer", FUZZING_LOCK),
        tests(of_cargo),
        of_cargo(
            "examples in the docs",
            &["test", "--workspace", "--doc", "--quiet"],
        ),
        of_cargo("campaigns, short", &["xtask", "prove", "all"]),
        Stage {
            name: "conformance",
            program: root()
                .join("conformance/run")
                .to_string_lossy()
                .into_owned(),
            arguments: &[],
        },
    ]
}

/// The engine is a workspace of its own, whose lock falls behind whenever ours gains a crate. Its tree
/// is told, not built.
const FUZZING_LOCK: &[&str] = &[
    "tree",
    "--quiet",
    "--locked",
    "--depth",
    "0",
    "--manifest-path",
    "proof/fuzzing/engine/Cargo.toml",
];

/// All Rust tests: with nextest where it is there, since it runs the files side by side.
fn tests(of_cargo: impl Fn(&'static str, &'static [&'static str]) -> Stage) -> Stage {
    const NEXTEST: &[&str] = &["nextest", "run", "--workspace", "--profile", "ci"];
    const PLAIN: &[&str] = &["test", "--workspace", "--lib", "--bins", "--tests"];
    if is_there(&of_cargo("nextest", &["nextest", "--version"])) {
        return of_cargo("tests", NEXTEST);
    }
    eprintln!("cargo-nextest is not installed: `cargo test` runs the tests instead, more slowly.");
    of_cargo("tests", PLAIN)
}

fn is_there(stage: &Stage) -> bool {
    let mut command = command(stage);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn perform(stage: &Stage) -> Result<(), String> {
    let status = command(stage).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(format!("{} does not start: {error}", stage.program)),
    }
}

fn command(stage: &Stage) -> Command {
    let mut command = Command::new(&stage.program);
    command
        .args(stage.arguments)
        .current_dir(root())
        .stdin(Stdio::null());
    command
}

fn summary(took: &[(&str, Duration)], last: &str) {
    eprintln!("\n{:<22} {:>8}", "stage", "seconds");
    for (at, (name, seconds)) in took.iter().enumerate() {
        let outcome = if at + 1 == took.len() { last } else { "ok" };
        eprintln!("{name:<22} {:>8.1}  {outcome}", seconds.as_secs_f64());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the chore says how long each stage took"
)]
fn now() -> Instant {
    Instant::now()
}
