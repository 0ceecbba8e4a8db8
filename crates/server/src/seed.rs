//! `serve --seed FILE`: makes what a document describes and is not there yet, as each account, through
//! the service as anybody else would, so that every rule holds.
//!
//! Reference: `docs/reference/seed-file.md`.

mod caller;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use mimeo_domain::{Caller, RegionName};
use mimeo_service::Service;
use mimeo_templates::TEMPLATE_BYTES_MAX;
use mimeo_world::{DOCUMENT_BYTES_MAX, Origin, Portfolio, Product, Version, World};
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
}

impl<'a> Known<'a> {
    pub(crate) fn of(config: &'a Config) -> Self {
        let accounts = config.accounts.iter().map(|account| account.id.as_str());
        Self {
            accounts: config.is_verified().then(|| accounts.collect()),
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
    let world = mimeo_world::read(&text)
        .map_err(|problems| refuse(problems.iter().map(ToString::to_string).collect()))?;
    let templates = check(&world, service, path, known).map_err(refuse)?;
    let mut seed = Seed {
        service,
        world: &world,
        templates,
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

/// The templates by path, once everything that a document alone cannot know is found in order.
fn check(
    world: &World,
    service: &Service,
    path: &Path,
    known: &Known<'_>,
) -> Result<BTreeMap<String, Bytes>, Vec<String>> {
    let mut problems = Vec::new();
    let mut templates = BTreeMap::new();
    let folder = path.parent().unwrap_or(Path::new(""));
    for (name, id) in &world.accounts {
        if known
            .accounts
            .as_ref()
            .is_some_and(|known| !known.contains(id.as_str()))
        {
            problems.push(format!("account `{name}`: {id} is not configured"));
        }
    }
    let products = world
        .products
        .values()
        .map(|product| (product.line, &product.regions));
    let portfolios = world
        .portfolios
        .values()
        .map(|portfolio| (portfolio.line, &portfolio.regions));
    for (line, regions) in products.chain(portfolios) {
        for region in regions {
            if service.world().directory.store(region).is_none() {
                problems.push(format!("line {line}: there is no Region {region} here"));
            }
        }
    }
    for version in world
        .products
        .values()
        .flat_map(|product| &product.versions)
    {
        let Origin::File(file) = &version.origin else {
            continue;
        };
        match read_file(&folder.join(file), TEMPLATE_BYTES_MAX) {
            Ok(body) => drop(templates.insert(file.clone(), body)),
            Err(error) => {
                problems.push(format!("line {}: `template` {file}: {error}", version.line));
            }
        }
    }
    if problems.is_empty() {
        Ok(templates)
    } else {
        Err(problems)
    }
}

/// What was refused, and with what words.
type Refused = (String, String);

struct Seed<'a> {
    service: &'a Service,
    world: &'a World,
    templates: BTreeMap<String, Bytes>,
    made: usize,
}

impl Seed<'_> {
    async fn make(&mut self) -> Result<(), Refused> {
        let world = self.world;
        for (name, product) in &world.products {
            for region in &product.regions {
                self.product(name, product, region).await?;
            }
        }
        for (name, portfolio) in &world.portfolios {
            for region in &portfolio.regions {
                self.portfolio(name, portfolio, region).await?;
            }
        }
        Ok(())
    }

    fn acting(&self, account: &str, region: &RegionName, what: String) -> Acting<'_> {
        // The document was checked: every account that it names, it gives.
        let id = self.world.accounts[account].clone();
        Acting {
            service: self.service,
            caller: Caller::root(id, region.clone()),
            what,
        }
    }

    async fn product(
        &mut self,
        name: &str,
        product: &Product,
        region: &RegionName,
    ) -> Result<(), Refused> {
        let what = format!("product `{name}` in {region}");
        let acting = self.acting(&product.account, region, what);
        let mut made = 0;
        let (id, present) = if let Some(id) = find_product(&acting, name).await? {
            let listed = acting
                .does("ListProvisioningArtifacts", json!({"ProductId": id}))
                .await?;
            let versions = listed["ProvisioningArtifactDetails"].as_array();
            let names = versions
                .into_iter()
                .flatten()
                .map(|version| text(&version["Name"]));
            (id, names.collect::<BTreeSet<_>>())
        } else {
            // A document's product has a version.
            let first = &product.versions[0];
            let asked = json!({
                "Name": name, "Owner": product.owner, "ProductType": product.product_type,
                "Description": product.description, "Tags": tags(&product.tags),
                "ProvisioningArtifactParameters": self.version(&acting, product, first).await?,
            });
            let created = acting.does("CreateProduct", asked).await?;
            made += 1;
            let id = text(&created["ProductViewDetail"]["ProductViewSummary"]["ProductId"]);
            let version = text(&created["ProvisioningArtifactDetail"]["Id"]);
            settle(&acting, &id, &version, first).await?;
            (id, BTreeSet::from([first.name.clone()]))
        };
        for version in &product.versions {
            if present.contains(&version.name) {
                continue;
            }
            let parameters = self.version(&acting, product, version).await?;
            let asked = json!({"ProductId": id, "Parameters": parameters});
            let created = acting.does("CreateProvisioningArtifact", asked).await?;
            made += 1;
            let artifact = text(&created["ProvisioningArtifactDetail"]["Id"]);
            settle(&acting, &id, &artifact, version).await?;
        }
        self.made += made;
        Ok(())
    }

    /// What CreateProduct and CreateProvisioningArtifact want to know.
    async fn version(
        &self,
        acting: &Acting<'_>,
        product: &Product,
        version: &Version,
    ) -> Result<Value, Refused> {
        let url = match &version.origin {
            Origin::Url(url) => url.clone(),
            Origin::Inline(body) => acting.upload(Bytes::from(body.clone())).await?,
            Origin::File(path) => acting.upload(self.templates[path].clone()).await?,
        };
        Ok(json!({
            "Name": version.name, "Description": version.description,
            "Info": {"LoadTemplateFromURL": url}, "Type": product.product_type,
        }))
    }

    async fn portfolio(
        &mut self,
        name: &str,
        portfolio: &Portfolio,
        region: &RegionName,
    ) -> Result<(), Refused> {
        let what = format!("portfolio `{name}` in {region}");
        let acting = self.acting(&portfolio.account, region, what.clone());
        let mut made = 0;
        let all = acting
            .lists("ListPortfolios", json!({}), "PortfolioDetails")
            .await?;
        let found = all.iter().find(|found| found["DisplayName"] == name);
        let id = if let Some(found) = found {
            text(&found["Id"])
        } else {
            let asked = json!({
                "DisplayName": name, "ProviderName": portfolio.provider,
                "Description": portfolio.description, "Tags": tags(&portfolio.tags),
            });
            made += 1;
            text(&acting.does("CreatePortfolio", asked).await?["PortfolioDetail"]["Id"])
        };
        for held in &portfolio.products {
            let owner = &self.world.products[held].account;
            let owner = self.acting(owner, region, what.clone());
            let product = find_product(&owner, held).await?.unwrap_or_default();
            let asked = json!({"ProductId": product});
            let holders = acting.lists("ListPortfoliosForProduct", asked, "PortfolioDetails");
            if holders.await?.iter().all(|holder| holder["Id"] != *id) {
                let asked = json!({"ProductId": product, "PortfolioId": id});
                acting.does("AssociateProductWithPortfolio", asked).await?;
                made += 1;
            }
        }
        let asked = json!({"PortfolioId": id, "Type": "ACCOUNT"});
        let shares = acting
            .lists("DescribePortfolioShares", asked, "PortfolioShareDetails")
            .await?;
        for share in &portfolio.shares {
            let recipient = self.world.accounts[&share.account].as_str();
            let before = shares
                .iter()
                .find(|before| before["PrincipalId"] == recipient);
            if before.is_none() {
                let asked = json!({
                    "PortfolioId": id, "AccountId": recipient,
                    "ShareTagOptions": share.tag_options,
                });
                acting.does("CreatePortfolioShare", asked).await?;
                made += 1;
            }
            if share.accepted && before.is_none_or(|before| before["Accepted"] != true) {
                let spoke = self.acting(&share.account, region, what.clone());
                spoke
                    .does("AcceptPortfolioShare", json!({"PortfolioId": id}))
                    .await?;
                made += 1;
            }
        }
        self.made += made;
        Ok(())
    }
}

/// The account's own product of this name.
async fn find_product(acting: &Acting<'_>, name: &str) -> Result<Option<String>, Refused> {
    let all = acting
        .lists("SearchProductsAsAdmin", json!({}), "ProductViewDetails")
        .await?;
    let summaries = all.iter().map(|product| &product["ProductViewSummary"]);
    let mut of_name = summaries.filter(|summary| summary["Name"] == name);
    Ok(of_name.next().map(|summary| text(&summary["ProductId"])))
}

/// Activity and guidance, which only an update can set.
async fn settle(
    acting: &Acting<'_>,
    product: &str,
    artifact: &str,
    version: &Version,
) -> Result<(), Refused> {
    if version.active && version.guidance == "DEFAULT" {
        return Ok(());
    }
    let asked = json!({
        "ProductId": product, "ProvisioningArtifactId": artifact,
        "Active": version.active, "Guidance": version.guidance,
    });
    acting
        .does("UpdateProvisioningArtifact", asked)
        .await
        .map(drop)
}

fn tags(tags: &BTreeMap<String, String>) -> Vec<Value> {
    let tag = |(key, value): (&String, &String)| json!({"Key": key, "Value": value});
    tags.iter().map(tag).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
