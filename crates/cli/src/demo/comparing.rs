//! What a product holds, as the server tells it, against the templates in this program.

use std::collections::BTreeMap;

use aws_sdk_servicecatalog::Client;

use super::DemoError;
use super::actors::{Cast, HUB, Place, present, refused};
use super::copying::Done;
use super::products::{Product, TAGS};
use super::publishing::PublishedProduct;

/// All of a product that a copy must keep.
#[derive(Debug, Default)]
struct Content {
    name: String,
    tags: BTreeMap<String, String>,
    /// Digests of the templates by version name.
    digests: BTreeMap<String, String>,
}

pub(super) async fn source_is_as_published(
    cast: &Cast,
    source: &PublishedProduct,
) -> Result<(), DemoError> {
    check(&cast.client(HUB), source.product, &source.id, HUB).await
}

pub(super) async fn copy_is_as_published(cast: &Cast, copy: &Done<'_>) -> Result<(), DemoError> {
    let at = copy.journey.target;
    check(
        &cast.client(at),
        copy.published.product,
        &copy.product_id,
        at,
    )
    .await
}

async fn check(
    client: &Client,
    product: &'static Product,
    id: &str,
    at: Place,
) -> Result<(), DemoError> {
    match difference(&published(product), &read_back(client, id).await?) {
        None => Ok(()),
        Some(what) => Err(DemoError::Differs {
            product: product.name,
            at: at.to_string(),
            what,
        }),
    }
}

/// The product as this program knows it, digests computed from its own templates.
fn published(product: &Product) -> Content {
    let digest = |version: &super::products::Version| (version.name.to_owned(), version.digest());
    Content {
        name: product.name.to_owned(),
        tags: TAGS
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        digests: product.versions.iter().map(digest).collect(),
    }
}

/// The product as the server tells it.
async fn read_back(client: &Client, id: &str) -> Result<Content, DemoError> {
    let described = client
        .describe_product_as_admin()
        .id(id)
        .send()
        .await
        .map_err(refused("DescribeProductAsAdmin"))?;
    let tag = |tag: &aws_sdk_servicecatalog::types::Tag| (tag.key.clone(), tag.value.clone());
    let mut content = Content {
        tags: described.tags().iter().map(tag).collect(),
        ..Content::default()
    };
    let summary = described
        .product_view_detail
        .and_then(|detail| detail.product_view_summary);
    let name = summary.and_then(|summary| summary.name);
    content.name = present(name, "DescribeProductAsAdmin", "Name")?;

    let listed = client
        .list_provisioning_artifacts()
        .product_id(id)
        .send()
        .await
        .map_err(refused("ListProvisioningArtifacts"))?;
    for version in listed.provisioning_artifact_details.unwrap_or_default() {
        let name = present(version.name, "ListProvisioningArtifacts", "Name")?;
        let version_id = present(version.id, "ListProvisioningArtifacts", "Id")?;
        let digest = read_digest(client, id, &version_id).await?;
        content.digests.insert(name, digest);
    }
    Ok(content)
}

async fn read_digest(client: &Client, product: &str, version: &str) -> Result<String, DemoError> {
    let described = client
        .describe_provisioning_artifact()
        .product_id(product)
        .provisioning_artifact_id(version)
        .verbose(true)
        .send()
        .await
        .map_err(refused("DescribeProvisioningArtifact"))?;
    let digest = described
        .info
        .and_then(|mut info| info.remove("TemplateDigest"));
    present(
        digest,
        "DescribeProvisioningArtifact",
        "Info.TemplateDigest",
    )
}

/// The first thing in which they differ.
fn difference(expected: &Content, found: &Content) -> Option<String> {
    if found.name != expected.name {
        return Some(format!("its name is {}", found.name));
    }
    if found.tags != expected.tags {
        return Some(format!("its tags are {:?}", found.tags));
    }
    for (version, digest) in &expected.digests {
        match found.digests.get(version) {
            None => return Some(format!("version {version} is missing")),
            Some(other) if other != digest => {
                return Some(format!("version {version} has {other} and not {digest}"));
            }
            Some(_) => {}
        }
    }
    (found.digests.len() != expected.digests.len())
        .then(|| format!("it has {} versions", found.digests.len()))
}

#[cfg(test)]
mod tests {
    use super::super::products::PRODUCTS;
    use super::*;

    #[test]
    fn a_product_does_not_differ_from_itself() {
        let network = published(&PRODUCTS[0]);
        assert_eq!(difference(&network, &network), None);
    }

    #[test]
    fn each_difference_is_named() {
        let expected = || published(&PRODUCTS[1]);
        let told = |change: fn(&mut Content)| {
            let mut found = expected();
            change(&mut found);
            difference(&expected(), &found).expect("changed")
        };
        assert_eq!(told(|found| found.name = "pail".into()), "its name is pail");
        assert_eq!(told(|found| found.tags.clear()), "its tags are {}");
        assert_eq!(
            told(|found| drop(found.digests.remove("2.0"))),
            "version 2.0 is missing"
        );
        let with_another = told(|found| {
            found.digests.insert("1.0".into(), "sha256:00".into());
        });
        assert!(with_another.starts_with("version 1.0 has sha256:00 and not sha256:"));
        let with_more = told(|found| {
            found.digests.insert("9.9".into(), String::new());
        });
        assert_eq!(with_more, "it has 3 versions");
    }
}
