//! Another reader of the same language, `iam-rs`, decides the same requests alike.
//!
//! Left out is where it does not do what AWS documents, so that it could tell nothing:
//! `ArnEquals` (exact there) and ARN patterns without six segments (an error there), wildcards for
//! services in resources (never match there), variables in conditions (not replaced there),
//! variables without a value (empty there), `${*}` and its kin (unknown there), set qualifiers on
//! numbers, dates and addresses (never hold there), `IfExists` with a qualifier (unknown there),
//! negated operators without a qualifier on sets (one value that differs is enough there),
//! `BinaryEquals` (ignores case there), `Null` with several values (only the first counts there),
//! empty texts in sets (AWS takes them for no value) and dates without a time (unknown there).

use iam_rs::{Arn, Context as TheirContext, ContextValue, IAMPolicy, IAMRequest, PrincipalId};
use mimeo_iam::{Decision, Facts, Policy, Reason, Request, decide};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::config;

/// What a request is known to be.
#[derive(Debug, Clone)]
struct Known {
    text: Option<&'static str>,
    tags: Option<Vec<&'static str>>,
    number: Option<&'static str>,
    date: Option<&'static str>,
    truth: Option<bool>,
    address: Option<&'static str>,
    arn: Option<&'static str>,
}

impl Known {
    fn ours(&self) -> Facts<'static> {
        let mut facts = Facts::new().with("aws:username", "anna");
        let singles = [
            ("k:text", self.text),
            ("k:number", self.number),
            ("k:date", self.date),
            (
                "k:truth",
                self.truth.map(|truth| if truth { "true" } else { "false" }),
            ),
            ("k:address", self.address),
            ("k:arn", self.arn),
        ];
        for (key, value) in singles {
            if let Some(value) = value {
                facts = facts.with(key, value);
            }
        }
        match &self.tags {
            Some(tags) => facts.with_many("k:tags", tags.iter().copied()),
            None => facts,
        }
    }

    fn theirs(&self) -> TheirContext {
        let mut context = TheirContext::new().with_string("aws:username", "anna");
        let singles = [
            ("k:text", self.text),
            ("k:number", self.number),
            ("k:date", self.date),
            ("k:address", self.address),
            ("k:arn", self.arn),
        ];
        for (key, value) in singles {
            if let Some(value) = value {
                context = context.with_string(key, value);
            }
        }
        if let Some(truth) = self.truth {
            context = context.with_boolean("k:truth", truth);
        }
        if let Some(tags) = &self.tags {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            context.insert("k:tags".to_owned(), ContextValue::StringList(tags));
        }
        context
    }
}

const TEXTS: [&str; 6] = ["a", "A", "ab", "b", "abc", "b/c"];
const TEXT_PATTERNS: [&str; 10] = ["a", "A", "a*", "*b", "?b", "*", "a?c", "b/*", "", "*a*c*"];
const NUMBERS: [&str; 6] = ["0", "1", "1.0", "-2.5", "10", "x"];
const DATES: [&str; 5] = [
    "2026-01-31T12:00:00Z",
    "2026-01-31T13:00:00+01:00",
    "1769860800",
    "2025-06-01T00:00:00.5Z",
    "never",
];
const ADDRESSES: [&str; 5] = ["10.1.2.3", "10.2.2.3", "203.0.113.9", "2001:db8::5", "home"];
const NETWORKS: [&str; 6] = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "203.0.113.9",
    "0.0.0.0/0",
    "2001:db8::/32",
    "::/0",
];
const ARNS: [&str; 6] = [
    "arn:aws:catalog:eu-west-1:111122223333:product/prod-a",
    "arn:aws:catalog:eu-west-1:444455556666:product/prod-b",
    "arn:aws:catalog:us-east-1:111122223333:portfolio/port-a",
    "arn:aws:iam::111122223333:role/team/anna",
    "arn:aws:s3:::anna/prod-a",
    "arn:aws-cn:s3:::bert",
];
const ARN_PATTERNS: [&str; 10] = [
    "arn:aws:catalog:*:*:product/*",
    "arn:aws:catalog:eu-*:111122223333:*",
    "arn:*:s3:::*",
    "arn:aws:iam::*:role/*/anna",
    "arn:aws:catalog:eu-west-?:*:p*/p*-a",
    "arn:aws:catalog:*west*:*3:*",
    "arn:aws:s3:::anna/prod-a",
    "arn:aws:s3:::ANNA/*",
    "arn:aws:catalog:us-east-1:1*3333:portfolio/port-?",
    "*",
];
const ACTIONS: [&str; 5] = [
    "servicecatalog:CopyProduct",
    "servicecatalog:DescribeProduct",
    "servicecatalog:DescribePortfolio",
    "s3:GetObject",
    "iam:PassRole",
];
const ACTION_PATTERNS: [&str; 10] = [
    "*",
    "*:*",
    "servicecatalog:*",
    "ServiceCatalog:copyproduct",
    "servicecatalog:Describe*",
    "servicecatalog:*Product",
    "s3:Get??????",
    "s3:Get?????",
    "iam:*e",
    "service*:*Port*",
];

fn known() -> impl Strategy<Value = Known> {
    let maybe = |values: &'static [&'static str]| proptest::option::of(select(values));
    let tags = proptest::collection::vec(select(&TEXTS[..]), 1..4);
    (
        maybe(&TEXTS),
        proptest::option::of(tags),
        maybe(&NUMBERS),
        maybe(&DATES),
        proptest::option::of(any::<bool>()),
        maybe(&ADDRESSES),
        maybe(&ARNS),
    )
        .prop_map(|(text, tags, number, date, truth, address, arn)| Known {
            text,
            tags,
            number,
            date,
            truth,
            address,
            arn,
        })
}

/// An operator, its key and its values.
type Comparison = (String, &'static str, Value);

fn compared(
    operators: &'static [&'static str],
    suffixes: &'static [&'static str],
    key: &'static str,
    values: &'static [&'static str],
) -> impl Strategy<Value = Comparison> {
    let values = proptest::collection::vec(select(values), 1..4);
    (select(operators), select(suffixes), values).prop_map(move |(operator, suffix, values)| {
        (format!("{operator}{suffix}"), key, json!(values))
    })
}

fn comparison() -> impl Strategy<Value = Comparison> {
    const EITHER: &[&str] = &["", "IfExists"];
    const TEXT: &[&str] = &[
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
    ];
    const SETS: &[&str] = &[
        "ForAllValues:StringEquals",
        "ForAllValues:StringNotEquals",
        "ForAllValues:StringLike",
        "ForAllValues:StringNotLike",
        "ForAllValues:StringEqualsIgnoreCase",
        "ForAnyValue:StringEquals",
        "ForAnyValue:StringNotEquals",
        "ForAnyValue:StringLike",
        "ForAnyValue:StringNotLike",
        "ForAnyValue:StringEqualsIgnoreCase",
    ];
    const NUMERIC: &[&str] = &[
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
    ];
    const DATE: &[&str] = &[
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
    ];
    const KEYS: &[&str] = &[
        "k:text", "K:TEXT", "k:tags", "k:number", "k:truth", "k:none",
    ];
    prop_oneof![
        compared(TEXT, EITHER, "K:Text", &TEXT_PATTERNS),
        compared(
            &["StringEquals", "StringLike"],
            EITHER,
            "k:tags",
            &TEXT_PATTERNS
        ),
        compared(SETS, &[""], "k:tags", &TEXT_PATTERNS),
        compared(SETS, &[""], "k:text", &TEXT_PATTERNS),
        compared(NUMERIC, EITHER, "k:number", &NUMBERS[..5]),
        compared(DATE, EITHER, "k:date", &DATES[..4]),
        compared(&["Bool"], EITHER, "k:truth", &["true", "false"]),
        compared(
            &["IpAddress", "NotIpAddress"],
            EITHER,
            "k:address",
            &NETWORKS
        ),
        compared(&["ArnLike", "ArnNotLike"], EITHER, "k:arn", &ARN_PATTERNS),
        (select(KEYS), select(&["true", "false"][..])).prop_map(|(key, value)| (
            "Null".to_owned(),
            key,
            json!(value)
        )),
    ]
}

fn statement() -> impl Strategy<Value = Value> {
    let actions = proptest::collection::vec(select(&ACTION_PATTERNS[..]), 1..3);
    let owned = select(
        &[
            "arn:aws:s3:::${aws:username}/*",
            "arn:aws:iam::*:role/*/${AWS:UserName}",
        ][..],
    );
    let resource = prop_oneof![4 => select(&ARN_PATTERNS[..]), 1 => owned];
    let resources = proptest::collection::vec(resource, 1..3);
    (
        select(&["Allow", "Allow", "Deny"][..]),
        select(&["Action", "Action", "NotAction"][..]),
        actions,
        select(&["Resource", "Resource", "NotResource"][..]),
        resources,
        proptest::collection::vec(comparison(), 0..3),
    )
        .prop_map(
            |(effect, action, actions, resource, resources, comparisons)| {
                let mut condition = Map::new();
                for (operator, key, values) in comparisons {
                    let keys = condition.entry(operator).or_insert_with(|| json!({}));
                    keys[key] = values;
                }
                let mut statement = json!({"Effect": effect, action: actions, resource: resources});
                if !condition.is_empty() {
                    statement["Condition"] = condition.into();
                }
                statement
            },
        )
}

fn their_decision(policies: &[Value], action: &str, resource: &str, known: &Known) -> Decision {
    let policies: Vec<IAMPolicy> = policies
        .iter()
        .map(|policy| serde_json::from_value(policy.clone()).expect("they read it"))
        .collect();
    let user = "arn:aws:iam::111122223333:user/anna".to_owned();
    let request = IAMRequest::new_with_context(
        iam_rs::Principal::Aws(PrincipalId::String(user)),
        action,
        Arn::parse(resource).expect("an ARN"),
        known.theirs(),
    );
    match iam_rs::evaluate_policies(&policies, &request).expect("they decide it") {
        iam_rs::Decision::Allow => Decision::Allowed,
        iam_rs::Decision::Deny => Decision::Denied(Reason::Explicit),
        iam_rs::Decision::NotApplicable => Decision::Denied(Reason::NothingAllows),
    }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn two_readers_decide_alike(
        policies in proptest::collection::vec(proptest::collection::vec(statement(), 1..4), 1..3),
        action in select(&ACTIONS[..]),
        resource in select(&ARNS[..]),
        known in known(),
    ) {
        let policies: Vec<Value> = policies
            .into_iter()
            .map(|statements| json!({"Version": "2012-10-17", "Statement": statements}))
            .collect();
        let ours: Vec<Policy> = policies
            .iter()
            .map(|policy| Policy::parse(&policy.to_string()).expect("we read it"))
            .collect();
        let facts = known.ours();
        let request = Request { action, resource: Some(resource), context: &facts };
        let wanted = their_decision(&policies, action, resource, &known);
        prop_assert_eq!(decide(&ours, &request), wanted, "{}", json!(policies));
    }
}
