//! A database that goes away in the middle of a copy, again and again: no try is counted for which
//! there was none, and the copy ends without a restart.

use std::time::Duration;

use mimeo_server::config::{Config, Data};
use mimeo_store::MIGRATIONS;
use mimeo_store::testing::{administer, postgres_url};
use tokio::time::{sleep, timeout};

use crate::client::{Request, open, start};
use crate::v1_copies::{copy, hold, product};

/// As often as a copy may fail before it is given up.
const LOSSES: usize = 8;

/// Less than a lease: a try that was not given back would not be taken over in time either.
const SOON: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_spends_no_try_while_the_database_is_away() {
    let Some(url) = postgres_url(MIGRATIONS).await else {
        return;
    };
    let from_outside = postgres_url(&[]).await.expect("it is there");
    let name = administer(&url, "SELECT current_database()")
        .await
        .remove(0);
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        data: Data::Postgres(url.clone()),
        ..open()
    };
    config.templates.folder = Some(folder.path().join("templates"));
    let server = start(config).await;
    let arn = product(&server).await;
    hold(&server).await;
    copy(&server, &arn, "c").await;
    // Whoever reads a product waits from here on: the copy runs, and does not end.
    let locking = url.clone();
    let locking = tokio::spawn(async move {
        let lock = "LOCK TABLE product IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)::text";
        administer(&locking, lock).await
    });
    let count = |what: &str| {
        format!("SELECT COUNT(*)::text FROM pg_stat_activity WHERE datname = '{name}' AND {what}")
    };
    reaches(&from_outside, &count("query LIKE '%pg_sleep%'"), "1").await;
    let released = Request::to("DELETE", "/_mimeo/transitions");
    assert_eq!(released.send(&server).await.status, 200);
    let connections = |may: bool| format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {may}");
    let part = format!(
        "SELECT COUNT(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE datname = '{name}'"
    );
    for _ in 0..LOSSES {
        reaches(&from_outside, &count("wait_event_type = 'Lock'"), "1").await;
        administer(&from_outside, &connections(false)).await;
        administer(
            &from_outside,
            &format!("{part} AND query NOT LIKE '%pg_sleep%'"),
        )
        .await;
        sleep(Duration::from_millis(300)).await;
        administer(&from_outside, &connections(true)).await;
    }
    reaches(&from_outside, &count("wait_event_type = 'Lock'"), "1").await;
    administer(&from_outside, &part).await;
    locking.abort();
    let how = "SELECT state || ', tried ' || attempts || ', failed ' || failures FROM copy";
    reaches(&url, how, "SUCCEEDED, tried 1, failed 0").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_tell_a_silent_database_from_an_empty_queue() {
    let Some(url) = postgres_url(MIGRATIONS).await else {
        return;
    };
    let from_outside = postgres_url(&[]).await.expect("it is there");
    let name = administer(&url, "SELECT current_database()")
        .await
        .remove(0);
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        data: Data::Postgres(url),
        ..open()
    };
    config.templates.folder = Some(folder.path().join("templates"));
    let server = start(config).await;
    let arn = product(&server).await;
    hold(&server).await;
    copy(&server, &arn, "c").await;
    let tells = async |figure: &str| {
        let answer = Request::to("GET", "/metrics").send(&server).await;
        answer.text().lines().any(|line| line == figure)
    };
    assert!(tells("mimeo_stores_silent 0").await);
    assert!(tells("mimeo_copies_unfinished 1").await);
    let connections = |may: bool| format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {may}");
    administer(&from_outside, &connections(false)).await;
    let part = format!(
        "SELECT COUNT(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE datname = '{name}'"
    );
    administer(&from_outside, &part).await;
    assert!(tells("mimeo_stores_silent 1").await);
    assert!(tells("mimeo_copies_unfinished 1").await, "as last known");
    administer(&from_outside, &connections(true)).await;
    let back = async {
        while !tells("mimeo_stores_silent 0").await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, back).await.expect("the database is back");
    server.stop().await;
}

async fn reaches(url: &str, sql: &str, wanted: &str) {
    let mut found = Vec::new();
    let looking = async {
        while found != [wanted] {
            sleep(Duration::from_millis(20)).await;
            found = administer(url, sql).await;
        }
    };
    let reached = timeout(SOON, looking).await;
    assert!(
        reached.is_ok(),
        "{sql}: {wanted} is wanted, it is {found:?}"
    );
}
