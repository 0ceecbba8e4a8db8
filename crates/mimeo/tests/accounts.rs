//! `mimeo account …`, as an operator runs it.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// The same bytes but the last, in Base64.
const OTHER_KEY: &str = "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v4=";

const ACCOUNTS: &str = r#"
[[account]]
id = "111111111111"
name = "hub"
[[account.key]]
id = "AKIAHUB"
secret = "hidden-secret-of-the-hub"
[[account.user]]
name = "deploy"
path = "/ci/"
policies = ["publish"]
[[account.policy]]
name = "publish"
document = '''{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'''
[[account.role]]
name = "Publisher"
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}}'''
max_session_seconds = 7200

[[account]]
id = "222222222222"
name = "spoke"
"#;

/// A folder with a configuration that names its master key.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let put = |name, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("master.key", &format!("{KEY}\n"));
    put("other.key", OTHER_KEY);
    put("accounts.toml", ACCOUNTS);
    put(
        "mimeo.toml",
        "regions = [\"eu-west-1\"]\nidentities.key_file = \"master.key\"\n",
    );
    folder
}

fn mimeo(folder: &TempDir, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mimeo"));
    command
        .current_dir(folder.path())
        .args(line.split_whitespace());
    command
}

/// What a command prints that succeeds.
fn told(folder: &TempDir, line: &str) -> String {
    let ran = mimeo(folder, line).output().unwrap();
    let problems = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{line}: {problems}");
    assert_eq!(problems, "", "{line}");
    String::from_utf8(ran.stdout).unwrap()
}

/// Why a command does nothing.
fn refused(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), "");
    let problems = String::from_utf8(ran.stderr).unwrap();
    assert!(!problems.contains("hidden"), "{problems}");
    problems
}

/// All bytes that the store has on the disk, its log among them.
fn at_rest(folder: &TempDir) -> Vec<u8> {
    let files = std::fs::read_dir(folder.path().join("mimeo-data")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let files = files.filter(|path| path.is_file());
    files
        .flat_map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn accounts_are_described_listed_shown_and_removed() {
    let folder = folder();
    assert_eq!(
        told(&folder, "account set accounts.toml"),
        "Account 111111111111 is in the store.\nAccount 222222222222 is in the store.\n"
    );
    assert_eq!(
        told(&folder, "account list"),
        "111111111111  store          keys 1     hub\n\
         222222222222  store          keys 0     spoke\n"
    );
    let shown = told(&folder, "account show 111111111111");
    for part in [
        "[[account]]",
        "[[account.key]]",
        "AKIAHUB",
        "/ci/",
        "7200",
        "trust = ",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("hidden"), "{shown}");

    // What is shown can be set: the account keeps its keys if none is given.
    let (described, _) = shown.split_once("[[account.key]]").unwrap();
    let (_, others) = shown.split_once("id = \"AKIAHUB\"\n").unwrap();
    let edited = format!("{described}{others}").replace("hub", "publisher");
    std::fs::write(folder.path().join("edited.toml"), edited).unwrap();
    told(&folder, "account set edited.toml");
    let listed = told(&folder, "account list");
    assert!(listed.contains("keys 1     publisher"), "{listed}");
    assert!(listed.contains("222222222222"), "others stay: {listed}");

    told(&folder, "account remove 222222222222");
    assert!(!told(&folder, "account list").contains("222222222222"));
    let gone = refused(&mut mimeo(&folder, "account show 222222222222"));
    assert!(gone.contains("no account 222222222222"), "{gone}");
}

#[test]
fn keys_are_minted_shown_once_and_removed() {
    let folder = folder();
    told(&folder, "account set accounts.toml");
    let minted = told(&folder, "account key add 111111111111 --user deploy");
    let mut words = minted.lines().map(|line| line.split_once(": "));
    let (_, id) = words.next().unwrap().unwrap();
    let (_, secret) = words.next().unwrap().unwrap();
    assert!(id.starts_with("AKIA") && id.len() == 20, "{id}");
    assert_eq!(secret.len(), 40, "{secret}");
    let shown = told(&folder, "account show 111111111111");
    assert!(shown.contains(id) && !shown.contains(secret), "{shown}");

    let bytes = at_rest(&folder);
    assert!(holds(&bytes, id), "the id is there to be found");
    assert!(!holds(&bytes, secret));
    assert!(!holds(&bytes, "hidden-secret-of-the-hub"));
    assert!(!holds(&bytes, KEY));

    told(&folder, &format!("account key remove {id}"));
    assert!(!told(&folder, "account show 111111111111").contains(id));
    let gone = refused(&mut mimeo(&folder, &format!("account key remove {id}")));
    assert!(gone.contains(id), "{gone}");
    let nobody = refused(&mut mimeo(&folder, "account key add 111111111111 --user x"));
    assert!(nobody.contains("no [[account.user]] describes"), "{nobody}");
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_nothing_is_changed() {
    let folder = folder();
    let put = |text: &str| std::fs::write(folder.path().join("wrong.toml"), text).unwrap();
    put(&ACCOUNTS
        .replace("[\"publish\"]", "[\"nothing\"]")
        .replace("name = \"spoke\"", "unit = \"ou-ab12-platform\""));
    let problems = refused(&mut mimeo(&folder, "account set wrong.toml"));
    assert!(
        problems.contains("there is no policy \"nothing\""),
        "{problems}"
    );
    assert!(
        problems.contains("there is no [organization]"),
        "{problems}"
    );
    put("listen = \"127.0.0.1:1\"\n[[account]]\nid = \"1\"\nsecret = \"hidden\"\n");
    let problems = refused(&mut mimeo(&folder, "account set wrong.toml"));
    assert!(
        problems.contains("`listen` does not belong here"),
        "{problems}"
    );
    assert!(problems.contains("there is no key `secret`"), "{problems}");
    assert_eq!(told(&folder, "account list"), "");

    let unknown =
        refused(mimeo(&folder, "account set accounts.toml").env("MIMEO_IDENTITIES_KEY", KEY));
    assert!(unknown.contains("given twice"), "{unknown}");
    let bent = refused(mimeo(&folder, "account list").env("MIMEO_IDENTITIES_KEY", "hidden"));
    assert!(bent.contains("openssl rand -hex 32"), "{bent}");
    std::fs::write(folder.path().join("mimeo.toml"), "").unwrap();
    let without = refused(&mut mimeo(&folder, "account set accounts.toml"));
    assert!(without.contains("there is none: make one"), "{without}");
    let nowhere = refused(&mut mimeo(&folder, "account list --data :memory:"));
    assert!(nowhere.contains("gone with its server"), "{nowhere}");
}

#[test]
fn another_master_key_opens_nothing_until_rekey_seals_with_it() {
    let folder = folder();
    told(&folder, "account set accounts.toml");
    let with_other = "account key add 111111111111 --identities-key-file other.key";
    let wrong = refused(&mut mimeo(&folder, with_other));
    assert!(wrong.contains("is not the one"), "{wrong}");
    let same = refused(&mut mimeo(&folder, "account rekey master.key"));
    assert!(same.contains("used already"), "{same}");

    let before = at_rest(&folder);
    let rekeyed = told(&folder, "account rekey other.key");
    assert!(rekeyed.contains("new master key: 1."), "{rekeyed}");
    assert_ne!(at_rest(&folder), before);
    told(&folder, with_other);
    let old = refused(&mut mimeo(&folder, "serve --listen 127.0.0.1:0"));
    assert!(old.contains("is not the one"), "{old}");
}

#[test]
fn a_server_that_runs_on_the_same_file_is_named() {
    let folder = folder();
    told(&folder, "account set accounts.toml");
    let mut server = mimeo(&folder, "serve --listen 127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap();
    let mode = lines.next().unwrap().unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "Ready.");
    assert_eq!(mode, "Verified mode: accounts 2, Regions 1.");
    let held = refused(&mut mimeo(&folder, "account list"));
    assert!(held.contains(&url), "{held}");
    assert!(held.contains("stop that server first"), "{held}");
    server.kill().unwrap();
    server.wait().unwrap();
    told(&folder, "account list");
}
