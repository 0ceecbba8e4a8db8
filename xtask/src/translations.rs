//! Every refusal is told in every language, with the same data as in English.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;

use crate::root;

const REFUSALS: &str = "crates/domain/src/refusal.rs";
const LANGUAGES: [&str; 2] = [
    "crates/service/languages/ja.ftl",
    "crates/service/languages/zh.ftl",
];

/// The data that a text names; `None` where the English one computes it.
type Data = Option<BTreeSet<String>>;

fn english(source: &str) -> BTreeMap<String, Data> {
    let told = source.split("#[error(").skip(1).map(|piece| {
        let (text, rest) = piece.split_once(")]").expect("an attribute ends");
        let is_name = |letter: char| letter.is_alphanumeric();
        let name: String = rest
            .trim_start()
            .chars()
            .take_while(|c| is_name(*c))
            .collect();
        let named = text.split('{').skip(1).map(|place| {
            let place = place.split(['}', ':']).next().unwrap_or_default();
            if place == "0" { "it" } else { place }.to_owned()
        });
        let named: BTreeSet<String> = named.collect();
        (name, (!named.contains("")).then_some(named))
    });
    told.collect()
}

fn translated(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let messages = text.lines().filter_map(|line| line.split_once(" = "));
    let named = |text: &str| {
        let places = text.split("{ $").skip(1);
        let names = places.filter_map(|place| place.split_once(" }"));
        names.map(|(name, _)| name.to_owned()).collect()
    };
    messages
        .filter(|(name, _)| !name.starts_with('#'))
        .map(|(name, text)| (name.to_owned(), named(text)))
        .collect()
}

#[test]
fn every_refusal_is_told_in_every_language_with_its_data() {
    let source = read_to_string(root().join(REFUSALS)).expect("the refusals are there");
    let english = english(&source);
    assert!(english.len() > 40, "the refusals were not read");
    let mut problems = Vec::new();
    for path in LANGUAGES {
        let text = read_to_string(root().join(path)).expect("the language is there");
        let translated = translated(&text);
        for (name, data) in &english {
            match (translated.get(name), data) {
                (None, _) => problems.push(format!("{path}: no {name}")),
                (Some(told), Some(data)) if told != data => {
                    problems.push(format!("{path}: {name} tells {told:?}, not {data:?}"));
                }
                (Some(_), _) => {}
            }
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
