//! Answers of the API, as values of the domain.

use std::collections::HashMap;

use aws_sdk_servicecatalog::operation::describe_product_as_admin::DescribeProductAsAdminOutput;
use aws_sdk_servicecatalog::operation::list_provisioning_artifacts::ListProvisioningArtifactsOutput;
use aws_sdk_servicecatalog::types::ProvisioningArtifactDetail;
use aws_smithy_types::DateTime;
use mimeo_domain::arn::ProductArn;
use mimeo_domain::artifacts::{self, Artifact, ArtifactType, Guidance, Lineage, Origin};
use mimeo_domain::products::{self, Product, ProductType};
use mimeo_domain::tags::Tag;
use mimeo_domain::{ArtifactId, ProductId, Timestamp};
use mimeo_templates::shelf::Digest;

use crate::VERSIONS_MAX;

/// An answer that lacks what every answer has, or is longer than it may be.
#[derive(Debug)]
pub(crate) struct Unread(pub &'static str);

/// A product, and which versions it has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub product: Product,
    /// In the order of their creation, with what may change of them.
    pub artifacts: Vec<ArtifactId>,
    names: Vec<artifacts::Details>,
}

/// Versions by id, without what only [`Info`] tells.
pub(crate) type Listed = HashMap<ArtifactId, Artifact>;

/// Where a version's template is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    /// With all that is needed to read it, such as a signature that is good for minutes.
    pub url: Option<String>,
    pub physical_id: Option<String>,
    /// Mimeo tells; AWS does not.
    pub digest: Option<String>,
}

pub(crate) fn shown(answer: DescribeProductAsAdminOutput) -> Result<Shown, Unread> {
    let view = answer
        .product_view_detail
        .ok_or(Unread("no ProductViewDetail"))?;
    let summary = view
        .product_view_summary
        .ok_or(Unread("no ProductViewSummary"))?;
    let arn = view.product_arn.as_deref().and_then(ProductArn::parse);
    let arn = arn.ok_or(Unread("no ProductARN"))?;
    let product_type = summary.r#type.as_ref();
    let product_type = product_type.and_then(|kind| ProductType::named(kind.as_str()));
    let tags = answer.tags.unwrap_or_default().into_iter();
    let product = Product {
        id: arn.product,
        account: arn.account,
        region: arn.region,
        product_type: product_type.ok_or(Unread("a type of product that is not known here"))?,
        details: products::Details {
            name: clean(summary.name.ok_or(Unread("no Name"))?),
            owner: clean(summary.owner.unwrap_or_default()),
            description: summary.short_description.map(clean),
            distributor: summary.distributor.map(clean),
            support_description: summary.support_description.map(clean),
            support_email: summary.support_email.map(clean),
            support_url: summary.support_url.map(clean),
        },
        tags: tags
            .map(|tag| Tag {
                key: clean(tag.key),
                value: clean(tag.value),
            })
            .collect(),
        created: time(view.created_time),
    };
    let summaries = answer.provisioning_artifact_summaries.unwrap_or_default();
    if summaries.len() > VERSIONS_MAX {
        return Err(Unread("more versions than are looked at"));
    }
    let mut artifacts = Vec::new();
    let mut names = Vec::new();
    for summary in summaries {
        let id = summary.id.ok_or(Unread("a version without an Id"))?;
        artifacts.push(id.as_str().into());
        names.push(artifacts::Details {
            name: summary.name.map(clean),
            description: summary.description.map(clean),
        });
    }
    Ok(Shown {
        product,
        artifacts,
        names,
    })
}

pub(crate) fn listed(answer: ListProvisioningArtifactsOutput) -> Result<Listed, Unread> {
    let details = answer.provisioning_artifact_details.unwrap_or_default();
    if details.len() > VERSIONS_MAX {
        return Err(Unread("more versions than are looked at"));
    }
    let read = details.into_iter().map(|detail| {
        let artifact = artifact(detail)?;
        Ok((artifact.id.clone(), artifact))
    });
    read.collect()
}

fn artifact(detail: ProvisioningArtifactDetail) -> Result<Artifact, Unread> {
    let id = detail.id.ok_or(Unread("a version without an Id"))?;
    let kind = detail.r#type.as_ref();
    let kind = kind.and_then(|kind| ArtifactType::named(kind.as_str()));
    let guidance = detail.guidance.as_ref();
    let guidance = guidance.and_then(|guidance| Guidance::named(guidance.as_str()));
    Ok(Artifact {
        id: id.as_str().into(),
        product: ProductId::from(""),
        details: artifacts::Details {
            name: detail.name.map(clean),
            description: detail.description.map(clean),
        },
        artifact_type: kind.ok_or(Unread("a type of version that is not known here"))?,
        active: detail.active.unwrap_or(true),
        guidance: guidance.unwrap_or_default(),
        origin: Origin::Url(String::new()),
        digest: None,
        lineage: Lineage::First,
        created: time(detail.created_time),
    })
}

pub(crate) fn info(mut pairs: HashMap<String, String>) -> Info {
    let digest = pairs.remove("TemplateDigest");
    let digest = digest.and_then(|text| text.strip_prefix("sha256:")?.parse::<Digest>().ok());
    Info {
        url: pairs.remove("TemplateUrl").map(clean),
        physical_id: pairs.remove("PhysicalId").map(clean),
        digest: digest.map(|digest| digest.to_string()),
    }
}

/// A version with all that is known of it.
pub(crate) fn whole(listed: Artifact, product: &ProductId, info: Info) -> Artifact {
    let Info {
        url,
        physical_id,
        digest,
    } = info;
    Artifact {
        product: product.clone(),
        origin: match (url, physical_id) {
            (None, Some(id)) => Origin::PhysicalId(id),
            (url, _) => Origin::Url(without_signature(url.unwrap_or_default())),
        },
        digest,
        ..listed
    }
}

/// A signed URL opens the template to whoever has it: what is kept and shown is without that.
fn without_signature(url: String) -> String {
    let is_signed = |query: &str| {
        let names = query.split('&').filter_map(|pair| pair.split('=').next());
        names
            .map(str::to_ascii_lowercase)
            .any(|name| name == "x-amz-signature" || name == "signature")
    };
    match url.split_once('?') {
        Some((plain, query)) if is_signed(query) => plain.to_owned(),
        _ => url,
    }
}

/// No store takes NUL in a text.
fn clean(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text
    }
}

fn time(time: Option<DateTime>) -> Timestamp {
    let millis = time.and_then(|time| time.to_millis().ok());
    Timestamp::from_millis(millis.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_url_is_kept_without_its_signature() {
        let signed = "https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=ab";
        let kept = |url: &str| without_signature(url.to_owned());
        assert_eq!(kept(signed), "https://b.s3.amazonaws.com/k");
        assert_eq!(kept("https://b/k?Signature=ab&Expires=1"), "https://b/k");
        for url in ["https://b/k?versionId=1", "https://b/k", ""] {
            assert_eq!(kept(url), url);
        }
    }

    #[test]
    fn a_digest_that_is_none_is_not_told() {
        let told = |digest: &str| {
            let pairs = [("TemplateDigest".to_owned(), digest.to_owned())];
            info(pairs.into()).digest
        };
        let digest = "ab".repeat(32);
        assert_eq!(told(&format!("sha256:{digest}")), Some(digest.clone()));
        for text in ["", "sha256:", "sha256:ab", &digest, "md5:ab"] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
