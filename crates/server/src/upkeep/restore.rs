//! `mimeo restore`: a backup, verified and brought to today's schema, in a place that was empty.

use std::collections::HashSet;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use mimeo_service::bodies::{self, By};
use mimeo_service::check::{self, Checked};
use mimeo_store::{Held, Location, Options, Store};
use mimeo_templates::shelf::{Digest, Shelf, ShelfError};

use super::backup::{SAVED_MAX, TEMPLATES, sync_folder};
use super::manifest::{Kind, MANIFEST, Manifest, digest};
use super::{UpkeepError, at};
use crate::config::{Config, Data};
use crate::opening::{DATABASE_FILE, make_folder};
use crate::serve;

/// The database while it is not whole.
const RESTORING_FILE: &str = "restoring.db";

/// What SQLite takes for one database, by what its names end with.
const PARTS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    pub from: PathBuf,
    /// The instant of the backup.
    pub taken: String,
    /// Template bodies, each once in each place of templates.
    pub templates_count: u64,
    /// Whether bodies came with the backup; if not, they are expected where they were.
    pub has_templates: bool,
    pub checked: Checked,
}

/// Restores the backup in `from`, or the newest one below it, into what a configuration names.
///
/// The database is put under its name last of all: a restore that was cut off leaves none. Until then
/// it holds the lock that a server takes, so none works in the place, nor begins to.
pub async fn restore(from: &Path, config: &Config) -> Result<Restored, UpkeepError> {
    let from = find(from)?;
    let manifest = Manifest::read(&from)?;
    let rows = verified_rows(&from, &manifest)?;
    let folder = match &config.data {
        Data::Memory => return Err(UpkeepError::Memory),
        Data::Folder(folder) => folder,
        Data::Postgres(_) => {
            return Err(UpkeepError::Other(
                "a PostgreSQL database is restored with PostgreSQL's own tools".into(),
            ));
        }
    };
    let target = folder.join(DATABASE_FILE);
    make_folder(folder)?;
    let _held = Held::take(&target, "restore")?;
    expect_nothing(&target)?;
    let restoring = folder.join(RESTORING_FILE);
    remove_database(&restoring)?;
    let copied = std::fs::copy(&rows, &restoring)
        .and_then(|_| std::fs::set_permissions(&restoring, Permissions::from_mode(0o600)));
    copied.map_err(at(&restoring))?;
    // Opening it brings an older schema up to date.
    let location = Location::SqliteFile(restoring.clone());
    let store = Store::open(&location, Options::default()).await?;
    let done = fill(&store, &from, &manifest, config).await;
    store.close().await;
    let (templates_count, checked) = done?;
    drop(store);
    settle(&restoring, &target)?;
    sync_folder(folder)?;
    Ok(Restored {
        from,
        taken: manifest.taken,
        templates_count,
        has_templates: manifest.templates.is_some(),
        checked,
    })
}

/// The folder itself if it is a backup, or the newest finished one in it.
fn find(from: &Path) -> Result<PathBuf, UpkeepError> {
    if from.join(MANIFEST).exists() {
        return Ok(from.to_owned());
    }
    let entries = std::fs::read_dir(from).map_err(at(from))?;
    let is_backup = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && path.join(MANIFEST).exists()
    };
    let finished = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_backup);
    finished.max().ok_or_else(|| UpkeepError::NoBackup {
        path: from.to_owned(),
        reason: "there is no manifest in it, nor in a folder below it".into(),
    })
}

/// The database of a backup, if it is what its manifest says.
fn verified_rows(from: &Path, manifest: &Manifest) -> Result<PathBuf, UpkeepError> {
    let path = from.join(&manifest.database.file);
    let (bytes, sha256) = digest(&path)?;
    let said = &manifest.database;
    if (bytes, &sha256) != (said.bytes, &said.sha256) {
        let reason = format!(
            "it has {bytes} bytes and the digest {sha256}, but the manifest says {} and {}",
            said.bytes, said.sha256
        );
        return Err(UpkeepError::Damaged { path, reason });
    }
    match said.kind {
        Kind::Sqlite => Ok(path),
        Kind::Rows => Err(UpkeepError::NoBackup {
            path,
            reason: "rows of a form that this Mimeo does not read".into(),
        }),
    }
}

/// Brings the bodies and checks everything.
async fn fill(
    store: &Store,
    from: &Path,
    manifest: &Manifest,
    config: &Config,
) -> Result<(u64, Checked), UpkeepError> {
    let shelves = serve::shelves(config)?;
    let mut count = 0;
    if manifest.templates.is_some() {
        let path = from.parent().unwrap_or(from).join(TEMPLATES);
        if !path.is_dir() {
            let reason = "it is not beside the backup".into();
            return Err(UpkeepError::Damaged { path, reason });
        }
        let shelf = Shelf::folder(&path).map_err(|source| UpkeepError::Damaged {
            path: path.clone(),
            reason: source.to_string(),
        })?;
        let mut seen: HashSet<(String, Digest)> = HashSet::new();
        let mut all = bodies::Bodies::default();
        while let Some(page) = all.next_page(store).await? {
            for named in page {
                let Ok(wanted) = named.digest.parse::<Digest>() else {
                    continue;
                };
                if seen.len() >= SAVED_MAX {
                    seen.clear();
                }
                if !seen.insert((shelves.name_of(&named.region).to_owned(), wanted)) {
                    continue;
                }
                let refused = |source: ShelfError| UpkeepError::Template {
                    digest: named.digest.clone(),
                    subject: named.subject.clone(),
                    source,
                };
                match shelf.get(&wanted).await.map_err(refused)? {
                    Some(body) => {
                        let put = shelves.of(&named.region).put(body).await;
                        put.map_err(refused)?;
                        count += 1;
                    }
                    None if named.by == By::Plan => (),
                    None => {
                        let reason = format!("template {wanted} of {} is missing", named.subject);
                        return Err(UpkeepError::Damaged { path, reason });
                    }
                }
            }
        }
    }
    let checked = check::check(store, Some(&shelves)).await?;
    Ok((count, checked))
}

/// Gives the whole database its name.
fn settle(restoring: &Path, target: &Path) -> Result<(), UpkeepError> {
    let log = beside(restoring, "-wal");
    // Closing wrote it into the file; else the file alone would not be the database.
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let log = log.display();
        return Err(UpkeepError::Other(format!("{log} was not written back")));
    }
    let synced = std::fs::File::open(restoring).and_then(|file| file.sync_all());
    synced.map_err(at(restoring))?;
    // Unlike a rename it replaces nothing, whoever was here meanwhile.
    std::fs::hard_link(restoring, target).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => UpkeepError::NotEmpty(target.display().to_string()),
        _ => at(target)(error),
    })?;
    remove_database(restoring)
}

/// A log that outlived its database would be replayed into the next one of this name.
fn expect_nothing(database: &Path) -> Result<(), UpkeepError> {
    let mut found = Vec::new();
    for part in PARTS {
        let path = beside(database, part);
        match std::fs::symlink_metadata(&path) {
            Ok(_) => found.push(path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(at(path)(error)),
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(UpkeepError::NotEmpty(found.join(", ")))
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Removes a database file and what goes with it, as far as they are there.
fn remove_database(path: &Path) -> Result<(), UpkeepError> {
    for ending in PARTS.into_iter().chain([".lock"]) {
        let name = beside(path, ending);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(at(name)(error));
            }
            _ => (),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_under_the_name_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (restoring, target) = (
            folder.path().join("restoring.db"),
            folder.path().join("mimeo.db"),
        );
        std::fs::write(&restoring, "restored").unwrap();
        std::fs::write(&target, "acknowledged").unwrap();
        let refused = settle(&restoring, &target).unwrap_err();
        assert!(matches!(refused, UpkeepError::NotEmpty(_)), "{refused}");
        assert_eq!(std::fs::read(&target).unwrap(), b"acknowledged");
        std::fs::remove_file(&target).unwrap();
        settle(&restoring, &target).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"restored");
        assert!(!restoring.exists());
    }
}
