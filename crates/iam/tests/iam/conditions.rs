//! What each operator makes of values, of sets of values and of absent keys.

use mimeo_iam::Facts;

use crate::{ask, statements};

/// Whether `condition` holds of what `facts` know.
#[track_caller]
fn check(condition: &str, facts: &Facts<'_>, wanted: bool) {
    let policy = statements(&format!(
        r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}"#
    ));
    let allowed = ask(&policy, "a:B", None, facts).is_allowed();
    assert_eq!(allowed, wanted, "{condition} of {facts:?}");
}

/// Whether `operator` holds of the one value `given` against `wanted`, which is JSON.
#[track_caller]
fn compare(operator: &str, given: &str, wanted: &str, holds: bool) {
    let condition = format!(r#"{{"{operator}": {{"k:ey": {wanted}}}}}"#);
    check(&condition, &Facts::new().with("k:ey", given), holds);
}

/// As [`compare`], of a key with a set of values.
#[track_caller]
fn compare_set(operator: &str, given: &[&str], wanted: &str, holds: bool) {
    let condition = format!(r#"{{"{operator}": {{"k:ey": {wanted}}}}}"#);
    let given = given.iter().copied();
    check(&condition, &Facts::new().with_many("k:ey", given), holds);
}

/// As [`compare`], of a key that the request does not have.
#[track_caller]
fn compare_absent(operator: &str, wanted: &str, holds: bool) {
    let condition = format!(r#"{{"{operator}": {{"k:ey": {wanted}}}}}"#);
    check(&condition, &Facts::new(), holds);
    compare_set(operator, &[], wanted, holds);
}

#[test]
fn texts() {
    compare("StringEquals", "a", r#""a""#, true);
    compare("StringEquals", "A", r#""a""#, false);
    compare("StringEquals", "b", r#"["a", "b"]"#, true);
    compare("StringEquals", "ab", r#""a*""#, false);
    compare("StringEquals", "a*", r#""a*""#, true);
    compare("StringEquals", "", r#""""#, true);
    compare("StringEquals", "12", "12", true);
    compare("StringNotEquals", "a", r#""a""#, false);
    compare("StringNotEquals", "c", r#"["a", "b"]"#, true);
    compare("StringNotEquals", "b", r#"["a", "b"]"#, false);
    compare("StringEqualsIgnoreCase", "aB", r#""Ab""#, true);
    compare("StringNotEqualsIgnoreCase", "aB", r#""Ab""#, false);
    compare("StringLike", "team/a/b", r#""team/*""#, true);
    compare("StringLike", "team/a/b", r#""team/?/?""#, true);
    compare("StringLike", "TEAM/a", r#""team/*""#, false);
    compare("StringLike", "a:b", r#""*b""#, true);
    compare("StringNotLike", "team/a", r#""team/*""#, false);
    compare("StringNotLike", "x", r#"["team/*", "y"]"#, true);
}

#[test]
fn numbers() {
    compare("NumericEquals", "10", r#""10.0""#, true);
    compare("NumericEquals", "10", "10", true);
    compare("NumericNotEquals", "10", r#""11""#, true);
    compare("NumericLessThan", "9", r#""10""#, true);
    compare("NumericLessThan", "10", r#""10""#, false);
    compare("NumericLessThanEquals", "10", r#""10""#, true);
    compare("NumericGreaterThan", "10.5", r#""10""#, true);
    compare("NumericGreaterThan", "-10.5", r#""10""#, false);
    compare("NumericGreaterThanEquals", "10", r#""10""#, true);
    // What is no number equals none.
    compare("NumericEquals", "ten", r#""10""#, false);
    compare("NumericNotEquals", "ten", r#""10""#, true);
    compare("NumericLessThan", "ten", r#""10""#, false);
}

#[test]
fn dates() {
    let noon = "2026-01-31T12:00:00Z";
    compare("DateEquals", noon, r#""2026-01-31T13:00:00+01:00""#, true);
    compare("DateEquals", noon, r#""1769860800""#, true);
    compare("DateEquals", noon, "1769860800", true);
    compare(
        "DateEquals",
        "1769860800",
        r#""2026-01-31T12:00:00Z""#,
        true,
    );
    compare("DateNotEquals", noon, r#""2026-01-31""#, true);
    compare("DateLessThan", noon, r#""2026-02-01""#, true);
    compare("DateLessThan", noon, r#""2026-01-31T12:00:00Z""#, false);
    compare(
        "DateLessThanEquals",
        noon,
        r#""2026-01-31T12:00:00Z""#,
        true,
    );
    compare("DateGreaterThan", noon, r#""2026""#, true);
    compare("DateGreaterThan", noon, r#""2027""#, false);
    compare(
        "DateGreaterThanEquals",
        noon,
        r#""2026-01-31T12:00:00.001Z""#,
        false,
    );
    compare("DateLessThan", "soon", r#""2026""#, false);
}

#[test]
fn booleans_and_bytes() {
    compare("Bool", "true", r#""true""#, true);
    compare("Bool", "True", "true", true);
    compare("Bool", "false", "true", false);
    compare("Bool", "yes", "true", false);
    compare("BinaryEquals", "QUI=", r#""QUI=""#, true);
    compare("BinaryEquals", "qui=", r#""QUI=""#, false);
}

#[test]
fn addresses() {
    compare("IpAddress", "203.0.113.7", r#""203.0.113.0/24""#, true);
    compare("IpAddress", "203.0.114.7", r#""203.0.113.0/24""#, false);
    compare("IpAddress", "203.0.113.7", r#""203.0.113.7""#, true);
    compare(
        "IpAddress",
        "2001:db8::1",
        r#"["10.0.0.0/8", "2001:DB8::/32"]"#,
        true,
    );
    compare("IpAddress", "nowhere", r#""0.0.0.0/0""#, false);
    compare("NotIpAddress", "203.0.113.7", r#""203.0.113.0/24""#, false);
    compare(
        "NotIpAddress",
        "198.51.100.1",
        r#"["203.0.113.0/24", "10.0.0.0/8"]"#,
        true,
    );
}

#[test]
fn arns_are_compared_segment_by_segment() {
    let role = "arn:aws:iam::111122223333:role/team/deploy";
    for operator in ["ArnEquals", "ArnLike"] {
        compare(
            operator,
            role,
            r#""arn:aws:iam::111122223333:role/team/deploy""#,
            true,
        );
        compare(operator, role, r#""arn:aws:iam::*:role/*""#, true);
        compare(
            operator,
            role,
            r#""arn:*:iam:*:1111????3333:role/*/deploy""#,
            true,
        );
        compare(
            operator,
            role,
            r#""arn:aws:iam::111122223333:ROLE/team/deploy""#,
            false,
        );
        compare(operator, role, r#""arn:aws:iam:*:role/team/deploy""#, false);
        compare(operator, role, r#""arn:aws:iam::*""#, false);
        compare(operator, role, r#""*""#, true);
    }
    // AWS's own example of what a text operator matches and an ARN operator does not.
    let document =
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
    let finance = r#""arn:aws:someservice:*:111122223333:finance/*""#;
    compare("StringLike", document, finance, true);
    compare("ArnLike", document, finance, false);
    for operator in ["ArnNotEquals", "ArnNotLike"] {
        compare(operator, role, r#""arn:aws:iam::*:role/*""#, false);
        compare(operator, role, r#""arn:aws:iam::*:user/*""#, true);
    }
}

#[test]
fn null_asks_whether_a_key_is_there() {
    compare("Null", "x", r#""false""#, true);
    compare("Null", "x", "true", false);
    compare_absent("Null", r#""true""#, true);
    compare_absent("Null", "false", false);
    compare_absent("Null", r#"["true", "false"]"#, true);
}

#[test]
fn an_absent_key_matches_nothing_so_negated_operators_hold() {
    compare_absent("StringEquals", r#""a""#, false);
    compare_absent("StringEquals", r#""""#, false);
    compare_absent("StringLike", r#""*""#, false);
    compare_absent("NumericLessThan", "1", false);
    compare_absent("DateLessThan", "2026", false);
    compare_absent("Bool", "false", false);
    compare_absent("IpAddress", r#""0.0.0.0/0""#, false);
    compare_absent("ArnLike", r#""*""#, false);
    compare_absent("StringNotEquals", r#""a""#, true);
    compare_absent("StringNotEqualsIgnoreCase", r#""a""#, true);
    compare_absent("StringNotLike", r#""*""#, true);
    compare_absent("NumericNotEquals", "1", true);
    compare_absent("DateNotEquals", "2026", true);
    compare_absent("NotIpAddress", r#""0.0.0.0/0""#, true);
    compare_absent("ArnNotEquals", r#""*""#, true);
    compare_absent("ArnNotLike", r#""*""#, true);
}

#[test]
fn if_exists_holds_of_an_absent_key_and_changes_nothing_else() {
    for operator in ["StringEquals", "StringNotEquals", "StringLike"] {
        compare_absent(&format!("{operator}IfExists"), r#""a""#, true);
    }
    compare_absent("NumericLessThanIfExists", "1", true);
    compare_absent("BoolIfExists", "true", true);
    compare_absent("ForAnyValue:StringEqualsIfExists", r#""a""#, true);
    compare_absent("ForAllValues:StringEqualsIfExists", r#""a""#, true);
    compare("StringEqualsIfExists", "b", r#""a""#, false);
    compare("StringNotEqualsIfExists", "a", r#""a""#, false);
    compare("BoolIfExists", "false", "true", false);
}

#[test]
fn for_all_values_wants_each_value_and_holds_of_none() {
    let all = "ForAllValues:StringEquals";
    compare_set(all, &["a", "b"], r#"["a", "b", "c"]"#, true);
    compare_set(all, &["a", "x"], r#"["a", "b", "c"]"#, false);
    compare(all, "a", r#"["a", "b"]"#, true);
    compare_absent(all, r#""a""#, true);
    // AWS takes an empty text for no value.
    compare_set(all, &[""], r#""a""#, true);
    compare_set(
        "ForAllValues:StringNotEquals",
        &["x", "y"],
        r#"["a", "b"]"#,
        true,
    );
    compare_set(
        "ForAllValues:StringNotEquals",
        &["x", "a"],
        r#"["a", "b"]"#,
        false,
    );
    compare_absent("ForAllValues:StringNotEquals", r#""a""#, true);
    compare_set("ForAllValues:StringLike", &["ab", "ac"], r#""a?""#, true);
    compare_set("ForAllValues:NumericLessThan", &["1", "2"], "3", true);
    compare_set(
        "ForAllValues:IpAddress",
        &["10.0.0.1", "11.0.0.1"],
        r#""10.0.0.0/8""#,
        false,
    );
}

#[test]
fn for_any_value_wants_one_value_and_does_not_hold_of_none() {
    let any = "ForAnyValue:StringEquals";
    compare_set(any, &["x", "b"], r#"["a", "b"]"#, true);
    compare_set(any, &["x", "y"], r#"["a", "b"]"#, false);
    compare_absent(any, r#""a""#, false);
    compare_set(any, &[""], r#""""#, false);
    compare_set(
        "ForAnyValue:StringNotEquals",
        &["a", "x"],
        r#"["a", "b"]"#,
        true,
    );
    compare_set(
        "ForAnyValue:StringNotEquals",
        &["a", "b"],
        r#"["a", "b"]"#,
        false,
    );
    compare_absent("ForAnyValue:StringNotEquals", r#""a""#, false);
    compare_set(
        "ForAnyValue:ArnLike",
        &["x", "arn:aws:iam::1:role/a"],
        r#""arn:aws:iam::*:role/*""#,
        true,
    );
    compare_set(
        "ForAnyValue:DateGreaterThan",
        &["2020", "2027"],
        r#""2026""#,
        true,
    );
}

#[test]
fn without_a_qualifier_one_value_of_a_set_is_enough() {
    compare_set("StringEquals", &["x", "a"], r#""a""#, true);
    compare_set("StringNotEquals", &["x", "a"], r#""a""#, false);
    compare_set("StringNotEquals", &["x", "y"], r#""a""#, true);
}

#[test]
fn keys_ignore_case_and_all_conditions_must_hold() {
    let facts = Facts::new()
        .with("aws:PrincipalTag/Team", "a")
        .with("aws:username", "anna");
    check(
        r#"{"StringEquals": {"AWS:principaltag/TEAM": "a"}}"#,
        &facts,
        true,
    );
    check(
        r#"{"StringEquals": {"aws:PrincipalTag/Team": "a", "aws:username": "anna"}}"#,
        &facts,
        true,
    );
    check(
        r#"{"StringEquals": {"aws:PrincipalTag/Team": "a", "aws:username": "bert"}}"#,
        &facts,
        false,
    );
    check(
        r#"{"StringEquals": {"aws:username": "anna"}, "StringLike": {"aws:PrincipalTag/Team": "b*"}}"#,
        &facts,
        false,
    );
    check("{}", &facts, true);
    check(r#"{"StringEquals": {}}"#, &facts, true);
}

#[test]
fn a_variable_in_a_value_is_the_requests_own() {
    let own = r#"{"StringEquals": {"aws:ResourceTag/owner": "${aws:username}"}}"#;
    let of = |owner: &'static str| Facts::new().with("aws:ResourceTag/owner", owner);
    check(own, &of("anna").with("aws:username", "anna"), true);
    check(own, &of("bert").with("aws:username", "anna"), false);
    check(own, &of("Anna").with("aws:username", "anna"), false);
    // Neither known: nothing equals nothing.
    check(own, &Facts::new(), false);
    check(own, &of(""), false);
    check(own, &of("${aws:username}"), false);
    let others = r#"{"StringNotEquals": {"aws:ResourceTag/owner": "${aws:username}"}}"#;
    check(others, &of("anna").with("aws:username", "anna"), false);
    check(others, &of("anna"), true);

    let default = r#"{"StringEquals": {"aws:ResourceTag/owner": "x-${aws:username, 'nobody'}-y"}}"#;
    check(default, &of("x-nobody-y"), true);
    check(default, &of("x-anna-y").with("aws:username", "anna"), true);
    check(
        default,
        &of("x-nobody-y").with("aws:username", "anna"),
        false,
    );

    let ignoring = r#"{"StringEqualsIgnoreCase": {"aws:ResourceTag/owner": "${aws:username}é"}}"#;
    check(ignoring, &of("ANNAé").with("aws:username", "anna"), true);
    check(ignoring, &of("é").with("aws:username", "anna"), false);

    let like = r#"{"StringLike": {"aws:ResourceTag/owner": "${aws:username}-*${*}"}}"#;
    check(like, &of("anna-1*").with("aws:username", "anna"), true);
    check(like, &of("anna-1x").with("aws:username", "anna"), false);
    check(like, &of("bert-1*").with("aws:username", "*"), false);

    let arn = r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/*"}}"#;
    let role = Facts::new().with("aws:PrincipalArn", "arn:aws:iam::111122223333:role/a");
    check(
        arn,
        &role.clone().with("aws:PrincipalAccount", "111122223333"),
        true,
    );
    check(
        arn,
        &role.clone().with("aws:PrincipalAccount", "444455556666"),
        false,
    );
    check(arn, &role, false);
    check(arn, &role.with("aws:PrincipalAccount", "*"), false);
}
