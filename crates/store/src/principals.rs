//! Portfolio principals: statements and functions.

use std::collections::BTreeSet;

use mimeo_domain::principals::{Counts, Kind, Principal};
use mimeo_domain::{AccountId, PortfolioId, ProductId, Timestamp};

use crate::column::{clean, count, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, Row, StoreError, Tx};

statements! {
    INSERT = "INSERT INTO portfolio_principal (region, portfolio_id, account, kind, principal, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (region, portfolio_id, account, kind, principal) DO NOTHING";
    REMOVE = "DELETE FROM portfolio_principal WHERE region = ?1 AND portfolio_id = ?2 AND account = ?3 AND kind = ?4 AND principal = ?5";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT), CAST(COUNT(CASE WHEN kind = 'IAM_PATTERN' THEN 1 END) AS BIGINT) FROM portfolio_principal WHERE region = ?1 AND portfolio_id = ?2 AND account = ?3";
    COUNT_ALL = "SELECT CAST(COUNT(*) AS BIGINT) FROM portfolio_principal WHERE region = ?1 AND portfolio_id = ?2";
    SOME_OF_ACCOUNT = "SELECT principal FROM portfolio_principal WHERE account = ?1 AND region = ?2 LIMIT ?3";
    OF_PRODUCT = "SELECT principal FROM portfolio_principal g WHERE g.account = ?1 AND g.region = ?2 AND EXISTS (SELECT 1 FROM portfolio_product h WHERE h.region = ?2 AND h.portfolio_id = g.portfolio_id AND h.product_id = ?3)";
    PAGE = "SELECT kind, principal FROM portfolio_principal WHERE region = ?1 AND portfolio_id = ?2 AND account = ?3 AND (kind, principal) > (?4, ?5) ORDER BY kind, principal LIMIT ?6";
    SHARED_PAGE = "SELECT kind, principal FROM portfolio_principal WHERE region = ?1 AND portfolio_id = ?2 AND account = ?3 AND kind = 'IAM_PATTERN' AND principal > ?4 AND EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = ?5 AND s.principals = 1) ORDER BY principal LIMIT ?6";
    DROP_LOST = "DELETE FROM portfolio_principal WHERE region = ?1 AND portfolio_id = ?2 AND account = ?3 AND NOT EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = ?3)";
    DROP_LOST_EVERYWHERE = "DELETE FROM portfolio_principal WHERE account = ?1 AND NOT EXISTS (SELECT 1 FROM portfolio p WHERE p.region = portfolio_principal.region AND p.id = portfolio_principal.portfolio_id AND p.account = ?1) AND NOT EXISTS (SELECT 1 FROM seen_share s WHERE s.region = portfolio_principal.region AND s.portfolio_id = portfolio_principal.portfolio_id AND s.account = ?1)";
    DROP_LOST_OF_ALL = "DELETE FROM portfolio_principal WHERE region = ?1 AND portfolio_id = ?2 AND account <> ?3 AND NOT EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = portfolio_principal.account)";
}

/// Principals are those of the scope's account: the owner of a portfolio has its own, and so has
/// each recipient.
impl Tx<'_> {
    /// Says how many rows that made (0: it was there).
    pub async fn insert_principal(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let row = params![
            scope.region.as_str(),
            portfolio.as_str(),
            scope.account.as_str(),
            principal.kind.as_str(),
            principal.arn.as_str(),
            now.millis(),
        ];
        self.execute(INSERT, row).await
    }

    /// Says how many rows that removed. Any text may be asked for.
    pub async fn remove_principal(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        principal: &Principal,
    ) -> Result<u64, StoreError> {
        let arn = clean(&principal.arn);
        let row = params![
            scope.region.as_str(),
            portfolio.as_str(),
            scope.account.as_str(),
            principal.kind.as_str(),
            &arn,
        ];
        self.execute(REMOVE, row).await
    }

    /// The account's own principals of a portfolio, counted.
    pub async fn count_principals(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
    ) -> Result<Counts, StoreError> {
        let row = params![
            scope.region.as_str(),
            portfolio.as_str(),
            scope.account.as_str()
        ];
        let counts = |row: &Row<'_>| Counts {
            principals: count(row.int(0)),
            patterns: count(row.int(1)),
        };
        Ok(self
            .query_one(COUNT, row, counts)
            .await?
            .unwrap_or_default())
    }

    /// The principals of a portfolio, whosever they are, counted.
    pub(crate) async fn count_all_principals(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), portfolio.as_str()];
        let all = self.query_one(COUNT_ALL, row, |row| row.int(0)).await?;
        Ok(count(all.unwrap_or(0)))
    }

    /// Whether the account has more principals than this in the Region, each portfolio's counted.
    pub async fn has_more_principals_than(
        &mut self,
        scope: &AuthScope,
        most: u64,
    ) -> Result<bool, StoreError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let limit = stored_count(most.saturating_add(1));
        let row = params![scope.account.as_str(), scope.region.as_str(), limit];
        let some = self.query(SOME_OF_ACCOUNT, row, |_| ()).await?;
        Ok(some.len() > most)
    }

    /// The account's own principals of a product over all portfolios, each once, counted.
    pub async fn count_principals_of_product(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
    ) -> Result<u64, StoreError> {
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![account, region, product.as_str()];
        let principals = self.query(OF_PRODUCT, row, |row| row.text(0)).await?;
        let distinct: BTreeSet<String> = principals.into_iter().collect();
        Ok(distinct.len() as u64)
    }

    /// The principals of a portfolio as the account sees them: its own, and where `owner` shares its
    /// patterns with it, those; by kind and ARN, `limit` of them after the given one.
    pub async fn page_principals(
        &mut self,
        scope: &AuthScope,
        (portfolio, owner): (&PortfolioId, &AccountId),
        after: Option<&Principal>,
        limit: usize,
    ) -> Result<Vec<Principal>, StoreError> {
        let (region, portfolio) = (scope.region.as_str(), portfolio.as_str());
        let (account, owner) = (scope.account.as_str(), owner.as_str());
        let (kind, arn) = after.map_or(("", ""), |after| (after.kind.as_str(), after.arn.as_str()));
        let most = stored_count(limit);
        let row = params![region, portfolio, account, kind, arn, most];
        let own = self.query(PAGE, row, principal).await?;
        let mut principals = own.into_iter().collect::<Result<Vec<_>, _>>()?;
        if owner != account {
            let pattern = if kind == Kind::Pattern.as_str() {
                arn
            } else {
                ""
            };
            let row = params![region, portfolio, owner, pattern, account, most];
            for shared in self.query(SHARED_PAGE, row, principal).await? {
                principals.push(shared?);
            }
            principals.sort();
            principals.dedup();
            principals.truncate(limit);
        }
        Ok(principals)
    }

    /// A share of `owner`'s portfolio ended, with one account or (`None`) with many: the principals
    /// that they added to it go, where they see it no longer.
    pub async fn drop_lost_principals(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        owner: &AccountId,
        recipient: Option<&AccountId>,
    ) -> Result<u64, StoreError> {
        let (sql, account) = match recipient {
            Some(recipient) => (DROP_LOST, recipient),
            None => (DROP_LOST_OF_ALL, owner),
        };
        let row = params![scope.region.as_str(), portfolio.as_str(), account.as_str()];
        self.execute(sql, row).await
    }

    /// An account left an organization or one of its units: its principals of portfolios that it
    /// sees no longer go, in every Region.
    pub(crate) async fn drop_lost_principals_everywhere(
        &mut self,
        account: &AccountId,
    ) -> Result<(), StoreError> {
        self.execute(DROP_LOST_EVERYWHERE, params![account.as_str()])
            .await
            .map(drop)
    }
}

pub(crate) fn principal(row: &Row<'_>) -> Result<Principal, StoreError> {
    let kind = row.text(0);
    Ok(Principal {
        kind: Kind::named(&kind).ok_or(StoreError::Broken(kind))?,
        arn: row.text(1),
    })
}
