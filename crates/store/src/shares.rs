//! Portfolio shares: statements and functions.

use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::shares::{
    Acceptance, PortfolioShare, Recipient, RecipientKind, ShareOperation, Shared,
};
use mimeo_domain::{AccountId, PortfolioId, ShareToken, Timestamp};

use crate::column::{count, read_all, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, Row, StoreError, Tx};

/// Operations that an account can still look up in a Region; older ones are forgotten.
pub const SHARE_OPERATIONS_MAX: i64 = 1_000;

// Accounts are digits, and every other node (`member/…`, `o-…`, `ou-…`) sorts after 'm'.
statements! {
    INSERT = "INSERT INTO portfolio_share (region, portfolio_id, recipient, owner, accepted, tag_options, principals, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (region, portfolio_id, recipient) DO NOTHING";
    KNOW = "INSERT INTO membership (account, node) VALUES (?1, ?1) ON CONFLICT (account, node) DO NOTHING";
    FIND = "SELECT portfolio_id, recipient, owner, accepted, tag_options, principals, created FROM portfolio_share WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    ACCEPT = "UPDATE portfolio_share SET accepted = 1 WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    REJECT = "UPDATE portfolio_share SET accepted = 0 WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    UPDATE = "UPDATE portfolio_share SET tag_options = ?4, principals = ?5 WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    REMOVE = "DELETE FROM portfolio_share WHERE region = ?1 AND portfolio_id = ?2 AND recipient = ?3";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM portfolio_share WHERE region = ?1 AND portfolio_id = ?2";
    PAGE = "SELECT portfolio_id, recipient, owner, accepted, tag_options, principals, created FROM portfolio_share WHERE region = ?1 AND portfolio_id = ?2 AND recipient > ?3 AND recipient < ?4 ORDER BY recipient LIMIT ?5";
    ACCEPTED = "SELECT p.body FROM portfolio_share s JOIN portfolio p ON p.region = s.region AND p.id = s.portfolio_id WHERE s.recipient = ?1 AND s.region = ?2 AND s.accepted = 1 AND s.portfolio_id > ?3 AND s.owner <> ?5 ORDER BY s.portfolio_id LIMIT ?4";
    NODES_ABOVE = "SELECT node FROM membership WHERE account = ?1 AND node >= 'm'";
    IS_THROUGH_NODES = "SELECT 1 FROM membership m JOIN portfolio_share s ON s.recipient = m.node AND s.region = ?2 AND s.portfolio_id = ?3 WHERE m.account = ?1 AND m.node >= 'm' AND s.owner <> ?1 LIMIT 1";
    INHERITING = "SELECT m.account FROM membership m WHERE m.node = ?3 AND m.account > ?4 AND m.account <> ?5 AND EXISTS (SELECT 1 FROM membership n JOIN portfolio_share s ON s.region = ?1 AND s.portfolio_id = ?2 AND s.recipient = n.node WHERE n.account = m.account AND n.node >= 'o') ORDER BY m.account LIMIT ?6";
    REACHED = "SELECT account FROM membership WHERE node = ?1 AND account <> ?2 ORDER BY account";
    INSERT_OPERATION = "INSERT INTO share_operation (region, token, account, portfolio_id, recipient, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    FORGET_OPERATIONS = "DELETE FROM share_operation WHERE region = ?2 AND token IN (SELECT token FROM share_operation WHERE account = ?1 AND region = ?2 ORDER BY created DESC, token DESC LIMIT 10 OFFSET ?3)";
    FIND_OPERATION = "SELECT token, portfolio_id, recipient, created FROM share_operation WHERE region = ?1 AND token = ?2 AND account = ?3";
}

impl Tx<'_> {
    /// Makes a share; says how many rows that made (0: it was there already).
    pub async fn insert_share(
        &mut self,
        scope: &AuthScope,
        share: &PortfolioShare,
    ) -> Result<u64, StoreError> {
        let node = share.recipient.node();
        let row = params![
            scope.region.as_str(),
            share.portfolio.as_str(),
            &node,
            share.owner.as_str(),
            i64::from(share.acceptance == Acceptance::Accepted),
            i64::from(share.tag_options == Shared::Yes),
            i64::from(share.principals == Shared::Yes),
            share.created.millis(),
        ];
        // From now on a share that names this account reaches it.
        if share.recipient.kind() == RecipientKind::Account {
            self.execute(KNOW, params![&node]).await?;
        }
        self.execute(INSERT, row).await
    }

    pub async fn find_share(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        recipient: &Recipient,
    ) -> Result<Option<PortfolioShare>, StoreError> {
        let node = recipient.node();
        let row = params![scope.region.as_str(), portfolio.as_str(), &node];
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
        recipient: &Recipient,
    ) -> Result<u64, StoreError> {
        let node = recipient.node();
        let row = params![scope.region.as_str(), portfolio.as_str(), &node];
        self.execute(REMOVE, row).await
    }

    /// Changes what travels with a share.
    pub async fn update_share(
        &mut self,
        scope: &AuthScope,
        share: &PortfolioShare,
    ) -> Result<(), StoreError> {
        let node = share.recipient.node();
        let row = params![
            scope.region.as_str(),
            share.portfolio.as_str(),
            &node,
            i64::from(share.tag_options == Shared::Yes),
            i64::from(share.principals == Shared::Yes),
        ];
        self.execute(UPDATE, row).await.map(drop)
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

    /// Shares of a portfolio of one kind by recipient, `limit` of them after the node given.
    pub async fn page_shares(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        kind: RecipientKind,
        after: Option<&String>,
        limit: usize,
    ) -> Result<Vec<PortfolioShare>, StoreError> {
        let (first, end) = nodes_of(kind);
        let row = params![
            scope.region.as_str(),
            portfolio.as_str(),
            after.map_or(first, String::as_str),
            end,
            stored_count(limit),
        ];
        self.query(PAGE, row, share).await?.into_iter().collect()
    }

    /// Portfolios of others whose shares the account has accepted, by id.
    pub async fn page_accepted_portfolios(
        &mut self,
        scope: &AuthScope,
        after: Option<&PortfolioId>,
        limit: usize,
    ) -> Result<Vec<Portfolio>, StoreError> {
        self.page_portfolios_of_node(scope, scope.account.as_str(), after, limit)
            .await
    }

    /// Portfolios of others that reach the account through its organization, by id.
    pub async fn page_portfolios_through_nodes(
        &mut self,
        scope: &AuthScope,
        after: Option<&PortfolioId>,
        limit: usize,
    ) -> Result<Vec<Portfolio>, StoreError> {
        let account = params![scope.account.as_str()];
        let nodes = self.query(NODES_ABOVE, account, |row| row.text(0)).await?;
        let mut portfolios = Vec::new();
        // A page of each of them holds the page of them all; there are as many as units are deep.
        for node in &nodes {
            let page = self.page_portfolios_of_node(scope, node, after, limit);
            portfolios.extend(page.await?);
        }
        portfolios.sort_by(|a: &Portfolio, b| a.id.cmp(&b.id));
        portfolios.dedup_by(|a, b| a.id == b.id);
        portfolios.truncate(limit);
        Ok(portfolios)
    }

    async fn page_portfolios_of_node(
        &mut self,
        scope: &AuthScope,
        node: &str,
        after: Option<&PortfolioId>,
        limit: usize,
    ) -> Result<Vec<Portfolio>, StoreError> {
        let after = after.map_or("", PortfolioId::as_str);
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![node, region, after, stored_count(limit), account];
        read_all(&self.query(ACCEPTED, row, |row| row.text(0)).await?)
    }

    /// Whether another's portfolio reaches the account through its organization.
    pub async fn is_shared_through_nodes(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
    ) -> Result<bool, StoreError> {
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![account, region, portfolio.as_str()];
        let found = self.query_one(IS_THROUGH_NODES, row, |row| row.int(0));
        Ok(found.await?.is_some())
    }

    /// Accounts below a node, but for the owner, that the portfolio reaches through a share with
    /// that node or with one above or below it; `limit` of them after the given one.
    pub async fn page_inheriting_accounts(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        node: &Recipient,
        after: Option<&String>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let node = node.node();
        let row = params![
            scope.region.as_str(),
            portfolio.as_str(),
            &node,
            after.map_or("", String::as_str),
            scope.account.as_str(),
            stored_count(limit),
        ];
        self.query(INHERITING, row, |row| row.text(0)).await
    }

    /// The accounts that a share of the caller's with this recipient reaches, in order.
    pub async fn list_reached_accounts(
        &mut self,
        scope: &AuthScope,
        recipient: &Recipient,
    ) -> Result<Vec<String>, StoreError> {
        let node = recipient.node();
        let row = params![&node, scope.account.as_str()];
        self.query(REACHED, row, |row| row.text(0)).await
    }

    /// Keeps what was asked of a share, and forgets what was asked longest ago.
    pub async fn insert_share_operation(
        &mut self,
        scope: &AuthScope,
        operation: &ShareOperation,
    ) -> Result<(), StoreError> {
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let node = operation.recipient.node();
        let row = params![
            region,
            operation.token.as_str(),
            account,
            operation.portfolio.as_str(),
            &node,
            operation.created.millis(),
        ];
        self.execute(INSERT_OPERATION, row).await?;
        let row = params![account, region, SHARE_OPERATIONS_MAX];
        self.execute(FORGET_OPERATIONS, row).await.map(drop)
    }

    pub async fn find_share_operation(
        &mut self,
        scope: &AuthScope,
        token: &ShareToken,
    ) -> Result<Option<ShareOperation>, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, token.as_str(), account];
        let found = self.query_one(FIND_OPERATION, row, |row| {
            Ok(ShareOperation {
                token: row.text(0).into(),
                portfolio: row.text(1).into(),
                recipient: recipient(&row.text(2))?,
                created: Timestamp::from_millis(row.int(3)),
            })
        });
        found.await?.transpose()
    }
}

/// Between which two nodes the recipients of a kind lie.
fn nodes_of(kind: RecipientKind) -> (&'static str, &'static str) {
    match kind {
        RecipientKind::Account => ("", ":"),
        RecipientKind::Member => ("member/", "member0"),
        RecipientKind::Organization => ("o-", "o."),
        RecipientKind::Unit => ("ou-", "ou."),
    }
}

fn recipient(node: &str) -> Result<Recipient, StoreError> {
    node.parse()
        .map_err(|_| StoreError::Broken(format!("{node:?} is no recipient")))
}

fn share(row: &Row<'_>) -> Result<PortfolioShare, StoreError> {
    let account = |text: String| -> Result<AccountId, StoreError> {
        text.parse().map_err(|_| StoreError::Broken(text))
    };
    let shared = |stored: i64| Shared::from(stored != 0);
    Ok(PortfolioShare {
        portfolio: row.text(0).into(),
        recipient: recipient(&row.text(1))?,
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
