//! What a record shows of parameters and answers: CloudTrail's spelling, and no secrets.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

/// What stands for a value that may be a secret; CloudTrail's word.
pub const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Parameters, and answers, of which more than this is left out, in bytes of JSON. CloudTrail's limit
/// is 100 KB.
const BYTES_MAX: usize = 64 << 10;

/// Members that are maps: their keys are data and keep their spelling.
const MAPS: [&str; 8] = [
    "Definition",
    "Filters",
    "Info",
    "Parameters",
    "ProductViewAggregations",
    "ProvisionedProductProperties",
    "ProvisioningArtifactMetadata",
    "SourceProvisioningArtifactIdentifiers",
];

/// Members whose values, however deep, users give as parameters of a stack: a NoEcho parameter is not
/// told from another one here, so none is shown.
const VALUES_HIDDEN: [&str; 2] = ["ProvisioningParameters", "Outputs"];

/// The members within them that name and do not tell.
const NAMES: [&str; 5] = [
    "Key",
    "OutputKey",
    "Description",
    "UsePreviousValue",
    "Type",
];

/// How deep the members of a request lie at most; the reader of requests refuses deeper ones.
const DEPTH_MAX: usize = 64;

/// The members of an input or output as a record shows them; `null` where there are none.
pub(crate) fn members(value: Value) -> Value {
    let shown = show(value, Spelling::Members, 0);
    if matches!(&shown, Value::Object(members) if members.is_empty()) {
        return Value::Null;
    }
    shown
}

/// The same, cut to what a record holds.
pub(super) fn fitted(shown: Value, name: &str) -> Value {
    let size = shown.to_string().len();
    if size <= BYTES_MAX {
        return shown;
    }
    json!({
        "omitted": true,
        "originalSize": size,
        "reason": format!("{name} too large"),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// Members of a structure: the first letter becomes small.
    Members,
    /// Keys of a map, which are data.
    Keys,
    /// Members of a structure whose values are hidden.
    Hidden,
}

fn show(value: Value, spelling: Spelling, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return HIDDEN.into();
    }
    match value {
        Value::Object(members) => Value::Object(object(members, spelling, depth)),
        Value::Array(items) => {
            let items = items
                .into_iter()
                .map(|item| show(item, spelling, depth + 1));
            items.collect()
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) if spelling == Spelling::Hidden => {
            HIDDEN.into()
        }
        Value::String(text) => match without_queries(&text) {
            Cow::Borrowed(_) => Value::String(text),
            Cow::Owned(masked) => Value::String(masked),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn object(members: Map<String, Value>, spelling: Spelling, depth: usize) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, value) in members {
        if value.is_null() {
            continue;
        }
        let within = within(&name, &value, spelling);
        let value = show(value, within, depth + 1);
        let name = match spelling {
            Spelling::Keys => name,
            Spelling::Members | Spelling::Hidden => small(&name),
        };
        shown.insert(name, value);
    }
    shown
}

/// How the value of a member is shown.
fn within(name: &str, value: &Value, spelling: Spelling) -> Spelling {
    match spelling {
        Spelling::Hidden if NAMES.contains(&name) => Spelling::Members,
        Spelling::Hidden => Spelling::Hidden,
        Spelling::Keys => Spelling::Keys,
        // A map of parameters; where it is a structure or a text, it is none.
        Spelling::Members if name == "Parameters" => match value {
            Value::Object(members) if members.values().all(Value::is_array) => Spelling::Hidden,
            _ => Spelling::Members,
        },
        Spelling::Members if VALUES_HIDDEN.contains(&name) => Spelling::Hidden,
        Spelling::Members if MAPS.contains(&name) => Spelling::Keys,
        Spelling::Members => Spelling::Members,
    }
}

/// `ProductId` is `productId`; only the first letter changes, as in CloudTrail.
fn small(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// A text in which no URL has a query, a fragment or a password: a query may be a signature, as in
/// presigned URLs of S3.
fn without_queries(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, url) = rest.split_at(at + 3);
        masked.push_str(before);
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
        let (url, after) = url.split_at(url.find(ends).unwrap_or(url.len()));
        push_url(&mut masked, url);
        rest = after;
    }
    masked.push_str(rest);
    if masked == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(masked)
    }
}

/// What stands after a URL's `://`.
fn push_url(masked: &mut String, url: &str) {
    let query = url.find(['?', '#']);
    let (place, query) = url.split_at(query.unwrap_or(url.len()));
    let authority = place.split(['/', '\\']).next().unwrap_or_default();
    match authority.rfind('@') {
        Some(at) => {
            masked.push_str(HIDDEN);
            masked.push_str(&place[at..]);
        }
        None => masked.push_str(place),
    }
    if query.len() > 1 {
        masked.push_str(&query[..1]);
        masked.push_str(HIDDEN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_begin_small_and_keys_of_maps_stay() {
        let shown = members(json!({
            "ProductType": "CLOUD_FORMATION_TEMPLATE", "Absent": null,
            "Tags": [{"Key": "Team", "Value": "Net"}],
            "ProvisioningArtifactParameters": {"Info": {"LoadTemplateFromURL": "https://h/t"}},
            "SourceProvisioningArtifactIdentifiers": [{"Id": "pa-1"}],
        }));
        let expected = json!({
            "productType": "CLOUD_FORMATION_TEMPLATE",
            "tags": [{"key": "Team", "value": "Net"}],
            "provisioningArtifactParameters": {"info": {"LoadTemplateFromURL": "https://h/t"}},
            "sourceProvisioningArtifactIdentifiers": [{"Id": "pa-1"}],
        });
        assert_eq!(shown, expected);
        assert_eq!(members(json!({})), Value::Null);
    }

    #[test]
    fn queries_and_passwords_of_urls_are_hidden_wherever_a_url_stands() {
        for (text, shown) in [
            (
                "https://b.s3.amazonaws.com/t?X-Amz-Signature=S",
                "https://b.s3.amazonaws.com/t?*",
            ),
            ("see https://u:S@h/t, then", "see https://*@h/t, then"),
            ("a http://h/?S b s3://h/#S", "a http://h/?* b s3://h/#*"),
            (r#"{"Url":"https://h/t?S"}"#, r#"{"Url":"https://h/t?*"}"#),
            ("https://h?next=https://u?S", "https://h?*"),
            ("https://h/t?", "https://h/t"),
            ("what? no URL", "what? no URL"),
        ] {
            assert_eq!(without_queries(text).replace(HIDDEN, "*"), shown);
        }
    }

    #[test]
    fn values_of_parameters_and_outputs_are_hidden() {
        let shown = members(json!({
            "ProvisioningParameters": [{"Key": "Db", "Value": "S", "UsePreviousValue": false}],
            "Parameters": {"InstanceId": ["S"]},
            "Outputs": [{"OutputKey": "Db", "OutputValue": "S", "Description": "d"}],
        }));
        let expected = json!({
            "provisioningParameters": [{"key": "Db", "value": HIDDEN, "usePreviousValue": false}],
            "parameters": {"instanceId": [HIDDEN]},
            "outputs": [{"outputKey": "Db", "outputValue": HIDDEN, "description": "d"}],
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_too_long_is_left_out_and_says_so() {
        let long = json!({"description": "x".repeat(BYTES_MAX)});
        let told = fitted(long, "requestParameters");
        assert_eq!(told["omitted"], true);
        assert_eq!(told["reason"], "requestParameters too large");
        let short = json!({"description": "x"});
        assert_eq!(fitted(short.clone(), "requestParameters"), short);
    }
}
