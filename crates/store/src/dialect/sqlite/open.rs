//! Opening SQLite connections: the settings that durability rests on, set and read back.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;

/// Prepared statements that a connection keeps.
const STATEMENTS_MAX: usize = 256;

/// How long a connection waits for a lock that some other process (a backup, a shell) holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the connection that writes, and makes sure that an answered commit survives a power cut.
pub(super) fn writer(
    path: Option<&Path>,
    page_count_max: Option<u32>,
) -> Result<Connection, OpenError> {
    if let Some(path) = path {
        make_private(path)?;
    }
    let connection = connect(path)?;
    if path.is_some() {
        set(path, &connection, "journal_mode", "wal")?;
        set(path, &connection, "synchronous", "2")?;
    }
    if let Some(pages) = page_count_max {
        connection
            .pragma_update(None, "max_page_count", pages)
            .map_err(|error| refused(path, &error))?;
    }
    Ok(connection)
}

/// Makes the file, if it is missing, for its owner only; SQLite gives its companions the same mode.
fn make_private(path: &Path) -> Result<(), OpenError> {
    let made = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path);
    made.map(drop).map_err(|error| OpenError::File {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Opens a connection that cannot write.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(Some(path))?;
    set(Some(path), &connection, "query_only", "1")?;
    Ok(connection)
}

/// Runs statements on a file that nobody has open, by no rule of ours: not even foreign keys hold.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn administer(path: &Path, sql: &str) -> Result<(), OpenError> {
    let done = Connection::open(path).and_then(|connection| {
        connection.pragma_update(None, "foreign_keys", "0")?;
        connection.execute_batch(sql)
    });
    done.map_err(|error| refused(Some(path), &error))
}

fn connect(path: Option<&Path>) -> Result<Connection, OpenError> {
    let opened = match path {
        Some(path) => {
            let create = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            Connection::open_with_flags(path, create | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        }
        None => Connection::open_in_memory(),
    };
    let connection = opened.map_err(|error| refused(path, &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(|error| refused(path, &error))?;
    set(path, &connection, "foreign_keys", "1")?;
    // Without this promise SQLite plans a cached statement anew whenever a parameter changes, which
    // took two fifths of the time of a read.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|error| refused(path, &error))?;
    Ok(connection)
}

fn set(
    path: Option<&Path>,
    connection: &Connection,
    pragma: &'static str,
    wanted: &'static str,
) -> Result<(), OpenError> {
    let in_words = |error| refused(path, &error);
    connection
        .pragma_update(None, pragma, wanted)
        .map_err(in_words)?;
    let found = connection
        .pragma_query_value(None, pragma, |row| {
            Ok(match row.get_ref(0)? {
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                other => other.as_str().unwrap_or_default().to_owned(),
            })
        })
        .map_err(in_words)?;
    if found == wanted {
        Ok(())
    } else {
        Err(OpenError::Setting {
            pragma,
            wanted,
            found,
        })
    }
}

fn refused(path: Option<&Path>, error: &rusqlite::Error) -> OpenError {
    OpenError::File {
        path: path.unwrap_or(Path::new(":memory:")).to_owned(),
        reason: error.to_string(),
    }
}
