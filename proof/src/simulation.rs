//! Simulation: the real operations, workflow and store in one thread, with a virtual clock, a seeded
//! scheduler and injected faults.
//!
//! `--seed=N` runs one seed and prints what happened, line by line; `--seeds=N --from=N` says how many
//! and from where, `--threads=N` how many at a time, `--replays=N` how many are run twice. `--bug=N`
//! plants the bug of that number alone, `--bug-seeds=N` says how many seeds may take to find one, and
//! `--bug-seeds=0` plants none.

mod bugs;
mod chance;
mod clients;
mod clock;
mod ledger;
mod link;
mod log;
mod node;
mod peer;
mod run;
mod weather;

use std::collections::BTreeMap;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use crate::report::{Asked, Report};
use bugs::{BUGS, Bug};
use log::Log;
use run::{Bench, Outcome};
use weather::Mix;

/// Seeds within which a planted bug must be found, from one on that found it once.
const BUG_SEEDS_MAX: u64 = 2_000;

/// Seeds that are run twice, to see that they do the same.
const REPLAYS: u64 = 100;

/// Seeds with something wrong after which a campaign ends: the first few tell enough.
const WRONG_MAX: u64 = 10;

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let mut report = Report::default();
    let bug = match asked.number("bug", 0, 0) {
        0 => None,
        number => {
            let at = usize::try_from(number - 1).unwrap_or(usize::MAX);
            let text = format!("there are bugs 1 to {}", BUGS.len());
            Some(BUGS.get(at).ok_or(text)?)
        }
    };
    let seed = asked.number("seed", u64::MAX, u64::MAX);
    if seed != u64::MAX {
        show(seed, bug, &mut report);
        return Ok(report);
    }
    // A panic of the code under test is a finding and is told with its seed.
    panic::set_hook(Box::new(|_| {}));
    if bug.is_some() {
        plant(bug.as_slice(), BUG_SEEDS_MAX, &mut report);
        return Ok(report);
    }
    let threads = asked.number("threads", 2, 2).max(1);
    let from = asked.number("from", 0, 0);
    let seeds = asked.number("seeds", 150, 100_000);
    hunt(from, seeds, threads, &mut report);
    println!("  {report}");
    replay(from, asked.number("replays", 4, REPLAYS), &mut report);
    let bug_seeds = asked.number("bug-seeds", 1, BUG_SEEDS_MAX);
    if bug_seeds > 0 {
        let all: Vec<&'static Bug> = BUGS.iter().collect();
        plant(&all, bug_seeds, &mut report);
    }
    Ok(report)
}

/// Runs one seed and prints all of it.
fn show(seed: u64, bug: Option<&'static Bug>, report: &mut Report) {
    let outcome = Bench::new().run(seed, bug, Log::kept());
    for line in &outcome.log {
        println!("{line}");
    }
    report.figure("seed", seed);
    report.figure("steps", outcome.steps);
    report.figure("mix", Mix::of_seed(seed).name());
    for wrong in outcome.wrong {
        report.wrong(wrong);
    }
}

#[derive(Default)]
struct Sum {
    seeds: u64,
    steps: u64,
    millis: u64,
    endings: BTreeMap<String, u64>,
    of_mixes: BTreeMap<&'static str, (u64, u64)>,
    wrong: Vec<String>,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.steps += outcome.steps;
        let millis = outcome.millis.unsigned_abs();
        self.millis += millis;
        let mix = self.of_mixes.entry(Mix::of_seed(seed).name()).or_default();
        *mix = (mix.0 + 1, mix.1 + millis);
        for ending in outcome.endings {
            *self.endings.entry(ending).or_default() += 1;
        }
        let told = outcome.wrong.into_iter();
        self.wrong
            .extend(told.map(|wrong| format!("seed {seed}: {wrong}")));
    }

    fn join(&mut self, other: Sum) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.millis += other.millis;
        for (ending, count) in other.endings {
            *self.endings.entry(ending).or_default() += count;
        }
        for (mix, (seeds, millis)) in other.of_mixes {
            let sum = self.of_mixes.entry(mix).or_default();
            *sum = (sum.0 + seeds, sum.1 + millis);
        }
        self.wrong.extend(other.wrong);
    }
}

/// The campaign itself: every seed must keep every invariant.
fn hunt(from: u64, seeds: u64, threads: u64, report: &mut Report) {
    let next = AtomicU64::new(from);
    let found = AtomicU64::new(0);
    let begun = crate::instant();
    let work = || {
        let bench = Bench::new();
        let mut sum = Sum::default();
        while found.load(Relaxed) < WRONG_MAX {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= from + seeds {
                break;
            }
            let outcome = bench.run(seed, None, Log::default());
            found.fetch_add(u64::from(!outcome.wrong.is_empty()), Relaxed);
            sum.add(seed, outcome);
        }
        sum
    };
    let mut sum = Sum::default();
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in running {
            match thread.join() {
                Ok(part) => sum.join(part),
                Err(_) => report.wrong("a thread of the simulation died"),
            }
        }
    });
    let millis = begun.elapsed().as_millis().max(1);
    report.figure("seeds", format!("{} from {from}", sum.seeds));
    report.figure("seeds/s", u128::from(sum.seeds) * 1_000 / millis);
    report.figure("steps", sum.steps);
    report.figure("simulated hours", sum.millis / 3_600_000);
    for (mix, (seeds, millis)) in &sum.of_mixes {
        let hours = millis / 3_600_000;
        report.figure("mix", format!("{mix} {seeds} seeds {hours} h"));
    }
    for (ending, count) in &sum.endings {
        report.figure("copies", format!("{ending} {count}"));
    }
    for wrong in sum.wrong {
        report.wrong(wrong);
    }
}

/// A seed is worth nothing unless it does the same again.
fn replay(from: u64, seeds: u64, report: &mut Report) {
    let (first, second) = (Bench::new(), Bench::new());
    let mut same_count = 0;
    for seed in from..from + seeds {
        let once = first.run(seed, None, Log::kept());
        // Another history of the databases, so that nothing hangs on what was there before.
        second.run(seed + 1, None, Log::default());
        let again = second.run(seed, None, Log::kept());
        if once.log == again.log && !once.log.is_empty() {
            same_count += 1;
        } else {
            report.wrong(format!("seed {seed} does not do the same twice"));
        }
    }
    report.figure("replayed alike", same_count);
}

/// A hunt that finds nothing proves nothing unless it finds what was hidden for it.
fn plant(bugs: &[&'static Bug], seeds: u64, report: &mut Report) {
    let bench = Bench::new();
    let mut found_count = 0;
    for bug in bugs {
        let wrong = |seed: u64| {
            let outcome = bench.run(seed, Some(bug), Log::default());
            let first = outcome.wrong.into_iter().next()?;
            // What is wrong without the bug as well is another finding.
            let control = bench.run(seed, None, Log::default());
            control.wrong.is_empty().then_some((seed, first))
        };
        match (bug.found_at..bug.found_at + seeds).find_map(wrong) {
            Some((seed, first)) => {
                println!("  {}: seed {seed}: {first}", bug.name);
                found_count += 1;
            }
            None => report.wrong(format!("{} was not found: {}", bug.name, bug.what)),
        }
    }
    report.figure("planted", bugs.len());
    report.figure("found", found_count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_seeds_of_each_mix_keep_every_invariant() {
        let bench = Bench::new();
        for seed in 0..24 {
            let outcome = bench.run(seed, None, Log::default());
            assert!(outcome.wrong.is_empty(), "seed {seed}: {:?}", outcome.wrong);
        }
    }

    #[test]
    fn a_seed_does_the_same_whatever_was_run_before() {
        let mut report = Report::default();
        replay(0, 4, &mut report);
        assert!(report.wrong.is_empty(), "{:?}", report.wrong);
    }

    #[test]
    fn every_bug_is_found_at_its_seed() {
        let all: Vec<&Bug> = BUGS.iter().collect();
        let mut report = Report::default();
        plant(&all, 1, &mut report);
        assert!(report.wrong.is_empty(), "{:?}", report.wrong);
    }

    #[test]
    fn every_bug_is_planted_in_a_statement_that_the_store_has() {
        for bug in &BUGS {
            bug.statement("", "");
        }
    }
}
