//! A snapshot: a database file as it was at one instant, copied while its owner goes on writing.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{in_our_words, open};
use crate::error::StoreError;

/// Pages of one step: 4 MiB.
const STEP_PAGES: i32 = 1_024;

/// Copies the file at `from` into a new one at `to`, page by page, and syncs it.
///
/// One read transaction lasts from the first page to the last: without it each write of the owner
/// would make the copy begin anew, and it might never end. A reader holds up no writer of a write-ahead
/// log; the log only grows meanwhile.
pub(crate) fn snapshot(from: &Path, to: &Path) -> Result<(), StoreError> {
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Broken(format!("{}: {error}", to.display())),
    };
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(to);
    drop(file.map_err(refused)?);
    copy(from, to)?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(refused)
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let source = open::reader(from).map_err(|error| StoreError::Broken(error.to_string()))?;
    let in_words = |error: rusqlite::Error| in_our_words(&error, "a snapshot");
    source
        .execute_batch("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1")
        .map_err(in_words)?;
    let mut target = Connection::open(to).map_err(in_words)?;
    let backup = Backup::new(&source, &mut target).map_err(in_words)?;
    loop {
        match backup.step(STEP_PAGES).map_err(in_words)? {
            StepResult::Done => break,
            StepResult::More => std::thread::yield_now(),
            _ => return Err(StoreError::Overloaded),
        }
    }
    drop(backup);
    target.close().map_err(|(_, error)| in_words(error))?;
    // Nothing was written through this connection.
    drop(source);
    Ok(())
}
