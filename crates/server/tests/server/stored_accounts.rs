//! Accounts in the store: served as those of the configuration, and changed while servers run.

use std::time::Duration;

use mimeo_server::accounts::{MasterKey, Registry};
use mimeo_server::config::{Config, Data, MasterKeys};
use mimeo_server::{Mode, Running, Server};
use mimeo_sigv4::Identity;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::client::{Request, described, identity, start};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

const SPOKE: &str = "222222222222";

const STORED: &str = r#"
    [[account]]
    id = "222222222222"
    unit = "ou-ab12-platform"
    [[account.key]]
    id = "AKIASPOKE"
    secret = "hidden-secret"
    [[account.user]]
    name = "deploy"
    policies = ["AWSServiceCatalogAdminFullAccess"]

    [organization]
    id = "o-exampleorg1"
    management_account = "222222222222"
    [[organization.unit]]
    id = "ou-ab12-platform"
    name = "platform"
"#;

/// A configuration with the master key, on this data.
fn on(data: &Data, toml: &str) -> Config {
    let mut config = Config {
        data: data.clone(),
        listen: "127.0.0.1:0".into(),
        ..described(&format!("identities.key = \"{KEY}\"\n{toml}"))
    };
    config.templates.folder = match data {
        Data::Postgres(_) => Some(std::env::temp_dir().join("mimeo-stored-accounts")),
        Data::Folder(_) | Data::Memory => None,
    };
    config
}

const REGIONS: &str = "regions = [\"eu-west-1\"]";

async fn set(config: Config, toml: &str) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("accounts.toml");
    std::fs::write(&path, toml).unwrap();
    let registry = Registry::open(config).await.unwrap();
    registry.set(path.to_str().unwrap()).await.unwrap();
    registry.close().await;
}

async fn call(server: &Running, key: &str, secret: &str) -> (u16, String) {
    let signer = Identity {
        access_key_id: key,
        secret_access_key: secret,
        ..identity()
    };
    let call = Request::call("ListPortfolios", "{}").signed_by(server, &signer, 0);
    let answer = call.send(server).await;
    match answer.status {
        200 => (200, String::new()),
        _ => answer.refusal(),
    }
}

fn welcome() -> (u16, String) {
    (200, String::new())
}

fn unknown() -> (u16, String) {
    (400, "UnrecognizedClientException".into())
}

fn mismatch() -> (u16, String) {
    (400, "InvalidSignatureException".into())
}

async fn refused(config: Config) -> String {
    match Server::start(config).await {
        Ok(_) => panic!("it starts"),
        Err(refused) => refused.to_string(),
    }
}

#[tokio::test]
async fn accounts_of_the_store_are_served_beside_those_of_the_configuration() {
    let folder = TempDir::new().unwrap();
    let data = Data::Folder(folder.path().join("data"));
    set(on(&data, REGIONS), STORED).await;

    let server = start(on(&data, REGIONS)).await;
    let of_store = Mode::Verified {
        accounts: 1,
        regions: 1,
    };
    assert_eq!(
        server.mode, of_store,
        "the store's accounts alone are enough"
    );
    assert_eq!(call(&server, "AKIASPOKE", "hidden-secret").await, welcome());
    assert_eq!(call(&server, "AKIASPOKE", "guessed").await, mismatch());
    server.stop().await;

    let hub = format!(
        "{REGIONS}\n[[account]]\nid = \"111111111111\"\nunit = \"ou-ab12-platform\"\n\
         [[account.key]]\nid = \"AKIAHUB\"\nsecret = \"of the hub\""
    );
    let server = start(on(&data, &hub)).await;
    assert_eq!(call(&server, "AKIASPOKE", "hidden-secret").await, welcome());
    assert_eq!(call(&server, "AKIAHUB", "of the hub").await, welcome());
    server.stop().await;

    let registry = Registry::open(on(&data, &hub)).await.unwrap();
    let minted = registry.add_key(SPOKE, Some("deploy")).await.unwrap();
    registry.remove_key("AKIASPOKE").await.unwrap();
    registry.close().await;
    let server = start(on(&data, &hub)).await;
    assert_eq!(call(&server, "AKIASPOKE", "hidden-secret").await, unknown());
    assert_eq!(call(&server, &minted.id, minted.secret()).await, welcome());
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_served_together_is_told_at_the_start() {
    let folder = TempDir::new().unwrap();
    let data = Data::Folder(folder.path().join("data"));
    set(on(&data, REGIONS), STORED).await;

    let twice = format!("{REGIONS}\n{STORED}");
    let told = refused(on(&data, &twice)).await;
    for part in [
        "account 222222222222 is described in the configuration and in the store",
        "access key AKIASPOKE is described in the configuration and in the store",
        "an organization is described in the configuration and in the store",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let told = refused(on(&data, "")).await;
    assert!(told.contains("regions: accounts need"), "{told}");

    let mut keyless = on(&data, REGIONS);
    keyless.identities = MasterKeys::default();
    let told = refused(keyless.clone()).await;
    assert!(told.contains("the master key that their secrets"), "{told}");
    keyless.identities.given = Some(MasterKey::parse(&KEY.replace("00", "01")).unwrap());
    let told = refused(keyless).await;
    assert!(told.contains("is not the one"), "{told}");
    assert!(!told.contains("hidden"), "{told}");
}

/// Waits for what a change leads to, a little longer than a server needs to look.
async fn becomes(server: &Running, key: &str, secret: &str, wanted: (u16, String)) {
    for _ in 0..60 {
        if call(server, key, secret).await == wanted {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(call(server, key, secret).await, wanted, "after 3 s");
}

#[tokio::test]
async fn servers_on_one_store_follow_changes_without_a_restart() {
    let migrations = mimeo_store::MIGRATIONS;
    let Some(url) = mimeo_store::testing::postgres_url(migrations).await else {
        return;
    };
    let config = on(&Data::Postgres(url), REGIONS);
    set(config.clone(), STORED).await;
    let servers = [start(config.clone()).await, start(config.clone()).await];
    for server in &servers {
        assert_eq!(call(server, "AKIASPOKE", "hidden-secret").await, welcome());
    }

    let registry = Registry::open(config.clone()).await.unwrap();
    let minted = registry.add_key(SPOKE, None).await.unwrap();
    for server in &servers {
        becomes(server, &minted.id, minted.secret(), welcome()).await;
    }
    // Another secret for a key whose derived key is cached by now.
    let changed = STORED.replace("hidden-secret", "another-secret");
    set(config.clone(), &changed).await;
    for server in &servers {
        becomes(server, "AKIASPOKE", "another-secret", welcome()).await;
        assert_eq!(call(server, "AKIASPOKE", "hidden-secret").await, mismatch());
        // The file's keys are the account's keys.
        assert_eq!(call(server, &minted.id, minted.secret()).await, unknown());
    }
    registry.remove_key("AKIASPOKE").await.unwrap();
    for server in &servers {
        becomes(server, "AKIASPOKE", "another-secret", unknown()).await;
    }
    // The last account and its organization stay together.
    let told = registry.remove(SPOKE).await.unwrap_err().to_string();
    assert!(
        told.contains("the management account 222222222222"),
        "{told}"
    );
    registry.close().await;
    for server in servers {
        server.stop().await;
    }
}

#[tokio::test]
async fn an_organization_is_what_commands_describe_once_a_server_has_looked() {
    let migrations = mimeo_store::MIGRATIONS;
    let Some(url) = mimeo_store::testing::postgres_url(migrations).await else {
        return;
    };
    let config = on(&Data::Postgres(url), REGIONS);
    let (account, _) = STORED.split_once("[organization]").unwrap();
    let alone = account.replace("unit = \"ou-ab12-platform\"", "");
    set(config.clone(), &alone).await;
    let server = start(config.clone()).await;
    let enable = || async {
        let signer = Identity {
            access_key_id: "AKIASPOKE",
            secret_access_key: "hidden-secret",
            ..identity()
        };
        let call = Request::call("EnableAWSOrganizationsAccess", "{}");
        let answer = call.signed_by(&server, &signer, 0).send(&server).await;
        answer.status
    };
    assert_eq!(enable().await, 400, "there is no organization");
    set(config, STORED).await;
    for _ in 0..60 {
        if enable().await == 200 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(enable().await, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_cannot_follow_goes_on_with_whom_it_knows() {
    let migrations = mimeo_store::MIGRATIONS;
    let Some(url) = mimeo_store::testing::postgres_url(migrations).await else {
        return;
    };
    let config = on(&Data::Postgres(url.clone()), REGIONS);
    set(config.clone(), STORED).await;
    let server = start(config.clone()).await;
    let hub = "[[account]]\nid = \"111111111111\"\n[[account.key]]\nid = \"AKIAHUB\"\n\
               secret = \"of the hub\"\n";
    let other = start(on(
        &Data::Postgres(url.clone()),
        &format!("{REGIONS}\n{hub}"),
    ))
    .await;

    let registry = Registry::open(config.clone()).await.unwrap();
    let lost = registry.add_key(SPOKE, None).await.unwrap();
    becomes(&other, &lost.id, lost.secret(), welcome()).await;

    // One of them has this account already, by its own configuration.
    let twice = hub.replace("AKIAHUB", "AKIATWICE");
    set(config.clone(), &twice).await;
    becomes(&server, "AKIATWICE", "of the hub", welcome()).await;
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(call(&other, "AKIATWICE", "of the hub").await, unknown());
    assert_eq!(call(&other, "AKIAHUB", "of the hub").await, welcome());
    assert_eq!(call(&other, &lost.id, lost.secret()).await, welcome());
    // What is removed is gone nevertheless.
    registry.remove_key(&lost.id).await.unwrap();
    becomes(&other, &lost.id, lost.secret(), unknown()).await;
    assert_eq!(call(&other, "AKIAHUB", "of the hub").await, welcome());
    assert_eq!(call(&other, "AKIASPOKE", "hidden-secret").await, welcome());

    let away = "ALTER TABLE identity_state RENAME TO away";
    mimeo_store::testing::administer(&url, away).await;
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(call(&server, "AKIASPOKE", "hidden-secret").await, welcome());
    let back = "ALTER TABLE away RENAME TO identity_state";
    mimeo_store::testing::administer(&url, back).await;
    registry.remove("111111111111").await.unwrap();
    registry.close().await;
    becomes(&server, "AKIATWICE", "of the hub", unknown()).await;
    server.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn of_two_commands_at_once_none_is_lost() {
    let migrations = mimeo_store::MIGRATIONS;
    let Some(url) = mimeo_store::testing::postgres_url(migrations).await else {
        return;
    };
    let config = on(&Data::Postgres(url), REGIONS);
    set(config.clone(), STORED).await;
    let registry = Registry::open(config).await.unwrap();
    let (one, other) = tokio::join!(
        registry.add_key(SPOKE, None),
        registry.add_key(SPOKE, Some("deploy"))
    );
    let made = [&one, &other].into_iter().flatten().count();
    let listed = registry.list().await.unwrap();
    assert_eq!(listed[0].keys_count, 1 + made, "{one:?} {other:?}");
    for refused in [one, other].into_iter().filter_map(Result::err) {
        assert!(refused.to_string().contains("try again"), "{refused}");
    }
    registry.close().await;
}
