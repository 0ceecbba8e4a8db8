//! Campaigns: long hunts for what the tests are too short to find. `cargo xtask prove CAMPAIGN …`
//! builds what is needed and calls this.
//!
//! Each campaign has a short form, which CI runs, and a long one. It says its seed, so that what it
//! found can be found again, and ends with one line of figures.

#![expect(clippy::print_stdout, reason = "the figures are the point")]
#![expect(
    clippy::cast_precision_loss,
    reason = "rates need no more digits than a double has"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a campaign that cannot go on should say where and stop"
)]

mod backup;
mod chance;
mod check;
mod client;
mod cluster;
mod failover;
mod faults;
mod fuzz;
mod kill;
mod load;
mod model;
mod node;
mod overload;
mod powerloss;
mod report;
mod shop;
mod simulation;
mod takeover;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use report::{Asked, Report};

type Campaign = fn(&Asked) -> Result<Report, String>;

/// Name, what it shows, and the function that runs it.
const CAMPAIGNS: &[(&str, &str, Campaign)] = &[
    (
        "fuzz",
        "bytes on which a parser panics, stalls, swells or breaks its word",
        fuzz::run,
    ),
    (
        "kill",
        "kill -9 of one and three servers while copies are made, on SQLite and PostgreSQL",
        kill::run,
    ),
    (
        "failover",
        "PostgreSQL's primary lost under load, its synchronous standby promoted, again and again",
        failover::run,
    ),
    (
        "faults",
        "full disks, and databases, stores and Regions that are away, come late or lie",
        faults::run,
    ),
    (
        "model",
        "the catalogue beside a model of it, through crashes, on SQLite and PostgreSQL",
        model::run,
    ),
    (
        "overload",
        "ten times what a server can do in limited memory, and slow clients",
        overload::run,
    ),
    (
        "backup",
        "backups while copies run: each restores to a whole instant whose copies end",
        backup::run,
    ),
    (
        "powerloss",
        "every disk that a power loss could leave of a recorded server opens and holds",
        powerloss::run,
    ),
    (
        "takeover",
        "of three servers on PostgreSQL one dies and one stops: how soon others go on",
        takeover::run,
    ),
    (
        "simulate",
        "the workflow and the store in one thread, with a virtual clock and faults from a seed",
        simulation::run,
    ),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let chosen: Vec<_> = CAMPAIGNS
        .iter()
        .filter(|(name, ..)| wanted == *name || wanted == "all")
        .collect();
    if chosen.is_empty() {
        eprintln!("usage: cargo xtask prove CAMPAIGN|all [--long] [--NAME=NUMBER …]");
        for (name, purpose, _) in CAMPAIGNS {
            eprintln!("  {name:<12} {purpose}");
        }
        return ExitCode::from(2);
    }
    let asked = match Asked::read(&rest) {
        Ok(asked) => asked,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let mut all_well = true;
    for (name, _, campaign) in chosen {
        let begun = instant();
        // One that cannot go on keeps no other from being run.
        let ended = std::panic::catch_unwind(|| campaign(&asked))
            .unwrap_or_else(|_| Err("it could not go on".to_owned()));
        match ended {
            Ok(report) => {
                println!(
                    "{name}: {report}, seconds {:.1}",
                    begun.elapsed().as_secs_f64()
                );
                for wrong in &report.wrong {
                    eprintln!("{name}: WRONG: {wrong}");
                }
                all_well &= report.wrong.is_empty();
            }
            Err(problem) => {
                eprintln!("{name}: {problem}");
                all_well = false;
            }
        }
    }
    ExitCode::from(u8::from(!all_well))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a campaign measures how long it took"
)]
fn instant() -> Instant {
    Instant::now()
}

fn sleep(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether this is CI is its environment's to say"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
