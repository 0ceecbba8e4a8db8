//! What the server answers, held against its OpenAPI document: a small reader of JSON Schema, of the
//! words that the document uses and no others.

use serde_json::Value;

use crate::client::Answer;

const DOCUMENT: &str = include_str!("../../../../docs/reference/openapi.json");

/// What says nothing about a value.
const SILENT: [&str; 2] = ["description", "default"];

/// States that an answer of `operation` is one that the document describes.
pub(crate) fn assert_described(operation: &str, answer: &Answer) {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let described = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .find(|described| described["operationId"] == operation)
        .unwrap_or_else(|| panic!("{operation} is not described"));
    let responses = &described["responses"];
    let response = match responses.get(answer.status.to_string()) {
        Some(response) => response,
        None => &responses["default"],
    };
    let response = resolve(&document, response);
    let kind = answer.header("content-type").unwrap();
    let schema = &response["content"][kind]["schema"];
    assert!(
        schema.is_object(),
        "{operation}: {} {kind} is not described",
        answer.status
    );
    let wrong = wrong(&document, schema, &answer.json(), "");
    assert!(
        wrong.is_empty(),
        "{operation}: {wrong:?}: {}",
        answer.text()
    );
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#');
            let found = document.pointer(pointer);
            found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
        None => schema,
    }
}

/// What is wrong with a value, each with its place.
fn wrong(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = resolve(document, schema);
    let mut found = Vec::new();
    for (word, rule) in schema.as_object().unwrap() {
        let holds = match word.as_str() {
            "type" => is_of_type(rule.as_str().unwrap(), value),
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64() >= rule.as_i64(),
            "maximum" => value.as_i64() <= rule.as_i64(),
            "pattern" => fits(rule.as_str().unwrap(), value.as_str().unwrap_or_default()),
            "required" => {
                let names = rule.as_array().unwrap().iter();
                names
                    .map(|name| name.as_str().unwrap())
                    .all(|name| value.get(name).is_some())
            }
            "anyOf" => {
                let mut choices = rule.as_array().unwrap().iter();
                choices.any(|choice| wrong(document, choice, value, at).is_empty())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(wrong(document, rule, item, &format!("{at}/{index}")));
                }
                true
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if let Some(rule) = rule.get(name) {
                        found.extend(wrong(document, rule, member, &format!("{at}/{name}")));
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                let mut names = value.as_object().into_iter().flatten();
                rule == &Value::Bool(false) && names.all(|(name, _)| known.contains_key(name))
            }
            silent if SILENT.contains(&silent) => true,
            other => panic!("this test does not know {other:?}"),
        };
        if !holds {
            found.push(format!("{at} breaks {word} {rule}"));
        }
    }
    found
}

fn is_of_type(wanted: &str, value: &Value) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("this test does not know the type {other:?}"),
    }
}

/// Patterns of the document: `^`, plain text, a class with its count, `$`.
fn fits(pattern: &str, text: &str) -> bool {
    let inner = pattern.trim_start_matches('^').trim_end_matches('$');
    let (plain, class) = inner.split_once('[').unwrap();
    let (class, count) = class.split_once(']').unwrap();
    let Some(rest) = text.strip_prefix(plain) else {
        return false;
    };
    let counted = match count {
        "+" => !rest.is_empty(),
        exact => {
            let wanted = exact.trim_start_matches('{').trim_end_matches('}');
            rest.len() == wanted.parse::<usize>().unwrap()
        }
    };
    let in_class = |letter: char| {
        letter == '_' && class.contains('_')
            || letter.is_ascii_digit() && class.contains("0-9")
            || letter.is_ascii_lowercase() && class.contains("a-z")
            || letter.is_ascii_uppercase() && class.contains("A-Z")
    };
    counted && rest.chars().all(in_class)
}

#[test]
fn a_wrong_answer_is_found() {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let error = serde_json::json!({"$ref": "#/components/schemas/Error"});
    let is_right = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        wrong(&document, &error, &value, "").is_empty()
    };
    assert!(is_right(r#"{"code": "A", "message": "b"}"#));
    for text in [
        r#"{"code": "A"}"#,
        r#"{"code": "A", "message": 7}"#,
        r#"{"code": "A", "message": "b", "more": 1}"#,
        "[]",
    ] {
        assert!(!is_right(text), "{text}");
    }
    assert!(fits(
        "^copyproduct-[a-z0-9]{13}$",
        "copyproduct-abcdefghijk12"
    ));
    assert!(!fits(
        "^copyproduct-[a-z0-9]{13}$",
        "copyproduct-abcdefghijk1"
    ));
    assert!(!fits("^[A-Z_]+$", "a"));
}
