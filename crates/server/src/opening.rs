//! Opening the store that a configuration names.

use std::path::Path;

use mimeo_store::{Location, Options, Store};

use crate::config::{Config, Data};
use crate::serve::StartError;
use crate::upkeep::UpkeepError;

/// The name of the SQLite file in the data folder.
pub(crate) const DATABASE_FILE: &str = "mimeo.db";

/// Opens the store of a configuration, and makes what is missing of it.
pub(crate) async fn store(config: &Config) -> Result<Store, StartError> {
    let location = match &config.data {
        Data::Folder(folder) => {
            make_folder(folder)?;
            Location::SqliteFile(folder.join(DATABASE_FILE))
        }
        Data::Memory => Location::SqliteMemory,
        Data::Postgres(url) => Location::Postgres(url.clone()),
    };
    Ok(Store::open(
        &location,
        Options {
            write_batch_max: config.limits.write_batch_max,
            ..Options::default()
        },
    )
    .await?)
}

/// Opens the store of a configuration to read it, beside its servers; what is missing stays so.
pub(crate) async fn look(config: &Config) -> Result<Store, UpkeepError> {
    let location = match &config.data {
        Data::Folder(folder) => Location::SqliteFile(folder.join(DATABASE_FILE)),
        Data::Memory => return Err(UpkeepError::Memory),
        Data::Postgres(url) => Location::Postgres(url.clone()),
    };
    Ok(Store::look(&location, Options::default()).await?)
}

pub(crate) fn make_folder(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    // Its name too must survive a power cut: all that is synced below it is lost with it.
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    made.and_then(|()| std::fs::File::open(parent)?.sync_all())
        .map_err(|source| StartError::Folder {
            path: path.to_owned(),
            source,
        })
}
