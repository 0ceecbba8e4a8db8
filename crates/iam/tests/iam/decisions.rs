//! Actions, resources and effects.

use mimeo_iam::{Context, Decision, Facts, Reason, Request, Values, decide, denied_message};

use crate::{ask, nobody, policy, statements};

const EXPLICIT: Decision = Decision::Denied(Reason::Explicit);
const NOTHING: Decision = Decision::Denied(Reason::NothingAllows);
const PRODUCT: &str = "arn:aws:catalog:eu-west-1:111122223333:product/prod-a";

/// Whether a statement on `pattern` is about `action`.
#[track_caller]
fn check_action(pattern: &str, action: &str, wanted: bool) {
    let policy = statements(&format!(
        r#"{{"Effect": "Allow", "Action": "{pattern}", "Resource": "*"}}"#
    ));
    let allowed = ask(&policy, action, None, &nobody()).is_allowed();
    assert_eq!(allowed, wanted, "{pattern} on {action}");
}

/// Whether a statement on `pattern` is about `resource`.
#[track_caller]
fn check_resource(pattern: &str, resource: Option<&str>, wanted: bool) {
    let policy = statements(&format!(
        r#"{{"Effect": "Allow", "Action": "*", "Resource": "{pattern}"}}"#
    ));
    let allowed = ask(&policy, "a:B", resource, &nobody()).is_allowed();
    assert_eq!(allowed, wanted, "{pattern} on {resource:?}");
}

#[test]
fn actions_match_in_any_case_and_with_wildcards() {
    check_action("*", "servicecatalog:CopyProduct", true);
    check_action("*:*", "servicecatalog:CopyProduct", true);
    check_action("servicecatalog:*", "servicecatalog:CopyProduct", true);
    check_action(
        "ServiceCatalog:copyPRODUCT",
        "servicecatalog:CopyProduct",
        true,
    );
    check_action("servicecatalog:COPY*", "servicecatalog:CopyProduct", true);
    check_action(
        "servicecatalog:*Product",
        "servicecatalog:CopyProduct",
        true,
    );
    check_action("servicecatalog:C*y*t", "servicecatalog:CopyProduct", true);
    check_action(
        "servicecatalog:Copy???????",
        "servicecatalog:CopyProduct",
        true,
    );
    check_action(
        "servicecatalog:Copy??????",
        "servicecatalog:CopyProduct",
        false,
    );
    check_action("servicecatalog:Copy", "servicecatalog:CopyProduct", false);
    check_action("s3:*", "servicecatalog:CopyProduct", false);
    check_action("service*:CopyProduct", "servicecatalog:CopyProduct", true);
    check_action(
        "servicecatalog:Describe*",
        "servicecatalog:CopyProduct",
        false,
    );
}

#[test]
fn resources_match_in_their_own_case_and_with_wildcards() {
    check_resource("*", Some(PRODUCT), true);
    check_resource(PRODUCT, Some(PRODUCT), true);
    check_resource(
        &PRODUCT.to_uppercase().replace("ARN:", "arn:"),
        Some(PRODUCT),
        false,
    );
    check_resource("arn:aws:catalog:*:*:product/*", Some(PRODUCT), true);
    check_resource(
        "arn:aws:catalog:eu-west-1:111122223333:*",
        Some(PRODUCT),
        true,
    );
    check_resource(
        "arn:aws:catalog:eu-*-1:1111*3333:product/prod-?",
        Some(PRODUCT),
        true,
    );
    check_resource(
        "arn:aws:catalog:eu-west-1:111122223333:product/prod-??",
        Some(PRODUCT),
        false,
    );
    check_resource("arn:aws:catalog:*:*:portfolio/*", Some(PRODUCT), false);
    check_resource("arn:aws:catalog:*:*:*/prod-a", Some(PRODUCT), true);
    check_resource("arn:aws:catalog:us-*:*:product/*", Some(PRODUCT), false);
    let slashes = "arn:aws:iam::111122223333:role/a/b/c";
    check_resource("arn:aws:iam::*:role/*/c", Some(slashes), true);
    check_resource("arn:aws:iam::*:role/a*", Some(slashes), true);
}

#[test]
fn a_wildcard_within_a_segment_stays_there_and_one_at_its_end_does_not() {
    check_resource("arn:aws:*", Some(PRODUCT), true);
    check_resource("arn:aws:cat*:product/prod-a", Some(PRODUCT), true);
    check_resource(
        "arn:aws:cat*g:eu-west-1:111122223333:product/prod-a",
        Some(PRODUCT),
        true,
    );
    check_resource("arn:aws:cat*3:product/prod-a", Some(PRODUCT), false);
    check_resource(
        "arn:aws:catalog?eu-west-1:111122223333:product/prod-a",
        Some(PRODUCT),
        false,
    );
    let topic = "arn:aws:sns:eu-west-1:111122223333:topic:sub:1";
    check_resource("arn:aws:sns:*:*:topic*1", Some(topic), true);
    check_resource("arn:aws:sns:*:*:topic?sub?1", Some(topic), true);
}

#[test]
fn an_action_without_resources_is_asked_for_everything() {
    check_resource("*", None, true);
    check_resource("**", None, true);
    check_resource("arn:*", None, false);
    check_resource("arn:aws:catalog:*:*:*", None, false);
    check_resource("*", Some("*"), true);
    check_resource("arn:*", Some("*"), false);
}

#[test]
fn a_deny_wins_wherever_it_stands() {
    let allow = statements(r#"{"Effect": "Allow", "Action": "s:*", "Resource": "*"}"#);
    let deny = statements(r#"{"Effect": "Deny", "Action": "s:Delete*", "Resource": "*"}"#);
    let both = statements(
        r#"{"Effect": "Allow", "Action": "s:*", "Resource": "*"},
           {"Effect": "Deny", "Action": "s:Delete*", "Resource": "*"},
           {"Effect": "Allow", "Action": "s:DeleteIt", "Resource": "*"}"#,
    );
    let facts = nobody();
    let request = |action| Request {
        action,
        resource: None,
        context: &facts,
    };
    assert_eq!(decide([&allow, &deny], &request("s:DeleteIt")), EXPLICIT);
    assert_eq!(decide([&deny, &allow], &request("s:DeleteIt")), EXPLICIT);
    assert_eq!(decide([&both], &request("s:DeleteIt")), EXPLICIT);
    assert_eq!(
        decide([&deny, &allow], &request("s:GetIt")),
        Decision::Allowed
    );
    assert_eq!(decide([&deny], &request("s:GetIt")), NOTHING);
    assert_eq!(decide([], &request("s:GetIt")), NOTHING);
}

#[test]
fn deny_with_not_action_denies_the_rest_and_allows_nothing() {
    let only_reads =
        statements(r#"{"Effect": "Deny", "NotAction": ["s:Get*", "s:List*"], "Resource": "*"}"#);
    assert_eq!(ask(&only_reads, "s:Put", None, &nobody()), EXPLICIT);
    assert_eq!(ask(&only_reads, "s:GetIt", None, &nobody()), NOTHING);

    let all_but = statements(r#"{"Effect": "Allow", "NotAction": "s:Delete*", "Resource": "*"}"#);
    assert_eq!(ask(&all_but, "s:DeleteIt", None, &nobody()), NOTHING);
    assert_eq!(
        ask(&all_but, "other:Anything", None, &nobody()),
        Decision::Allowed
    );
}

#[test]
fn not_resource_is_about_the_rest() {
    let policy = statements(
        r#"{"Effect": "Deny", "Action": "*", "NotResource": ["arn:aws:catalog:*:*:product/prod-a"]}"#,
    );
    let other = "arn:aws:catalog:eu-west-1:111122223333:product/prod-b";
    assert_eq!(ask(&policy, "a:B", Some(PRODUCT), &nobody()), NOTHING);
    assert_eq!(ask(&policy, "a:B", Some(other), &nobody()), EXPLICIT);
    assert_eq!(ask(&policy, "a:B", None, &nobody()), EXPLICIT);
}

#[test]
fn a_variable_in_a_resource_is_the_callers_own() {
    let home = r#"{"Effect": "Allow", "Action": "*",
        "Resource": "arn:aws:s3:::home/${aws:username}/*"}"#;
    let anna = Facts::new().with("aws:UserName", "anna");
    let check = |statement: &str, resource: &str, facts: &Facts<'_>, wanted: bool| {
        let allowed = ask(&statements(statement), "s3:Get", Some(resource), facts).is_allowed();
        assert_eq!(allowed, wanted, "{statement} {resource} {facts:?}");
    };
    check(home, "arn:aws:s3:::home/anna/x", &anna, true);
    check(home, "arn:aws:s3:::home/bert/x", &anna, false);
    // Unknown is not empty, and its text is not the name.
    check(home, "arn:aws:s3:::home//x", &nobody(), false);
    check(
        home,
        "arn:aws:s3:::home/${aws:username}/x",
        &nobody(),
        false,
    );
    // A value is no pattern, and a set of values is no value.
    let star = Facts::new().with("aws:username", "*");
    check(home, "arn:aws:s3:::home/bert/x", &star, false);
    check(home, "arn:aws:s3:::home/*/x", &star, true);
    let set = Facts::new().with_many("aws:username", ["anna"]);
    check(home, "arn:aws:s3:::home/anna/x", &set, false);

    let default = r#"{"Effect": "Allow", "Action": "*",
        "Resource": "arn:aws:s3:::home/${aws:username, 'any one'}/*"}"#;
    check(default, "arn:aws:s3:::home/any one/x", &nobody(), true);
    check(default, "arn:aws:s3:::home/anna/x", &anna, true);
    check(default, "arn:aws:s3:::home/any one/x", &anna, false);

    let escaped = r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${*}${?}${$}*"}"#;
    check(escaped, "arn:aws:s3:::*?$x", &nobody(), true);
    check(escaped, "arn:aws:s3:::ab$x", &nobody(), false);
}

#[test]
fn the_old_version_has_no_variables() {
    for version in [r#""Version": "2008-10-17","#, ""] {
        let policy = policy(&format!(
            r#"{{{version} "Statement": {{"Effect": "Allow", "Action": "*",
                "Resource": "arn:aws:s3:::${{aws:username}}"}}}}"#
        ));
        let anna = Facts::new().with("aws:username", "anna");
        let allows = |resource| ask(&policy, "s3:Get", Some(resource), &anna).is_allowed();
        assert!(!allows("arn:aws:s3:::anna"));
        assert!(allows("arn:aws:s3:::${aws:username}"));
    }
}

/// Knows nothing, and is not to be asked.
struct Unasked;

impl Context for Unasked {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        panic!("asked for {key}")
    }
}

#[test]
fn a_context_is_asked_only_by_statements_about_the_request() {
    let policy = statements(
        r#"{"Effect": "Allow", "Action": "s:Get*", "Resource": "*"},
           {"Effect": "Deny", "Action": "s:Put*", "Resource": "*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
           {"Effect": "Allow", "Action": "s:Get*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}"#,
    );
    assert_eq!(ask(&policy, "s:GetIt", None, &Unasked), Decision::Allowed);
}

#[test]
fn a_policy_says_whether_it_looks_at_resources() {
    let check = |statement: &str, wanted: bool| {
        let policy = statements(statement);
        assert_eq!(policy.looks_at_resource("s:Get"), wanted, "{statement}");
        assert!(!policy.looks_at_resource("other:Get"), "{statement}");
    };
    let with = |members: &str| format!(r#"{{"Effect": "Allow", "Action": "s:*", {members}}}"#);
    check(&with(r#""Resource": "*""#), false);
    check(&with(r#""Resource": ["arn:aws:s:::a", "*"]"#), false);
    check(&with(r#""Resource": "arn:*""#), true);
    check(&with(r#""NotResource": "arn:aws:s:::a""#), true);
    let condition =
        |condition: &str| with(&format!(r#""Resource": "*", "Condition": {condition}"#));
    check(
        &condition(r#"{"StringEquals": {"aws:PrincipalTag/a": "b"}}"#),
        false,
    );
    check(
        &condition(r#"{"StringEquals": {"AWS:ResourceTag/a": "b"}}"#),
        true,
    );
    check(
        &condition(r#"{"Null": {"aws:ResourceTag/a": "true"}}"#),
        true,
    );
    check(
        &condition(r#"{"StringEquals": {"aws:PrincipalTag/a": "${aws:ResourceTag/a}"}}"#),
        true,
    );
    check(
        &condition(r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam:::${aws:resourcetag/a}"}}"#),
        true,
    );
}

#[test]
fn a_denial_is_told_in_the_words_of_aws() {
    let told = |reason| {
        denied_message(
            "arn:aws:sts::111122223333:assumed-role/Role/me",
            "servicecatalog:CreatePortfolio",
            "arn:aws:catalog:eu-west-1:111122223333:*",
            reason,
        )
    };
    assert_eq!(
        told(Reason::NothingAllows),
        "User: arn:aws:sts::111122223333:assumed-role/Role/me is not authorized to perform: \
         servicecatalog:CreatePortfolio on resource: arn:aws:catalog:eu-west-1:111122223333:* \
         because no identity-based policy allows the servicecatalog:CreatePortfolio action"
    );
    assert_eq!(
        told(Reason::Explicit),
        "User: arn:aws:sts::111122223333:assumed-role/Role/me is not authorized to perform: \
         servicecatalog:CreatePortfolio on resource: arn:aws:catalog:eu-west-1:111122223333:* \
         with an explicit deny in an identity-based policy"
    );
}
