//! What can go wrong between a handler and its database, in words that both engines share.

use std::path::PathBuf;

/// Why a transaction did not happen, or why nobody can say whether it did.
///
/// After any error from a [`crate::Tx`] the transaction is lost on both engines: the work must return an error.
/// A handler may turn [`StoreError::Duplicate`] into a refusal of its own; the rest it passes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another transaction came between. `Store::write` runs the work again, so callers see this
    /// only when [`crate::RETRIES_MAX`] retries have met a conflict each.
    #[error("the transaction collided with others too often")]
    Conflict,
    /// A row with this key exists already (a unique or primary key was violated).
    #[error("a row with this key exists already")]
    Duplicate,
    /// A queue or the connection pool is full; nothing was done, come back later.
    #[error("the store has more waiting work than it takes")]
    Overloaded,
    /// The database's disk is full; nothing was done.
    #[error("the database's disk is full")]
    Full,
    /// The database cannot be reached, or the store is closed; nothing was done.
    #[error("the database cannot be reached")]
    Unavailable,
    /// The connection broke while COMMIT was under way: the change may or may not be there.
    /// Look the idempotency token up on a new connection; never guess.
    #[error("the outcome of the commit is unknown")]
    Unknown,
    /// Our bug or a damaged database; the text is for the log and never for a caller.
    #[error("the store is broken: {0}")]
    Broken(String),
}

/// Why a store cannot be opened, in lines meant for the operator's terminal.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server holds the SQLite file.
    #[error("{} is in use by {holder}", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
        /// Who holds it, as it announced itself.
        holder: String,
    },
    /// The file or its lock cannot be opened.
    #[error("{} cannot be opened: {reason}", path.display())]
    File {
        /// The file in question.
        path: PathBuf,
        /// The system's or SQLite's words.
        reason: String,
    },
    /// SQLite did not take a setting that durability rests on.
    #[error("SQLite answers {pragma} = {found}, but {wanted} is needed")]
    Setting {
        /// Name of the pragma.
        pragma: &'static str,
        /// What was asked for.
        wanted: &'static str,
        /// What it reads back.
        found: String,
    },
    /// The PostgreSQL address cannot be read.
    #[error("the PostgreSQL address cannot be read: {0}")]
    Address(String),
    /// There is no way into the PostgreSQL database.
    #[error("PostgreSQL cannot be reached: {0}")]
    Unreachable(String),
    /// The address asks for TLS.
    #[error(
        "TLS to PostgreSQL is not supported yet: remove sslmode=require, or use a local socket or tunnel"
    )]
    Tls,
    /// The database sorts by a language and not by bytes.
    #[error(
        "database {database} sorts by the rules of {collation}, but byte order is needed; make one with: \
         createdb --template=template0 --encoding=UTF8 --locale=C mimeo"
    )]
    Collation {
        /// Name of the database.
        database: String,
        /// Its collation and encoding.
        collation: String,
    },
    /// A newer Mimeo has been here, and left what this one cannot work with.
    #[error(
        "the database has schema {found}, beside which no Mimeo runs that knows only up to {known}: run the newer Mimeo"
    )]
    NewerSchema {
        /// The first version in the database that does not allow for this binary.
        found: i64,
        /// Highest version in this binary.
        known: i64,
    },
    /// An older Mimeo has been here, and this one was only to look.
    #[error(
        "the database has schema {found}, and this Mimeo reads {known}: start its server once, which brings it up to date"
    )]
    OlderSchema {
        /// The first version in the database that does not allow for this binary.
        found: i64,
        /// Highest version in this binary.
        known: i64,
    },
    /// An applied migration differs from the one in this binary.
    #[error("migration {version} ({name}) was applied with another text than this Mimeo carries")]
    ChangedMigration {
        /// Its version.
        version: i64,
        /// Its name in the database.
        name: String,
    },
    /// A migration failed; it left nothing behind.
    #[error("migration {version} ({name}) cannot be applied: {source}")]
    Migration {
        /// Its version.
        version: i64,
        /// Its name.
        name: &'static str,
        /// What the database said.
        #[source]
        source: StoreError,
    },
    /// The database failed while it was looked at.
    #[error(transparent)]
    Store(#[from] StoreError),
}
