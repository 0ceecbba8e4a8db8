//! Fresh stores of every engine, for contract tests here and in other crates.
//!
//! PostgreSQL is started from its own binaries, once for all test processes; `MIMEO_TEST_POSTGRES` names another
//! server. Without binaries its turn is left out loudly, and under `CI=true` the test fails.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::migrate::{Migration, fingerprint};
use crate::{Location, Options, Store};

mod server;
pub mod simulated;

/// PostgreSQL connections of a test's store: many tests share one server.
const POOL_SIZE: usize = 6;

/// A fresh store of each engine, with the program's own schema.
pub async fn stores() -> Vec<(&'static str, Store)> {
    stores_with(Options {
        pool_size: POOL_SIZE,
        ..Options::default()
    })
    .await
}

/// A fresh store of each engine, opened with `options`. What they need is removed with them.
pub async fn stores_with(options: Options) -> Vec<(&'static str, Store)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = open(
        Location::SqliteFile(folder.path().join("store.db")),
        &options,
    )
    .await;
    file.keep(Box::new(folder));
    let memory = open(Location::SqliteMemory, &options).await;
    let mut stores = vec![("SQLite file", file), ("SQLite memory", memory)];
    if let Some(url) = postgres_url(options.migrations).await {
        stores.push(("PostgreSQL", open(Location::Postgres(url), &options).await));
    }
    stores
}

/// The address of a fresh PostgreSQL database that has these migrations, or `None` where there is no PostgreSQL.
pub async fn postgres_url(migrations: &'static [Migration]) -> Option<String> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let (server, template) = server::with_template(&fingerprint(migrations), migrations).await?;
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        MADE.fetch_add(1, Ordering::Relaxed)
    );
    server
        .administer(&[&format!("CREATE DATABASE {name} TEMPLATE {template}")])
        .await;
    Some(server.url(&name))
}

/// Runs a statement outside any transaction, to break things from without; the answer is its first column.
pub async fn administer(url: &str, sql: &str) -> Vec<String> {
    crate::dialect::postgres::administer(url, &[sql])
        .await
        .expect("a statement of the test's own")
}

/// The same for the SQLite file of a store that is closed; no foreign key holds.
pub fn administer_file(path: &Path, sql: &str) {
    crate::dialect::sqlite::administer(path, sql).expect("a statement of the test's own");
}

/// The folder that holds PostgreSQL's programs, if there is one.
pub fn postgres_binaries() -> Option<PathBuf> {
    server::binaries()
}

/// As whom PostgreSQL's programs must run, who refuse to run as root: the owner for their folders,
/// or `None` where we are not root. `ours` is any path of our own.
pub fn postgres_user(ours: &Path) -> Option<(u32, u32)> {
    server::server_user(ours)
}

async fn open(location: Location, options: &Options) -> Store {
    Store::open(&location, options.clone())
        .await
        .expect("a fresh store opens")
}
