//! Campaigns: long hunts for what the tests are too short to find. `cargo xtask prove CAMPAIGN …`
//! builds what is needed and calls this.
//!
//! Each campaign has a short form, which CI runs, and a long one. It says its seed, so that what it
//! found can be found again, and ends with one line of figures.

#![expect(clippy::print_stdout, reason = "the figures are the point")]

mod report;

use std::process::ExitCode;

use report::{Asked, Report};

type Campaign = fn(&Asked) -> Result<Report, String>;

/// Name, what it shows, and the function that runs it.
const CAMPAIGNS: &[(&str, &str, Campaign)] = &[];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let Some((name, _, campaign)) = CAMPAIGNS.iter().find(|(name, ..)| *name == wanted) else {
        eprintln!("usage: cargo xtask prove CAMPAIGN [--long] [--NAME=NUMBER …]");
        for (name, purpose, _) in CAMPAIGNS {
            eprintln!("  {name:<12} {purpose}");
        }
        return ExitCode::from(2);
    };
    let report = Asked::read(&rest).and_then(|asked| campaign(&asked));
    match report {
        Ok(report) => {
            println!("{name}: {report}");
            for wrong in &report.wrong {
                eprintln!("{name}: WRONG: {wrong}");
            }
            ExitCode::from(u8::from(!report.wrong.is_empty()))
        }
        Err(problem) => {
            eprintln!("{name}: {problem}");
            ExitCode::FAILURE
        }
    }
}
