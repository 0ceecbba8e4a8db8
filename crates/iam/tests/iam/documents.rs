//! Which documents are policies, and what is told of those that are not.

use mimeo_iam::{POLICY_BYTES_MAX, PROBLEMS_MAX, Policy, STATEMENTS_MAX, VALUES_MAX};
use proptest::prelude::*;

use crate::{config, policy};

/// All problems of a document, a line each.
#[track_caller]
fn problems(json: &str) -> String {
    let error = Policy::parse(json).expect_err("is refused");
    let lines: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The problems of a document with one statement of these members more than needed.
#[track_caller]
fn problems_of(members: &str) -> String {
    problems(&format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", {members}}}}}"#
    ))
}

/// The problems of a document with this condition.
#[track_caller]
fn problems_of_condition(condition: &str) -> String {
    problems_of(&format!(
        r#""Action": "*", "Resource": "*", "Condition": {condition}"#
    ))
}

#[test]
fn all_forms_that_users_have_are_read() {
    policy(
        r#"{
        "Version": "2012-10-17",
        "Id": "any-thing at all",
        "Statement": [
            {"Sid": "", "Effect": "Allow", "Action": "servicecatalog:*", "Resource": "*"},
            {"Sid": "", "Effect": "Deny", "NotAction": ["iam:*", "sts:*"],
             "NotResource": ["arn:aws:s3:::a", "arn:aws:s3:::${aws:username}/*"],
             "Condition": {"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a*", "b"]},
                           "Bool": {"aws:SecureTransport": false},
                           "NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}}
        ]}"#,
    );
    policy(r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#);
}

#[test]
fn all_problems_are_told_at_once_each_with_its_place() {
    let told = problems(
        r#"{
        "Version": "2012-10-18",
        "Statements": [],
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "allow", "Action": "CopyProduct", "Resource": ["prod-a", "*", 3]},
            {"Sid": "a b", "Effect": "Deny", "action": "*", "Resource": "*",
             "Condition": {"StringEquls": {"aws:username": "a"},
                           "DateLessThan": {"aws:CurrentTime": ["soon", "2026"]},
                           "Null": {"username": "maybe"}}},
            7
        ]}"#,
    );
    assert_eq!(
        told,
        "Statements: there is no such member\n\
         Version: \"2012-10-18\" is not 2012-10-17 or 2008-10-17\n\
         Statement[1].Effect: \"allow\" is not Allow or Deny\n\
         Statement[1].Action: \"CopyProduct\" is not * or a service and an action\n\
         Statement[1].Resource[2]: must be text, not a number\n\
         Statement[1].Resource[0]: \"prod-a\" is neither an ARN nor *\n\
         Statement[2].action: there is no such member; Action is meant?\n\
         Statement[2].Sid: \"a b\" has more than letters and digits\n\
         Statement[2]: has neither Action nor NotAction\n\
         Statement[2].Condition.StringEquls: there is no such operator\n\
         Statement[2].Condition.DateLessThan.aws:CurrentTime[0]: \"soon\" is not a time such as \
         2026-01-31T23:59:59Z or seconds since 1970\n\
         Statement[2].Condition.Null.username: a key needs a prefix such as aws:\n\
         Statement[2].Condition.Null.username: \"maybe\" is not true or false\n\
         Statement[3]: must be an object, not a number"
    );
}

#[test]
fn what_is_no_object_is_no_policy() {
    assert!(problems("").starts_with("policy: is not JSON: "));
    assert!(problems("{} x").starts_with("policy: is not JSON: "));
    assert!(problems(&"[".repeat(5_000)).starts_with("policy: is not JSON: "));
    assert_eq!(problems("[]"), "policy: must be an object, not a list");
    assert_eq!(problems("{}"), "policy: has no Statement");
    assert_eq!(
        problems(r#"{"Statement": []}"#),
        "Statement: must not be empty"
    );
    assert_eq!(
        problems(r#"{"Statement": "all"}"#),
        "Statement: must be an object, not text"
    );
    assert_eq!(
        problems(r#"{"Statement": {}}"#),
        "Statement: has no Effect\n\
         Statement: has neither Action nor NotAction\n\
         Statement: has neither Resource nor NotResource"
    );
}

#[test]
fn members_given_twice_are_refused_wherever_they_stand() {
    assert_eq!(
        problems_of(r#""Effect": "Deny", "Action": "*", "Resource": "*""#),
        "Statement.Effect: is given twice"
    );
    assert_eq!(
        problems_of_condition(r#"{"Bool": {"a:b": "true"}, "Bool": {"a:c": "true"}}"#),
        "Statement.Condition.Bool: is given twice"
    );
    assert_eq!(
        problems_of_condition(r#"{"Bool": {"a:b": "true", "a:b": "false"}}"#),
        "Statement.Condition.Bool.a:b: is given twice"
    );
    let sids = r#"{"Statement": [
        {"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    assert_eq!(
        problems(sids),
        "Statement[1].Sid: \"A\" is the Sid of another statement"
    );
}

#[test]
fn actions_and_resources_have_their_forms() {
    assert_eq!(
        problems_of(r#""Action": "a:*", "NotAction": "b:*", "Resource": "*""#),
        "Statement: has both Action and NotAction"
    );
    assert_eq!(
        problems_of(r#""Action": [], "Resource": "*""#),
        "Statement.Action: must not be empty"
    );
    assert_eq!(
        problems_of(r#""Action": "a:${aws:username}", "Resource": "*""#),
        "Statement.Action: \"a:${aws:username}\" has '$', which no action has"
    );
    assert_eq!(
        problems_of(r#""Action": "*", "Resource": "arn:aws:s3:::${aws:username""#),
        "Statement.Resource: the variable ${aws:username has no end"
    );
    assert_eq!(
        problems_of(r#""Action": "*", "Resource": "arn:aws:s3:::${username}""#),
        "Statement.Resource: \"username\" names no variable: it needs a prefix such as aws:"
    );
    assert_eq!(
        problems_of(r#""Action": "*", "Resource": "arn:aws:s3:::${aws:username 'x'}""#),
        "Statement.Resource: \"aws:username \" and its default need a comma between them"
    );
    assert_eq!(
        problems_of(r#""Action": "*", "Resource": "*", "Principal": "*""#),
        "Statement.Principal: an identity policy has no Principal: it is for those who have it"
    );
}

#[test]
fn values_have_the_form_that_their_operator_compares() {
    let told = problems_of_condition(
        r#"{"NumericEquals": {"a:b": "ten"}, "Bool": {"a:b": "yes"}, "BinaryEquals": {"a:b": "?"},
            "IpAddress": {"a:b": "10.0.0.0/33"}, "StringEquals": {"a:b": null},
            "NumericLessThan": {"a:b": "${aws:PrincipalTag/n}"}}"#,
    );
    assert_eq!(
        told,
        "Statement.Condition.NumericEquals.a:b: \"ten\" is not a number\n\
         Statement.Condition.Bool.a:b: \"yes\" is not true or false\n\
         Statement.Condition.BinaryEquals.a:b: \"?\" is not base64\n\
         Statement.Condition.IpAddress.a:b: \"10.0.0.0/33\" is not an IP address or a range such \
         as 203.0.113.0/24\n\
         Statement.Condition.StringEquals.a:b: must be text, a number or a boolean, not null\n\
         Statement.Condition.NumericLessThan.a:b: \"${aws:PrincipalTag/n}\" is not a number"
    );
    for name in ["NullIfExists", "ForAnyValue:Null"] {
        assert_eq!(
            problems_of_condition(&format!(r#"{{"{name}": {{"a:b": "true"}}}}"#)),
            format!("Statement.Condition.{name}: Null takes neither a set qualifier nor IfExists")
        );
    }
}

#[test]
fn each_limit_is_told() {
    let long = " ".repeat(POLICY_BYTES_MAX + 1);
    let told = format!(
        "policy: {} bytes, at most {POLICY_BYTES_MAX} may be given",
        long.len()
    );
    assert_eq!(problems(&long), told);

    let statement = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let many = vec![statement; STATEMENTS_MAX + 1].join(",");
    assert_eq!(
        problems(&format!(r#"{{"Statement": [{many}]}}"#)),
        format!(
            "Statement: {} items, at most {STATEMENTS_MAX} may be given",
            STATEMENTS_MAX + 1
        )
    );

    let many = vec![r#""a:b""#; VALUES_MAX + 1].join(",");
    assert_eq!(
        problems_of(&format!(r#""Action": [{many}], "Resource": "*""#)),
        format!(
            "Statement.Action: {} items, at most {VALUES_MAX} may be given",
            VALUES_MAX + 1
        )
    );

    let keys: Vec<String> = (0..=mimeo_iam::CONDITIONS_MAX)
        .map(|at| format!(r#""a:{at}": "x""#))
        .collect();
    assert_eq!(
        problems_of_condition(&format!(r#"{{"StringEquals": {{{}}}}}"#, keys.join(","))),
        format!(
            "Statement.Condition: {} keys, at most {} may be given",
            keys.len(),
            keys.len() - 1
        )
    );
}

#[test]
fn more_problems_than_can_be_read_are_counted() {
    let odd: Vec<String> = (0..PROBLEMS_MAX + 3)
        .map(|at| format!(r#""{at}""#))
        .collect();
    let json = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Action": [{}], "Resource": "*"}}}}"#,
        odd.join(",")
    );
    let error = Policy::parse(&json).expect_err("is refused");
    assert_eq!((error.problems.len(), error.more), (PROBLEMS_MAX, 3));
    assert!(error.to_string().ends_with("; and 3 more"));
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,60}") {
        let _ = Policy::parse(&text);
        let quoted = serde_json::Value::from(text).to_string();
        for json in [
            format!(r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": {quoted}, "Resource": {quoted}}}}}"#),
            format!(r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {{
                "StringLike": {{"a:b": {quoted}}}, "DateEquals": {{"a:b": {quoted}}}, "IpAddress": {{"a:b": {quoted}}}, {quoted}: {{}}}}}}}}"#),
        ] {
            let _ = Policy::parse(&json);
        }
    }

    #[test]
    fn no_variable_makes_the_reader_panic(text in r"arn:[${}*?,' :a]{0,20}") {
        let quoted = serde_json::Value::from(text).to_string();
        let _ = Policy::parse(&format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": {quoted}}}}}"#
        ));
    }
}
