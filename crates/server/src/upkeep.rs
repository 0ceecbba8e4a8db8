//! Upkeep of a store, beside its servers or without them: audit, check, backup, restore.

mod audit;
mod backup;
mod manifest;
mod restore;

use std::path::PathBuf;

use mimeo_service::check;
pub use mimeo_service::check::{Checked, Finding};
use mimeo_store::{OpenError, StoreError};
use mimeo_templates::shelf::ShelfError;

use crate::config::Config;
use crate::opening;
use crate::serve::{self, StartError};

pub use audit::{Span, export_audit, export_audit_from};
pub use backup::{BackedUp, Bodies, backup};
pub use restore::{Restored, restore};

/// Why a command could not do its work, in a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    #[error("data is :memory:, which is gone with its server")]
    Memory,
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("template {digest} of {subject}: {source}")]
    Template {
        digest: String,
        subject: String,
        source: ShelfError,
    },
    #[error("{} is no backup of Mimeo: {reason}", path.display())]
    NoBackup { path: PathBuf, reason: String },
    #[error("{} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "there already: {0}. Nothing is restored over a catalogue, nor beside what is left of one: name \
         another folder, or stop its server and move mimeo.db away with its -wal, -shm and -journal, \
         which SQLite would take for the new one's"
    )]
    NotEmpty(String),
    #[error("{0}")]
    Other(String),
}

/// Checks what a configuration names, whether its server runs or not, and changes nothing.
pub async fn check(config: &Config) -> Result<Checked, UpkeepError> {
    let store = opening::look(config).await?;
    let shelves = serve::shelves(config)?;
    let checked = check::check(&store, Some(&shelves)).await;
    store.close().await;
    Ok(checked?)
}

fn at(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> UpkeepError {
    let path = path.into();
    move |source| UpkeepError::File { path, source }
}
