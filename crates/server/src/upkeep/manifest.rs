//! The manifest of a backup: what is in it, and how to see that all of it is.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::{UpkeepError, at};

pub(super) const MANIFEST: &str = "manifest.json";

/// The form that this Mimeo writes, and the newest that it reads.
pub(super) const FORM: u32 = 1;

/// A manifest is no longer than this, in bytes.
const MANIFEST_BYTES_MAX: u64 = 64 << 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub form: u32,
    /// The Mimeo that wrote it.
    pub mimeo: String,
    pub schema: i64,
    /// The instant at or after which the database was read: what was answered before it is in here.
    pub taken: String,
    pub database: Database,
    /// `None`: the bodies were left where they are.
    pub templates: Option<Templates>,
    pub products: u64,
    pub versions: u64,
    pub copies: u64,
    pub copies_under_way: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Database {
    pub kind: Kind,
    pub file: String,
    pub bytes: u64,
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A SQLite file, page by page.
    Sqlite,
    /// A row a line, for either engine.
    Rows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Templates {
    pub count: u64,
    pub bytes: u64,
}

impl Manifest {
    pub(super) fn write(&self, folder: &Path) -> Result<(), UpkeepError> {
        let path = folder.join(MANIFEST);
        let text = serde_json::to_string_pretty(self).expect("a manifest has string keys");
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
        written.map_err(at(path))
    }

    pub(super) fn read(folder: &Path) -> Result<Self, UpkeepError> {
        let path = folder.join(MANIFEST);
        let no_backup = |reason: String| UpkeepError::NoBackup {
            path: folder.to_owned(),
            reason,
        };
        let mut text = String::new();
        File::open(&path)
            .and_then(|file| file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text))
            .map_err(|error| no_backup(format!("{MANIFEST}: {error}")))?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| no_backup(format!("{MANIFEST}: {error}")))?;
        if manifest.form > FORM {
            let (form, by) = (manifest.form, &manifest.mimeo);
            let reason = format!("it has form {form}, of Mimeo {by}: restore it with that");
            return Err(no_backup(reason));
        }
        let file = &manifest.database.file;
        if file.contains('/') || file.starts_with('.') {
            return Err(no_backup(format!("{file:?} is no file of its own")));
        }
        Ok(manifest)
    }
}

/// Length and SHA-256 of a file.
pub(super) fn digest(path: &Path) -> Result<(u64, String), UpkeepError> {
    let hashed = File::open(path).and_then(|mut file| {
        let (mut context, mut bytes) = (Context::new(&SHA256), 0);
        let mut piece = vec![0; 1 << 20];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok((bytes, hex::encode(context.finish()))),
                count => {
                    bytes += count as u64;
                    context.update(&piece[..count]);
                }
            }
        }
    });
    hashed.map_err(at(path))
}
