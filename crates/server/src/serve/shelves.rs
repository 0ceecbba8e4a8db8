//! Where templates are kept, made of what the configuration says of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mimeo_service::Shelves;
use mimeo_templates::shelf::{BucketKeys, BucketRules, Patience, Shelf};
use url::Url;

use super::StartError;
use crate::config::{Config, Data, Place};

/// Where templates go beside a database that has no folder.
const TEMPLATES_FOLDER: &str = "mimeo-data/templates";

/// Where the templates of each Region are.
pub(crate) fn shelves(config: &Config) -> Result<Shelves, StartError> {
    let common = match &config.templates.store {
        Some(place) => kept(config, place, &config.bucket.region, None)?,
        None => common_shelf(config)?,
    };
    let mut of_regions = BTreeMap::new();
    for table in &config.region_tables {
        if let Some(place) = &table.templates {
            let endpoint = table.templates_endpoint.as_ref();
            let shelf = kept(config, place, table.name.as_str(), endpoint)?;
            of_regions.insert(table.name.clone(), shelf);
        }
    }
    Ok(Shelves::new(common, of_regions))
}

/// The shelf in a place; `endpoint` is for a bucket that is not where the others are.
fn kept(
    config: &Config,
    place: &Place,
    region: &str,
    endpoint: Option<&Url>,
) -> Result<Shelf, StartError> {
    let (bucket, prefix) = match place {
        Place::Folder(folder) => return in_folder(folder.clone()),
        Place::Bucket { bucket, prefix } => (bucket, prefix),
    };
    let how = &config.bucket;
    let keys = match (&how.access_key_id, &how.secret_access_key) {
        (Some(id), Some(secret)) => Some(BucketKeys {
            access_key_id: id.clone(),
            secret_access_key: secret.reveal().to_owned(),
            session_token: how
                .session_token
                .as_ref()
                .map(|token| token.reveal().to_owned()),
        }),
        _ => None,
    };
    let rules = BucketRules {
        bucket: bucket.clone(),
        prefix: prefix.clone(),
        region: region.to_owned(),
        endpoint: endpoint.or(how.endpoint.as_ref()).cloned(),
        path_style: how.path_style,
        keys,
        conditional_put: how.conditional_put,
        patience: Patience::default(),
    };
    Shelf::bucket(&rules).map_err(|source| StartError::Bucket {
        bucket: bucket.clone(),
        source,
    })
}

fn common_shelf(config: &Config) -> Result<Shelf, StartError> {
    match (&config.templates.folder, &config.data) {
        (Some(folder), _) => in_folder(folder.clone()),
        (None, Data::Folder(folder)) => in_folder(folder.join("templates")),
        (None, Data::Postgres(_)) => in_folder(PathBuf::from(TEMPLATES_FOLDER)),
        (None, Data::Memory) => Ok(Shelf::memory()),
    }
}

fn in_folder(path: PathBuf) -> Result<Shelf, StartError> {
    Shelf::folder(&path).map_err(|source| StartError::Shelf { path, source })
}
