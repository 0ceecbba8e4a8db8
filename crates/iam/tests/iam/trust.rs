//! Who may assume a role.

use mimeo_iam::{Facts, Principal, Reason, Request, Trust, TrustPolicy, decide_trust};

const ANNA: Principal<'static> = Principal::Identity {
    account: "111122223333",
    arn: "arn:aws:iam::111122223333:user/anna",
    session: None,
};
const SESSION: Principal<'static> = Principal::Identity {
    account: "111122223333",
    arn: "arn:aws:iam::111122223333:role/team/Deploy",
    session: Some("arn:aws:sts::111122223333:assumed-role/Deploy/ci"),
};
const NOTHING: Trust = Trust::Denied(Reason::NothingAllows);

#[track_caller]
fn check_with(statements: &str, principal: &Principal<'_>, facts: &Facts<'_>, wanted: Trust) {
    let json = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    let policy = TrustPolicy::parse(&json).unwrap_or_else(|error| panic!("{error}\n{json}"));
    let request = Request {
        action: "sts:AssumeRole",
        resource: None,
        context: facts,
    };
    let trust = decide_trust(&policy, principal, &request);
    assert_eq!(trust, wanted, "{statements} of {principal:?}");
}

/// What a statement with this `Principal` says.
#[track_caller]
fn check(named: &str, principal: &Principal<'_>, wanted: Trust) {
    let statement =
        format!(r#"{{"Effect": "Allow", "Principal": {named}, "Action": "sts:AssumeRole"}}"#);
    check_with(&statement, principal, &Facts::new(), wanted);
}

#[track_caller]
fn problems(statement: &str) -> String {
    let json = format!(r#"{{"Statement": [{statement}]}}"#);
    let error = TrustPolicy::parse(&json).expect_err("is refused");
    let lines: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn an_identity_is_named_or_comes_through_its_account() {
    let user = r#"{"AWS": "arn:aws:iam::111122223333:user/anna"}"#;
    check(user, &ANNA, Trust::Named);
    check(user, &SESSION, NOTHING);
    for account in [
        r#"{"AWS": "111122223333"}"#,
        r#"{"AWS": ["arn:aws:iam::111122223333:root"]}"#,
    ] {
        check(account, &ANNA, Trust::ThroughAccount);
        check(account, &SESSION, Trust::ThroughAccount);
    }
    check(r#"{"AWS": "444455556666"}"#, &ANNA, NOTHING);
    check(r#""*""#, &ANNA, Trust::Named);
    check(r#"{"AWS": "*"}"#, &ANNA, Trust::Named);
    check(
        r#"{"AWS": ["111122223333", "arn:aws:iam::111122223333:user/anna"]}"#,
        &ANNA,
        Trust::Named,
    );
}

#[test]
fn a_session_is_named_by_its_role_or_by_itself() {
    check(
        r#"{"AWS": "arn:aws:iam::111122223333:role/team/Deploy"}"#,
        &SESSION,
        Trust::Named,
    );
    check(
        r#"{"AWS": "arn:aws:iam::111122223333:role/Deploy"}"#,
        &SESSION,
        NOTHING,
    );
    check(
        r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/Deploy/ci"}"#,
        &SESSION,
        Trust::Named,
    );
    check(
        r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/Deploy/other"}"#,
        &SESSION,
        NOTHING,
    );
}

#[test]
fn services_and_providers_are_named_by_their_kind() {
    let service = Principal::Service("servicecatalog.amazonaws.com");
    check(
        r#"{"Service": "servicecatalog.amazonaws.com"}"#,
        &service,
        Trust::Named,
    );
    check(r#"{"Service": ["ec2.amazonaws.com"]}"#, &service, NOTHING);
    check(
        r#"{"Federated": "servicecatalog.amazonaws.com"}"#,
        &service,
        NOTHING,
    );
    check(r#"{"AWS": "111122223333"}"#, &service, NOTHING);
    let provider = Principal::Federated("accounts.example.com");
    check(
        r#"{"Federated": "accounts.example.com"}"#,
        &provider,
        Trust::Named,
    );
}

#[test]
fn only_what_is_named_in_its_own_account_needs_no_policy_of_its_own() {
    let (own, other) = ("111122223333", "444455556666");
    assert!(!Trust::Named.needs_own_policy(own, own));
    assert!(Trust::Named.needs_own_policy(own, other));
    assert!(Trust::ThroughAccount.needs_own_policy(own, own));
    assert!(Trust::ThroughAccount.needs_own_policy(own, other));
}

#[test]
fn a_deny_wins_also_through_the_account() {
    let statements = r#"
        {"Effect": "Allow", "Principal": "*", "Action": "sts:*"},
        {"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}"#;
    check_with(
        statements,
        &ANNA,
        &Facts::new(),
        Trust::Denied(Reason::Explicit),
    );
}

#[test]
fn actions_and_conditions_count() {
    let tagging = r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"}"#;
    check_with(tagging, &ANNA, &Facts::new(), NOTHING);
    let external = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {"sts:ExternalId": "secret"}}}"#;
    check_with(external, &ANNA, &Facts::new(), NOTHING);
    let knows = Facts::new().with("sts:ExternalId", "secret");
    check_with(external, &ANNA, &knows, Trust::ThroughAccount);
}

#[test]
fn what_a_trust_policy_cannot_say_is_told() {
    assert_eq!(
        problems(
            r#"{"Effect": "Allow", "NotPrincipal": "*", "Action": "sts:AssumeRole", "Resource": "*"}"#
        ),
        "Statement[0].Resource: a trust policy names no resource: it is about its role\n\
         Statement[0].NotPrincipal: is not supported: name those who may in Principal"
    );
    assert_eq!(
        problems(r#"{"Effect": "Allow", "Action": "sts:AssumeRole"}"#),
        "Statement[0]: has no Principal"
    );
    let of = |principal: &str| {
        problems(&format!(
            r#"{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {principal}}}"#
        ))
    };
    assert_eq!(of("{}"), "Statement[0].Principal: must not be empty");
    assert_eq!(
        of(r#"{"AWS": []}"#),
        "Statement[0].Principal.AWS: must not be empty"
    );
    assert_eq!(
        of(r#"{"CanonicalUser": "x"}"#),
        "Statement[0].Principal.CanonicalUser: there is no such kind; AWS, Service or Federated"
    );
    assert_eq!(
        of(r#""anna""#),
        "Statement[0].Principal: must be an object, not text"
    );
    for odd in [
        "anna",
        "11112222333",
        "AIDAEXAMPLEEXAMPLE",
        "arn:aws:iam::111122223333:user/*",
        "arn:aws:iam::111122223333:group/a",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::*:root",
        "arn:aws:s3:::bucket",
    ] {
        let told = of(&format!(r#"{{"AWS": "{odd}"}}"#));
        assert!(
            told.starts_with(&format!("Statement[0].Principal.AWS: {odd:?} is not *")),
            "{told}"
        );
    }
    assert_eq!(
        of(r#"{"Service": "*"}"#),
        "Statement[0].Principal.Service: \"*\" must be a name, without wildcards"
    );
}
