//! Where a store is and how it is opened.

use std::fmt;
use std::path::PathBuf;

use crate::{MIGRATIONS, Migration, WRITE_BATCH_MAX, WRITE_QUEUE_MAX};

/// PostgreSQL connections a store opens unless told otherwise.
const POOL_SIZE: usize = 16;

/// Where a store keeps its rows.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file, made when missing.
    SqliteFile(PathBuf),
    /// A SQLite database that is gone when the store is dropped.
    SqliteMemory,
    /// `postgres://user:password@host/database`
    Postgres(String),
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::SqliteFile(path) => formatter.debug_tuple("SqliteFile").field(path).finish(),
            Location::SqliteMemory => formatter.write_str("SqliteMemory"),
            // The address may hold a password.
            Location::Postgres(_) => formatter.write_str("Postgres(..)"),
        }
    }
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// How this process is named to a second one that wants the same SQLite file, for example its URL.
    pub label: String,
    /// Most PostgreSQL connections.
    pub pool_size: usize,
    /// Most writes that may wait for the SQLite writer.
    pub write_queue_max: usize,
    /// Most writes that share one commit of the SQLite writer.
    pub write_batch_max: usize,
    /// Most pages of a SQLite file, so that a test can fill the disk.
    pub page_count_max: Option<u32>,
    /// The schema, oldest first.
    pub migrations: &'static [Migration],
}

impl Default for Options {
    fn default() -> Self {
        Options {
            label: String::new(),
            pool_size: POOL_SIZE,
            write_queue_max: WRITE_QUEUE_MAX,
            write_batch_max: WRITE_BATCH_MAX,
            page_count_max: None,
            migrations: MIGRATIONS,
        }
    }
}
