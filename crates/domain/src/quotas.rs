//! How much an account may have; AWS's default quotas, each configurable.

use serde::{Deserialize, Serialize};

/// Quotas of one account in one Region. Source of the defaults: AWS's page "AWS Service Catalog
/// default service quotas"; the last two are Mimeo's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Portfolios in a Region.
    pub portfolios: u64,
    /// Products in a Region.
    pub products: u64,
    /// Products in a portfolio.
    pub products_per_portfolio: u64,
    /// Provisioning artifacts (versions) of a product.
    pub artifacts_per_product: u64,
    /// Accounts that one portfolio is shared with.
    pub shares_per_portfolio: u64,
    /// Tags of a product or of a portfolio.
    pub tags: u64,
    /// Users, groups and roles of a portfolio, of one account.
    pub principals_per_portfolio: u64,
    /// Users, groups and roles of a product over all its portfolios, of one account.
    pub principals_per_product: u64,
    /// Principals of a portfolio that are patterns.
    pub patterns_per_portfolio: u64,
    /// Constraints of one product in one portfolio.
    pub constraints_per_product: u64,
    /// TagOptions of a product or of a portfolio.
    pub tag_options_per_resource: u64,
    /// Values that TagOptions of one key have.
    pub values_per_tag_option: u64,
    /// Service actions in a Region.
    pub service_actions: u64,
    /// Service actions of one provisioning artifact.
    pub service_actions_per_artifact: u64,
    /// Accounts that administer Service Catalog for an organization.
    pub delegated_administrators: u64,
    /// Copies that may wait or run at one time (ours: AWS publishes none).
    pub copies_under_way: u64,
    /// Templates uploaded to Mimeo itself and kept under a name (ours).
    pub uploads: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            portfolios: 100,
            products: 350,
            products_per_portfolio: 150,
            artifacts_per_product: 100,
            shares_per_portfolio: 5_000,
            tags: 20,
            principals_per_portfolio: 100,
            principals_per_product: 200,
            patterns_per_portfolio: 10,
            constraints_per_product: 100,
            tag_options_per_resource: 25,
            values_per_tag_option: 25,
            service_actions: 200,
            service_actions_per_artifact: 25,
            delegated_administrators: 50,
            copies_under_way: 1_000,
            uploads: 1_000,
        }
    }
}
