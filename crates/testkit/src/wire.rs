//! Requests without the SDK: any body, either wire form, and the answer as it came.

use std::sync::Arc;

use ciborium::Value as Cbor;
use mimeo_api::Protocol;
use mimeo_iam::{Facts, Policy};
use mimeo_service::{Answer, AuditAsked, Authority, Call, Grant};
use serde_json::{Map, Value, json};

use crate::{Account, World};

/// Status and body of an answer.
pub type Raw = (u16, Value);

impl Account {
    /// Sends a body as it is.
    pub async fn send(&self, operation: &str, protocol: Protocol, body: &[u8]) -> Answer {
        self.send_with(Authority::Whole, operation, protocol, body)
            .await
    }

    async fn send_with(
        &self,
        authority: Authority,
        operation: &str,
        protocol: Protocol,
        body: &[u8],
    ) -> Answer {
        let arrival = self.world().arrival();
        let call = Call {
            operation: operation.to_owned(),
            protocol,
            caller: self.caller(),
            authority,
            trail: World::trail(arrival.seed.0),
            arrival,
            body: body.to_vec().into(),
        };
        self.world().service().call(&call).await
    }

    /// Sends an input as JSON, as somebody who may only do what these policies allow.
    pub async fn limited(&self, policies: &[&str], operation: &str, input: Value) -> Raw {
        let policies = policies.iter().map(|text| {
            let policy = Policy::parse(text);
            Arc::new(policy.unwrap_or_else(|error| panic!("{text}: {error}")))
        });
        let authority = Authority::Granted(Arc::new(Grant {
            policies: policies.collect(),
            session_policy: None,
            facts: Facts::new(),
        }));
        let body = input.to_string();
        let answer = self
            .send_with(authority, operation, Protocol::Json, body.as_bytes())
            .await;
        let body = serde_json::from_slice(&answer.body).expect("an answer is JSON");
        (answer.status, body)
    }

    /// Sends an input as JSON.
    pub async fn raw(&self, operation: &str, input: Value) -> Raw {
        let answer = self
            .send(operation, Protocol::Json, input.to_string().as_bytes())
            .await;
        let body = serde_json::from_slice(&answer.body).expect("an answer is JSON");
        (answer.status, body)
    }

    /// Sends an input as CBOR; the answer is shown as the JSON that it stands for.
    pub async fn raw_cbor(&self, operation: &str, input: Value) -> Raw {
        let mut body = Vec::new();
        ciborium::into_writer(&input, &mut body).expect("a Vec takes all that is written");
        let answer = self.send(operation, Protocol::Cbor, &body).await;
        let read = ciborium::from_reader(answer.body.as_slice()).expect("an answer is CBOR");
        (answer.status, json_of(read))
    }

    /// Does what must succeed, and answers the output.
    pub async fn does(&self, operation: &str, input: Value) -> Value {
        let (status, body) = self.raw(operation, input).await;
        assert_eq!(status, 200, "{operation}: {body}");
        body
    }

    /// Does what must be refused, and answers code and message.
    pub async fn is_refused(&self, operation: &str, input: Value) -> (String, String) {
        let (status, body) = self.raw(operation, input).await;
        assert_eq!(status, 400, "{operation}: {body}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let message = body.get("Message").or_else(|| body.get("message"));
        (text(&body["__type"]), text(message.unwrap_or(&Value::Null)))
    }

    /// The audit records of an event, newest first; of all events where it is empty.
    pub async fn records(&self, event: &str) -> Vec<Value> {
        let mut asked = AuditAsked {
            event: (!event.is_empty()).then(|| event.to_owned()),
            ..AuditAsked::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self.world().service().audit(&self.caller(), &asked).await;
            let page = page.expect("records are read");
            let read = |line: &String| serde_json::from_str(line).expect("a record is JSON");
            all.extend(page.records.iter().map(read));
            asked.next = page.next;
            if asked.next.is_none() {
                return all;
            }
        }
    }

    /// An idempotency token that was not used before.
    pub fn token(&self) -> String {
        format!("token-{}", self.world().number())
    }
}

/// `{"a": 1}` and `{"b": 2}` make `{"a": 1, "b": 2}`; the second wins.
pub fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut all), Value::Object(more)) => {
            all.extend(more);
            Value::Object(all)
        }
        (_, second) => second,
    }
}

fn json_of(value: Cbor) -> Value {
    match value {
        Cbor::Text(text) => text.into(),
        Cbor::Bool(flag) => flag.into(),
        Cbor::Integer(number) => json!(i64::try_from(number).expect("the API has small numbers")),
        Cbor::Float(number) => json!(number),
        Cbor::Tag(1, instant) => json_of(*instant),
        Cbor::Array(items) => items.into_iter().map(json_of).collect(),
        Cbor::Map(entries) => {
            let entry = |(key, value): (Cbor, Cbor)| {
                let key = key.into_text().expect("keys are texts");
                (key, json_of(value))
            };
            Value::Object(entries.into_iter().map(entry).collect::<Map<_, _>>())
        }
        other => panic!("the API has no {other:?}"),
    }
}
