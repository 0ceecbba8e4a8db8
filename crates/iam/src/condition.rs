//! Conditions: an operator, a key, and the values that the key is compared with.
//!
//! The operators: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use jiff::Timestamp;

use crate::context::{Context, Values};
use crate::glob::Case;
use crate::json::Json;
use crate::members::{scalars, told_object};
use crate::network::Network;
use crate::pattern::{Form, Pattern, Text, Variables};
use crate::problem::Problems;
use crate::scalar::{self, Order};

/// Keys that one statement may ask about.
pub const CONDITIONS_MAX: usize = 100;

/// One key of a statement's `Condition`.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// With its ASCII letters in lower case.
    key: Box<str>,
    quantifier: Quantifier,
    when_absent: WhenAbsent,
    test: Test,
}

/// Which of a key's values must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    /// No qualifier. Ours, where AWS leaves open what a set of values does: one must hold, and
    /// for a negated operator none may match.
    One,
    ForAllValues,
    ForAnyValue,
}

/// What a key that the request does not have means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhenAbsent {
    /// What the operator says: a negated one holds, and so does `ForAllValues`.
    Operator,
    /// `…IfExists`.
    Holds,
}

#[derive(Debug, Clone)]
enum Test {
    Matches(Box<[Wanted]>),
    MatchesNot(Box<[Wanted]>),
    /// `Null`: whether the key is to be absent; either, if both are named.
    Null {
        absent: bool,
        present: bool,
    },
}

/// What one value is compared with.
#[derive(Debug, Clone)]
enum Wanted {
    Text(Text, Case),
    Like(Pattern),
    Number(Order, f64),
    Instant(Order, Timestamp),
    Address(Network),
}

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Text(Case),
    Like(Form),
    Number(Order),
    Instant(Order),
    Bool,
    Binary,
    Address,
    Null,
}

/// Whether an operator holds for what matches or for what does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    Plain,
    Negated,
}

/// An operator's name, taken apart.
#[derive(Debug, Clone, Copy)]
struct Operator {
    quantifier: Quantifier,
    when_absent: WhenAbsent,
    comparison: Comparison,
    sense: Sense,
}

const OPERATORS: [(&str, Comparison, Sense); 27] = {
    use Comparison::{Address, Binary, Bool, Instant, Like, Null, Number, Text};
    use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    use Sense::{Negated, Plain};
    [
        ("StringEquals", Text(Case::Kept), Plain),
        ("StringNotEquals", Text(Case::Kept), Negated),
        ("StringEqualsIgnoreCase", Text(Case::Ignored), Plain),
        ("StringNotEqualsIgnoreCase", Text(Case::Ignored), Negated),
        ("StringLike", Like(Form::Plain), Plain),
        ("StringNotLike", Like(Form::Plain), Negated),
        ("NumericEquals", Number(Equal), Plain),
        ("NumericNotEquals", Number(Equal), Negated),
        ("NumericLessThan", Number(Less), Plain),
        ("NumericLessThanEquals", Number(LessOrEqual), Plain),
        ("NumericGreaterThan", Number(Greater), Plain),
        ("NumericGreaterThanEquals", Number(GreaterOrEqual), Plain),
        ("DateEquals", Instant(Equal), Plain),
        ("DateNotEquals", Instant(Equal), Negated),
        ("DateLessThan", Instant(Less), Plain),
        ("DateLessThanEquals", Instant(LessOrEqual), Plain),
        ("DateGreaterThan", Instant(Greater), Plain),
        ("DateGreaterThanEquals", Instant(GreaterOrEqual), Plain),
        ("Bool", Bool, Plain),
        ("BinaryEquals", Binary, Plain),
        ("IpAddress", Address, Plain),
        ("NotIpAddress", Address, Negated),
        ("ArnEquals", Like(Form::Arn), Plain),
        ("ArnNotEquals", Like(Form::Arn), Negated),
        ("ArnLike", Like(Form::Arn), Plain),
        ("ArnNotLike", Like(Form::Arn), Negated),
        ("Null", Null, Plain),
    ]
};

impl Condition {
    /// Whether the request is as this condition wants it.
    pub(crate) fn holds(&self, context: &dyn Context) -> bool {
        let values = context.values(&self.key);
        let given = || values.iter().flat_map(Values::iter);
        let is_absent = given().next().is_none();
        let (wanted, sense) = match &self.test {
            Test::Null { absent, present } => return if is_absent { *absent } else { *present },
            Test::Matches(wanted) => (wanted, Sense::Plain),
            Test::MatchesNot(wanted) => (wanted, Sense::Negated),
        };
        if is_absent && self.when_absent == WhenAbsent::Holds {
            return true;
        }
        let matches = |value: &str| wanted.iter().any(|wanted| wanted.matches(value, context));
        let holds = |value: &str| matches(value) == (sense == Sense::Plain);
        // AWS takes an empty text in a set for no value.
        let mut of_set = given().filter(|value| !value.is_empty());
        match (self.quantifier, sense) {
            (Quantifier::One, Sense::Plain) => given().any(matches),
            (Quantifier::One, Sense::Negated) => !given().any(matches),
            (Quantifier::ForAllValues, _) => of_set.all(holds),
            (Quantifier::ForAnyValue, _) => of_set.any(holds),
        }
    }

    /// Whether the condition asks for what only the resource can tell, such as its tags.
    pub(crate) fn looks_at_resource(&self) -> bool {
        let (Test::Matches(wanted) | Test::MatchesNot(wanted)) = &self.test else {
            return is_of_resource(&self.key);
        };
        is_of_resource(&self.key) || wanted.iter().any(Wanted::looks_at_resource)
    }
}

/// Whether only the resource can tell this key's value.
pub(crate) fn is_of_resource(key: &str) -> bool {
    key.starts_with("aws:resource")
}

impl Wanted {
    fn matches(&self, given: &str, context: &dyn Context) -> bool {
        match self {
            Self::Text(text, case) => text.equals(given, *case, context),
            Self::Like(pattern) => pattern.matches(given, context),
            Self::Number(order, wanted) => {
                scalar::number(given).is_some_and(|given| order.holds(&given, wanted))
            }
            Self::Instant(order, wanted) => {
                scalar::instant(given).is_some_and(|given| order.holds(&given, wanted))
            }
            Self::Address(network) => given.parse().is_ok_and(|given| network.holds(given)),
        }
    }

    fn looks_at_resource(&self) -> bool {
        match self {
            Self::Text(text, _) => text.keys().any(is_of_resource),
            Self::Like(pattern) => pattern.keys().any(is_of_resource),
            Self::Number(..) | Self::Instant(..) | Self::Address(_) => false,
        }
    }
}

/// Reads a statement's `Condition`.
pub(crate) fn read(
    value: &Json,
    path: &str,
    variables: Variables,
    problems: &mut Problems,
) -> Box<[Condition]> {
    let mut conditions = Vec::new();
    for (name, keys) in told_object(value, path, problems) {
        let path = format!("{path}.{name}");
        let Some(operator) = Operator::parse(name, &path, problems) else {
            continue;
        };
        for (key, values) in told_object(keys, &path, problems) {
            let path = format!("{path}.{key}");
            if !is_key(key) {
                problems.tell(&path, "a key needs a prefix such as aws:");
            }
            let test = operator.read(values, &path, variables, problems);
            conditions.push(Condition {
                key: key.to_ascii_lowercase().into(),
                quantifier: operator.quantifier,
                when_absent: operator.when_absent,
                test,
            });
        }
    }
    if conditions.len() > CONDITIONS_MAX {
        let count = conditions.len();
        problems.tell(
            path,
            format!("{count} keys, at most {CONDITIONS_MAX} may be given"),
        );
    }
    conditions.into()
}

fn is_key(key: &str) -> bool {
    key.split_once(':')
        .is_some_and(|(prefix, name)| !prefix.is_empty() && !name.is_empty())
}

impl Operator {
    fn parse(name: &str, path: &str, problems: &mut Problems) -> Option<Self> {
        let (quantifier, rest) = if let Some(rest) = name.strip_prefix("ForAllValues:") {
            (Quantifier::ForAllValues, rest)
        } else if let Some(rest) = name.strip_prefix("ForAnyValue:") {
            (Quantifier::ForAnyValue, rest)
        } else {
            (Quantifier::One, name)
        };
        let (when_absent, base) = match rest.strip_suffix("IfExists") {
            Some(base) => (WhenAbsent::Holds, base),
            None => (WhenAbsent::Operator, rest),
        };
        let known = OPERATORS.iter().find(|(known, ..)| *known == base);
        let Some((_, comparison, sense)) = known.copied() else {
            problems.tell(path, "there is no such operator");
            return None;
        };
        let is_bare = quantifier == Quantifier::One && when_absent == WhenAbsent::Operator;
        if comparison == Comparison::Null && !is_bare {
            problems.tell(path, "Null takes neither a set qualifier nor IfExists");
            return None;
        }
        Some(Self {
            quantifier,
            when_absent,
            comparison,
            sense,
        })
    }

    /// Reads the values of one key.
    fn read(
        self,
        values: &Json,
        path: &str,
        variables: Variables,
        problems: &mut Problems,
    ) -> Test {
        let texts = scalars(values, path, problems);
        if self.comparison == Comparison::Null {
            return null(&texts, problems);
        }
        let mut wanted = Vec::new();
        for (path, text) in texts {
            match self.wanted(text, variables) {
                Ok(value) => wanted.push(value),
                Err(text) => problems.tell(&path, text),
            }
        }
        match self.sense {
            Sense::Plain => Test::Matches(wanted.into()),
            Sense::Negated => Test::MatchesNot(wanted.into()),
        }
    }

    fn wanted(self, text: &str, variables: Variables) -> Result<Wanted, String> {
        let or = |form: &str| format!("{text:?} is not {form}");
        Ok(match self.comparison {
            Comparison::Text(case) => Wanted::Text(Text::parse(text, variables)?, case),
            Comparison::Like(form) => Wanted::Like(Pattern::parse(text, form, variables)?),
            Comparison::Number(order) => {
                let number = scalar::number(text);
                Wanted::Number(order, number.ok_or_else(|| or("a number"))?)
            }
            Comparison::Instant(order) => {
                let instant = scalar::instant(text);
                let form = "a time such as 2026-01-31T23:59:59Z or seconds since 1970";
                Wanted::Instant(order, instant.ok_or_else(|| or(form))?)
            }
            Comparison::Bool | Comparison::Null => {
                let wanted = Text::parse(text, variables)?;
                let is_fixed = wanted.keys().next().is_none();
                if is_fixed && truth(text).is_none() {
                    return Err(or("true or false"));
                }
                Wanted::Text(wanted, Case::Ignored)
            }
            Comparison::Binary if is_base64(text) => {
                Wanted::Text(Text::parse(text, Variables::Unknown)?, Case::Kept)
            }
            Comparison::Binary => return Err(or("base64")),
            Comparison::Address => {
                let network = Network::parse(text);
                let form = "an IP address or a range such as 203.0.113.0/24";
                Wanted::Address(network.ok_or_else(|| or(form))?)
            }
        })
    }
}

fn null(texts: &[(String, &str)], problems: &mut Problems) -> Test {
    let (mut absent, mut present) = (false, false);
    for (path, text) in texts {
        match truth(text) {
            Some(true) => absent = true,
            Some(false) => present = true,
            None => problems.tell(path, format!("{text:?} is not true or false")),
        }
    }
    Test::Null { absent, present }
}

fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    text.len().is_multiple_of(4) && text.len() - digits.len() <= 2 && digits.bytes().all(is_digit)
}
