//! Budgets: statements and functions.

use mimeo_domain::{AccountId, PortfolioId, ProductId, ResourceId};

use crate::column::{clean, count, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::tag_options::range;
use crate::{AuthScope, StoreError, Tx};

statements! {
    ASSOCIATE = "INSERT INTO budget_resource (region, resource_id, account, budget) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (region, resource_id, account, budget) DO NOTHING";
    DISASSOCIATE = "DELETE FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3 AND budget = ?4";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3";
    PAGE = "SELECT budget FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3 AND budget > ?4 ORDER BY budget LIMIT ?5";
    DROP = "DELETE FROM budget_resource WHERE region = ?1 AND resource_id = ?2";
    DROP_LOST_ON_PORTFOLIO = "DELETE FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account <> ?3 AND account >= ?4 AND account <= ?5 AND NOT EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = budget_resource.account)";
    DROP_LOST_ON_HELD = "DELETE FROM budget_resource WHERE region = ?1 AND resource_id IN (SELECT pp.product_id FROM portfolio_product pp WHERE pp.region = ?1 AND pp.portfolio_id = ?2) AND account <> ?3 AND account >= ?4 AND account <= ?5 AND NOT EXISTS (SELECT 1 FROM portfolio_product up JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE up.region = ?1 AND up.product_id = budget_resource.resource_id AND up.portfolio_account = ?3 AND s.account = budget_resource.account)";
    DROP_LOST_ON_PRODUCT = "DELETE FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account <> ?3 AND NOT EXISTS (SELECT 1 FROM portfolio_product up JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE up.region = ?1 AND up.product_id = ?2 AND up.portfolio_account = ?3 AND s.account = budget_resource.account)";
    DROP_LOST_EVERYWHERE = "DELETE FROM budget_resource WHERE account = ?1 AND NOT EXISTS (SELECT 1 FROM portfolio p WHERE p.region = budget_resource.region AND p.id = budget_resource.resource_id AND p.account = ?1) AND NOT EXISTS (SELECT 1 FROM product p WHERE p.region = budget_resource.region AND p.id = budget_resource.resource_id AND p.account = ?1) AND NOT EXISTS (SELECT 1 FROM seen_share s WHERE s.region = budget_resource.region AND s.portfolio_id = budget_resource.resource_id AND s.account = ?1) AND NOT EXISTS (SELECT 1 FROM product p JOIN portfolio_product up ON up.region = p.region AND up.product_id = p.id AND up.portfolio_account = p.account JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE p.region = budget_resource.region AND p.id = budget_resource.resource_id AND s.account = ?1)";
}

impl Tx<'_> {
    /// Hangs a budget of the account on a resource; says how many rows that made (0: it was there).
    pub async fn associate_budget(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
        budget: &str,
    ) -> Result<u64, StoreError> {
        self.budget_by(ASSOCIATE, scope, resource, budget).await
    }

    /// Takes a budget of the account off a resource; says how many rows that removed.
    pub async fn disassociate_budget(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
        budget: &str,
    ) -> Result<u64, StoreError> {
        self.budget_by(DISASSOCIATE, scope, resource, budget).await
    }

    async fn budget_by(
        &mut self,
        sql: &'static str,
        scope: &AuthScope,
        resource: &ResourceId,
        budget: &str,
    ) -> Result<u64, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let budget = clean(budget);
        self.execute(sql, params![region, resource.as_str(), account, &budget])
            .await
    }

    /// How many budgets the account has on a resource.
    pub async fn count_budgets(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
    ) -> Result<u64, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, resource.as_str(), account];
        let found = self.query_one(COUNT, row, |row| row.int(0)).await?;
        Ok(count(found.unwrap_or(0)))
    }

    /// Names of the account's budgets on a resource, `limit` of them after the given one.
    pub async fn page_budgets(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
        after: Option<&String>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let (after, limit) = (after.map_or("", String::as_str), stored_count(limit));
        let row = params![region, resource.as_str(), account, after, limit];
        self.query(PAGE, row, |row| row.text(0)).await
    }

    /// Takes every account's budgets off a resource that goes.
    pub async fn drop_budgets(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), resource.as_str()];
        self.execute(DROP, row).await
    }

    /// After `owner`'s portfolio was taken from `recipient`, or from whomever: budgets go from it
    /// and its products where the account no longer sees them.
    pub async fn drop_lost_budgets(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        owner: &AccountId,
        recipient: Option<&AccountId>,
    ) -> Result<(), StoreError> {
        let (least, most) = range(recipient);
        let (region, portfolio) = (scope.region.as_str(), portfolio.as_str());
        let row = params![region, portfolio, owner.as_str(), least, most];
        self.execute(DROP_LOST_ON_PORTFOLIO, row).await?;
        self.execute(DROP_LOST_ON_HELD, row).await.map(drop)
    }

    /// After `owner` took a product out of a portfolio: the same for that product and everyone.
    pub async fn drop_lost_budgets_on_product(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        owner: &AccountId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), product.as_str(), owner.as_str()];
        self.execute(DROP_LOST_ON_PRODUCT, row).await.map(drop)
    }

    /// After the account was reached by fewer shares: takes its budgets off what it no longer sees, in
    /// every Region.
    pub(crate) async fn drop_lost_budgets_everywhere(
        &mut self,
        account: &AccountId,
    ) -> Result<(), StoreError> {
        self.execute(DROP_LOST_EVERYWHERE, params![account.as_str()])
            .await
            .map(drop)
    }
}
