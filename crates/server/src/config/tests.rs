//! Stories of the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use mimeo_domain::Quotas;

use super::{Config, ConfigError, Data, SETTINGS, flags, reference};

mod identities;
mod regions;

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
