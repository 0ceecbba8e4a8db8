//! Every constraint of the model, broken once: always a ValidationException that names the member.

use mimeo_api::OPERATIONS;
use mimeo_testkit::World;
use serde_json::{Value, json};

use crate::shapes::{Members, members, probes, valid};

fn message(body: &Value) -> &str {
    body["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn every_broken_constraint_is_named_and_nothing_else() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let mut probes_count = 0;
    for operation in OPERATIONS {
        for (input, at) in probes(operation.input) {
            let (status, body) = hub.raw(operation.name, input).await;
            let told = format!("{} at {at}: {body}", operation.name);
            assert_eq!(
                (status, &body["__type"]),
                (400, &json!("ValidationException")),
                "{told}"
            );
            let here = format!(" at '{}' failed to satisfy constraint: ", &at[1..]);
            let here_count = message(&body).matches(&here).count();
            assert!(here_count > 0, "{told}");
            assert_eq!(
                message(&body)
                    .matches(" failed to satisfy constraint: ")
                    .count(),
                here_count,
                "{told}"
            );
            let plural = if here_count == 1 { "" } else { "s" };
            let start = format!("{here_count} validation error{plural} detected: ");
            assert!(message(&body).starts_with(&start), "{told}");
            probes_count += 1;
        }
    }
    assert!(probes_count > 1_000, "only {probes_count}");
}

#[tokio::test]
async fn all_that_is_missing_is_told_at_once() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in OPERATIONS {
        let required = members(operation.input)
            .iter()
            .filter(|member| member.required);
        let required_count = required.count();
        if required_count == 0 {
            continue;
        }
        for body in ["", "{}"] {
            let answer = hub
                .send(operation.name, mimeo_api::Protocol::Json, body.as_bytes())
                .await;
            let told: Value = serde_json::from_slice(&answer.body).expect("JSON");
            let nulls = message(&told).matches("Value null at ").count();
            assert_eq!(nulls, required_count, "{}: {told}", operation.name);
        }
    }
}

#[tokio::test]
async fn every_broken_member_is_told_at_once() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in OPERATIONS {
        let mut input = valid(operation.input, Members::All);
        let mut places = Vec::new();
        for member in members(operation.input) {
            if let Some((value, at)) = probes(member.shape).into_iter().next_back() {
                input[member.name] = value;
                let (first, rest) = member.name.split_at(1);
                places.push(format!(
                    " at '{}{rest}{at}' failed",
                    first.to_ascii_lowercase()
                ));
            }
        }
        if places.is_empty() {
            continue;
        }
        let (status, body) = hub.raw(operation.name, input).await;
        assert_eq!(status, 400, "{}", operation.name);
        for place in places {
            assert!(
                message(&body).contains(&place),
                "{}: no {place} in {body}",
                operation.name
            );
        }
    }
}
