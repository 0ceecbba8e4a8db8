//! `serve --seed FILE`: makes what a document describes and is not there yet, as each account, through
//! the service as anybody else would, so that every rule holds.
//!
//! Reference: `docs/reference/seed-file.md`.

mod caller;
mod check;
mod copies;
mod hung;
mod organization;
mod portfolios;
mod products;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use mimeo_domain::organizations::Organization;
use mimeo_domain::{AccountId, Caller, RegionName};
use mimeo_service::Service;
use mimeo_world::{DOCUMENT_BYTES_MAX, World};
use serde_json::{Value, json};

use crate::config::Config;
use caller::Acting;

/// Why a document was not applied, in sentences for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("the seed {} cannot be read: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    /// Nothing was changed.
    #[error("the seed {} has problems:\n{}", path.display(), problems.join("\n"))]
    Document {
        path: PathBuf,
        problems: Vec<String>,
    },
    /// What came before it was made, and is there when the seed is applied again.
    #[error("the seed {}: {what}: {message}", path.display())]
    Refused {
        path: PathBuf,
        what: String,
        message: String,
    },
}

/// What a server must know of itself to take a document.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// The accounts that are configured, or `None` where any is one.
    pub accounts: Option<BTreeSet<&'a str>>,
    pub organization: Option<&'a Organization>,
}

impl<'a> Known<'a> {
    pub(crate) fn of(config: &'a Config) -> Self {
        let accounts = config.accounts.iter().map(|account| account.id.as_str());
        Self {
            accounts: config.is_verified().then(|| accounts.collect()),
            organization: config.organization.as_ref(),
        }
    }
}

/// Applies a document, and tells how many things were made.
pub(crate) async fn apply(
    service: &Service,
    path: &Path,
    known: &Known<'_>,
) -> Result<usize, SeedError> {
    let text = read_file(path, DOCUMENT_BYTES_MAX).map_err(|source| SeedError::File {
        path: path.to_owned(),
        source,
    })?;
    let refuse = |problems| SeedError::Document {
        path: path.to_owned(),
        problems,
    };
    let text =
        String::from_utf8(text.to_vec()).map_err(|_| refuse(vec!["it is not UTF-8".into()]))?;
    let world = mimeo_world::read(&text, &service.world().quotas)
        .map_err(|problems| refuse(problems.iter().map(ToString::to_string).collect()))?;
    let templates = check::check(&world, service, path, known).map_err(refuse)?;
    let mut seed = Seed {
        service,
        world: &world,
        organization: world.organization.as_ref().or(known.organization),
        templates,
        products: Named::new(),
        portfolios: Named::new(),
        made: 0,
    };
    seed.make()
        .await
        .map_err(|(what, message)| SeedError::Refused {
            path: path.to_owned(),
            what,
            message,
        })?;
    Ok(seed.made)
}

fn read_file(path: &Path, bytes_max: usize) -> std::io::Result<Bytes> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(std::io::Error::other(format!(
            "it is longer than {bytes_max} bytes"
        )));
    }
    Ok(bytes.into())
}

/// What was refused, and with what words.
type Refused = (String, String);

struct Seed<'a> {
    service: &'a Service,
    world: &'a World,
    /// The document's, or else the configured one.
    organization: Option<&'a Organization>,
    templates: BTreeMap<String, Bytes>,
    products: Named,
    portfolios: Named,
    made: usize,
}

/// Ids by name, of each account and Region that was listed.
type Named = BTreeMap<(AccountId, RegionName), BTreeMap<String, String>>;

impl<'a> Seed<'a> {
    async fn make(&mut self) -> Result<(), Refused> {
        let world = self.world;
        self.organization().await?;
        for (name, product) in &world.products {
            for region in &product.regions {
                self.product(name, product, region).await?;
            }
        }
        // What one portfolio shares, another may hold.
        for (name, portfolio) in &world.portfolios {
            for region in &portfolio.regions {
                self.portfolio(name, portfolio, region).await?;
            }
        }
        for (name, portfolio) in &world.portfolios {
            for region in &portfolio.regions {
                self.furnish(name, portfolio, region).await?;
            }
        }
        for copy in &world.copies {
            self.copy(copy).await?;
        }
        Ok(())
    }

    fn acting(&self, account: &str, region: &RegionName, what: String) -> Acting<'a> {
        // The document was checked: every account that it names, it gives.
        let id = self.world.accounts[account].clone();
        Acting {
            service: self.service,
            caller: Caller::root(id, region.clone()),
            what,
        }
    }
}

fn tags(tags: &BTreeMap<String, String>) -> Vec<Value> {
    let tag = |(key, value): (&String, &String)| json!({"Key": key, "Value": value});
    tags.iter().map(tag).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
