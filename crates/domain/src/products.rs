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

    /// The types of versions that a product of this type may have, as AWS tells them.
    pub const fn artifact_types(self) -> &'static str {
        match self {
            Self::CloudFormationTemplate => "CLOUD_FORMATION_TEMPLATE, ACCOUNT_FACTORY",
            Self::Marketplace => "MARKETPLACE_AMI, MARKETPLACE_CAR",
            Self::TerraformOpenSource => "TERRAFORM_OPEN_SOURCE",
            Self::TerraformCloud => "TERRAFORM_CLOUD",
            Self::External => "EXTERNAL",
        }
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

/// What keeps a product: where it stands, and what its owner hung on it and its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holdings {
    pub portfolios_count: u64,
    pub tag_options_count: u64,
    pub budgets_count: u64,
    /// Associations of all its versions.
    pub service_actions_count: u64,
}

/// A product goes only when nothing is associated with it; its versions go with it. Constraints need
/// no look of their own: there are none without a portfolio.
pub fn may_delete(product: &ProductId, holdings: Holdings) -> Result<(), Refusal> {
    let Holdings {
        portfolios_count,
        tag_options_count,
        budgets_count,
        service_actions_count,
    } = holdings;
    let mut what = vec![
        (portfolios_count, "Portfolios"),
        (tag_options_count, "TagOptions"),
        (budgets_count, "Budgets"),
        (service_actions_count, "Service Actions"),
    ];
    what.retain(|(count, _)| *count > 0);
    if what.is_empty() {
        return Ok(());
    }
    Err(Refusal::ProductHolds {
        product: product.clone(),
        what: what.into_iter().map(|(_, what)| what).collect(),
    })
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
    fn a_product_stays_while_anything_is_associated_with_it_and_all_of_that_is_told() {
        let id = ProductId::from("prod-a");
        let may = |portfolios_count, tag_options_count, budgets_count, service_actions_count| {
            let holdings = Holdings {
                portfolios_count,
                tag_options_count,
                budgets_count,
                service_actions_count,
            };
            may_delete(&id, holdings).map_err(|refusal| refusal.to_string())
        };
        assert_eq!(may(0, 0, 0, 0), Ok(()));
        for (refused, what) in [
            (may(2, 0, 0, 0), "Portfolios"),
            (may(0, 1, 0, 0), "TagOptions"),
            (may(0, 0, 1, 0), "Budgets"),
            (may(0, 0, 0, 3), "Service Actions"),
            (
                may(1, 1, 1, 1),
                "Portfolios, TagOptions, Budgets, Service Actions",
            ),
        ] {
            let text = format!("Product prod-a still has associated {what}");
            assert_eq!(refused, Err(text));
        }
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
