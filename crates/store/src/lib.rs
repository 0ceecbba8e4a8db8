//! The only SQL: one text, two engines.
//!
//! A handler puts what it wants into a [`Work`]; [`Store::write`] runs it in one transaction that is durable when
//! the answer is `Ok`, [`Store::read`] in one consistent snapshot. Nobody else types BEGIN or COMMIT.
//!
//! The families (`products`, `portfolios` …) hold the statements, declared with `statements!`, and the functions
//! that run them on a [`Tx`]. Types are TEXT and BIGINT; parameters are `?1 … ?n`; the PostgreSQL text is derived.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

mod artifacts;
mod attached;
mod audit;
mod budgets;
mod checks;
mod column;
mod constraints;
mod copies;
mod copy_events;
mod dialect;
mod error;
mod gauges;
mod identities;
mod launch_paths;
mod migrate;
mod options;
mod organizations;
mod orphans;
mod portfolios;
mod principals;
mod products;
mod replays;
mod reset;
mod scope;
mod service_actions;
mod settings;
mod shares;
mod tag_options;
mod tallies;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod uploads;

pub(crate) use dialect::statements;

pub use audit::{AuditKey, AuditPage, AuditRecord, AuditSought, ExportedAudit, PRUNE_MAX};
pub use checks::{
    CheckedArtifact, CheckedCopy, CheckedProducts, CheckedReplay, CheckedUpload, Odd,
};
pub use copies::claimer::Claimer;
pub use copies::seen::{CopiesSought, ListedCopy, SeenCopy, Whose};
pub use copies::{Fence, Fenced};
pub use dialect::postgres::{RETRIES_MAX, Wakes};
pub use dialect::{Dialect, Row, Tx, Value};
pub use error::{OpenError, StoreError};
pub use gauges::Gauges;
pub use identities::{SealedKey, StoredIdentities};
pub use launch_paths::Grant;
pub use migrate::{MIGRATIONS, Migration};
pub use options::{Location, Options};
pub use orphans::{Mark, MarkState};
pub use products::{After, FoundProduct, ListedProduct};
pub use replays::Replay;
pub use scope::{AuthScope, Extent};
pub use shares::SHARE_OPERATIONS_MAX;
pub use tag_options::TaggedResource;
pub use tallies::Tally;

use dialect::postgres::Postgres;
pub use dialect::sqlite::Held;
use dialect::sqlite::Sqlite;

/// Writes that may wait for the SQLite writer; one more is [`StoreError::Overloaded`].
pub const WRITE_QUEUE_MAX: usize = 4096;

/// Writes that share one commit of the SQLite writer.
pub const WRITE_BATCH_MAX: usize = 512;

/// Name and text of each statement, a family at a time, for the test that prepares them all.
pub const FAMILIES: &[(&str, &[(&str, &str)])] = &[
    ("artifacts", artifacts::STATEMENTS),
    ("attached", attached::STATEMENTS),
    ("audit", audit::STATEMENTS),
    ("copies", copies::STATEMENTS),
    ("lanes", copies::lanes::STATEMENTS),
    ("suspects", copies::suspects::STATEMENTS),
    ("copies seen", copies::seen::STATEMENTS),
    ("copy events", copy_events::STATEMENTS),
    ("migrate", migrate::STATEMENTS),
    ("portfolios", portfolios::STATEMENTS),
    ("budgets", budgets::STATEMENTS),
    ("checks", checks::STATEMENTS),
    ("checks of tables", checks::tables::STATEMENTS),
    ("constraints", constraints::STATEMENTS),
    ("identities", identities::STATEMENTS),
    ("launch_paths", launch_paths::STATEMENTS),
    ("organizations", organizations::STATEMENTS),
    ("orphans", orphans::STATEMENTS),
    ("principals", principals::STATEMENTS),
    ("service_actions", service_actions::STATEMENTS),
    ("tag_options", tag_options::STATEMENTS),
    ("products", products::STATEMENTS),
    ("replays", replays::STATEMENTS),
    ("reset", reset::STATEMENTS),
    ("settings", settings::STATEMENTS),
    ("shares", shares::STATEMENTS),
    ("tallies", tallies::STATEMENTS),
    ("uploads", uploads::STATEMENTS),
];

/// The body of one transaction.
///
/// `run` may be called again after a conflict, so it must touch nothing but `tx` and itself, and must not use up
/// what a second call needs. It must wait for nothing but `tx`. Whoever returns `Err` has changed nothing.
pub trait Work: Send + 'static {
    /// What the caller gets once the transaction is committed.
    type Output: Send + 'static;
    /// What the caller gets when nothing was changed; the store puts its own errors into it.
    type Error: From<StoreError> + Send + 'static;
    /// How a write is kept apart from others.
    const LEVEL: Level = Level::Serializable;

    /// Runs in `tx`; an `async fn` in the implementation will do.
    fn run(
        &mut self,
        tx: &mut Tx<'_>,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// How a transaction is kept apart from those beside it. SQLite has one writer, so there it is all one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As if it were alone.
    Serializable,
    /// Each statement sees what is committed when it begins (READ COMMITTED). For works whose
    /// statements lock the rows that they decide on, and check them again as they change them.
    RowLocks,
}

/// An open database. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// What this clone's transactions meet in a simulation.
    #[cfg(any(test, feature = "testing"))]
    conditions: Option<Arc<dyn testing::simulated::Conditions>>,
}

struct Inner {
    engine: Engine,
    /// What must live as long as the store, such as a test's folder.
    #[cfg(any(test, feature = "testing"))]
    kept: std::sync::OnceLock<Box<dyn std::any::Any + Send + Sync>>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it in a store, behind an Arc"
)]
enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
    #[cfg(any(test, feature = "testing"))]
    Inline(dialect::sqlite::Inline),
}

impl Store {
    /// Opens a database and brings its schema up to date.
    pub async fn open(location: &Location, options: Options) -> Result<Store, OpenError> {
        let engine = match location {
            Location::SqliteFile(path) => Engine::Sqlite(Sqlite::open(Some(path), &options)?),
            Location::SqliteMemory => Engine::Sqlite(Sqlite::open(None, &options)?),
            Location::Postgres(url) => Engine::Postgres(Postgres::open(url, &options).await?),
        };
        let store = Store::of(engine);
        migrate::run(&store, options.migrations).await?;
        Ok(store)
    }

    fn of(engine: Engine) -> Store {
        Store {
            inner: Arc::new(Inner {
                engine,
                #[cfg(any(test, feature = "testing"))]
                kept: std::sync::OnceLock::new(),
            }),
            #[cfg(any(test, feature = "testing"))]
            conditions: None,
        }
    }

    /// Opens a database that is there to read it, beside the servers that own it. Its schema must be
    /// this binary's; a write is [`StoreError::Broken`] on SQLite, and must not be tried on PostgreSQL.
    pub async fn look(location: &Location, options: Options) -> Result<Store, OpenError> {
        let engine = match location {
            Location::SqliteFile(path) => Engine::Sqlite(Sqlite::look(path, &options)?),
            Location::SqliteMemory => Engine::Sqlite(Sqlite::open(None, &options)?),
            Location::Postgres(url) => Engine::Postgres(Postgres::open(url, &options).await?),
        };
        let store = Store::of(engine);
        migrate::expect(&store, options.migrations).await?;
        Ok(store)
    }

    /// Copies a SQLite file, as it is at one instant, to a new file while its owner goes on writing.
    /// Blocks the thread for as long as that takes.
    ///
    /// `to` must not be there; after an error what is there is worth nothing.
    pub fn snapshot(from: &Path, to: &Path) -> Result<(), StoreError> {
        dialect::sqlite::snapshot(from, to)
    }

    /// Runs `work` in one transaction; `Ok` means that it is on disk.
    ///
    /// A caller that stops waiting does not stop a write to SQLite.
    pub async fn write<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        #[cfg(any(test, feature = "testing"))]
        if let Some(conditions) = &self.conditions {
            let kind = testing::simulated::AccessKind::Write;
            return self.simulate(conditions, kind, work).await;
        }
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work).await,
            Engine::Postgres(postgres) => postgres.write(work).await,
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(inline) => inline.write(work),
        }
    }

    /// Runs `work` in one consistent snapshot that cannot write.
    ///
    /// SQLite does it on the calling thread, so it must be small: a few rows by key.
    pub async fn read<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        #[cfg(any(test, feature = "testing"))]
        if let Some(conditions) = &self.conditions {
            let kind = testing::simulated::AccessKind::Read;
            return self.simulate(conditions, kind, work).await;
        }
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.read(work).await,
            Engine::Postgres(postgres) => postgres.read(work).await,
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(inline) => inline.read(work),
        }
    }

    /// Like [`Store::read`], for searches and whatever else may look at many rows.
    pub async fn scan<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        #[cfg(any(test, feature = "testing"))]
        if let Some(conditions) = &self.conditions {
            let kind = testing::simulated::AccessKind::Read;
            return self.simulate(conditions, kind, work).await;
        }
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.scan(work).await,
            Engine::Postgres(postgres) => postgres.read(work).await,
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(inline) => inline.read(work),
        }
    }

    /// Tells the other nodes on this database that a copy can be claimed. Never waits; where nobody
    /// [listens](Store::wakes) it does nothing.
    pub fn ring(&self) {
        match &self.inner.engine {
            Engine::Sqlite(_) => {}
            Engine::Postgres(postgres) => postgres.ring(),
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(_) => {}
        }
    }

    /// Like [`Store::ring`], for a node that stops: it is done when it answers.
    pub async fn ring_now(&self) {
        match &self.inner.engine {
            Engine::Sqlite(_) => {}
            Engine::Postgres(postgres) => postgres.ring_now().await,
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(_) => {}
        }
    }

    /// What other nodes on this database ring about; `None` on SQLite, which one process has alone.
    pub fn wakes(&self) -> Option<Wakes> {
        match &self.inner.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(postgres) => Some(postgres.wakes()),
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(_) => None,
        }
    }

    /// Whether both are clones of one open store.
    pub fn is_same(&self, other: &Store) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Which engine this is.
    pub fn dialect(&self) -> Dialect {
        match &self.inner.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(_) => Dialect::Sqlite,
        }
    }

    /// Asks the database whether it is there.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(Ping).await
    }

    /// Tells who holds the SQLite file, for the message to a second server that wants it.
    pub fn announce(&self, label: &str) {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.announce(label),
            Engine::Postgres(_) => {}
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(_) => {}
        }
    }

    /// Finishes what was accepted and closes the database; later calls are [`StoreError::Unavailable`].
    pub async fn close(&self) {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close(),
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(_) => {}
        }
    }

    /// How busy it is, for the metrics.
    pub fn gauges(&self) -> Gauges {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.gauges(),
            Engine::Postgres(postgres) => postgres.gauges(),
            #[cfg(any(test, feature = "testing"))]
            Engine::Inline(_) => Gauges::default(),
        }
    }

    /// Keeps something until the last clone of the store is gone.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn keep(&self, thing: Box<dyn std::any::Any + Send + Sync>) {
        let kept = self.inner.kept.set(thing);
        debug_assert!(kept.is_ok(), "a store keeps one thing");
    }

    /// Compiles each statement; the error names the first that this engine does not take.
    pub async fn prepare_all(
        &self,
        statements: &'static [(&'static str, &'static str)],
    ) -> Result<(), StoreError> {
        self.read(PrepareAll(statements)).await
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("dialect", &self.dialect())
            .finish_non_exhaustive()
    }
}

struct Ping;

impl Work for Ping {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.query_one("SELECT 1", &[], |row| row.int(0))
            .await
            .map(drop)
    }
}

struct PrepareAll(&'static [(&'static str, &'static str)]);

impl Work for PrepareAll {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for (name, sql) in self.0 {
            tx.prepare(sql)
                .await
                .map_err(|error| StoreError::Broken(format!("{name}: {error}")))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_statement_compiles_on_every_engine() {
        for (engine, store) in testing::stores().await {
            for (family, statements) in FAMILIES {
                let compiled = store.prepare_all(statements).await;
                assert_eq!(compiled, Ok(()), "{family} on {engine}");
            }
        }
    }
}
