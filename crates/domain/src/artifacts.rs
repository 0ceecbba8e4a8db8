//! Provisioning artifacts: the versions of a product.

use serde::{Deserialize, Serialize};

use crate::products::ProductType;
use crate::{ArtifactId, ProductId, Refusal, Timestamp};

/// The kind of template in one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArtifactType {
    CloudFormationTemplate,
    MarketplaceAmi,
    MarketplaceCar,
    TerraformOpenSource,
    TerraformCloud,
    External,
}

impl ArtifactType {
    pub const ALL: [Self; 6] = [
        Self::CloudFormationTemplate,
        Self::MarketplaceAmi,
        Self::MarketplaceCar,
        Self::TerraformOpenSource,
        Self::TerraformCloud,
        Self::External,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CloudFormationTemplate => "CLOUD_FORMATION_TEMPLATE",
            Self::MarketplaceAmi => "MARKETPLACE_AMI",
            Self::MarketplaceCar => "MARKETPLACE_CAR",
            Self::TerraformOpenSource => "TERRAFORM_OPEN_SOURCE",
            Self::TerraformCloud => "TERRAFORM_CLOUD",
            Self::External => "EXTERNAL",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|artifact_type| artifact_type.as_str() == name)
    }
}

/// What the owner tells end users about a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Guidance {
    #[default]
    Default,
    Deprecated,
}

impl Guidance {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::Deprecated => "DEPRECATED",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Default, Self::Deprecated]
            .into_iter()
            .find(|guidance| guidance.as_str() == name)
    }
}

/// Where a version's template came from, as the API's `Info` map says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// `LoadTemplateFromURL`, answered as `TemplateUrl`.
    Url(String),
    /// `ImportFromPhysicalId`, answered as `PhysicalId`.
    PhysicalId(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    pub id: ArtifactId,
    pub product: ProductId,
    pub details: Details,
    pub artifact_type: ArtifactType,
    pub active: bool,
    pub guidance: Guidance,
    pub origin: Origin,
    /// SHA-256 of the template in hexadecimal digits; `None` where fetching is switched off.
    pub digest: Option<String>,
    pub lineage: Lineage,
    pub created: Timestamp,
}

/// Name and description as given: `None` is not the same as `""`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub name: Option<String>,
    pub description: Option<String>,
}

/// What `ProvisioningArtifactMetadata` shows of where a version comes from. Recorded answers of the
/// real service show a product's first version with its own id alone, later ones with their
/// product's id too; a copied version carries its source's ids (our reading).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lineage {
    First,
    Later,
    Copied {
        product: ProductId,
        artifact: ArtifactId,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArtifactChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub active: Option<bool>,
    pub guidance: Option<Guidance>,
}

impl Artifact {
    #[must_use]
    pub fn changed(mut self, change: ArtifactChange) -> Self {
        self.details.name = change.name.or(self.details.name);
        self.details.description = change.description.or(self.details.description);
        self.active = change.active.unwrap_or(self.active);
        self.guidance = change.guidance.unwrap_or(self.guidance);
        self
    }
}

/// The types of version that fit a product; no type at all does not fit a CloudFormation product
/// (observed), and means the product's own for the others.
pub fn fitting_type(
    product_type: ProductType,
    asked: Option<ArtifactType>,
) -> Result<ArtifactType, Refusal> {
    let own = match product_type {
        ProductType::CloudFormationTemplate => ArtifactType::CloudFormationTemplate,
        ProductType::Marketplace => ArtifactType::MarketplaceAmi,
        ProductType::TerraformOpenSource => ArtifactType::TerraformOpenSource,
        ProductType::TerraformCloud => ArtifactType::TerraformCloud,
        ProductType::External => ArtifactType::External,
    };
    match asked {
        None if product_type != ProductType::CloudFormationTemplate => Ok(own),
        Some(asked) if asked == own => Ok(own),
        Some(ArtifactType::MarketplaceCar) if product_type == ProductType::Marketplace => {
            Ok(ArtifactType::MarketplaceCar)
        }
        _ => Err(Refusal::ArtifactTypeMismatch { product_type }),
    }
}

/// A version goes only when it offers no service actions, and a product keeps at least one.
pub fn may_delete(
    (product, artifact): (&ProductId, &ArtifactId),
    artifacts_count: u64,
    service_actions_count: u64,
) -> Result<(), Refusal> {
    if artifacts_count <= 1 {
        return Err(Refusal::LastArtifact(product.clone()));
    }
    if service_actions_count > 0 {
        return Err(Refusal::ArtifactHolds(artifact.clone()));
    }
    Ok(())
}

pub fn room_for_artifact(
    product: &ProductId,
    count_after: u64,
    artifacts_max: u64,
) -> Result<(), Refusal> {
    if count_after > artifacts_max {
        return Err(Refusal::TooManyArtifacts {
            product: product.clone(),
            artifacts_max,
        });
    }
    Ok(())
}

/// Reads the `Info` map of a request: exactly one of its two keys.
pub fn origin<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Origin, Refusal> {
    let pairs: Vec<_> = pairs.into_iter().collect();
    match pairs.as_slice() {
        [("LoadTemplateFromURL", url)] if !url.is_empty() => Ok(Origin::Url((*url).to_owned())),
        [("ImportFromPhysicalId", id)] if !id.is_empty() => {
            Ok(Origin::PhysicalId((*id).to_owned()))
        }
        _ => Err(Refusal::ArtifactInfo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_must_be_of_its_products_type() {
        use ProductType::{CloudFormationTemplate, External};
        let fits = fitting_type(
            CloudFormationTemplate,
            Some(ArtifactType::CloudFormationTemplate),
        );
        assert_eq!(fits, Ok(ArtifactType::CloudFormationTemplate));
        assert_eq!(fitting_type(External, None), Ok(ArtifactType::External));
        for asked in [None, Some(ArtifactType::TerraformOpenSource)] {
            let refusal = fitting_type(CloudFormationTemplate, asked).expect_err("does not fit");
            assert_eq!(
                refusal.to_string(),
                "The CLOUD_FORMATION_TEMPLATE Product Type only supports the following \
                 ProvisioningArtifact Types: CLOUD_FORMATION_TEMPLATE, ACCOUNT_FACTORY."
            );
        }
    }

    #[test]
    fn info_names_exactly_one_origin() {
        let url = ("LoadTemplateFromURL", "https://example.com/t.yaml");
        assert_eq!(origin([url]), Ok(Origin::Url(url.1.into())));
        let stack = ("ImportFromPhysicalId", "arn:aws:cloudformation:…");
        assert_eq!(origin([stack]), Ok(Origin::PhysicalId(stack.1.into())));
        for pairs in [
            vec![],
            vec![url, stack],
            vec![("TemplateUrl", "x")],
            vec![(url.0, "")],
        ] {
            assert_eq!(origin(pairs), Err(Refusal::ArtifactInfo));
        }
    }

    #[test]
    fn the_last_version_stays_and_one_with_service_actions() {
        let (id, version) = (ProductId::from("prod-a"), ArtifactId::from("pa-a"));
        let may = |artifacts, actions| may_delete((&id, &version), artifacts, actions);
        assert_eq!(may(2, 0), Ok(()));
        assert_eq!(may(1, 1), Err(Refusal::LastArtifact(id.clone())));
        let refusal = may(2, 1).expect_err("it offers an action");
        let text = "Provisioning artifact pa-a still has associated Service Actions";
        assert_eq!(refusal.to_string(), text);
    }
}
