//! The parameters that a template declares.

use super::invalid::{Invalid, quote};
use super::tree::{Entry, Node, Value};

const PROPERTIES: [&str; 11] = [
    "Type",
    "Default",
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
];

/// A parameter as the template declares it. Limits are texts, as the API shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter {
    /// Its logical id.
    pub key: String,
    /// Its type as written, such as `String` or `List<AWS::EC2::Subnet::Id>`.
    pub kind: String,
    pub default: Option<String>,
    pub description: Option<String>,
    /// Whether its value must never be shown.
    pub no_echo: bool,
    pub allowed_values: Vec<String>,
    pub allowed_pattern: Option<String>,
    pub constraint_description: Option<String>,
    pub min_length: Option<String>,
    pub max_length: Option<String>,
    pub min_value: Option<String>,
    pub max_value: Option<String>,
}

pub(super) fn read(tree: &Node) -> Result<Vec<Parameter>, Invalid> {
    let entries = tree.get("Parameters").map_or(&[][..], Node::entries);
    entries.iter().map(parameter).collect()
}

fn parameter(entry: &Entry) -> Result<Parameter, Invalid> {
    let name = quote(&entry.key);
    if !entry.value.is_mapping() {
        return Err(Invalid::at(
            entry.place,
            format!("Parameter {name} is a mapping"),
        ));
    }
    for property in entry.value.entries() {
        if !PROPERTIES.contains(&property.key.as_str()) {
            let rule = format!("Parameter {name} has no property {}", quote(&property.key));
            return Err(Invalid::at(property.place, rule));
        }
    }
    let kind = entry
        .value
        .get("Type")
        .and_then(Node::as_text)
        .unwrap_or_default();
    if !is_type(kind) {
        let rule = format!("Parameter {name} has a Type, such as String or Number");
        return Err(Invalid::at(entry.place, rule));
    }
    let scalar = |key| scalar(entry, key);
    Ok(Parameter {
        key: entry.key.clone(),
        kind: kind.to_owned(),
        default: scalar("Default")?,
        description: scalar("Description")?,
        no_echo: no_echo(entry)?,
        allowed_values: allowed_values(entry)?,
        allowed_pattern: scalar("AllowedPattern")?,
        constraint_description: scalar("ConstraintDescription")?,
        min_length: scalar("MinLength")?,
        max_length: scalar("MaxLength")?,
        min_value: scalar("MinValue")?,
        max_value: scalar("MaxValue")?,
    })
}

// AWS adds types; so the form is checked and not the name.
fn is_type(kind: &str) -> bool {
    let inner = kind
        .strip_prefix("List<")
        .and_then(|rest| rest.strip_suffix('>'));
    match inner.unwrap_or(kind) {
        "String" | "Number" => true,
        "CommaDelimitedList" => inner.is_none(),
        single => is_aws_type(single),
    }
}

// AWS::EC2::VPC::Id, and AWS::SSM::Parameter::Value<List<String>>.
fn is_aws_type(kind: &str) -> bool {
    let stored = kind
        .strip_prefix("AWS::SSM::Parameter::Value<")
        .and_then(|rest| rest.strip_suffix('>'));
    if let Some(stored) = stored {
        return !stored.starts_with("AWS::SSM::Parameter::Value<") && is_type(stored);
    }
    let Some(rest) = kind.strip_prefix("AWS::") else {
        return false;
    };
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    rest.split("::").count() >= 2 && rest.split("::").all(is_word)
}

fn scalar(entry: &Entry, key: &str) -> Result<Option<String>, Invalid> {
    let Some(node) = entry.value.get(key) else {
        return Ok(None);
    };
    match (node.to_scalar(), &node.value) {
        (Some(text), _) => Ok(Some(text)),
        // YAML writes an empty default as nothing at all.
        (None, Value::Null) => Ok(Some(String::new())),
        _ => {
            let rule = format!(
                "{key} of parameter {} is a text or a number",
                quote(&entry.key)
            );
            Err(Invalid::at(node.place, rule))
        }
    }
}

fn no_echo(entry: &Entry) -> Result<bool, Invalid> {
    let Some(node) = entry.value.get("NoEcho") else {
        return Ok(false);
    };
    match node
        .to_scalar()
        .map(|text| text.to_ascii_lowercase())
        .as_deref()
    {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => {
            let rule = format!("NoEcho of parameter {} is true or false", quote(&entry.key));
            Err(Invalid::at(node.place, rule))
        }
    }
}

fn allowed_values(entry: &Entry) -> Result<Vec<String>, Invalid> {
    let Some(node) = entry.value.get("AllowedValues") else {
        return Ok(Vec::new());
    };
    let values: Option<Vec<String>> = match &node.value {
        Value::List(items) => items
            .iter()
            .map(|item| match item.value {
                Value::Null => Some(String::new()),
                _ => item.to_scalar(),
            })
            .collect(),
        _ => None,
    };
    let rule = || {
        format!(
            "AllowedValues of parameter {} are a list of texts",
            quote(&entry.key)
        )
    };
    values.ok_or_else(|| Invalid::at(node.place, rule()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_form() {
        for kind in [
            "String",
            "Number",
            "List<Number>",
            "CommaDelimitedList",
            "AWS::EC2::VPC::Id",
            "List<AWS::EC2::Subnet::Id>",
            "AWS::SSM::Parameter::Name",
            "AWS::SSM::Parameter::Value<String>",
            "AWS::SSM::Parameter::Value<List<String>>",
            "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
        ] {
            assert!(is_type(kind), "{kind}");
        }
        for kind in [
            "",
            "string",
            "Boolean",
            "List<>",
            "List<String",
            "AWS::",
            "AWS::EC2",
            "AWS::a b::C",
        ] {
            assert!(!is_type(kind), "{kind}");
        }
    }
}
