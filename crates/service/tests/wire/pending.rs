//! Operations still to come say so, to whoever asks in the right form.

use mimeo_api::{OPERATIONS, Protocol};
use mimeo_service::PENDING;
use mimeo_testkit::World;
use serde_json::json;

use crate::shapes::{Members, valid};

#[tokio::test]
async fn what_is_not_implemented_says_so_in_both_wire_forms() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in OPERATIONS.iter().filter(|one| PENDING.contains(&one.name)) {
        for given in [Members::Required, Members::All] {
            let input = valid(operation.input, given);
            let expected = json!({
                "__type": "NotImplementedException",
                "message": format!("{} is not implemented by Mimeo yet", operation.name),
            });
            let answer = hub.raw(operation.name, input.clone()).await;
            assert_eq!(answer, (501, expected.clone()), "{input}");
            assert_eq!(hub.raw_cbor(operation.name, input).await, (501, expected));
        }
    }
}

#[tokio::test]
async fn what_is_implemented_never_says_otherwise() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in OPERATIONS.iter().filter(|one| !PENDING.contains(&one.name)) {
        for given in [Members::Required, Members::All] {
            let (status, body) = hub.raw(operation.name, valid(operation.input, given)).await;
            assert!(matches!(status, 200 | 400), "{}: {body}", operation.name);
            assert_ne!(
                body["__type"], "ValidationException",
                "{}: {body}",
                operation.name
            );
        }
    }
}

#[tokio::test]
async fn an_operation_of_no_model_is_unknown() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in ["CopyProducts", "copyproduct", "", "é"] {
        let (status, body) = hub.raw(operation, json!({})).await;
        assert_eq!(
            (status, &body["__type"]),
            (400, &json!("UnknownOperationException"))
        );
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_no_input() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in OPERATIONS {
        for body in ["{", "[]", "nonsense", "{\"AcceptLanguage\":"] {
            let answer = hub
                .send(operation.name, Protocol::Json, body.as_bytes())
                .await;
            let said = (answer.status, answer.error);
            assert_eq!(
                said,
                (400, Some("SerializationException")),
                "{} {body}",
                operation.name
            );
        }
    }
}
