//! Users, groups, roles, policies and the organization.

use std::time::Duration;

use super::problems;
use crate::config::Config;

const IDENTITIES: &str = r#"
regions = ["us-east-1"]
[[account]]
id = "123456789012"
unit = "ou-root-platform1"
[[account.key]]
id = "AKIAHUB"
secret = "hidden-secret"
user = "deploy"
[[account.user]]
name = "deploy"
path = "/ci/"
groups = ["publishers"]
policies = ["AWSServiceCatalogAdminReadOnlyAccess", "arn:aws:iam::123456789012:policy/publish"]
[[account.group]]
name = "publishers"
policies = ["arn:aws:iam::aws:policy/AWSServiceCatalogEndUserFullAccess"]
[[account.policy]]
name = "publish"
document = '''{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'''
[[account.role]]
name = "Publisher"
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}}'''
policies = ["publish"]
max_session_seconds = 7200
[organization]
id = "o-exampleorg1"
management_account = "123456789012"
[[organization.unit]]
id = "ou-root-platform1"
name = "platform"
"#;

#[test]
fn users_groups_roles_policies_and_the_organization_are_read() {
    let config = Config::of_toml(IDENTITIES).unwrap();
    let [account] = &config.accounts[..] else {
        panic!("one account")
    };
    assert_eq!(account.users[0].path, "/ci/");
    assert_eq!(account.roles[0].session_max, Duration::from_hours(2));
    let organization = config.organization.unwrap();
    let unit = organization.accounts[0].unit.as_deref();
    assert_eq!(unit, Some("ou-root-platform1"));
}

#[test]
fn a_policy_may_lie_in_a_file() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("publish.json");
    let document = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    std::fs::write(&path, document).unwrap();
    let here = format!("document = '''{document}'''");
    let file = IDENTITIES.replace(&here, &format!("file = {path:?}"));
    let config = Config::of_toml(&file).unwrap();
    assert_eq!(config.accounts[0].policies[0].document, document);
    std::fs::write(&path, "{").unwrap();
    let told = Config::of_toml(&file).unwrap_err().to_string();
    assert!(told.contains("policy publish"), "{told}");
}

#[test]
fn names_that_name_nothing_are_all_said_at_once() {
    for (from, to, part) in [
        (
            "user = \"deploy\"",
            "user = \"other\"",
            "no [[account.user]] describes",
        ),
        (
            "groups = [\"publishers\"]",
            "groups = [\"x\"]",
            "there is no group \"x\"",
        ),
        (
            "policies = [\"publish\"]",
            "policies = [\"x\"]",
            "there is no policy \"x\"",
        ),
        (
            "name = \"publish\"",
            "name = \"AdministratorAccess\"",
            "AWS has a policy",
        ),
        (
            "\"Effect\": \"Allow\", \"Action\": \"*\"",
            "\"Action\": \"*\"",
            "policy publish",
        ),
        ("\"Principal\": {", "\"Principle\": {", "its trust policy"),
        ("7200", "60", "max_session_seconds"),
        ("/ci/", "ci", "\"ci\" is not a path"),
        (
            "name = \"deploy\"",
            "name = \"de ploy\"",
            "\"de ploy\" is not a name",
        ),
        (
            "management_account = \"123456789012\"",
            "management_account = \"222222222222\"",
            "222222222222",
        ),
        (
            "unit = \"ou-root-platform1\"",
            "unit = \"ou-root-platform2\"",
            "ou-root-platform2",
        ),
    ] {
        assert!(IDENTITIES.contains(from), "{from}");
        let told = problems(&IDENTITIES.replacen(from, to, 1));
        assert!(told.contains(part), "{part} in {told}");
        assert!(!told.contains("hidden"), "{told}");
    }
    let two = IDENTITIES
        .replace("user = \"deploy\"", "user = \"other\"")
        .replace("7200", "60");
    assert!(problems(&two).lines().count() >= 2);
    let (alone, _) = IDENTITIES.split_once("[organization]").unwrap();
    assert!(problems(alone).contains("there is no [organization]"));
}
