//! Stories of the configuration.

use super::*;

fn merged(
    flags: &[(&'static str, &str)],
    variables: &[(&str, &str)],
    file: &str,
) -> Result<Config, ConfigError> {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("mimeo.toml");
    std::fs::write(&path, file).unwrap();
    let mut flags: BTreeMap<&'static str, String> = flags
        .iter()
        .map(|(key, value)| (*key, (*value).to_owned()))
        .collect();
    flags.insert("config", path.display().to_string());
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::merge(&flags, &variable)
}

fn problems(file: &str) -> String {
    merged(&[], &[], file).unwrap_err().to_string()
}

const ACCOUNT: &str = r#"
regions = ["us-east-1", "eu-west-1"]
[[account]]
id = "123456789012"
name = "hub"
[[account.key]]
id = "AKIAHUB"
secret = "hidden-secret"
user = "deploy"
[[account.key]]
id = "AKIAROOT"
secret = "hidden-too"
[[account.user]]
name = "deploy"
"#;

#[test]
fn a_flag_wins_over_the_variable_over_the_file_over_the_default() {
    let file = r#"listen = "127.0.0.1:3""#;
    let variable = [("MIMEO_LISTEN", "127.0.0.1:2")];
    let flag = [("listen", "127.0.0.1:1")];
    assert_eq!(
        merged(&flag, &variable, file).unwrap().listen,
        "127.0.0.1:1"
    );
    assert_eq!(merged(&[], &variable, file).unwrap().listen, "127.0.0.1:2");
    assert_eq!(merged(&[], &[], file).unwrap().listen, "127.0.0.1:3");
    assert_eq!(merged(&[], &[], "").unwrap().listen, "127.0.0.1:4566");
}

#[test]
fn data_is_a_folder_memory_or_postgres() {
    let data = |value: &str| merged(&[("data", value)], &[], "").map(|config| config.data);
    assert_eq!(data("here"), Ok(Data::Folder("here".into())));
    assert_eq!(data(":memory:"), Ok(Data::Memory));
    let url = "postgres://mimeo:hidden@db/mimeo";
    assert_eq!(data(url), Ok(Data::Postgres(url.into())));
    assert!(data("mysql://db").is_err());
    assert!(!format!("{:?}", data(url)).contains("hidden"));
}

#[test]
fn keys_of_tables_are_read_as_texts_numbers_and_lists() {
    let file = r#"
        hosts = ["mimeo", "catalogue.test"]
        [templates]
        fetch = "off"
        s3_endpoint = "http://127.0.0.1:9000"
        allow = ["10.0.0.7:443"]
        [quotas]
        products = 7
        [limits]
        head_seconds = 3
    "#;
    let config = merged(&[], &[("MIMEO_QUOTAS_TAGS", "50")], file).unwrap();
    assert_eq!(config.hosts, ["mimeo", "catalogue.test"]);
    assert!(!config.templates.fetch);
    assert_eq!(config.templates.allow.len(), 1);
    assert_eq!((config.quotas.products, config.quotas.tags), (7, 50));
    assert_eq!(config.limits.head, Duration::from_secs(3));
}

#[test]
fn accounts_are_read_and_their_secrets_never_shown() {
    let config = merged(&[], &[], ACCOUNT).unwrap();
    assert!(config.is_verified());
    let [account] = &config.accounts[..] else {
        panic!("one account")
    };
    assert_eq!(account.keys[0].user.as_deref(), Some("deploy"));
    assert_eq!(account.keys[1].secret.reveal(), "hidden-too");
    assert!(!format!("{config:?}").contains("hidden"));
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "from a file\n").unwrap();
    let from_file = format!("secret_file = {path:?}");
    let file = ACCOUNT.replace("secret = \"hidden-secret\"", &from_file);
    let config = merged(&[], &[], &file).unwrap();
    assert_eq!(config.accounts[0].keys[0].secret.reveal(), "from a file");
    let gone = ACCOUNT.replace("secret = \"hidden-secret\"", "secret_file = \"/nowhere\"");
    assert!(problems(&gone).contains("/nowhere"));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let file = r#"
        listen = "nowhere"
        colour = "red"
        config = "other.toml"
        log = 1.5
        [templates]
        fetch = "maybe"
        [quotas]
        products = 0
        [[account]]
        id = "12"
        size = 3
        [[account]]
        id = "123456789012"
        [[account.key]]
        id = "A KEY"
        secret = "hidden-secret"
        secret_file = "x"
    "#;
    let told = problems(file);
    for part in [
        "\"nowhere\" is not host:port",
        "there is no key `colour`",
        "there is no key `config`",
        "log is a text",
        "templates.fetch: \"maybe\"",
        "quotas.products: \"0\"",
        "account 1: there is no key `size`",
        "account 1: \"12\" is not an account",
        "account 123456789012, key 1: the id \"A KEY\"",
        "either secret or secret_file",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(!told.contains("hidden"));
}

#[test]
fn a_line_that_cannot_be_read_is_numbered_but_not_quoted() {
    let told = problems("listen = \"127.0.0.1:1\"\nsecret = hidden");
    assert!(told.contains("line 2"), "{told}");
    assert!(!told.contains("hidden"), "{told}");
}

#[test]
fn accounts_keys_and_regions_belong_together() {
    assert!(problems("regions = [\"us-east-1\"]").contains("without an [[account]]"));
    let unnamed = ACCOUNT.replace("regions = [\"us-east-1\", \"eu-west-1\"]", "");
    assert!(problems(&unnamed).contains("regions"));
    let odd = ACCOUNT.replace("us-east-1", "everywhere");
    assert!(problems(&odd).contains("everywhere"));
    let twice = ACCOUNT.replace("AKIAROOT", "AKIAHUB");
    assert!(problems(&twice).contains("AKIAHUB is there twice"));
    let without = "regions = [\"us-east-1\"]\n[[account]]\nid = \"123456789012\"";
    assert!(problems(without).contains("no account has an [[account.key]]"));
}

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

#[test]
fn a_file_that_is_named_must_be_there() {
    let flags = BTreeMap::from([("config", "/nowhere/mimeo.toml".to_owned())]);
    let told = Config::merge(&flags, &|_| None).unwrap_err().to_string();
    assert!(told.contains("/nowhere/mimeo.toml"), "{told}");
}

#[test]
fn flags_are_read_from_the_command_line() {
    let read = |line: &[&str]| {
        let command = clap::Command::new("serve")
            .no_binary_name(true)
            .args(flags());
        Config::read(&command.try_get_matches_from(line).unwrap()).unwrap()
    };
    let config = read(&[
        "--listen",
        "127.0.0.1:7",
        "--allow-open-network",
        "--data=:memory:",
    ]);
    assert_eq!(config.listen, "127.0.0.1:7");
    assert!(config.allow_open_network);
    assert!(!read(&[]).allow_open_network);
}

#[test]
fn the_described_quotas_are_all_there_are_with_the_same_defaults() {
    let quotas = serde_json::to_value(Quotas::default()).unwrap();
    let quotas = quotas.as_object().unwrap();
    let described: BTreeMap<&str, &str> = SETTINGS
        .iter()
        .filter_map(|setting| Some((setting.key.strip_prefix("quotas.")?, setting.default)))
        .collect();
    assert_eq!(described.len(), quotas.len());
    for (name, value) in quotas {
        assert_eq!(described[name.as_str()], value.to_string(), "{name}");
    }
    assert_eq!(Config::default().quotas, Quotas::default());
}

#[test]
fn the_reference_in_the_docs_is_the_one_of_the_code() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/configuration.md"
    );
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == reference(),
        "run: cargo run -- config reference > docs/reference/configuration.md"
    );
}

const APART: &str = r#"
[peers]
key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
[[region]]
name = "eu-west-1"
endpoint = "http://10.0.0.7:4566"
[[region]]
name = "ap-south-1"
kind = "aws"
endpoint = "https://servicecatalog.ap-south-1.amazonaws.com"
role = "arn:aws:iam::123456789012:role/MimeoReader"
accounts = ["123456789012"]
"#;

#[test]
fn a_region_with_an_endpoint_is_another_servers() {
    let aws = [
        ("AWS_ACCESS_KEY_ID", "AKIAENV"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
    ];
    let config = merged(&[], &aws, APART).unwrap();
    let apart: Vec<_> = config.apart().collect();
    let [(mimeo, of_mimeo), (aws, of_aws)] = &apart[..] else {
        panic!("{apart:?}");
    };
    assert_eq!((mimeo.as_str(), aws.as_str()), ("eu-west-1", "ap-south-1"));
    assert_eq!(of_mimeo.endpoint.as_str(), "http://10.0.0.7:4566/");
    assert!(matches!(of_mimeo.kind, Kind::Mimeo));
    let Kind::Aws(assumed) = &of_aws.kind else {
        panic!("{of_aws:?}");
    };
    let credentials = assumed.credentials.as_ref().unwrap();
    assert_eq!(credentials.access_key_id, "AKIAENV");
    assert_eq!(credentials.secret.reveal(), "hidden");
    assert!(!format!("{config:?}").contains("hidden"));
}

#[test]
fn all_that_is_wrong_with_regions_elsewhere_is_told_at_once() {
    let told = problems(
        r#"
        regions = ["eu-west-1"]
        [[account]]
        id = "123456789012"
        [[account.key]]
        id = "AKIAHUB"
        secret = "s"
        [[region]]
        name = "eu-west-1"
        endpoint = "http://10.0.0.7"
        [[region]]
        name = "eu-west-1"
        endpoint = "http://user:hidden@10.0.0.7/path"
        colour = "blue"
        [[region]]
        name = "nowhere"
        endpoint = "http://10.0.0.7"
        kind = "azure"
        [[region]]
        name = "ap-south-1"
        kind = "aws"
        endpoint = "https://aws"
        role = "Reader"
        [[region]]
        name = "us-west-2"
        "#,
    );
    for expected in [
        "region eu-west-1: it has an endpoint elsewhere, so it cannot be in `regions`",
        "region eu-west-1: servers act for callers by a key that they share",
        "region eu-west-1: it is there twice",
        "region eu-west-1: endpoint is the root of a server",
        "region eu-west-1: there is no key `colour`",
        "\"nowhere\" is not a Region name",
        "region 3: kind is \"mimeo\" or \"aws\", not \"azure\"",
        "region ap-south-1: role is the ARN of a role",
        "region ap-south-1: AWS sees the role and not the caller",
        "region ap-south-1: there are no credentials to assume the role with",
        "region us-west-2: it is neither in `regions`, nor is there an endpoint",
    ] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    assert!(!told.contains("hidden"), "{told}");
}
