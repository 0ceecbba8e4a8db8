//! `StatusDetail`: why a copy failed and what to do about it; a closed list.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::products::ProductType;
use crate::{ArtifactId, CopyToken, ProductId};

/// Each text is told in the caller's terms: nothing of a foreign account, no paths, no internals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StatusDetail {
    SourceNotFound {
        product: ProductId,
    },
    SourceArtifactNotFound {
        artifact: ArtifactId,
    },
    SourceAccessRemoved {
        product: ProductId,
    },
    SourceUnavailable {
        region: String,
    },
    TargetNotFound {
        product: ProductId,
    },
    TargetTypeMismatch {
        product: ProductId,
        source: ProductType,
        target: ProductType,
    },
    ContentVerification {
        artifact: ArtifactId,
    },
    ProductQuota {
        products_max: u64,
    },
    ArtifactQuota {
        product: ProductId,
        artifacts_max: u64,
    },
    TagQuota {
        tags_max: u64,
    },
    Deadline,
    /// Its owner wished it.
    Cancelled,
    Internal {
        reference: CopyToken,
    },
    /// What a test chose; never in production, so not among the samples.
    Rehearsed {
        text: String,
    },
}

impl StatusDetail {
    /// One of each, for the documentation and for tests that go through all of them.
    pub fn samples() -> Vec<Self> {
        let product = || ProductId::from("prod-abcdefghijklm");
        let artifact = || ArtifactId::from("pa-abcdefghijklm");
        vec![
            Self::SourceNotFound { product: product() },
            Self::SourceArtifactNotFound {
                artifact: artifact(),
            },
            Self::SourceAccessRemoved { product: product() },
            Self::SourceUnavailable {
                region: "eu-west-1".into(),
            },
            Self::TargetNotFound { product: product() },
            Self::TargetTypeMismatch {
                product: product(),
                source: ProductType::CloudFormationTemplate,
                target: ProductType::External,
            },
            Self::ContentVerification {
                artifact: artifact(),
            },
            Self::ProductQuota { products_max: 350 },
            Self::ArtifactQuota {
                product: product(),
                artifacts_max: 100,
            },
            Self::TagQuota { tags_max: 20 },
            Self::Deadline,
            Self::Cancelled,
            Self::Internal {
                reference: CopyToken::from("copyproduct-abcdefghijklm"),
            },
        ]
    }

    /// A stable word for logs, metrics and programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SourceNotFound { .. } => "SOURCE_NOT_FOUND",
            Self::SourceArtifactNotFound { .. } => "SOURCE_ARTIFACT_NOT_FOUND",
            Self::SourceAccessRemoved { .. } => "SOURCE_ACCESS_REMOVED",
            Self::SourceUnavailable { .. } => "SOURCE_UNAVAILABLE",
            Self::TargetNotFound { .. } => "TARGET_NOT_FOUND",
            Self::TargetTypeMismatch { .. } => "TARGET_TYPE_MISMATCH",
            Self::ContentVerification { .. } => "CONTENT_VERIFICATION",
            Self::ProductQuota { .. } => "PRODUCT_QUOTA",
            Self::ArtifactQuota { .. } => "ARTIFACT_QUOTA",
            Self::TagQuota { .. } => "TAG_QUOTA",
            Self::Deadline => "DEADLINE",
            Self::Cancelled => "CANCELLED",
            Self::Internal { .. } => "INTERNAL",
            Self::Rehearsed { .. } => "REHEARSED",
        }
    }
}

impl fmt::Display for StatusDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceNotFound { product } => write!(
                f,
                "The source product {product} was deleted before it could be read. \
                 Copy another product."
            ),
            Self::SourceArtifactNotFound { artifact } => write!(
                f,
                "The source version {artifact} was deleted before it could be read. \
                 Copy again without it."
            ),
            Self::SourceAccessRemoved { product } => write!(
                f,
                "Access to the source product {product} was removed while it was being copied. \
                 Ask its owner to share a portfolio that holds it, accept the share, and copy again."
            ),
            Self::SourceUnavailable { region } => write!(
                f,
                "The source Region {region} could not be reached before the copy's deadline of one \
                 hour. Copy again when it is back."
            ),
            Self::TargetNotFound { product } => write!(
                f,
                "The target product {product} was deleted while the copy ran. \
                 Copy again to another target, or without one to make a new product."
            ),
            Self::TargetTypeMismatch {
                product,
                source,
                target,
            } => write!(
                f,
                "The target product {product} is of type {} and the source of type {}. \
                 Copy to a product of the source's type.",
                target.as_str(),
                source.as_str()
            ),
            Self::ContentVerification { artifact } => write!(
                f,
                "The template of the source version {artifact} is missing or does not match its \
                 recorded digest. Its owner must make that version again; copy the others by id."
            ),
            Self::ProductQuota { products_max } => write!(
                f,
                "The target account already has {products_max} products in this Region, which is \
                 its quota. Delete some or have the quota raised, then copy again."
            ),
            Self::ArtifactQuota {
                product,
                artifacts_max,
            } => write!(
                f,
                "The target product {product} would have more than {artifacts_max} versions, which \
                 is the quota. Copy fewer versions, or delete some first."
            ),
            Self::TagQuota { tags_max } => write!(
                f,
                "The target product would have more than {tags_max} tags, which is the quota. \
                 Copy without CopyTags, or remove some first."
            ),
            Self::Deadline => write!(
                f,
                "The copy did not finish before its deadline of one hour. Copy again; if it \
                 happens twice, ask the operator for the log lines of this copy's token."
            ),
            Self::Cancelled => write!(
                f,
                "The copy was cancelled before it finished. Nothing was made. Retry it, or copy again."
            ),
            Self::Internal { reference } => write!(
                f,
                "Internal error, reference {reference}. Copy again; if it happens twice, ask the \
                 operator for the log lines of this reference."
            ),
            Self::Rehearsed { text } => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detail_says_what_to_do_and_reads_back_as_stored() {
        for detail in StatusDetail::samples() {
            let text = detail.to_string();
            assert!(
                text.ends_with('.') && text.matches(". ").count() >= 1,
                "{text}"
            );
            let stored = serde_json::to_value(&detail).expect("JSON");
            assert_eq!(stored["code"], detail.code());
            assert_eq!(
                serde_json::from_value::<StatusDetail>(stored).expect("read"),
                detail
            );
        }
    }
}
