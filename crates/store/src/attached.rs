//! What accounts hang on portfolios and products, their TagOptions and budgets, comes off again: when these
//! go, and when who hung it no longer sees them. Statements and functions.

use mimeo_domain::{AccountId, PortfolioId, ProductId, ResourceId};

use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

/// Whatever hangs on a resource.
macro_rules! all {
    ($table:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE region = ?1 AND resource_id = ?2"
        )
    };
}

/// On the portfolio `?2`, of the accounts from `?4` to `?5` that do not see it and do not own it as `?3`.
macro_rules! lost_on_portfolio {
    ($table:literal) => {
        concat!("DELETE FROM ", $table, " WHERE region = ?1 AND resource_id = ?2 AND account <> ?3 AND account >= ?4 AND account <= ?5 AND NOT EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = ", $table, ".account)")
    };
}

/// The same on the products that the portfolio holds.
macro_rules! lost_on_held {
    ($table:literal) => {
        concat!("DELETE FROM ", $table, " WHERE region = ?1 AND resource_id IN (SELECT pp.product_id FROM portfolio_product pp WHERE pp.region = ?1 AND pp.portfolio_id = ?2) AND account <> ?3 AND account >= ?4 AND account <= ?5 AND NOT EXISTS (SELECT 1 FROM portfolio_product up JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE up.region = ?1 AND up.product_id = ", $table, ".resource_id AND up.portfolio_account = ?3 AND s.account = ", $table, ".account)")
    };
}

/// On the product `?2`, of all who do not see it and do not own it as `?3`.
macro_rules! lost_on_product {
    ($table:literal) => {
        concat!("DELETE FROM ", $table, " WHERE region = ?1 AND resource_id = ?2 AND account <> ?3 AND NOT EXISTS (SELECT 1 FROM portfolio_product up JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE up.region = ?1 AND up.product_id = ?2 AND up.portfolio_account = ?3 AND s.account = ", $table, ".account)")
    };
}

/// Of the account `?1`, on whatever it does not see in any Region.
macro_rules! lost_everywhere {
    ($table:literal) => {
        concat!("DELETE FROM ", $table, " WHERE account = ?1 AND NOT EXISTS (SELECT 1 FROM portfolio p WHERE p.region = ", $table, ".region AND p.id = ", $table, ".resource_id AND p.account = ?1) AND NOT EXISTS (SELECT 1 FROM product p WHERE p.region = ", $table, ".region AND p.id = ", $table, ".resource_id AND p.account = ?1) AND NOT EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ", $table, ".region AND s.portfolio_id = ", $table, ".resource_id AND s.account = ?1) AND NOT EXISTS (SELECT 1 FROM product p JOIN portfolio_product up ON up.region = p.region AND up.product_id = p.id AND up.portfolio_account = p.account JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE p.region = ", $table, ".region AND p.id = ", $table, ".resource_id AND s.account = ?1)")
    };
}

statements! {
    TAG_OPTIONS = all!("tag_option_resource");
    TAG_OPTIONS_LOST_ON_PORTFOLIO = lost_on_portfolio!("tag_option_resource");
    TAG_OPTIONS_LOST_ON_HELD = lost_on_held!("tag_option_resource");
    TAG_OPTIONS_LOST_ON_PRODUCT = lost_on_product!("tag_option_resource");
    TAG_OPTIONS_LOST_EVERYWHERE = lost_everywhere!("tag_option_resource");
    BUDGETS = all!("budget_resource");
    BUDGETS_LOST_ON_PORTFOLIO = lost_on_portfolio!("budget_resource");
    BUDGETS_LOST_ON_HELD = lost_on_held!("budget_resource");
    BUDGETS_LOST_ON_PRODUCT = lost_on_product!("budget_resource");
    BUDGETS_LOST_EVERYWHERE = lost_everywhere!("budget_resource");
}

impl Tx<'_> {
    /// Takes off a resource that goes what any account hung on it.
    pub async fn drop_attached(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), resource.as_str()];
        self.execute(TAG_OPTIONS, row).await?;
        self.execute(BUDGETS, row).await.map(drop)
    }

    /// After `owner`'s portfolio was taken from `recipient`, or from whomever: what they hung on it and its
    /// products goes where they no longer see it.
    pub async fn drop_lost_attached(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        owner: &AccountId,
        recipient: Option<&AccountId>,
    ) -> Result<(), StoreError> {
        let (least, most) = range(recipient);
        let (region, portfolio) = (scope.region.as_str(), portfolio.as_str());
        let row = params![region, portfolio, owner.as_str(), least, most];
        self.execute(TAG_OPTIONS_LOST_ON_PORTFOLIO, row).await?;
        self.execute(TAG_OPTIONS_LOST_ON_HELD, row).await?;
        self.execute(BUDGETS_LOST_ON_PORTFOLIO, row).await?;
        self.execute(BUDGETS_LOST_ON_HELD, row).await.map(drop)
    }

    /// After `owner` took a product out of a portfolio: the same for that product and everyone.
    pub async fn drop_lost_attached_on_product(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        owner: &AccountId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), product.as_str(), owner.as_str()];
        self.execute(TAG_OPTIONS_LOST_ON_PRODUCT, row).await?;
        self.execute(BUDGETS_LOST_ON_PRODUCT, row).await.map(drop)
    }

    /// After the account was reached by fewer shares: the same for that account, in every Region.
    pub(crate) async fn drop_lost_attached_everywhere(
        &mut self,
        account: &AccountId,
    ) -> Result<(), StoreError> {
        let row = params![account.as_str()];
        self.execute(TAG_OPTIONS_LOST_EVERYWHERE, row).await?;
        self.execute(BUDGETS_LOST_EVERYWHERE, row).await.map(drop)
    }
}

/// Between which accounts a statement looks, so that the key finds one as well as all.
fn range(account: Option<&AccountId>) -> (&str, &str) {
    // Accounts are digits, which sort before the colon.
    account.map_or(("", ":"), |only| (only.as_str(), only.as_str()))
}
