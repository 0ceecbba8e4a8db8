//! What comes before a copy: the hub publishes a portfolio, the spoke accepts it.

use std::collections::BTreeMap;
use std::io::Write;

use aws_sdk_servicecatalog::Client;
use aws_sdk_servicecatalog::types::{
    ProductType, ProvisioningArtifactProperties, ProvisioningArtifactType, Tag,
};

use super::actors::{Cast, HUB, SPOKE, present, refused};
use super::products::{PRODUCTS, Product, TAGS, Version};
use super::upload::Uploader;
use super::{DemoError, screen};

/// A product that the hub has published.
#[derive(Debug)]
pub(super) struct PublishedProduct {
    pub(super) product: &'static Product,
    pub(super) id: String,
    pub(super) arn: String,
}

/// Uploads, creates, shares and accepts; says so, a line each.
pub(super) async fn publish(
    cast: &Cast,
    out: &mut dyn Write,
) -> Result<Vec<PublishedProduct>, DemoError> {
    let hub = cast.client(HUB);
    let urls = upload_all(cast).await?;
    screen::did(out, HUB, &format!("uploaded  {} templates", urls.len()))?;

    let portfolio = create_portfolio(&hub).await?;
    let mut products = Vec::new();
    for product in &PRODUCTS {
        let (id, arn) = create_product(&hub, product, &urls).await?;
        hub.associate_product_with_portfolio()
            .product_id(&id)
            .portfolio_id(&portfolio)
            .send()
            .await
            .map_err(refused("AssociateProductWithPortfolio"))?;
        let count = product.versions.len();
        let line = format!("created   {id}  {:<8} {count} versions", product.name);
        screen::did(out, HUB, &line)?;
        products.push(PublishedProduct { product, id, arn });
    }

    share(cast, &portfolio).await?;
    let line = format!("shared    {portfolio}  with {}", SPOKE.account);
    screen::did(out, HUB, &line)?;
    screen::did(out, SPOKE, &format!("accepted  {portfolio}"))?;
    Ok(products)
}

/// Puts each template onto the server; answers their URLs by file name.
async fn upload_all(cast: &Cast) -> Result<BTreeMap<&'static str, String>, DemoError> {
    let uploader = Uploader::new(cast.endpoint(HUB));
    let mut urls = BTreeMap::new();
    for version in PRODUCTS.iter().flat_map(|product| product.versions) {
        let url = uploader.put(HUB, version.file, version.template).await?;
        urls.insert(version.file, url);
    }
    Ok(urls)
}

async fn create_portfolio(hub: &Client) -> Result<String, DemoError> {
    let created = hub
        .create_portfolio()
        .display_name("Platform")
        .provider_name("Platform team")
        .send()
        .await
        .map_err(refused("CreatePortfolio"))?;
    let id = created.portfolio_detail.and_then(|detail| detail.id);
    present(id, "CreatePortfolio", "PortfolioDetail.Id")
}

/// Creates the product with its first version, then the other versions; answers id and ARN.
async fn create_product(
    hub: &Client,
    product: &'static Product,
    urls: &BTreeMap<&'static str, String>,
) -> Result<(String, String), DemoError> {
    let (first, others) = product
        .versions
        .split_first()
        .expect("each product has a version");
    let tags = TAGS.map(|(key, value)| Tag::builder().key(key).value(value).build());
    let created = hub
        .create_product()
        .name(product.name)
        .owner("Platform team")
        .description(product.description)
        .product_type(ProductType::CloudFormationTemplate)
        .set_tags(Some(
            tags.into_iter()
                .collect::<Result<_, _>>()
                .expect("both members are set"),
        ))
        .provisioning_artifact_parameters(properties(first, urls))
        .send()
        .await
        .map_err(refused("CreateProduct"))?;
    let detail = present(
        created.product_view_detail,
        "CreateProduct",
        "ProductViewDetail",
    )?;
    let arn = present(detail.product_arn, "CreateProduct", "ProductARN")?;
    let id = detail
        .product_view_summary
        .and_then(|summary| summary.product_id);
    let id = present(id, "CreateProduct", "ProductId")?;
    for version in others {
        hub.create_provisioning_artifact()
            .product_id(&id)
            .parameters(properties(version, urls))
            .send()
            .await
            .map_err(refused("CreateProvisioningArtifact"))?;
    }
    Ok((id, arn))
}

fn properties(
    version: &Version,
    urls: &BTreeMap<&'static str, String>,
) -> ProvisioningArtifactProperties {
    ProvisioningArtifactProperties::builder()
        .name(version.name)
        .description(version.description)
        .info("LoadTemplateFromURL", &urls[version.file])
        .r#type(ProvisioningArtifactType::CloudFormationTemplate)
        .build()
}

async fn share(cast: &Cast, portfolio: &str) -> Result<(), DemoError> {
    cast.client(HUB)
        .create_portfolio_share()
        .portfolio_id(portfolio)
        .account_id(SPOKE.account)
        .send()
        .await
        .map_err(refused("CreatePortfolioShare"))?;
    cast.client(SPOKE)
        .accept_portfolio_share()
        .portfolio_id(portfolio)
        .send()
        .await
        .map_err(refused("AcceptPortfolioShare"))?;
    Ok(())
}
