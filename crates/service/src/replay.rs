//! Idempotency: the same token and parameters get the same answer, without a second effect.

use mimeo_api::{Operation, Protocol};
use mimeo_domain::Refusal;
use mimeo_store::Replay;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Members that do not make a request another one: the language of texts, and the tokens.
const NOT_COMPARED: [&str; 2] = ["AcceptLanguage", "IdempotencyToken"];

/// Lists whose order means nothing.
const UNORDERED: [&str; 4] = ["Tags", "AddTags", "RemoveTags", "CopyOptions"];

/// What a request is remembered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplayKey {
    pub token: String,
    pub fingerprint: String,
}

impl ReplayKey {
    /// `None` where the operation has no token, or the caller gave none.
    pub(crate) fn of<O: Operation>(input: &O::Input) -> Option<Self> {
        let token = O::token(input)?.to_owned();
        Some(Self {
            token,
            fingerprint: fingerprint(input),
        })
    }

    /// The answer to a repeated request, or the refusal of another one with the same token.
    pub(crate) fn answer(&self, replay: Replay) -> Result<String, Refusal> {
        if replay.fingerprint == self.fingerprint {
            Ok(replay.answer)
        } else {
            Err(Refusal::TokenReused)
        }
    }
}

/// SHA-256 of the parameters with sorted keys: equal whatever order the client wrote them in.
fn fingerprint<T: serde::Serialize>(input: &T) -> String {
    let mut value = serde_json::to_value(input).expect("inputs have text keys");
    if let Value::Object(members) = &mut value {
        members.retain(|name, _| !NOT_COMPARED.contains(&name.as_str()));
        for name in UNORDERED {
            if let Some(Value::Array(items)) = members.get_mut(name) {
                items.sort_by_cached_key(Value::to_string);
            }
        }
    }
    hex::encode(Sha256::digest(value.to_string()))
}

/// A remembered answer in the protocol of the caller.
pub(crate) fn told(answer: String, protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Json => answer.into_bytes(),
        Protocol::Cbor => mimeo_api::cbor_of_json(&answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mimeo_api::{CreatePortfolio, CreatePortfolioInput};

    fn input(json: &str) -> CreatePortfolioInput {
        mimeo_api::decode::<CreatePortfolio>(Protocol::Json, json.as_bytes()).expect("an input")
    }

    const FIRST: &str = r#"{"DisplayName":"a","ProviderName":"b","IdempotencyToken":"t1",
        "Tags":[{"Key":"x","Value":"1"},{"Key":"y","Value":"2"}]}"#;

    #[test]
    fn order_and_language_do_not_make_another_request() {
        let again = r#"{"Tags":[{"Value":"2","Key":"y"},{"Key":"x","Value":"1"}],"AcceptLanguage":
            "jp","ProviderName":"b","DisplayName":"a","IdempotencyToken":"t2","Unknown":1}"#;
        assert_eq!(fingerprint(&input(FIRST)), fingerprint(&input(again)));
    }

    #[test]
    fn another_value_makes_another_request() {
        for (from, to) in [("\"a\"", "\"A\""), ("\"1\"", "\"3\""), ("\"x\"", "\"z\"")] {
            let other = FIRST.replace(from, to);
            assert_ne!(
                fingerprint(&input(FIRST)),
                fingerprint(&input(&other)),
                "{to}"
            );
        }
    }

    #[test]
    fn a_token_with_other_parameters_is_refused() {
        let key = ReplayKey::of::<CreatePortfolio>(&input(FIRST)).expect("it has a token");
        let replay = |fingerprint: &str| Replay {
            fingerprint: fingerprint.into(),
            answer: "{}".into(),
        };
        assert_eq!(key.answer(replay(&key.fingerprint)), Ok("{}".into()));
        assert_eq!(key.answer(replay("other")), Err(Refusal::TokenReused));
    }
}
