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
            copies_under_way: 1_000,
            uploads: 1_000,
        }
    }
}
