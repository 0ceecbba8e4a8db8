//! A model of the catalogue beside the catalogue: random cases are played on the real service over
//! real stores and on a few maps, and whatever anybody sees must be the same, through crashes and
//! restarts, repeated requests, workers that die and clocks that jump.
//!
//! A case is a function of its seed: `--seed=N --cases=1` plays one again.

mod alphabet;
mod case;
mod catalogue;
mod copies;
mod real;
mod shares;
mod view;
mod wire;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::chance;
use crate::report::{Asked, Report};
use case::Case;
use real::{Engine, Server};

/// Cases that one server serves, each in accounts of its own.
const CASES_OF_A_SERVER: u64 = 100;

/// Tries at making a failing case smaller.
const SHRINKS_MAX: u32 = 400;

const ENGINES: [(&str, Engine); 2] = [
    ("SQLite file", Engine::SqliteFile),
    ("PostgreSQL", Engine::Postgres),
];

#[expect(clippy::unnecessary_wraps, reason = "another campaign may not begin")]
pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let seed = asked.number("seed", chance::seed(), chance::seed());
    let cases = asked.number("cases", 24, 20_000);
    let mut report = Report::default();
    report.figure("seed", seed);
    let played: Vec<_> = std::thread::scope(|scope| {
        let begin = |(name, engine)| (name, scope.spawn(move || play(engine, seed, cases)));
        let running = ENGINES.map(begin);
        running
            .map(|(name, thread)| (name, thread.join().unwrap()))
            .into()
    });
    for (name, played) in played {
        match played {
            Ok(Some(steps)) => report.figure(name, format!("{cases} cases of {steps} steps")),
            Ok(None) => eprintln!("model: there is no {name}"),
            Err(problem) => report.wrong(format!("{name}: {problem}")),
        }
    }
    Ok(report)
}

/// Plays so many cases, and answers how many steps they had; `None` without the engine.
fn play(engine: Engine, seed: u64, cases: u64) -> Result<Option<u64>, String> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut steps = 0;
    let mut server = None;
    for number in 0..cases {
        if number % CASES_OF_A_SERVER == 0 {
            server = runtime.block_on(Server::start(engine));
        }
        let Some(server) = &mut server else {
            return Ok(None);
        };
        let seed = seed + number;
        steps += play_one(&runtime, server, seed).map_err(|told| format!("seed {seed}: {told}"))?;
    }
    Ok(Some(steps))
}

/// Plays the case of a seed; one that fails is made as small as it goes.
fn play_one(runtime: &Runtime, server: &mut Server, seed: u64) -> Result<u64, String> {
    let mut runner = TestRunner::new(Config {
        cases: 1,
        failure_persistence: None,
        max_shrink_iters: SHRINKS_MAX,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    });
    let server = std::sync::Mutex::new(server);
    let length = std::sync::atomic::AtomicU64::new(0);
    let outcome = runner.run(&alphabet::steps(), |steps| {
        length.store(steps.len() as u64, std::sync::atomic::Ordering::Relaxed);
        let mut server = server.lock().unwrap();
        let played = runtime.block_on(Case::on(&mut server).play(&steps));
        played.map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => Ok(length.into_inner()),
        Err(TestError::Fail(reason, steps)) => Err(format!("{reason}\n{steps:#?}")),
        Err(TestError::Abort(reason)) => Err(reason.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: u64 = 256;
    const SEED: u64 = 0x6d69_6d65_6f00;

    #[test]
    fn a_file_of_sqlite_is_the_catalogue_that_the_model_is() {
        play(Engine::SqliteFile, SEED, CASES).unwrap();
    }

    #[test]
    fn postgresql_is_the_catalogue_that_the_model_is() {
        play(Engine::Postgres, SEED, CASES / 2).unwrap();
    }
}
