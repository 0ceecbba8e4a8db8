//! The two wire forms: AWS JSON 1.1, and Smithy RPC v2 CBOR, which newer SDKs prefer.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Operation;
use crate::check::{Violations, check};
use crate::model::InputShape;

/// How deep a CBOR body may nest; `serde_json` has its own limit, of 128.
pub const NESTING_MAX: usize = 64;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Json,
    Cbor,
}

/// Why a body is not an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// Not the wire form, or a member of the wrong type: a `SerializationException`.
    Malformed(String),
    /// Against the model's constraints: a `ValidationException`.
    Invalid(Violations),
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(problem) => formatter.write_str(problem),
            Self::Invalid(violations) => violations.fmt(formatter),
        }
    }
}

impl std::error::Error for Refused {}

/// Reads and checks the input of an operation. An empty body is an empty structure.
pub fn decode<O: Operation>(protocol: Protocol, body: &[u8]) -> Result<O::Input, Refused> {
    let input = read::<O::Input>(protocol, body).map_err(Refused::Malformed)?;
    let violations = check(&input, O::Input::SHAPE);
    if violations.is_empty() {
        Ok(input)
    } else {
        Err(Refused::Invalid(violations))
    }
}

fn read<T: DeserializeOwned + Default>(protocol: Protocol, body: &[u8]) -> Result<T, String> {
    if body.is_empty() {
        return Ok(T::default());
    }
    match protocol {
        Protocol::Json => serde_json::from_slice(body).map_err(|error| error.to_string()),
        Protocol::Cbor => {
            let mut rest = body;
            let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, NESTING_MAX)
                .map_err(|error| error.to_string())?;
            if rest.is_empty() {
                Ok(value)
            } else {
                Err("trailing bytes".to_owned())
            }
        }
    }
}

/// Writes an answer.
pub fn encode<T: Serialize>(protocol: Protocol, output: &T) -> Vec<u8> {
    let mut body = Vec::new();
    match protocol {
        Protocol::Json => serde_json::to_writer(&mut body, output)
            .expect("names are texts, and a Vec takes all that is written"),
        Protocol::Cbor => {
            ciborium::into_writer(output, &mut body).expect("a Vec takes all that is written");
        }
    }
    body
}
