//! The two wire forms: AWS JSON 1.1, and Smithy RPC v2 CBOR, which newer SDKs prefer.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Operation;
use crate::check::check;
use crate::model::InputShape;
use crate::violation::Violations;

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
    Invalid {
        violations: Violations,
        /// The language that the caller asked for, if the operation has one.
        language: Option<String>,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(problem) => formatter.write_str(problem),
            Self::Invalid { violations, .. } => violations.fmt(formatter),
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
        let language = O::language(&input).map(str::to_owned);
        Err(Refused::Invalid {
            violations,
            language,
        })
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ciborium::Value as Cbor;

    use super::*;
    use crate::{
        CopyProduct, CopyProductStatus, CreatePortfolioOutput, DeleteProductOutput,
        DescribeCopyProductStatusOutput, ListPortfolios, OPERATIONS, PortfolioDetail,
        ProductViewDetail, ProvisionProduct, SearchProducts, Status, Tag, Timestamp,
        UpdateTagOption,
    };

    const ARN: &str = "arn:aws:catalog:eu-west-1:123456789012:product/prod-a";

    fn json<O: Operation>(body: &str) -> Result<O::Input, Refused> {
        decode::<O>(Protocol::Json, body.as_bytes())
    }

    fn is_malformed<T>(outcome: &Result<T, Refused>) -> bool {
        matches!(outcome, Err(Refused::Malformed(_)))
    }

    fn tag(key: &str, value: &str) -> Tag {
        Tag {
            key: key.into(),
            value: value.into(),
        }
    }

    #[test]
    fn a_copy_is_decoded_with_its_token_and_language() {
        let body = format!(
            r#"{{"SourceProductArn":"{ARN}","IdempotencyToken":"t-1","AcceptLanguage":"jp",
            "SourceProvisioningArtifactIdentifiers":[{{"Id":"pa-1"}}]}}"#
        );
        let input = json::<CopyProduct>(&body).unwrap();
        assert_eq!(*input.source_product_arn, ARN);
        assert_eq!(CopyProduct::token(&input), Some("t-1"));
        assert_eq!(CopyProduct::language(&input), Some("jp"));
        let version = BTreeMap::from([("Id".to_owned(), "pa-1".to_owned())]);
        assert_eq!(
            input.source_provisioning_artifact_identifiers,
            Some(vec![version])
        );
        assert_eq!(input.target_product_id, None);
    }

    #[test]
    fn null_is_absent_unknown_members_are_ignored_and_the_last_of_two_counts() {
        let empty = json::<ListPortfolios>("{}").unwrap();
        assert_eq!(json::<ListPortfolios>("").unwrap(), empty);
        assert_eq!(
            json::<ListPortfolios>(r#"{"PageSize":null}"#).unwrap(),
            empty
        );
        assert_eq!(
            json::<ListPortfolios>(r#"{"Later":[{"a":[1.5]}]}"#).unwrap(),
            empty
        );
        let twice = json::<ListPortfolios>(r#"{"PageSize":1,"Page\u0053ize":2}"#).unwrap();
        assert_eq!(twice.page_size, Some(2));
    }

    #[test]
    fn what_has_the_wrong_form_or_type_is_malformed() {
        for body in [
            "[]",
            "null",
            "1",
            "{",
            "{}x",
            "\u{feff}{}",
            r#"{"PageSize":"1"}"#,
            r#"{"PageSize":1.5}"#,
            r#"{"PageSize":9223372036854775808}"#,
            r#"{"PageToken":1}"#,
        ] {
            assert!(is_malformed(&json::<ListPortfolios>(body)), "{body}");
        }
        for tags in [r#"{"Key":"a"}"#, r#"[["a","b"]]"#, "[null]", r#"["a"]"#] {
            let body = format!(r#"{{"Tags":{tags}}}"#);
            assert!(is_malformed(&json::<ProvisionProduct>(&body)), "{body}");
        }
        assert!(is_malformed(&decode::<ListPortfolios>(
            Protocol::Json,
            b"{\"PageToken\":\"\xff\"}"
        )));
    }

    #[test]
    fn no_depth_overflows_the_stack() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep = open.repeat(100_000) + "1" + &close.repeat(100_000);
            assert!(is_malformed(&json::<ListPortfolios>(&format!(
                r#"{{"PageToken":{deep}}}"#
            ))));
            // Where it lies in an unknown member, it is skipped without recursion.
            json::<ListPortfolios>(&format!(r#"{{"Later":{deep}}}"#)).unwrap();
        }
        for byte in [0x81, 0xa1, 0x9f, 0xbf, 0xc1, 0xd8] {
            let mut body = vec![0xa1, 0x61, b'a'];
            body.extend([byte].repeat(100_000));
            assert!(
                is_malformed(&decode::<ListPortfolios>(Protocol::Cbor, &body)),
                "{byte:x}"
            );
        }
    }

    #[test]
    fn answers_list_their_members_by_name_and_leave_out_the_absent() {
        let output = CreatePortfolioOutput {
            tags: Some(vec![tag("team", "a")]),
            portfolio_detail: Some(PortfolioDetail {
                id: Some("port-a".to_owned()),
                arn: Some("arn".to_owned()),
                created_time: Some(Timestamp::from_millis(1_571_337_221_555)),
                ..PortfolioDetail::default()
            }),
        };
        assert_eq!(
            String::from_utf8(encode(Protocol::Json, &output)).unwrap(),
            r#"{"PortfolioDetail":{"ARN":"arn","CreatedTime":1571337221.555,"Id":"port-a"},"Tags":[{"Key":"team","Value":"a"}]}"#
        );
        assert_eq!(
            encode(Protocol::Json, &DeleteProductOutput::default()),
            b"{}"
        );
        assert_eq!(
            encode(Protocol::Cbor, &DeleteProductOutput::default()),
            [0xa0]
        );
        let detail = ProductViewDetail {
            status: Some(Status::Created),
            ..Default::default()
        };
        assert_eq!(encode(Protocol::Json, &detail), br#"{"Status":"CREATED"}"#);
        let status = DescribeCopyProductStatusOutput {
            copy_product_status: "IN_PROGRESS".parse::<CopyProductStatus>().ok(),
            ..Default::default()
        };
        assert_eq!(
            encode(Protocol::Json, &status),
            br#"{"CopyProductStatus":"IN_PROGRESS"}"#
        );
    }

    #[test]
    fn an_input_survives_a_round_trip_in_both_forms() {
        let body = format!(
            r#"{{"CopyOptions":["CopyTags"],"IdempotencyToken":"t","SourceProductArn":"{ARN}","SourceProvisioningArtifactIdentifiers":[{{"Id":"pa-1"}}]}}"#
        );
        let input = json::<CopyProduct>(&body).unwrap();
        assert_eq!(encode(Protocol::Json, &input), body.as_bytes());
        let body = encode(Protocol::Cbor, &input);
        assert_eq!(decode::<CopyProduct>(Protocol::Cbor, &body).unwrap(), input);
    }

    #[test]
    fn cbor_carries_instants_under_tag_1() {
        let instant = Timestamp::from_millis(1_571_337_221_555);
        let detail = PortfolioDetail {
            created_time: Some(instant),
            ..Default::default()
        };
        let read: Cbor = ciborium::from_reader(&*encode(Protocol::Cbor, &detail)).unwrap();
        let seconds = Cbor::Tag(1, Box::new(Cbor::Float(1_571_337_221.555)));
        assert_eq!(
            read,
            Cbor::Map(vec![(Cbor::Text("CreatedTime".to_owned()), seconds)])
        );
    }

    #[test]
    fn cbor_of_indefinite_length_is_read() {
        // {_ (_ "Page" "Size"): 7, "PageToken": (_ "ab" "c"), "Later": [_ h'00', undefined]}
        let mut body = b"\xbf\x7f\x64Page\x64Size\xff\x07".to_vec();
        body.extend(b"\x69PageToken\x7f\x62ab\x61c\xff\x65Later\x9f\x41\x00\xf7\xff\xff");
        let input = decode::<ListPortfolios>(Protocol::Cbor, &body).unwrap();
        assert_eq!(
            (input.page_size, input.page_token.as_deref()),
            (Some(7), Some("abc"))
        );

        let null = decode::<ListPortfolios>(Protocol::Cbor, b"\xa1\x68PageSize\xf6").unwrap();
        assert_eq!(null.page_size, None);
        assert_eq!(
            decode::<ListPortfolios>(Protocol::Cbor, b"")
                .unwrap()
                .page_size,
            None
        );
    }

    #[test]
    fn a_long_cbor_text_is_read_whole() {
        let key = "é".repeat(5_000);
        let body = encode(
            Protocol::Cbor,
            &BTreeMap::from([(&*key, "x"), ("Value", &*key)]),
        );
        let refused = decode::<UpdateTagOption>(Protocol::Cbor, &body).unwrap_err();
        assert!(
            refused.to_string().starts_with("2 validation errors"),
            "{refused}"
        );
    }

    #[test]
    fn a_declared_length_is_not_believed() {
        for body in [
            &b"\xa1\x69PageToken\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\xa1\x65Later\x9b\x7f\xff\xff\xff\xff\xff\xff\xff\x00",
            b"\xa1\x65Later\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xa0\xa0",
            b"\x80",
            b"\xf6",
        ] {
            assert!(
                is_malformed(&decode::<ListPortfolios>(Protocol::Cbor, body)),
                "{body:x?}"
            );
        }
        let tags = b"\xa1\x64Tags\x9b\x7f\xff\xff\xff\xff\xff\xff\xff";
        assert!(is_malformed(&decode::<ProvisionProduct>(
            Protocol::Cbor,
            tags
        )));
    }

    #[test]
    fn no_damaged_body_panics() {
        let body = format!(
            r#"{{"AcceptLanguage":"en","Filters":{{"FullTextSearch":["a","ü"]}},"PageSize":20,"PageToken":"{ARN}"}}"#
        );
        let input = json::<SearchProducts>(&body).unwrap();
        for protocol in [Protocol::Json, Protocol::Cbor] {
            let body = encode(protocol, &input);
            for place in 0..body.len() {
                let _ = decode::<SearchProducts>(protocol, &body[..place]);
                for byte in 0..=u8::MAX {
                    let mut damaged = body.clone();
                    damaged[place] = byte;
                    let _ = decode::<SearchProducts>(protocol, &damaged);
                }
            }
        }
    }

    #[test]
    fn every_operation_is_described() {
        assert_eq!(OPERATIONS.len(), 90);
        assert!(OPERATIONS.is_sorted_by_key(|operation| operation.name));
        let copy = OPERATIONS
            .iter()
            .find(|operation| operation.name == "CopyProduct")
            .unwrap();
        assert_eq!(
            (copy.action, copy.family),
            ("servicecatalog:CopyProduct", "copying")
        );
        let names: Vec<&str> = copy.errors.iter().map(|error| error.name()).collect();
        assert_eq!(
            names,
            ["ResourceNotFoundException", "InvalidParametersException"]
        );
    }
}
