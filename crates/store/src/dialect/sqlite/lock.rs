//! The lock file beside a database: one server a file, and a second one is told who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::error::OpenError;

/// Longest announcement that is read from a lock file, in bytes.
const HOLDER_BYTES_MAX: u64 = 512;

/// An exclusive lock on `<database>.lock`; the system gives it back when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    file: Mutex<File>,
}

impl Lock {
    pub(super) fn take(database: &Path, label: &str) -> Result<Lock, OpenError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let refused = |error: &std::io::Error| OpenError::File {
            path: path.clone().into(),
            reason: error.to_string(),
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| refused(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    path: database.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(refused(&error)),
        }
        let lock = Lock {
            file: Mutex::new(file),
        };
        lock.announce(label).map_err(|error| refused(&error))?;
        Ok(lock)
    }

    /// Writes down who holds the file, for the message to the next one.
    pub(super) fn announce(&self, label: &str) -> std::io::Result<()> {
        let comma = if label.is_empty() { "" } else { ", " };
        self.write(&format!(
            "mimeo (process {}{comma}{label})\n",
            std::process::id()
        ))
    }

    /// Gives the database to whoever comes next.
    pub(super) fn release(&self) -> std::io::Result<()> {
        self.write("")?;
        self.file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .unlock()
    }

    fn write(&self, text: &str) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())
    }
}

/// A SQLite file's lock without the file, for whoever puts one there: until this is dropped no server
/// opens it or makes one.
#[derive(Debug)]
pub struct Held(Lock);

impl Held {
    /// Takes the lock of a database in a folder that is there; `label` says who holds it.
    pub fn take(database: &Path, label: &str) -> Result<Held, OpenError> {
        Lock::take(database, label).map(Held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = self.0.release() {
            tracing::warn!(%error, "the lock file stays as it is");
        }
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(HOLDER_BYTES_MAX).read_to_string(&mut text);
    if read.is_err() || text.trim().is_empty() {
        return "another process".to_owned();
    }
    text.trim().to_owned()
}
