//! Fuzzing: libFuzzer looks for bytes on which a parser panics, stalls, swells or breaks its word.
//!
//! The short form only replays the corpora, since the engine is built anew with its own flags;
//! `--seconds=N` hunts for so long a target, `--jobs=N` in as many at a time.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use mimeo_fuzzing::{TARGETS, Target};

use crate::report::{Asked, Report};
use crate::{chance, instant};

/// The coverage that libFuzzer steers by, and the assertions of debug builds. These are the flags
/// of cargo-fuzz without a sanitizer: our own code has no `unsafe` that one could watch.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What an input may cost: no more than any body that the server takes.
const LIMITS: [&str; 2] = ["-rss_limit_mb=2048", "-timeout=1"];

/// How a hunt in one target ended.
#[derive(Default)]
struct Hunt {
    executions: u64,
    coverage: u64,
    seconds: u64,
    wrong: Vec<String>,
}

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let mut report = Report::default();
    let replayed = replay(&mut report)?;
    report.figure("targets", TARGETS.len());
    report.figure("inputs replayed", replayed);
    let seconds = asked.number("seconds", 0, 600);
    if seconds == 0 {
        eprintln!("fuzz: the corpora only; --seconds=N builds the engine and hunts");
        return Ok(report);
    }
    let seed = asked.number("seed", chance::seed(), chance::seed());
    report.figure("seed", seed);
    let engine = build()?;
    let next = AtomicUsize::new(0);
    let told = Mutex::new(&mut report);
    std::thread::scope(|scope| {
        for _ in 0..asked.number("jobs", 1, 1) {
            scope.spawn(|| {
                while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let hunt = hunt(&engine, target, seconds, seed);
                    let mut told = told.lock().unwrap();
                    told.figure(target.name, &hunt);
                    told.wrong.extend(hunt.wrong);
                }
            });
        }
    });
    Ok(report)
}

impl std::fmt::Display for &Hunt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (executions, coverage) = (self.executions, self.coverage);
        write!(
            f,
            "{executions} executions to {coverage} edges in {} s",
            self.seconds
        )
    }
}

fn replay(report: &mut Report) -> Result<usize, String> {
    let mut count = 0;
    for target in TARGETS {
        let inputs = target.inputs();
        let inputs = inputs.map_err(|error| format!("the corpus of {}: {error}", target.name))?;
        for (name, input) in inputs {
            count += 1;
            if catch_unwind(|| (target.run)(&input)).is_err() {
                report.wrong(format!("{}: {name}", target.name));
            }
        }
    }
    Ok(count)
}

/// Where campaigns are built to; what a hunt finds lies there too.
fn folder() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = program.ancestors().nth(2);
    Ok(target.ok_or("no target folder")?.join("fuzzing"))
}

/// Builds the engine, apart from everything that is built without its flags.
fn build() -> Result<PathBuf, String> {
    let told = |error: std::io::Error| format!("the engine: {error}");
    let rustc = Command::new("rustc").arg("-vV").output().map_err(told)?;
    let about = String::from_utf8_lossy(&rustc.stdout);
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc does not say its host")?;
    let folder = folder()?;
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzzing/engine");
    // With a target named, programs that run while building get no flags.
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--target", host])
        .current_dir(crate_folder)
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", FLAGS)
        .status()
        .map_err(told)?;
    if !status.success() {
        return Err(format!("the engine: {status}"));
    }
    Ok(folder.join(host).join("release/mimeo-fuzzing-engine"))
}

fn hunt(engine: &Path, target: &Target, seconds: u64, seed: u64) -> Hunt {
    let begun = instant();
    let mut hunt = Hunt::default();
    while hunt.seconds < seconds && hunt.wrong.is_empty() {
        let left = seconds - hunt.seconds;
        if let Err(problem) = once(engine, target, left, seed, &mut hunt) {
            hunt.wrong.push(format!("{}: {problem}", target.name));
        }
        hunt.seconds = begun.elapsed().as_secs();
    }
    hunt
}

/// One life of the engine, which ends at the first input that is wrong.
fn once(
    engine: &Path,
    target: &Target,
    seconds: u64,
    seed: u64,
    hunt: &mut Hunt,
) -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    let folder = folder()?.join(target.name);
    let (found, wrong) = (folder.join("corpus"), folder.join("wrong"));
    std::fs::create_dir_all(&found).map_err(told)?;
    std::fs::create_dir_all(&wrong).map_err(told)?;
    let output = command(engine, target)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={}", target.bytes_max))
        .arg(format!("-seed={}", seed % u64::from(u32::MAX)))
        .arg(format!("-artifact_prefix={}/", wrong.display()))
        .arg("-print_final_stats=1")
        .args([&found, &target.corpus()])
        .output()
        .map_err(told)?;
    let log = String::from_utf8_lossy(&output.stderr);
    let last = |before: &str| {
        let rest = log.rsplit_once(before).map_or("", |(_, rest)| rest);
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    hunt.executions += last("stat::number_of_executed_units:").unwrap_or(0);
    hunt.coverage = last("cov:").unwrap_or(hunt.coverage);
    if output.status.success() {
        return Ok(());
    }
    let written = log.rsplit_once("Test unit written to ");
    let written = written.and_then(|(_, rest)| rest.lines().next());
    let Some(written) = written else {
        let tail: Vec<&str> = log.lines().rev().take(5).collect();
        return Err(format!("{}: {}", output.status, tail.join(" | ")));
    };
    // A machine that has better things to do makes any input slow: only what is slow again counts.
    let again = command(engine, target)
        .arg(written)
        .output()
        .map_err(told)?;
    if again.status.success() {
        eprintln!("{}: once, and not again: {written}", target.name);
        return Ok(());
    }
    Err(written.to_owned())
}

fn command(engine: &Path, target: &Target) -> Command {
    let mut command = Command::new(engine);
    command.env("MIMEO_FUZZ", target.name).args(LIMITS);
    command.stdin(Stdio::null());
    command
}
