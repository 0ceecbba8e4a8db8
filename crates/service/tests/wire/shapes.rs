//! Inputs made from the model: the least that is valid, all that is valid, and every way to be invalid.

use mimeo_api::model::{Kind, Member, Shape};
use serde_json::{Map, Value, json};

/// Texts of which each pattern of the model admits at least one.
const GOOD: [&str; 5] = [
    "a",
    "111111111111",
    "arn:aws:codestar-connections:us-east-1:111111111111:connection/x",
    "arn:aws:catalog:us-east-1:111111111111:product/prod-aaaaaaaaaaaaa",
    "o-abcdefghij",
];

/// Texts of which each pattern of the model forbids at least one.
const BAD: [&str; 2] = ["~!", "\u{1}"];

/// Which members of a structure are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    Required,
    All,
}

pub(crate) fn members(shape: &Shape) -> &'static [Member] {
    match shape.kind {
        Kind::Structure(members) => members,
        _ => &[],
    }
}

/// A value that the model allows.
pub(crate) fn valid(shape: &Shape, given: Members) -> Value {
    match shape.kind {
        Kind::Text => text(shape).into(),
        Kind::Integer => shape.min.unwrap_or(1).into(),
        Kind::Boolean => true.into(),
        Kind::List(item) => json!([valid(item, given)]),
        Kind::Map(key, value) => json!({text(key): valid(value, given)}),
        Kind::Structure(members) => {
            let given_too = |member: &&Member| member.required || given == Members::All;
            let entry = |member: &Member| (member.name.to_owned(), valid(member.shape, given));
            members
                .iter()
                .filter(given_too)
                .map(entry)
                .collect::<Map<_, _>>()
                .into()
        }
    }
}

fn text(shape: &Shape) -> String {
    if let Some(first) = shape.values.first() {
        return (*first).to_owned();
    }
    let least = usize::try_from(shape.min.unwrap_or(1)).unwrap_or(1).max(1);
    let mut candidates = GOOD.map(str::to_owned).to_vec();
    candidates.push("a".repeat(least));
    let fits = |text: &String| {
        text.len() >= least && shape.pattern.is_none_or(|pattern| pattern.matches(text))
    };
    let found = candidates.into_iter().find(fits);
    found.unwrap_or_else(|| panic!("no example of {shape:?}"))
}

/// A value that breaks one rule, and where: `.tags.1.member.key`.
pub(crate) type Probe = (Value, String);

/// Every way in which a value of this shape breaks one of the model's rules.
pub(crate) fn probes(shape: &Shape) -> Vec<Probe> {
    let mut found: Vec<Probe> = own(shape)
        .into_iter()
        .map(|value| (value, String::new()))
        .collect();
    match shape.kind {
        Kind::Text | Kind::Integer | Kind::Boolean => (),
        Kind::List(item) => {
            let is_named = matches!(item.kind, Kind::Structure(_) | Kind::Map(..));
            found.extend(probes(item).into_iter().map(|(value, at)| {
                let at = if is_named {
                    format!(".1.member{at}")
                } else {
                    String::new()
                };
                (json!([value]), at)
            }));
        }
        Kind::Map(key, value) => {
            let good = valid(value, Members::All);
            let bad_keys = own(key)
                .into_iter()
                .filter_map(|key| Some(key.as_str()?.to_owned()));
            found.extend(bad_keys.map(|key| (json!({key: good}), String::new())));
            let bad_values = probes(value).into_iter();
            found.extend(bad_values.map(|(value, _)| (json!({text(key): value}), String::new())));
        }
        Kind::Structure(members) => {
            for member in members {
                found.extend(member_probes(shape, member));
            }
        }
    }
    found
}

fn member_probes(shape: &Shape, member: &Member) -> Vec<Probe> {
    let (first, rest) = member.name.split_at(1);
    let name = format!(".{}{rest}", first.to_ascii_lowercase());
    let mut found = Vec::new();
    let whole = valid(shape, Members::All);
    if member.required {
        let mut without = whole.clone();
        without[member.name] = Value::Null;
        found.push((without, name.clone()));
    }
    for (value, at) in probes(member.shape) {
        let mut with = whole.clone();
        with[member.name] = value;
        found.push((with, format!("{name}{at}")));
    }
    found
}

/// Values that break a rule of the shape itself.
fn own(shape: &Shape) -> Vec<Value> {
    let sized = |size: i64| -> Option<Value> {
        let size = usize::try_from(size).ok()?;
        match shape.kind {
            Kind::Text => Some("a".repeat(size).into()),
            Kind::List(item) => Some(vec![valid(item, Members::All); size].into()),
            Kind::Map(key, value) if key.values.is_empty() => {
                let entry = |number| (format!("{}{number}", text(key)), valid(value, Members::All));
                Some((0..size).map(entry).collect::<Map<_, _>>().into())
            }
            _ => None,
        }
    };
    let out = [shape.min.map(|min| min - 1), shape.max.map(|max| max + 1)];
    let out = out.into_iter().flatten();
    let mut found: Vec<Value> = match shape.kind {
        Kind::Integer => out.map(Value::from).collect(),
        _ => out.filter_map(sized).collect(),
    };
    if !shape.values.is_empty() {
        found.push("NOT_OF_THE_MODEL".into());
    }
    if let Some(pattern) = shape.pattern {
        let bad = BAD.iter().find(|text| !pattern.matches(text));
        found.push((*bad.unwrap_or_else(|| panic!("{shape:?} forbids nothing"))).into());
    }
    found
}
