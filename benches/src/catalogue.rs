//! What benchmarks put into a catalogue: through the API, or straight into the store where it is much.

use std::ops::RangeInclusive;
use std::path::Path;

use mimeo_domain::artifacts::{Artifact, ArtifactType, Guidance, Lineage, Origin};
use mimeo_domain::portfolios::{self, Portfolio};
use mimeo_domain::principals::{Kind, Principal};
use mimeo_domain::products::{Details, Product, ProductType};
use mimeo_domain::{Caller as DomainCaller, Mint, Seed, Timestamp, artifacts};
use mimeo_store::{AuthScope, Location, Options, Store, StoreError, Tally, Tx, Work};
use serde_json::{Value, json};

use crate::load::{Caller, Connection, upload};
use crate::server::ACCOUNTS;

pub(crate) fn product_input(number: usize) -> Value {
    json!({
        "Name": format!("product-{number:06}"),
        "Owner": "Platform Team",
        "Description": "A product of the size that people make: a name, an owner, two sentences.",
        "Distributor": "Central IT",
        "SupportDescription": "Ask in the channel of the platform team.",
        "SupportEmail": "platform@example.com",
        "SupportUrl": "https://example.com/support",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "Tags": [{"Key": "team", "Value": "platform"}, {"Key": "cost", "Value": "4711"}],
        "ProvisioningArtifactParameters": version_input(1, "https://example.com/template.yaml"),
        "IdempotencyToken": format!("product-{number}"),
    })
}

fn version_input(number: usize, url: &str) -> Value {
    json!({
        "Name": format!("v{number}"),
        "Description": "A version.",
        "Type": "CLOUD_FORMATION_TEMPLATE",
        "Info": {"LoadTemplateFromURL": url},
    })
}

/// A template of a few kilobytes, another one for each number.
pub(crate) fn template(number: usize) -> String {
    let mut text = format!(
        "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: Version {number}.\nResources:\n"
    );
    for topic in 0..40 {
        let lines = format!(
            "  Topic{topic}:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: topic {topic} of version {number}\n"
        );
        text.push_str(&lines);
    }
    text
}

/// Makes a product and answers its id.
pub(crate) async fn create_product(
    connection: &mut Connection,
    address: &str,
    caller: Caller,
    number: usize,
) -> String {
    created(connection, address, caller, &product_input(number)).await
}

/// The same with a template for its first version.
pub(crate) async fn create_product_of(
    connection: &mut Connection,
    address: &str,
    caller: Caller,
    number: usize,
    template: &str,
) -> String {
    let name = format!("product-{number}.yaml");
    let url = uploaded(connection, address, caller, &name, template).await;
    let mut input = product_input(number);
    input["ProvisioningArtifactParameters"] = version_input(1, &url);
    created(connection, address, caller, &input).await
}

async fn created(
    connection: &mut Connection,
    address: &str,
    caller: Caller,
    input: &Value,
) -> String {
    let made = connection
        .call(address, caller, "CreateProduct", input)
        .await;
    made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Adds versions until the product has `versions_count`.
pub(crate) async fn add_versions(
    connection: &mut Connection,
    address: &str,
    caller: Caller,
    product: &str,
    versions_count: usize,
) {
    let numbers = 2..=versions_count;
    add_versions_of(connection, address, caller, product, numbers, template).await;
}

/// Adds the versions with these numbers, each with the template that `text` makes.
pub(crate) async fn add_versions_of(
    connection: &mut Connection,
    address: &str,
    caller: Caller,
    product: &str,
    numbers: RangeInclusive<usize>,
    text: impl Fn(usize) -> String,
) {
    for number in numbers {
        let name = format!("{product}-{number}.yaml");
        let url = uploaded(connection, address, caller, &name, &text(number)).await;
        let input = json!({
            "ProductId": product,
            "Parameters": version_input(number, &url),
            "IdempotencyToken": format!("{product}-{number}"),
        });
        connection
            .call(address, caller, "CreateProvisioningArtifact", &input)
            .await;
    }
}

/// Fetching is switched off where made-up URLs are measured; uploads are read all the same.
async fn uploaded(
    connection: &mut Connection,
    address: &str,
    caller: Caller,
    name: &str,
    template: &str,
) -> String {
    let put = upload(address, caller, name, template);
    let (status, body) = connection.send(&put).await;
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    let uploaded: Value = serde_json::from_slice(&body).unwrap();
    uploaded["Url"].as_str().unwrap().to_owned()
}

/// Things that one transaction of filling makes.
const CHUNK: usize = 1_000;

/// Fills the store of a data folder with so many products and portfolios of the first account.
pub(crate) async fn fill(data: &Path, things_count: usize) {
    filled(data, things_count, Opened::No).await;
}

/// The same, each product in the portfolio of its number, which is open to a role of its own.
pub(crate) async fn fill_with_users(data: &Path, things_count: usize) {
    filled(data, things_count, Opened::Yes).await;
}

#[derive(Clone, Copy, PartialEq)]
enum Opened {
    No,
    Yes,
}

async fn filled(data: &Path, things_count: usize, opened: Opened) {
    let location = Location::SqliteFile(data.join("mimeo.db"));
    let store = Store::open(&location, Options::default()).await.unwrap();
    for first in (0..things_count).step_by(CHUNK) {
        let last = (first + CHUNK).min(things_count);
        let fill = Fill {
            first,
            last,
            opened,
        };
        store.write(fill).await.unwrap();
    }
    store.close().await;
}

struct Fill {
    first: usize,
    last: usize,
    opened: Opened,
}

impl Work for Fill {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let caller = DomainCaller::root(ACCOUNTS[0].parse().unwrap(), "us-east-1".parse().unwrap());
        let scope = AuthScope::of(&caller);
        for number in self.first..self.last {
            let now = Timestamp::from_millis(1_795_000_000_000 + i64::try_from(number).unwrap());
            let mut mint = Mint::new(Seed(number as u64), now);
            let product = product(&caller, &mut mint, number, now);
            tx.raise_tally(&scope, Tally::Products).await?;
            let artifacts = [artifact(&product, &mut mint)];
            tx.insert_product(&product, &artifacts).await?;
            tx.raise_tally(&scope, Tally::Portfolios).await?;
            let portfolio = portfolio(&caller, &mut mint, number, now);
            tx.insert_portfolio(&portfolio).await?;
            if self.opened == Opened::Yes {
                let held = (&product.id, &product.account);
                tx.associate_product(&portfolio, held, now).await?;
                let principal = Principal {
                    kind: Kind::Iam,
                    arn: format!("arn:aws:iam::{}:role/team-{number}", ACCOUNTS[0]),
                };
                tx.insert_principal(&scope, &portfolio.id, &principal, now)
                    .await?;
            }
        }
        Ok(())
    }
}

fn product(caller: &DomainCaller, mint: &mut Mint, number: usize, created: Timestamp) -> Product {
    Product {
        id: mint.product_id(),
        account: caller.account.clone(),
        region: caller.region.clone(),
        product_type: ProductType::CloudFormationTemplate,
        details: Details {
            name: format!("product-{number:06}"),
            owner: "Platform Team".into(),
            description: Some("A product of the size that people make.".into()),
            ..Details::default()
        },
        tags: Vec::new(),
        created,
    }
}

fn artifact(product: &Product, mint: &mut Mint) -> Artifact {
    Artifact {
        id: mint.artifact_id(),
        product: product.id.clone(),
        details: artifacts::Details {
            name: Some("v1".into()),
            description: None,
        },
        artifact_type: ArtifactType::CloudFormationTemplate,
        active: true,
        guidance: Guidance::Default,
        origin: Origin::Url("https://example.com/template.yaml".into()),
        digest: None,
        lineage: Lineage::First,
        created: product.created,
    }
}

fn portfolio(
    caller: &DomainCaller,
    mint: &mut Mint,
    number: usize,
    created: Timestamp,
) -> Portfolio {
    Portfolio {
        id: mint.portfolio_id(),
        account: caller.account.clone(),
        region: caller.region.clone(),
        details: portfolios::Details {
            display_name: format!("portfolio-{number:06}"),
            provider_name: "Platform Team".into(),
            description: None,
        },
        tags: Vec::new(),
        created,
    }
}
