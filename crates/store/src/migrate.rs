//! Migrations: numbered SQL files, forward only, the same text on both engines.

use crate::error::{OpenError, StoreError};
use crate::{Dialect, Store, Tx, Work, params, statements};

/// One step of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its place, from 1 without gaps.
    pub version: i64,
    /// What it is for, as in its file's name.
    pub name: &'static str,
    /// The oldest schema whose servers may go on, and start, beside this one: lower than its own
    /// version where it only adds what they need not know.
    pub beside: i64,
    /// Statements without parameters, ended by `;`.
    pub sql: &'static str,
}

/// The schema of this binary, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "catalogue",
        beside: 1,
        sql: include_str!("../../../migrations/0001_catalogue.sql"),
    },
    Migration {
        version: 2,
        name: "whole catalogue",
        beside: 2,
        sql: include_str!("../../../migrations/0002_whole_catalogue.sql"),
    },
    Migration {
        version: 3,
        name: "copy at scale",
        beside: 2,
        sql: include_str!("../../../migrations/0003_copy_at_scale.sql"),
    },
];

const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied BIGINT NOT NULL
)";
/// What each migration says of the servers before it. A table of its own: the first releases made the
/// other one, and read it still.
const CREATE_BESIDE: &str = "CREATE TABLE IF NOT EXISTS schema_beside (
    version BIGINT NOT NULL PRIMARY KEY, beside BIGINT NOT NULL
)";
const LOCK: &str = "LOCK TABLE schema_version IN EXCLUSIVE MODE";

statements! {
    LIST_EXACT = "SELECT version, name, checksum FROM schema_version ORDER BY version";
    LIST = "SELECT schema_version.version, name, checksum, beside FROM schema_version LEFT JOIN schema_beside ON schema_beside.version = schema_version.version ORDER BY schema_version.version";
    FIND = "SELECT name FROM schema_version WHERE version = ?1";
    INSERT = "INSERT INTO schema_version (version, name, checksum, applied) VALUES (?1, ?2, ?3, ?4)";
    INSERT_BESIDE = "INSERT INTO schema_beside (version, beside) VALUES (?1, ?2)";
}

/// Brings the schema up to date, each migration in a transaction of its own, so that a killed one leaves no trace.
pub(crate) async fn run(store: &Store, migrations: &'static [Migration]) -> Result<(), OpenError> {
    debug_assert!(
        migrations
            .iter()
            .zip(1..)
            .all(|(migration, version)| migration.version == version)
    );
    match store.write(Create).await {
        // Two nodes that create a table at once collide in PostgreSQL's catalogue; the other one has made it.
        Ok(()) | Err(StoreError::Duplicate) => {}
        Err(error) => return Err(error.into()),
    }
    let applied = store.read(List).await?;
    check(&applied, migrations)?;
    for migration in migrations.iter().skip(applied.len()) {
        store
            .write(Apply(migration))
            .await
            .map_err(|source| OpenError::Migration {
                version: migration.version,
                name: migration.name,
                source,
            })?;
    }
    // Whoever was faster may have been another version of this program.
    check(&store.read(List).await?, migrations)
}

/// Makes sure that the schema is exactly this one, and changes nothing.
pub(crate) async fn expect(
    store: &Store,
    migrations: &'static [Migration],
) -> Result<(), OpenError> {
    let applied = store.read(ListExact).await?;
    check(&applied, migrations)?;
    let found = applied.last().map_or(0, |newest| newest.version);
    let known = migrations.last().map_or(0, |migration| migration.version);
    if found == known {
        return Ok(());
    }
    Err(OpenError::OlderSchema { found, known })
}

struct Applied {
    version: i64,
    name: String,
    checksum: String,
    /// The oldest schema whose servers it allows; what is not known to allow any allows none.
    beside: Option<i64>,
}

fn check(applied: &[Applied], migrations: &[Migration]) -> Result<(), OpenError> {
    let known = migrations.last().map_or(0, |migration| migration.version);
    let newer = applied.iter().filter(|row| row.version > known);
    // Each newer migration must allow for this server.
    let mut refusing = newer.filter(|row| row.beside.is_none_or(|beside| beside > known));
    if let Some(refusing) = refusing.next() {
        return Err(OpenError::NewerSchema {
            found: refusing.version,
            known,
        });
    }
    for (row, migration) in applied.iter().zip(migrations) {
        if row.version != migration.version || row.checksum != checksum(migration.sql) {
            return Err(OpenError::ChangedMigration {
                version: row.version,
                name: row.name.clone(),
            });
        }
    }
    Ok(())
}

/// FNV-1a over the text: it finds an edited file, it need not resist an attacker. Line ends do not count.
fn checksum(sql: &str) -> String {
    let bytes = sql.bytes().filter(|&byte| byte != b'\r');
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Names a schema, so that tests can keep a database of it.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn fingerprint(migrations: &[Migration]) -> String {
    checksum(
        &migrations
            .iter()
            .map(|migration| migration.sql)
            .collect::<String>(),
    )
}

struct Create;

impl Work for Create {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.batch(CREATE).await?;
        tx.batch(CREATE_BESIDE).await
    }
}

struct List;

impl Work for List {
    type Output = Vec<Applied>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<Applied>, StoreError> {
        let read = |row: &crate::Row<'_>| Applied {
            version: row.int(0),
            name: row.text(1),
            checksum: row.text(2),
            beside: row.maybe_int(3),
        };
        tx.query(LIST, &[], read).await
    }
}

/// Of a database that may be older than the table of who may work beside.
struct ListExact;

impl Work for ListExact {
    type Output = Vec<Applied>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<Applied>, StoreError> {
        let read = |row: &crate::Row<'_>| Applied {
            version: row.int(0),
            name: row.text(1),
            checksum: row.text(2),
            beside: None,
        };
        tx.query(LIST_EXACT, &[], read).await
    }
}

struct Apply(&'static Migration);

impl Work for Apply {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Migration {
            version,
            name,
            beside,
            sql,
        } = *self.0;
        // SQLite's BEGIN IMMEDIATE has locked out everybody else already.
        if tx.dialect() == Dialect::Postgres {
            tx.batch(LOCK).await?;
        }
        if tx
            .query_one(FIND, params![version], |row| row.text(0))
            .await?
            .is_some()
        {
            return Ok(());
        }
        tx.batch(sql).await?;
        let now = tx.now().await?;
        tx.execute(INSERT, params![version, name, &checksum(sql), now])
            .await?;
        tx.execute(INSERT_BESIDE, params![version, beside])
            .await
            .map(drop)
    }
}
