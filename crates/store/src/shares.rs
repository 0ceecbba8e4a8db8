//! Portfolio shares: statements and functions.

use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::shares::{Acceptance, PortfolioShare, Shared};
use mimeo_domain::{AccountId, PortfolioId, Timestamp};

use crate::column::{count, read_all, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, Row, StoreError, Tx};

statements! {
    INSERT = "INSERT INTO portfolio_share (region, portfolio_id, recipient, owner, accepted, tag_options, principals, created) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7) ON CONFLICT (region, portfolio_id, recipient) DO NOTHING";
    KNOW = "INSERT INTO membership (account, node) VALUES (?1, ?1) ON CONFLICT (account, node) DO NOTHING";
    FIND = "SELECT portfolio_id, recipient, owner, accepted, tag_options, principals, created FROM portfolio_share WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    ACCEPT = "UPDATE portfolio_share SET accepted = 1 WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    REJECT = "UPDATE portfolio_share SET accepted = 0 WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    REMOVE = "DELETE FROM portfolio_share WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM portfolio_share WHERE region = ?1 AND portfolio_id = ?2";
    PAGE = "SELECT portfolio_id, recipient, owner, accepted, tag_options, principals, created FROM portfolio_share WHERE region = ?1 AND portfolio_id = ?2 AND recipient > ?3 ORDER BY recipient LIMIT ?4";
    ACCEPTED = "SELECT p.body FROM portfolio_share s JOIN portfolio p ON p.region = s.region AND p.id = s.portfolio_id WHERE s.recipient = ?1 AND s.region = ?2 AND s.accepted = 1 AND s.portfolio_id > ?3 ORDER BY s.portfolio_id LIMIT ?4";
}

impl Tx<'_> {
    /// Offers a share; says how many rows that made (0: it was there already).
    pub async fn insert_share(
        &mut self,
        scope: &AuthScope,
        share: &PortfolioShare,
    ) -> Result<u64, StoreError> {
        let row = params![
            scope.region.as_str(),
            share.portfolio.as_str(),
            share.recipient.as_str(),
            share.owner.as_str(),
            i64::from(share.tag_options == Shared::Yes),
            i64::from(share.principals == Shared::Yes),
            share.created.millis(),
        ];
        // From now on a share that names this account reaches it.
        self.execute(KNOW, params![share.recipient.as_str()])
            .await?;
        self.execute(INSERT, row).await
    }

    pub async fn find_share(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        recipient: &AccountId,
    ) -> Result<Option<PortfolioShare>, StoreError> {
        let row = params![
            scope.region.as_str(),
            portfolio.as_str(),
            recipient.as_str()
        ];
        self.query_one(FIND, row, share).await?.transpose()
    }

    /// The caller, as recipient, accepts; says whether there was a share (1 or 0).
    pub async fn accept_share(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
    ) -> Result<u64, StoreError> {
        self.execute(
            ACCEPT,
            params![
                scope.region.as_str(),
                portfolio.as_str(),
                scope.account.as_str()
            ],
        )
        .await
    }

    /// The caller, as recipient, rejects or leaves; the offer stays and can be accepted again.
    pub async fn reject_share(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
    ) -> Result<u64, StoreError> {
        self.execute(
            REJECT,
            params![
                scope.region.as_str(),
                portfolio.as_str(),
                scope.account.as_str()
            ],
        )
        .await
    }

    /// The owner ends the share; says whether there was one (1 or 0).
    pub async fn remove_share(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        recipient: &AccountId,
    ) -> Result<u64, StoreError> {
        let row = params![
            scope.region.as_str(),
            portfolio.as_str(),
            recipient.as_str()
        ];
        self.execute(REMOVE, row).await
    }

    pub async fn count_shares(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), portfolio.as_str()];
        Ok(count(
            self.query_one(COUNT, row, |row| row.int(0))
                .await?
                .unwrap_or(0),
        ))
    }

    /// Shares of a portfolio by recipient, `limit` of them after the given one.
    pub async fn page_shares(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<PortfolioShare>, StoreError> {
        let after = after.map_or("", AccountId::as_str);
        let limit = stored_count(limit);
        let row = params![scope.region.as_str(), portfolio.as_str(), after, limit];
        self.query(PAGE, row, share).await?.into_iter().collect()
    }

    /// Portfolios of others whose shares the account has accepted, by id.
    pub async fn page_accepted_portfolios(
        &mut self,
        scope: &AuthScope,
        after: Option<&PortfolioId>,
        limit: usize,
    ) -> Result<Vec<Portfolio>, StoreError> {
        let after = after.map_or("", PortfolioId::as_str);
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![account, region, after, stored_count(limit)];
        read_all(&self.query(ACCEPTED, row, |row| row.text(0)).await?)
    }
}

fn share(row: &Row<'_>) -> Result<PortfolioShare, StoreError> {
    let account = |text: String| text.parse().map_err(|_| StoreError::Broken(text));
    let shared = |stored: i64| Shared::from(stored != 0);
    Ok(PortfolioShare {
        portfolio: row.text(0).into(),
        recipient: account(row.text(1))?,
        owner: account(row.text(2))?,
        acceptance: if row.int(3) == 0 {
            Acceptance::Offered
        } else {
            Acceptance::Accepted
        },
        tag_options: shared(row.int(4)),
        principals: shared(row.int(5)),
        created: Timestamp::from_millis(row.int(6)),
    })
}
