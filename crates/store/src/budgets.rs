//! Budgets: statements and functions.

use mimeo_domain::ResourceId;

use crate::column::{clean, count, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

statements! {
    ASSOCIATE = "INSERT INTO budget_resource (region, resource_id, account, budget) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (region, resource_id, account, budget) DO NOTHING";
    DISASSOCIATE = "DELETE FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3 AND budget = ?4";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3";
    PAGE = "SELECT budget FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3 AND budget > ?4 ORDER BY budget LIMIT ?5";
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
}
