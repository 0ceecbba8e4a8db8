//! Short tags of the YAML notation, and what they are short for.

use super::invalid::Place;
use super::tree::{Entry, Node, Value};

/// The functions that have a short tag. `Ref` and `Condition` are written out without `Fn::`.
const FUNCTIONS: [&str; 24] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

/// The long form of a tag: `Ref` is `Ref`, `Sub` is `Fn::Sub`; `None` if CloudFormation has no such tag.
pub(super) fn long_form(tag: &str) -> Option<String> {
    match tag {
        "Ref" | "Condition" => Some(tag.to_owned()),
        _ => FUNCTIONS.contains(&tag).then(|| format!("Fn::{tag}")),
    }
}

/// `{name: argument}`, with the dotted text of `GetAtt` taken apart.
pub(super) fn expand(name: String, argument: Node) -> Node {
    let place = argument.place;
    let argument = match (&*name, &argument.value) {
        ("Fn::GetAtt", Value::Text(text)) => match text.split_once('.') {
            Some((resource, attribute)) => list(place, [resource, attribute]),
            None => argument,
        },
        _ => argument,
    };
    let entry = Entry {
        place,
        key: name,
        value: argument,
    };
    Node {
        place,
        value: Value::Mapping(vec![entry]),
    }
}

fn list(place: Place, texts: [&str; 2]) -> Node {
    let items = texts.map(|text| Node {
        place,
        value: Value::Text(text.to_owned()),
    });
    Node {
        place,
        value: Value::List(items.into()),
    }
}
