//! Checking a value against the model: all violations at once, in AWS's words.

use crate::model::{Kind, Shape};
use crate::value::{Look, Parts, Value, count};
use crate::violation::{Broken, VALUE_CHARACTERS_MAX, Violation, Violations};

/// Where a value is: `tags.1.member.key`.
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    /// Counted from 1.
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn text(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                let mut letters = name.chars();
                let first = letters.next().map(|letter| letter.to_ascii_lowercase());
                let name: String = first.into_iter().chain(letters).collect();
                let parent = parent.text();
                if parent.is_empty() {
                    name
                } else {
                    format!("{parent}.{name}")
                }
            }
            Self::Item(parent, number) => format!("{}.{number}.member", parent.text()),
        }
    }
}

fn add(found: &mut Violations, value: &dyn Value, at: &Path<'_>, rule: Broken) {
    found.add(|| Violation {
        value: shown(value),
        at: at.text(),
        rule,
    });
}

/// Everything in which the value differs from what the model allows.
pub(crate) fn check(value: &dyn Value, shape: &Shape) -> Violations {
    let mut found = Violations::default();
    check_value(value, shape, &Path::Root, &mut found);
    found
}

fn check_value(value: &dyn Value, shape: &Shape, at: &Path<'_>, found: &mut Violations) {
    match (value.look(), shape.kind) {
        (Look::Structure(members), Kind::Structure(described)) => {
            let mut described = described.iter();
            members.each(&mut |_, value| {
                let Some(member) = described.next() else {
                    return;
                };
                let at = Path::Member(at, member.name);
                match value.look() {
                    Look::Absent if member.required => {
                        add(found, value, &at, Broken::NotNull);
                    }
                    Look::Absent => {}
                    _ => check_value(value, member.shape, &at, found),
                }
            });
        }
        (Look::List(items), Kind::List(item)) => {
            own_rules(value, shape, at, found);
            check_items(value, items, item, at, found);
        }
        (Look::Map(entries), Kind::Map(..)) => {
            own_rules(value, shape, at, found);
            check_entries(value, entries, shape, at, found);
        }
        _ => own_rules(value, shape, at, found),
    }
}

/// Structures and maps are named one by one; of plain items AWS names only the list.
fn check_items(
    list: &dyn Value,
    items: &dyn Parts,
    shape: &Shape,
    at: &Path<'_>,
    found: &mut Violations,
) {
    if matches!(shape.kind, Kind::Structure(_) | Kind::Map(..)) {
        let mut number = 0;
        items.each(&mut |_, item| {
            number += 1;
            check_value(item, shape, &Path::Item(at, number), found);
        });
        return;
    }
    let mut all = true;
    items.each(&mut |_, item| all = all && conforms(item, shape));
    if !all {
        add(found, list, at, Broken::Items(rules(shape)));
    }
}

fn check_entries(
    map: &dyn Value,
    entries: &dyn Parts,
    shape: &Shape,
    at: &Path<'_>,
    found: &mut Violations,
) {
    let Kind::Map(key_shape, value_shape) = shape.kind else {
        return;
    };
    let (mut keys, mut values) = (true, true);
    entries.each(&mut |key, value| {
        keys = keys && text_conforms(key, key_shape);
        values = values && conforms(value, value_shape);
    });
    if !keys {
        add(found, map, at, Broken::Keys(rules(key_shape)));
    }
    if !values {
        add(found, map, at, Broken::Values(rules(value_shape)));
    }
}

/// The rules of a value itself, its parts aside.
fn own_rules(value: &dyn Value, shape: &Shape, at: &Path<'_>, found: &mut Violations) {
    let look = value.look();
    for rule in Rule::of(shape) {
        if !rule.holds(&look) {
            add(found, value, at, rule.broken(shape));
        }
    }
}

fn conforms(value: &dyn Value, shape: &Shape) -> bool {
    let mut found = Violations::default();
    check_value(value, shape, &Path::Root, &mut found);
    found.is_empty()
}

fn text_conforms(text: &str, shape: &Shape) -> bool {
    Rule::of(shape).all(|rule| rule.holds(&Look::Text(text)))
}

/// All rules of a shape, whether they are violated or not.
fn rules(shape: &Shape) -> Vec<Broken> {
    let mut all: Vec<Broken> = Rule::of(shape).map(|rule| rule.broken(shape)).collect();
    if let Kind::List(item) = shape.kind {
        all.push(Broken::Items(rules(item)));
    }
    all
}

/// One constraint of a shape.
enum Rule<'a> {
    AtMost(i64),
    AtLeast(i64),
    Pattern(&'a crate::model::Pattern),
    OneOf(&'a [&'a str]),
}

impl<'a> Rule<'a> {
    fn of(shape: &'a Shape) -> impl Iterator<Item = Self> {
        let values = (!shape.values.is_empty()).then_some(Self::OneOf(shape.values));
        let rules = [
            shape.max.map(Self::AtMost),
            shape.min.map(Self::AtLeast),
            shape.pattern.map(Self::Pattern),
            values,
        ];
        rules.into_iter().flatten()
    }

    fn holds(&self, look: &Look<'_>) -> bool {
        match (self, look) {
            (Self::AtMost(max), look) => measure(look).is_none_or(|size| size <= *max),
            (Self::AtLeast(min), look) => measure(look).is_none_or(|size| size >= *min),
            (Self::Pattern(pattern), Look::Text(text)) => pattern.matches(text),
            (Self::OneOf(values), Look::Text(text)) => values.contains(text),
            _ => true,
        }
    }

    fn broken(&self, shape: &Shape) -> Broken {
        let is_number = matches!(shape.kind, Kind::Integer);
        match self {
            Self::AtMost(max) if is_number => Broken::ValueAtMost(*max),
            Self::AtMost(max) => Broken::LengthAtMost(*max),
            Self::AtLeast(min) if is_number => Broken::ValueAtLeast(*min),
            Self::AtLeast(min) => Broken::LengthAtLeast(*min),
            Self::Pattern(pattern) => Broken::Pattern(pattern.source().to_owned()),
            Self::OneOf(values) => Broken::OneOf(values.join(", ")),
        }
    }
}

/// What `min` and `max` speak of: a number, a length in characters, or a number of parts.
fn measure(look: &Look<'_>) -> Option<i64> {
    let size = match look {
        Look::Integer(number) => return Some(*number),
        Look::Text(text) => text.chars().count(),
        Look::List(parts) | Look::Map(parts) => count(*parts),
        Look::Absent | Look::Boolean(_) | Look::Time(_) | Look::Structure(_) => return None,
    };
    i64::try_from(size).ok()
}

/// At most [`VALUE_CHARACTERS_MAX`] characters of a value that is there.
fn shown(value: &dyn Value) -> Option<String> {
    if let Look::Absent = value.look() {
        return None;
    }
    let mut text = String::new();
    show(value, &mut text);
    let mut characters = text.char_indices();
    if let Some((end, _)) = characters.nth(VALUE_CHARACTERS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    Some(text)
}

/// Java's manner: `[a, b]`, `{key=value}`. Stops soon after the limit of what is shown.
fn show(value: &dyn Value, text: &mut String) {
    match value.look() {
        Look::Absent => text.push_str("null"),
        Look::Text(value) => text.extend(value.chars().take(VALUE_CHARACTERS_MAX + 1)),
        Look::Integer(number) => text.push_str(&number.to_string()),
        Look::Boolean(flag) => text.push_str(&flag.to_string()),
        Look::Time(instant) => text.push_str(&instant.millis().to_string()),
        Look::List(parts) => show_parts(parts, ["[", "]"], text),
        Look::Map(parts) | Look::Structure(parts) => show_parts(parts, ["{", "}"], text),
    }
}

fn show_parts(parts: &dyn Parts, [open, close]: [&str; 2], text: &mut String) {
    text.push_str(open);
    let mut separator = "";
    parts.each(&mut |name, part| {
        let enough = text.len() > 4 * VALUE_CHARACTERS_MAX;
        if enough || matches!(part.look(), Look::Absent) {
            return;
        }
        text.push_str(std::mem::replace(&mut separator, ", "));
        if !name.is_empty() {
            text.extend(name.chars().take(VALUE_CHARACTERS_MAX + 1));
            text.push('=');
        }
        show(part, text);
    });
    text.push_str(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::VIOLATIONS_MAX;
    use crate::{
        CopyProduct, CreateConstraint, CreateProduct, Operation, Protocol, ProvisionProduct,
        Refused, SearchProducts, UpdateTagOption, decode,
    };

    fn text_of<O: Operation>(body: &str) -> String {
        match decode::<O>(Protocol::Json, body.as_bytes()).unwrap_err() {
            Refused::Invalid { violations, .. } => violations.to_string(),
            Refused::Malformed(problem) => panic!("malformed: {problem}"),
        }
    }

    #[test]
    fn all_violations_are_told_at_once_in_awss_words() {
        assert_eq!(
            text_of::<CopyProduct>(r#"{"SourceProductArn":"prod-a","IdempotencyToken":null}"#),
            "2 validation errors detected: Value null at 'idempotencyToken' failed to satisfy \
             constraint: Member must not be null; Value 'prod-a' at 'sourceProductArn' failed to \
             satisfy constraint: Member must satisfy regular expression pattern: \
             arn:[a-z0-9-\\.]{1,63}:[a-z0-9-\\.]{0,63}:[a-z0-9-\\.]{0,63}:[a-z0-9-\\.]{0,63}:[^/].{0,1023}"
        );
        assert_eq!(
            text_of::<UpdateTagOption>("{}"),
            "1 validation error detected: Value null at 'id' failed to satisfy constraint: \
             Member must not be null"
        );
    }

    #[test]
    fn items_are_counted_from_one_and_structures_are_entered() {
        let text = text_of::<ProvisionProduct>(
            r#"{"ProvisionedProductName":"My Test","ProvisionToken":"t","Tags":[
                {"Key":"a","Value":"b"},{"Key":"a#","Value":""}]}"#,
        );
        assert_eq!(
            text,
            "3 validation errors detected: Value 'My Test' at 'provisionedProductName' failed to \
             satisfy constraint: Member must satisfy regular expression pattern: \
             [a-zA-Z0-9][a-zA-Z0-9._-]*; Value 'a#' at 'tags.2.member.key' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: \
             ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$; Value '' at 'tags.2.member.value' failed to \
             satisfy constraint: Member must have length greater than or equal to 1"
        );
    }

    #[test]
    fn a_version_is_named_by_its_id_and_by_nothing_else() {
        const COPY: &str = r#"{"IdempotencyToken":"t",
            "SourceProductArn":"arn:aws:catalog:eu-west-1:123456789012:product/prod-a","#;
        let asked = |rest: &str| text_of::<CopyProduct>(&format!("{COPY}{rest}}}"));
        assert_eq!(
            asked(r#""SourceProvisioningArtifactIdentifiers":[{"Id":"pa-1"},{"Name":"v1"}]"#),
            "1 validation error detected: Value '{Name=v1}' at \
             'sourceProvisioningArtifactIdentifiers.2.member' failed to satisfy constraint: Map \
             keys must satisfy constraint: [Member must satisfy enum value set: [Id]]"
        );
        assert_eq!(
            asked(r#""CopyOptions":["CopyTags","CopyAll"]"#),
            "1 validation error detected: Value '[CopyTags, CopyAll]' at 'copyOptions' failed to \
             satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value \
             set: [CopyTags]]"
        );
    }

    #[test]
    fn numbers_lists_and_maps_are_measured() {
        assert_eq!(
            text_of::<SearchProducts>(r#"{"PageSize":101,"SortOrder":"UP"}"#),
            "2 validation errors detected: Value '101' at 'pageSize' failed to satisfy \
             constraint: Member must have value less than or equal to 100; Value 'UP' at \
             'sortOrder' failed to satisfy constraint: Member must satisfy enum value set: \
             [ASCENDING, DESCENDING]"
        );
        let text = text_of::<SearchProducts>(r#"{"Filters":{"Colour":["red"]}}"#);
        assert!(
            text.contains("Value '{Colour=[red]}' at 'filters'"),
            "{text}"
        );
        assert!(
            text.contains("Map keys must satisfy constraint: [Member must satisfy"),
            "{text}"
        );

        let tags: Vec<String> = (0..21)
            .map(|n| format!(r#"{{"Key":"k{n}","Value":"v"}}"#))
            .collect();
        let body = format!(
            r#"{{"Name":"n","Owner":"o","ProductType":"EXTERNAL","IdempotencyToken":"t","Tags":[{}]}}"#,
            tags.join(",")
        );
        let text = text_of::<CreateProduct>(&body);
        assert!(
            text.starts_with("1 validation error detected: Value '[{Key=k0, "),
            "{text}"
        );
        assert!(
            text.ends_with("at 'tags' failed to satisfy constraint: Member must have length less than or equal to 20"),
            "{text}"
        );
    }

    #[test]
    fn length_is_counted_in_characters() {
        let body = |length: usize| {
            let name = "ü".repeat(length);
            format!(
                r#"{{"PortfolioId":"p","ProductId":"q","Type":"LAUNCH","IdempotencyToken":"t",
                "Parameters":"{{}}","Description":"{name}"}}"#
            )
        };
        decode::<CreateConstraint>(Protocol::Json, body(2_000).as_bytes()).unwrap();
        let text = text_of::<CreateConstraint>(&body(2_001));
        assert!(
            text.ends_with("Member must have length less than or equal to 2000"),
            "{text}"
        );
    }

    #[test]
    fn long_values_and_many_violations_are_cut_short() {
        let text = text_of::<UpdateTagOption>(&format!(r#"{{"Id":"{}"}}"#, "é".repeat(5_000)));
        assert!(text.contains(&format!("'{}…'", "é".repeat(VALUE_CHARACTERS_MAX))));

        let tags = vec![r#"{"Key":"","Value":""}"#; 500].join(",");
        let text = text_of::<ProvisionProduct>(&format!(
            r#"{{"ProvisionedProductName":"a","ProvisionToken":"t","Tags":[{tags}]}}"#
        ));
        assert!(
            text.starts_with("1001 validation errors detected: "),
            "{text}"
        );
        assert_eq!(text.matches("failed to satisfy").count(), VIOLATIONS_MAX);
    }
}
