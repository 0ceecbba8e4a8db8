//! From one wire form to the other: an answer that was kept as JSON, for a caller who speaks CBOR;
//! a request in either, for whoever reads JSON.

use ciborium::Value as Cbor;
use serde_json::Value as Json;

use crate::wire::{NESTING_MAX, Protocol};

/// CBOR's tag of a number of seconds since the epoch (RFC 8949, 3.4.2).
const EPOCH_TAG: u64 = 1;

/// An answer of ours, kept as JSON text, as CBOR. Every number of the model whose member ends in
/// `Time` is an instant, which CBOR tags.
pub fn cbor_of_json(answer: &str) -> Vec<u8> {
    let json = serde_json::from_str(answer).unwrap_or(Json::Null);
    let mut body = Vec::new();
    ciborium::into_writer(&cbor(json, Place::Plain), &mut body)
        .expect("a Vec takes all that is written");
    body
}

/// A body as JSON, or `None` if it is not of its wire form.
pub fn json_of(protocol: Protocol, body: &[u8]) -> Option<Json> {
    match protocol {
        Protocol::Json => serde_json::from_slice(body).ok(),
        Protocol::Cbor => ciborium::de::from_reader_with_recursion_limit(body, NESTING_MAX)
            .ok()
            .map(json),
    }
}

fn json(cbor: Cbor) -> Json {
    match cbor {
        Cbor::Bool(yes) => Json::Bool(yes),
        Cbor::Text(text) => Json::String(text),
        Cbor::Float(number) => number.into(),
        Cbor::Integer(whole) => i64::try_from(whole).map_or(Json::Null, Json::from),
        Cbor::Tag(_, value) => json(*value),
        Cbor::Array(items) => items.into_iter().map(json).collect(),
        Cbor::Map(members) => {
            let named = members.into_iter().filter_map(|(name, value)| {
                let name = name.into_text().ok()?;
                Some((name, json(value)))
            });
            Json::Object(named.collect())
        }
        // The model has no bytes, and names no other kind.
        _ => Json::Null,
    }
}

#[derive(Clone, Copy)]
enum Place {
    Plain,
    Instant,
}

fn cbor(json: Json, place: Place) -> Cbor {
    match (json, place) {
        (Json::Null, _) => Cbor::Null,
        (Json::Bool(yes), _) => Cbor::Bool(yes),
        (Json::String(text), _) => Cbor::Text(text),
        (Json::Number(seconds), Place::Instant) => {
            let seconds = Cbor::Float(seconds.as_f64().unwrap_or_default());
            Cbor::Tag(EPOCH_TAG, Box::new(seconds))
        }
        (Json::Number(number), Place::Plain) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        (Json::Array(items), _) => Cbor::Array(
            items
                .into_iter()
                .map(|item| cbor(item, Place::Plain))
                .collect(),
        ),
        (Json::Object(members), _) => {
            let pair = |(name, value): (String, Json)| {
                let place = if name.ends_with("Time") {
                    Place::Instant
                } else {
                    Place::Plain
                };
                (Cbor::Text(name), cbor(value, place))
            };
            Cbor::Map(members.into_iter().map(pair).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CreateProductOutput, ProductViewDetail, Protocol, Timestamp, encode};

    #[test]
    fn a_kept_answer_reads_as_if_it_had_been_written_in_cbor() {
        let output = CreateProductOutput {
            product_view_detail: Some(ProductViewDetail {
                created_time: Some(Timestamp::from_millis(1_571_337_221_555)),
                product_arn: Some("arn".into()),
                ..ProductViewDetail::default()
            }),
            tags: Some(Vec::new()),
            ..CreateProductOutput::default()
        };
        let json = String::from_utf8(encode(Protocol::Json, &output)).unwrap();
        assert_eq!(cbor_of_json(&json), encode(Protocol::Cbor, &output));
        let read = json_of(Protocol::Json, json.as_bytes());
        assert!(read.is_some());
        assert_eq!(json_of(Protocol::Cbor, &cbor_of_json(&json)), read);
        assert_eq!(json_of(Protocol::Cbor, b"{}"), None);
    }
}
