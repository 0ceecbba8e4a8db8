//! `mimeo backup`: the database as it is at one instant, then every body that it names.
//!
//! In this order, because a body is on its shelf before a row names it, never changes, and stays for a
//! day after the last row that named it: whatever the snapshot names is there for long enough.

use std::collections::HashSet;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use mimeo_service::bodies::{self, By, Named};
use mimeo_service::check::{self, Checked};
use mimeo_store::{Location, MIGRATIONS, Options, Store};
use mimeo_templates::shelf::{Digest, Shelf, ShelfError, Verdict};

use super::manifest::{Database, FORM, Kind, Manifest, Templates, digest};
use super::{UpkeepError, at};
use crate::clock;
use crate::config::{Config, Data};
use crate::opening::DATABASE_FILE;
use crate::serve;

/// Where the bodies of all backups in a folder are, each once.
pub(super) const TEMPLATES: &str = "templates";

/// How the name of a backup begins that is not finished.
pub(super) const PARTIAL: &str = ".partial-";

/// Bodies that are remembered as saved or restored; beyond them some are looked at again.
pub(super) const SAVED_MAX: usize = 100_000;

/// Whether templates come along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    Saved,
    LeftWhereTheyAre,
}

/// What was saved.
#[derive(Debug)]
pub struct BackedUp {
    /// The finished backup.
    pub folder: PathBuf,
    pub templates_count: u64,
    pub templates_bytes: u64,
    /// Of these, the ones that were not in the folder before.
    pub templates_new: u64,
    /// What the saved rows hold, and what is wrong with them.
    pub checked: Checked,
}

/// Saves what a configuration names into a new folder below `to`, while its server runs.
///
/// Nothing is there under the final name before all of it is on disk.
pub async fn backup(config: &Config, to: &Path, bodies: Bodies) -> Result<BackedUp, UpkeepError> {
    private_folder(to)?;
    // Three digits after the point, always, so that names sort by time.
    let taken = jiff::Timestamp::from_millisecond(clock::now().millis())
        .map_or_else(|_| String::new(), |time| format!("{time:.3}"));
    let name: String = taken.chars().filter(|c| !"-:".contains(*c)).collect();
    let partial = to.join(format!("{PARTIAL}{}-{name}", std::process::id()));
    private_folder(&partial)?;
    let place = Place {
        to,
        partial: &partial,
        finished: to.join(name),
        taken,
    };
    let done = write(config, &place, bodies).await;
    if done.is_err() {
        // What is left of it is in nobody's way; it is only removed to give the space back.
        let _ = std::fs::remove_dir_all(&partial);
    }
    done
}

struct Place<'a> {
    to: &'a Path,
    partial: &'a Path,
    finished: PathBuf,
    taken: String,
}

async fn write(
    config: &Config,
    place: &Place<'_>,
    bodies: Bodies,
) -> Result<BackedUp, UpkeepError> {
    let (kind, file) = save_rows(config, place.partial).await?;
    let path = place.partial.join(file);
    // Digested before it is opened, and never written to after.
    let (bytes, sha256) = digest(&path)?;
    let store = Store::look(&Location::SqliteFile(path), Options::default()).await?;
    let mut saved = None;
    if bodies == Bodies::Saved {
        saved = Some(save_bodies(config, place.to, &store).await?);
    }
    let checked = check::check(&store, None).await;
    store.close().await;
    let checked = checked?;
    let templates = saved.as_ref().map(|saved| saved.templates);
    let manifest = Manifest {
        form: FORM,
        mimeo: env!("CARGO_PKG_VERSION").into(),
        schema: MIGRATIONS.last().map_or(0, |migration| migration.version),
        taken: place.taken.clone(),
        database: Database {
            kind,
            file: file.into(),
            bytes,
            sha256,
        },
        templates,
        products: checked.products,
        versions: checked.versions,
        copies: checked.copies,
        copies_under_way: checked.copies_under_way,
    };
    for companion in ["-wal", "-shm"] {
        // Left by whoever looked; there is nothing in them.
        let _ = std::fs::remove_file(place.partial.join(format!("{file}{companion}")));
    }
    manifest.write(place.partial)?;
    sync_folder(place.partial)?;
    std::fs::rename(place.partial, &place.finished).map_err(at(&place.finished))?;
    sync_folder(place.to)?;
    Ok(BackedUp {
        folder: place.finished.clone(),
        templates_count: templates.map_or(0, |templates| templates.count),
        templates_bytes: templates.map_or(0, |templates| templates.bytes),
        templates_new: saved.map_or(0, |saved| saved.new),
        checked,
    })
}

/// Writes the database's file into the folder.
async fn save_rows(config: &Config, into: &Path) -> Result<(Kind, &'static str), UpkeepError> {
    match &config.data {
        Data::Memory => Err(UpkeepError::Memory),
        Data::Folder(folder) => {
            let from = folder.join(DATABASE_FILE);
            // Whether it is there and of this schema, before anything is copied.
            let location = Location::SqliteFile(from.clone());
            Store::look(&location, Options::default())
                .await?
                .close()
                .await;
            let to = into.join(DATABASE_FILE);
            let copied = tokio::task::spawn_blocking(move || Store::snapshot(&from, &to)).await;
            copied.map_err(|error| UpkeepError::Other(error.to_string()))??;
            Ok((Kind::Sqlite, DATABASE_FILE))
        }
        Data::Postgres(_) => Err(UpkeepError::Other(
            "a PostgreSQL database is saved with PostgreSQL's own tools: pg_dump, or base backups \
             with archived write-ahead logs"
                .into(),
        )),
    }
}

struct Saved {
    templates: Templates,
    new: u64,
}

/// Copies each body that the snapshot names and that is not in the backup's folder yet.
async fn save_bodies(config: &Config, to: &Path, rows: &Store) -> Result<Saved, UpkeepError> {
    let from = serve::shelves(config)?;
    let shelf = to.join(TEMPLATES);
    let shelf = Shelf::folder(&shelf).map_err(|source| UpkeepError::Template {
        digest: "-".into(),
        subject: shelf.display().to_string(),
        source,
    })?;
    let mut saved = Saved {
        templates: Templates { count: 0, bytes: 0 },
        new: 0,
    };
    let mut seen: HashSet<Digest> = HashSet::new();
    let mut all = bodies::Bodies::default();
    while let Some(page) = all.next_page(rows).await? {
        for named in page {
            let Ok(wanted) = named.digest.parse::<Digest>() else {
                continue;
            };
            if seen.len() >= SAVED_MAX {
                seen.clear();
            }
            if !seen.insert(wanted) {
                continue;
            }
            let source = from.of(&named.region);
            let Some(body) = save_body(source, &shelf, &wanted, &named).await? else {
                continue;
            };
            saved.templates.count += 1;
            saved.templates.bytes += body.bytes;
            saved.new += u64::from(body.is_new);
        }
    }
    Ok(saved)
}

struct SavedBody {
    bytes: u64,
    is_new: bool,
}

/// `None`: a copy that runs has planned it, and it is not here yet.
async fn save_body(
    from: &Shelf,
    to: &Shelf,
    wanted: &Digest,
    named: &Named,
) -> Result<Option<SavedBody>, UpkeepError> {
    let refused = |source: ShelfError| UpkeepError::Template {
        digest: named.digest.clone(),
        subject: named.subject.clone(),
        source,
    };
    if let Verdict::Present { bytes } = to.verify(wanted).await.map_err(refused)? {
        let (bytes, is_new) = (bytes as u64, false);
        return Ok(Some(SavedBody { bytes, is_new }));
    }
    match from.get(wanted).await.map_err(refused)? {
        Some(body) => {
            let (bytes, is_new) = (body.len() as u64, true);
            to.put(body).await.map_err(refused)?;
            Ok(Some(SavedBody { bytes, is_new }))
        }
        None if named.by == By::Plan => Ok(None),
        None => Err(UpkeepError::Other(format!(
            "template {wanted} of {} is not on its shelf; mimeo check tells all that is wrong",
            named.subject
        ))),
    }
}

pub(super) fn private_folder(path: &Path) -> Result<(), UpkeepError> {
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(path);
    made.map_err(at(path))
}

pub(super) fn sync_folder(path: &Path) -> Result<(), UpkeepError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(at(path))
}
