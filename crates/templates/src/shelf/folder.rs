//! A shelf in a folder: `ab/abcd…`, written to a temporary file, synced, renamed, folder synced.
//!
//! This is `std::fs` and not `object_store`'s local store. That one can fsync, but it makes files and folders as the
//! umask says, hides a full disk in a boxed error, and leaves its staging files for ever. A bucket goes through
//! `object_store`, as another place behind [`super::Shelf`].

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::{BODY_BYTES_MAX, Digest, ShelfError, Shelved};

/// How many names are tried for a temporary file: after a crash, an old one may hold the first few.
const TEMPORARY_NAMES_MAX: u32 = 64;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const TEMPORARY_SUFFIX: &str = ".tmp";

// Of the process and not of the folder: two shelves may be opened on one path.
static TEMPORARY_NUMBER: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn open(root: &Path) -> Result<Folder, ShelfError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(FOLDER_MODE);
        builder.create(root).map_err(at("make its folder", root))?;
        // Canonical, so that a later change of the working directory does not move the shelf.
        let root = root.canonicalize().map_err(at("find its folder", root))?;
        if let Some(parent) = root.parent() {
            sync_folder(parent)?;
        }
        Ok(Folder { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn put(&self, body: &[u8]) -> Result<Digest, ShelfError> {
        let digest = Digest::of(body);
        let path = self.path(&digest);
        let fan = self.fan(&digest);
        let whole = match self.get(&digest) {
            Ok(found) => found.is_some(),
            Err(ShelfError::Corrupt { .. }) => false,
            Err(error) => return Err(error),
        };
        if !whole {
            make_folder(&fan)?;
            write_then_rename(&fan, &path, &digest, body)?;
        }
        // Also when the body was there: whoever renamed it may not have come as far as this, and our caller is
        // about to commit a row that names it.
        sync_folder(&fan)?;
        sync_folder(&self.root)?;
        Ok(digest)
    }

    pub(super) fn get(&self, digest: &Digest) -> Result<Option<Bytes>, ShelfError> {
        let path = self.path(digest);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at("open a body", &path)(error)),
        };
        let mut body = Vec::new();
        // One byte more than any body has, so that a file which grew is seen to be corrupt.
        let mut bounded = file.take(BODY_BYTES_MAX as u64 + 1);
        bounded
            .read_to_end(&mut body)
            .map_err(at("read a body", &path))?;
        if Digest::of(&body) != *digest {
            return Err(ShelfError::Corrupt { digest: *digest });
        }
        Ok(Some(body.into()))
    }

    pub(super) fn sweep(&self, now: SystemTime, age: Duration) -> Result<usize, ShelfError> {
        let mut swept = 0;
        for fan in list(&self.root)? {
            if !fan.is_dir() {
                continue;
            }
            for path in list(&fan)? {
                if is_temporary(&path) && is_older(&path, now, age) {
                    match std::fs::remove_file(&path) {
                        Ok(()) => swept += 1,
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        Err(error) => return Err(at("remove a temporary file", &path)(error)),
                    }
                }
            }
        }
        Ok(swept)
    }

    /// Bodies in the order of their digests; of the listing, one folder of 256 is held at a time.
    pub(super) fn page(
        &self,
        after: Option<&Digest>,
        count: usize,
    ) -> Result<Vec<Shelved>, ShelfError> {
        let mut fans = list(&self.root)?;
        fans.sort_unstable();
        let first_fan = after.map(|digest| self.fan(digest));
        let mut page = Vec::new();
        for fan in fans {
            if Some(&fan) < first_fan.as_ref() || !fan.is_dir() {
                continue;
            }
            let mut digests: Vec<Digest> = list(&fan)?
                .iter()
                .filter_map(|path| path.file_name()?.to_str()?.parse().ok())
                .filter(|digest| Some(digest) > after)
                .collect();
            digests.sort_unstable();
            for digest in digests {
                // One that vanished meanwhile was removed by another sweep.
                if let Ok(metadata) = std::fs::symlink_metadata(self.path(&digest)) {
                    let bytes = metadata.len();
                    page.push(Shelved { digest, bytes });
                }
                if page.len() == count {
                    return Ok(page);
                }
            }
        }
        Ok(page)
    }

    pub(super) fn remove(&self, digest: &Digest) -> Result<(), ShelfError> {
        let path = self.path(digest);
        match std::fs::remove_file(&path) {
            Ok(()) => sync_folder(&self.fan(digest)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(not_removed(&path, error)),
        }
    }

    fn fan(&self, digest: &Digest) -> PathBuf {
        self.root.join(&digest.to_string()[..2])
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.fan(digest).join(digest.to_string())
    }
}

fn make_folder(path: &Path) -> Result<(), ShelfError> {
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(at("make a folder", path)(error))
        }
        _ => Ok(()),
    }
}

fn write_then_rename(
    fan: &Path,
    path: &Path,
    digest: &Digest,
    body: &[u8],
) -> Result<(), ShelfError> {
    let (temporary, mut file) = create_temporary(fan, digest)?;
    // A failed fsync is never tried again on the same file: the kernel may have dropped the dirty pages and call
    // the second one a success. The file goes, and the caller's next put writes anew.
    let written = file
        .write_all(body)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        at("write a body", path)(error)
    })
}

fn create_temporary(fan: &Path, digest: &Digest) -> Result<(PathBuf, File), ShelfError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(FILE_MODE);
    let process = std::process::id();
    let mut last = io::Error::from(ErrorKind::AlreadyExists);
    for _ in 0..TEMPORARY_NAMES_MAX {
        let number = TEMPORARY_NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = fan.join(format!("{digest}.{process}.{number}{TEMPORARY_SUFFIX}"));
        match options.open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(at("make a temporary file", &path)(error)),
        }
    }
    Err(at("find a name for a temporary file", fan)(last))
}

fn sync_folder(path: &Path) -> Result<(), ShelfError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(at("sync a folder", path))
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, ShelfError> {
    let entries = std::fs::read_dir(folder).map_err(at("list a folder", folder))?;
    entries
        .map(|entry| Ok(entry.map_err(at("list a folder", folder))?.path()))
        .collect()
}

fn is_temporary(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().ends_with(TEMPORARY_SUFFIX))
}

// A file that vanished meanwhile was renamed by its owner: not ours to sweep.
fn is_older(path: &Path, now: SystemTime, age: Duration) -> bool {
    let written = std::fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| now.duration_since(written).is_ok_and(|since| since > age))
}

fn at(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ShelfError {
    let path = path.to_path_buf();
    move |source| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ShelfError::Full,
        _ => ShelfError::Io { step, path, source },
    }
}

fn not_removed(path: &Path, error: io::Error) -> ShelfError {
    let kind = error.kind();
    let error = at("remove a body", path)(error);
    match kind {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ShelfError::Refused {
            source: Box::new(error),
        },
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart() {
        let path = Path::new("/dev/full");
        let mut full = OpenOptions::new().write(true).open(path).unwrap();
        let error = full
            .write_all(b"x")
            .map_err(at("write a body", path))
            .unwrap_err();
        assert!(matches!(error, ShelfError::Full), "{error:?}");
    }

    #[test]
    fn a_removal_that_is_not_allowed_is_told_apart() {
        let told = |kind: ErrorKind| not_removed(Path::new("ab/abcd"), kind.into());
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
            assert!(matches!(told(kind), ShelfError::Refused { .. }), "{kind}");
        }
        assert!(matches!(told(ErrorKind::Other), ShelfError::Io { .. }));
    }

    #[test]
    fn temporary_files_left_by_a_crash_are_stepped_over() {
        let folder = tempfile::tempdir().unwrap();
        let digest = Digest::of(b"x");
        let (first, _) = create_temporary(folder.path(), &digest).unwrap();
        let (second, _) = create_temporary(folder.path(), &digest).unwrap();
        assert_ne!(first, second);
    }
}
