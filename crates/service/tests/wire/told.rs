//! How a story states what is answered and what is refused.

use std::collections::BTreeSet;

use mimeo_api::{Effect, OPERATIONS, Protocol};
use mimeo_testkit::Account;
use serde_json::{Value, json};

use crate::shapes::members;

/// When every world begins, in whole seconds and in milliseconds.
pub(crate) const SECONDS: f64 = 1_768_464_000.0;
pub(crate) const MILLIS: f64 = 1_768_464_000.123;

pub(crate) const INVALID: &str = "InvalidParametersException";
pub(crate) const NOT_FOUND: &str = "ResourceNotFoundException";
pub(crate) const IN_USE: &str = "ResourceInUseException";
pub(crate) const LIMIT: &str = "LimitExceededException";
pub(crate) const DUPLICATE: &str = "DuplicateResourceException";

const TOKEN: &str = "IdempotencyToken";

/// The operations whose answer was stated in full.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) BTreeSet<&'static str>);

impl Told {
    /// States an answer byte by byte. `expected` gets the answer, to take from it the ids that were minted.
    ///
    /// What takes an idempotency token is asked again, which must tell the same.
    pub(crate) async fn answer(
        &mut self,
        account: &Account,
        operation: &'static str,
        input: Value,
        expected: impl FnOnce(&Value) -> Value,
    ) -> Value {
        let described = OPERATIONS.iter().find(|one| one.name == operation);
        let described = described.expect("the model has it");
        let has_token = described.effect == Effect::Writes
            && members(described.input)
                .iter()
                .any(|member| member.name == TOKEN);
        let mut input = input;
        if has_token && input.get(TOKEN).is_none() {
            input[TOKEN] = account.token().into();
        }
        let text = input.to_string();
        let records_before = account.records(operation).await.len();
        let answer = account
            .send(operation, Protocol::Json, text.as_bytes())
            .await;
        let body = String::from_utf8(answer.body).expect("an answer is text");
        assert_eq!(answer.status, 200, "{operation} {text}: {body}");
        if has_token {
            let again = account
                .send(operation, Protocol::Json, text.as_bytes())
                .await;
            assert_eq!(again.body, body.as_bytes(), "{operation} {text}, repeated");
        }
        let read: Value = serde_json::from_str(&body).expect("an answer is JSON");
        // `Value` writes members in alphabetical order and without spaces, as the service must.
        assert_eq!(body, expected(&read).to_string(), "{operation} {text}");
        // Repeated or not, what was done once is recorded once.
        let writes = usize::from(described.effect == Effect::Writes);
        let records_after = account.records(operation).await.len();
        assert_eq!(records_after, records_before + writes, "{operation}");
        if described.effect == Effect::Reads {
            let in_cbor = account.raw_cbor(operation, input).await;
            assert_eq!(in_cbor, (200, read.clone()), "{operation} in CBOR");
        }
        self.0.insert(operation);
        read
    }

    /// States that there is nothing to answer.
    pub(crate) async fn empty(&mut self, account: &Account, operation: &'static str, input: Value) {
        self.answer(account, operation, input, |_| json!({})).await;
    }
}

/// States a refusal in full, and that it changed nothing.
pub(crate) async fn refused(
    account: &Account,
    operation: &str,
    input: Value,
    code: &str,
    message: &str,
) {
    let text = input.to_string();
    let records_before = account.records(operation).await.len();
    let answer = account
        .send(operation, Protocol::Json, text.as_bytes())
        .await;
    let records_after = account.records(operation).await.len();
    assert_eq!(records_after, records_before, "{operation} is refused");
    let body = String::from_utf8(answer.body).expect("an answer is text");
    let spelling = if code == "ThrottlingException" {
        "message"
    } else {
        "Message"
    };
    let message = serde_json::to_string(message).expect("a text");
    let expected = format!(r#"{{"__type":"{code}","{spelling}":{message}}}"#);
    assert_eq!((answer.status, body), (400, expected), "{operation} {text}");
}
