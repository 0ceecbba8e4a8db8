//! Languages: what is told to a caller, rendered in its `AcceptLanguage`.
//!
//! English is the text of the values themselves (`Display`); the others are data, in
//! `languages/*.ftl`, a message for each variant under its name. Error codes never change.
//!
//! Source: the API's `AcceptLanguage`, `en` (default), `jp`, `zh`; that other values are taken for
//! English is ours.

use std::fmt::Display;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use mimeo_api::{Broken, Violation, Violations};
use mimeo_domain::Refusal;
use mimeo_domain::copying::StatusDetail;
use serde::Serialize;
use serde_json::Value;
use unic_langid::{LanguageIdentifier, langid};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    English,
    Japanese,
    Chinese,
}

type Bundle = FluentBundle<FluentResource>;

static JAPANESE: LazyLock<Bundle> =
    LazyLock::new(|| bundle(langid!("ja"), include_str!("../languages/ja.ftl")));
static CHINESE: LazyLock<Bundle> =
    LazyLock::new(|| bundle(langid!("zh"), include_str!("../languages/zh.ftl")));

/// A message that does not parse is left out, and told in English; a test looks for such.
fn bundle(language: LanguageIdentifier, text: &str) -> Bundle {
    let resource = match FluentResource::try_new(text.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // Marks around each value would be part of ids that callers copy.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

impl Language {
    /// `AcceptLanguage` as sent.
    pub(crate) fn of(accepted: Option<&str>) -> Self {
        match accepted {
            Some("jp") => Self::Japanese,
            Some("zh") => Self::Chinese,
            _ => Self::English,
        }
    }

    fn bundle(self) -> Option<&'static Bundle> {
        match self {
            Self::English => None,
            Self::Japanese => Some(&JAPANESE),
            Self::Chinese => Some(&CHINESE),
        }
    }

    pub(crate) fn refusal(self, refusal: &Refusal) -> String {
        self.tell(refusal)
    }

    pub(crate) fn status_detail(self, detail: &StatusDetail) -> String {
        self.tell(detail)
    }

    /// The fixed parts are translated; values, members and patterns stay as they are.
    pub(crate) fn violations(self, violations: &Violations) -> String {
        let told = self.bundle().and_then(|bundle| {
            let each = violations.spelled().iter();
            let each: Vec<String> = each.map(|violation| self.violation(violation)).collect();
            let mut args = FluentArgs::new();
            args.set("count", violations.count().to_string());
            args.set("violations", each.join("; "));
            message(bundle, "Violations", &args)
        });
        told.unwrap_or_else(|| violations.to_string())
    }

    fn violation(self, violation: &Violation) -> String {
        let told = self.bundle().and_then(|bundle| {
            let mut args = FluentArgs::new();
            args.set("at", violation.at.clone());
            args.set("rule", self.rule(&violation.rule));
            let name = match &violation.value {
                Some(value) => {
                    args.set("value", value.clone());
                    "ViolationOfValue"
                }
                None => "ViolationOfNull",
            };
            message(bundle, name, &args)
        });
        told.unwrap_or_else(|| violation.to_string())
    }

    fn rule(self, rule: &Broken) -> String {
        let (Broken::Items(rules) | Broken::Keys(rules) | Broken::Values(rules)) = rule else {
            return self.tell(rule);
        };
        let told = self.bundle().and_then(|bundle| {
            let rules: Vec<String> = rules.iter().map(|rule| self.rule(rule)).collect();
            let mut args = FluentArgs::new();
            args.set("it", rules.join(", "));
            let name = match rule {
                Broken::Keys(_) => "Keys",
                Broken::Values(_) => "Values",
                _ => "Items",
            };
            message(bundle, name, &args)
        });
        told.unwrap_or_else(|| rule.to_string())
    }

    /// Renders a value by the name of its variant, with its fields; a lone field is `$it`.
    fn tell<T: Serialize + Display>(self, told: &T) -> String {
        let rendered = self.bundle().and_then(|bundle| {
            let (name, args) = parts(serde_json::to_value(told).ok()?)?;
            message(bundle, &name, &args)
        });
        rendered.unwrap_or_else(|| told.to_string())
    }
}

fn parts(value: Value) -> Option<(String, FluentArgs<'static>)> {
    let mut args = FluentArgs::new();
    let (name, fields) = match value {
        Value::String(name) => return Some((name, args)),
        // A status detail carries its name among its fields.
        Value::Object(mut fields) => match fields.remove("code") {
            Some(Value::String(name)) => (name, Value::Object(fields)),
            _ => fields.into_iter().next()?,
        },
        _ => return None,
    };
    match fields {
        Value::Object(fields) => {
            for (field, value) in fields {
                args.set(field, text(value));
            }
        }
        lone => args.set("it", text(lone)),
    }
    Some((name, args))
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(items) => items.into_iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// `None` if there is no such message, or if it asks for what is not given.
fn message(bundle: &Bundle, name: &str, args: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(name)?.value()?;
    let mut problems = Vec::new();
    let told = bundle.format_pattern(pattern, Some(args), &mut problems);
    problems.is_empty().then(|| told.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Language; 2] = [Language::Japanese, Language::Chinese];

    #[test]
    fn only_jp_and_zh_are_other_languages() {
        assert_eq!(Language::of(Some("jp")), Language::Japanese);
        assert_eq!(Language::of(Some("zh")), Language::Chinese);
        for accepted in [None, Some("en"), Some("ja"), Some("JP"), Some("")] {
            assert_eq!(Language::of(accepted), Language::English, "{accepted:?}");
        }
    }

    #[test]
    fn every_message_of_a_language_parses_and_is_there_once() {
        for text in [
            include_str!("../languages/ja.ftl"),
            include_str!("../languages/zh.ftl"),
        ] {
            let resource = FluentResource::try_new(text.to_owned());
            let resource = resource.map_err(|(_, problems)| problems).unwrap();
            let mut bundle = Bundle::new_concurrent(vec![langid!("en")]);
            assert_eq!(bundle.add_resource(resource), Ok(()));
        }
    }

    #[test]
    fn every_status_detail_is_told_in_each_language_with_its_data() {
        for detail in StatusDetail::samples() {
            let english = Language::English.status_detail(&detail);
            assert_eq!(english, detail.to_string());
            for language in BOTH {
                let told = language.status_detail(&detail);
                assert_ne!(told, english, "{language:?}");
                for id in ["prod-abcdefghijklm", "pa-abcdefghijklm", "copyproduct-"] {
                    assert_eq!(told.contains(id), english.contains(id), "{told}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_names_the_thing_in_every_language() {
        let refusal = Refusal::NoSuchPortfolio("port-abc".into());
        for language in BOTH {
            let told = language.refusal(&refusal);
            assert!(
                told.contains("port-abc") && told != refusal.to_string(),
                "{told}"
            );
        }
    }

    #[test]
    fn rules_of_the_model_are_told_in_each_language() {
        let rules = [
            Broken::NotNull,
            Broken::LengthAtMost(7),
            Broken::LengthAtLeast(7),
            Broken::ValueAtMost(7),
            Broken::ValueAtLeast(7),
            Broken::Pattern("[a-z]{1,3}".into()),
            Broken::OneOf("A, B".into()),
            Broken::Items(vec![Broken::LengthAtMost(7)]),
            Broken::Keys(vec![Broken::LengthAtMost(7)]),
            Broken::Values(vec![Broken::LengthAtMost(7)]),
        ];
        for rule in rules {
            for language in BOTH {
                let told = language.rule(&rule);
                assert_ne!(told, rule.to_string());
                assert!(!told.is_ascii(), "{told}");
            }
        }
    }
}
