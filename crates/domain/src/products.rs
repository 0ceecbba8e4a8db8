//! Products: what they are made of and when they may change.

use serde::{Deserialize, Serialize};

use crate::tags::Tag;
use crate::{AccountId, ProductId, Refusal, RegionName, Timestamp};

/// The kind of template that the versions of a product hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductType {
    CloudFormationTemplate,
    Marketplace,
    TerraformOpenSource,
    TerraformCloud,
    External,
}

impl ProductType {
    pub const ALL: [Self; 5] = [
        Self::CloudFormationTemplate,
        Self::Marketplace,
        Self::TerraformOpenSource,
        Self::TerraformCloud,
        Self::External,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CloudFormationTemplate => "CLOUD_FORMATION_TEMPLATE",
            Self::Marketplace => "MARKETPLACE",
            Self::TerraformOpenSource => "TERRAFORM_OPEN_SOURCE",
            Self::TerraformCloud => "TERRAFORM_CLOUD",
            Self::External => "EXTERNAL",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|product_type| product_type.as_str() == name)
    }

    /// Only CloudFormation templates are read and checked when a version is made.
    pub const fn has_readable_templates(self) -> bool {
        matches!(self, Self::CloudFormationTemplate)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub id: ProductId,
    pub account: AccountId,
    pub region: RegionName,
    pub product_type: ProductType,
    pub details: Details,
    pub tags: Vec<Tag>,
    pub created: Timestamp,
}

/// What a person wrote about a product. A text given as `""` stays `""`; one never given is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub name: String,
    pub owner: String,
    pub description: Option<String>,
    pub distributor: Option<String>,
    pub support_description: Option<String>,
    pub support_email: Option<String>,
    pub support_url: Option<String>,
}

/// What an update asks: `None` leaves a text as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DetailsChange {
    pub name: Option<String>,
    pub owner: Option<String>,
    pub description: Option<String>,
    pub distributor: Option<String>,
    pub support_description: Option<String>,
    pub support_email: Option<String>,
    pub support_url: Option<String>,
}

impl Details {
    #[must_use]
    pub fn changed(self, change: DetailsChange) -> Self {
        Self {
            name: change.name.unwrap_or(self.name),
            owner: change.owner.unwrap_or(self.owner),
            description: change.description.or(self.description),
            distributor: change.distributor.or(self.distributor),
            support_description: change.support_description.or(self.support_description),
            support_email: change.support_email.or(self.support_email),
            support_url: change.support_url.or(self.support_url),
        }
    }
}

impl Product {
    /// The text that `FullTextSearch` looks in: folded, so that comparing bytes ignores case.
    pub fn searchable(&self) -> String {
        let Details {
            name,
            owner,
            description,
            distributor,
            ..
        } = &self.details;
        let texts = [
            Some(name),
            Some(owner),
            description.as_ref(),
            distributor.as_ref(),
        ];
        let joined: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
        fold(&format!("{}\n{}", joined.join("\n"), self.id))
    }
}

/// Case and form that searching and sorting by name ignore.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// A new product's type: marketplace products are made by AWS Marketplace alone.
pub fn new_product_type(product_type: ProductType) -> Result<ProductType, Refusal> {
    match product_type {
        ProductType::Marketplace => Err(Refusal::MarketplaceProduct),
        ProductType::CloudFormationTemplate
        | ProductType::TerraformOpenSource
        | ProductType::TerraformCloud
        | ProductType::External => Ok(product_type),
    }
}

/// A product goes only when no portfolio of its owner holds it; its versions go with it.
pub fn may_delete(product: &ProductId, holders_count: u64) -> Result<(), Refusal> {
    match holders_count {
        0 => Ok(()),
        portfolios_count => Err(Refusal::ProductInPortfolios {
            product: product.clone(),
            portfolios_count,
        }),
    }
}

/// Fails when one more would be one too many.
pub fn room_for_product(count_after: u64, products_max: u64) -> Result<(), Refusal> {
    if count_after > products_max {
        return Err(Refusal::TooManyProducts { products_max });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_changes_only_what_it_names() {
        let before = Details {
            name: "vpc".into(),
            description: Some("old".into()),
            support_url: Some("https://example.com".into()),
            ..Details::default()
        };
        let change = DetailsChange {
            description: Some(String::new()),
            support_email: Some("help@example.com".into()),
            ..DetailsChange::default()
        };
        let after = before.clone().changed(change);
        assert_eq!(after.name, "vpc");
        assert_eq!(
            after.description.as_deref(),
            Some(""),
            "an empty text is a text"
        );
        assert_eq!(after.support_email.as_deref(), Some("help@example.com"));
        assert_eq!(after.support_url, before.support_url);
    }

    #[test]
    fn a_product_in_a_portfolio_stays() {
        let id = ProductId::from("prod-a");
        assert_eq!(may_delete(&id, 0), Ok(()));
        let refusal = may_delete(&id, 2).expect_err("two portfolios hold it");
        assert_eq!(
            refusal.to_string(),
            "Product prod-a still has associated Portfolios (2)"
        );
    }

    #[test]
    fn every_type_reads_back_from_its_name() {
        for product_type in ProductType::ALL {
            assert_eq!(
                ProductType::named(product_type.as_str()),
                Some(product_type)
            );
        }
        assert_eq!(ProductType::named("STACK"), None);
    }
}
