//! What policies say, told through the public doors.

mod conditions;
mod decisions;
mod documents;
mod managed;
mod oracle;
mod trust;

use mimeo_iam::{Context, Decision, Facts, Policy, Request, decide};
use proptest::test_runner::{Config, RngSeed};

/// A fixed seed, so that a run today and a run tomorrow are one run.
fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x4941_4D21),
        ..Config::default()
    }
}

/// Reads a policy that is right.
#[track_caller]
fn policy(json: &str) -> Policy {
    Policy::parse(json).unwrap_or_else(|error| panic!("{error}\n{json}"))
}

/// A policy of the current version with these statements.
#[track_caller]
fn statements(statements: &str) -> Policy {
    policy(&format!(
        r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#
    ))
}

/// What the policy says of an action on a resource, by somebody of whom `context` knows.
fn ask(policy: &Policy, action: &str, resource: Option<&str>, context: &dyn Context) -> Decision {
    let request = Request {
        action,
        resource,
        context,
    };
    decide([policy], &request)
}

/// Somebody of whom nothing is known.
fn nobody() -> Facts<'static> {
    Facts::new()
}
