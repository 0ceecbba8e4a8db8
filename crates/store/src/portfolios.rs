//! Portfolios and what stands in them: statements and functions.

use mimeo_domain::portfolios::{Holdings, Portfolio};
use mimeo_domain::shares::Recipient;
use mimeo_domain::{AccountId, PortfolioId, ProductId, Timestamp};

use crate::column::{count, document, read, read_all, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

statements! {
    INSERT = "INSERT INTO portfolio (region, id, account, created, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    OWN = "SELECT body FROM portfolio WHERE region = ?1 AND id = ?2 AND account = ?3";
    VISIBLE = "SELECT body FROM portfolio WHERE region = ?1 AND id = ?2 AND (account = ?3 OR EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = ?3))";
    UPDATE = "UPDATE portfolio SET body = ?4 WHERE region = ?1 AND id = ?2 AND account = ?3";
    REMOVE = "DELETE FROM portfolio WHERE region = ?1 AND id = ?2 AND account = ?3";
    PAGE = "SELECT body FROM portfolio WHERE account = ?1 AND region = ?2 AND (created, id) > (?3, ?4) ORDER BY created, id LIMIT ?5";
    COUNT_PRODUCTS = "SELECT CAST(COUNT(*) AS BIGINT) FROM portfolio_product WHERE region = ?1 AND portfolio_id = ?2";
    COUNT_FOREIGN = "SELECT CAST(COUNT(*) AS BIGINT) FROM portfolio_product WHERE region = ?1 AND portfolio_id = ?2 AND product_account <> portfolio_account";
    ASSOCIATE = "INSERT INTO portfolio_product (region, portfolio_id, product_id, portfolio_account, product_account, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (region, portfolio_id, product_id) DO NOTHING";
    DISASSOCIATE = "DELETE FROM portfolio_product WHERE region = ?1 AND portfolio_id = ?2 AND product_id = ?3";
    HOLDS = "SELECT product_account FROM portfolio_product WHERE region = ?1 AND portfolio_id = ?2 AND product_id = ?3";
    OWN_HOLDING = "SELECT p.body FROM portfolio_product pp JOIN portfolio p ON p.region = pp.region AND p.id = pp.portfolio_id WHERE pp.region = ?2 AND pp.product_id = ?3 AND pp.portfolio_account = ?1 AND pp.portfolio_id > ?4 ORDER BY pp.portfolio_id LIMIT ?5";
    SEEN_HOLDING = "SELECT p.body FROM portfolio_product pp JOIN portfolio p ON p.region = pp.region AND p.id = pp.portfolio_id WHERE pp.region = ?2 AND pp.product_id = ?3 AND pp.portfolio_account = (SELECT o.account FROM product o WHERE o.region = ?2 AND o.id = ?3 AND o.account <> ?1) AND pp.portfolio_id > ?4 AND EXISTS (SELECT 1 FROM seen_share s WHERE s.region = pp.region AND s.portfolio_id = pp.portfolio_id AND s.account = ?1) ORDER BY pp.portfolio_id LIMIT ?5";
    DROP_LOST = "DELETE FROM portfolio_product WHERE region = ?1 AND product_account = ?3 AND portfolio_account IN (SELECT account FROM membership WHERE node = ?2) AND portfolio_account <> ?3 AND NOT EXISTS (SELECT 1 FROM portfolio_product up JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE up.region = ?1 AND up.product_id = portfolio_product.product_id AND up.portfolio_account = ?3 AND s.account = portfolio_product.portfolio_account)";
    DROP_LOST_PRODUCT = "DELETE FROM portfolio_product WHERE region = ?1 AND product_id = ?2 AND product_account = ?3 AND portfolio_account <> ?3 AND NOT EXISTS (SELECT 1 FROM portfolio_product up JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE up.region = ?1 AND up.product_id = ?2 AND up.portfolio_account = ?3 AND s.account = portfolio_product.portfolio_account)";
}

impl Tx<'_> {
    pub async fn insert_portfolio(&mut self, portfolio: &Portfolio) -> Result<(), StoreError> {
        let body = document(portfolio);
        let (region, id) = (portfolio.region.as_str(), portfolio.id.as_str());
        let created = portfolio.created.millis();
        let row = params![region, id, portfolio.account.as_str(), created, &body];
        self.execute(INSERT, row).await.map(drop)
    }

    /// A portfolio that the account owns.
    pub async fn find_portfolio(
        &mut self,
        scope: &AuthScope,
        id: &PortfolioId,
    ) -> Result<Option<Portfolio>, StoreError> {
        self.portfolio_by(OWN, scope, id).await
    }

    /// A portfolio that the account owns, or whose share it has accepted, now.
    pub async fn find_visible_portfolio(
        &mut self,
        scope: &AuthScope,
        id: &PortfolioId,
    ) -> Result<Option<Portfolio>, StoreError> {
        self.portfolio_by(VISIBLE, scope, id).await
    }

    async fn portfolio_by(
        &mut self,
        sql: &'static str,
        scope: &AuthScope,
        id: &PortfolioId,
    ) -> Result<Option<Portfolio>, StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        let body = self.query_one(sql, row, |row| row.text(0)).await?;
        body.map(|body| read(&body)).transpose()
    }

    pub async fn update_portfolio(&mut self, portfolio: &Portfolio) -> Result<(), StoreError> {
        let body = document(portfolio);
        let (region, id) = (portfolio.region.as_str(), portfolio.id.as_str());
        self.execute(
            UPDATE,
            params![region, id, portfolio.account.as_str(), &body],
        )
        .await
        .map(drop)
    }

    pub async fn remove_portfolio(
        &mut self,
        scope: &AuthScope,
        id: &PortfolioId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        self.execute(REMOVE, row).await.map(drop)
    }

    /// The account's own portfolios by creation, `limit` of them after the given one.
    pub async fn page_portfolios(
        &mut self,
        scope: &AuthScope,
        after: Option<&(Timestamp, PortfolioId)>,
        limit: usize,
    ) -> Result<Vec<Portfolio>, StoreError> {
        let (created, id) = after.map_or((i64::MIN, ""), |(created, id)| {
            (created.millis(), id.as_str())
        });
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![account, region, created, id, stored_count(limit)];
        read_all(&self.query(PAGE, row, |row| row.text(0)).await?)
    }

    pub async fn portfolio_holdings(
        &mut self,
        scope: &AuthScope,
        id: &PortfolioId,
    ) -> Result<Holdings, StoreError> {
        let row = params![scope.region.as_str(), id.as_str()];
        let products = self
            .query_one(COUNT_PRODUCTS, row, |row| row.int(0))
            .await?;
        let shares_count = self.count_shares(scope, id).await?;
        let principals_count = self.count_all_principals(scope, id).await?;
        Ok(Holdings {
            products_count: count(products.unwrap_or(0)),
            principals_count,
            shares_count,
        })
    }

    /// Products in the portfolio that belong to somebody else.
    pub async fn count_foreign_products(
        &mut self,
        scope: &AuthScope,
        id: &PortfolioId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), id.as_str()];
        Ok(count(
            self.query_one(COUNT_FOREIGN, row, |row| row.int(0))
                .await?
                .unwrap_or(0),
        ))
    }

    /// Puts a product into a portfolio; says how many rows that made (0: it was there).
    pub async fn associate_product(
        &mut self,
        portfolio: &Portfolio,
        product: (&ProductId, &AccountId),
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (id, owner) = product;
        let (region, holder) = (portfolio.region.as_str(), portfolio.id.as_str());
        let account = portfolio.account.as_str();
        let row = params![
            region,
            holder,
            id.as_str(),
            account,
            owner.as_str(),
            now.millis()
        ];
        self.execute(ASSOCIATE, row).await
    }

    /// Takes a product out of a portfolio; says how many rows that removed.
    pub async fn disassociate_product(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        product: &ProductId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), portfolio.as_str(), product.as_str()];
        self.execute(DISASSOCIATE, row).await
    }

    /// Whose the product is that stands in the portfolio, if it stands there.
    pub async fn owner_of_held_product(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        product: &ProductId,
    ) -> Result<Option<AccountId>, StoreError> {
        let row = params![scope.region.as_str(), portfolio.as_str(), product.as_str()];
        let owner = self.query_one(HOLDS, row, |row| row.text(0)).await?;
        let read = |text: String| text.parse().map_err(|_| StoreError::Broken(text));
        owner.map(read).transpose()
    }

    /// Portfolios that hold the product and that the account owns or sees, by id.
    pub async fn page_portfolios_holding(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        after: Option<&PortfolioId>,
        limit: usize,
    ) -> Result<Vec<Portfolio>, StoreError> {
        let after = after.map_or("", PortfolioId::as_str);
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![
            account,
            region,
            product.as_str(),
            after,
            stored_count(limit)
        ];
        let mut bodies = self.query(OWN_HOLDING, row, |row| row.text(0)).await?;
        bodies.extend(self.query(SEEN_HOLDING, row, |row| row.text(0)).await?);
        let mut portfolios: Vec<Portfolio> = read_all(&bodies)?;
        portfolios.sort_by(|a, b| a.id.cmp(&b.id));
        portfolios.truncate(limit);
        Ok(portfolios)
    }

    /// After a share of `owner` with `recipient` ended: takes the owner's products that an account
    /// reached by it can no longer see out of that account's portfolios.
    pub async fn drop_lost_products(
        &mut self,
        scope: &AuthScope,
        recipient: &Recipient,
        owner: &AccountId,
    ) -> Result<u64, StoreError> {
        let node = recipient.node();
        let row = params![scope.region.as_str(), &node, owner.as_str()];
        self.execute(DROP_LOST, row).await
    }

    /// After `owner` took a product out of a portfolio: the same for that product and everyone.
    pub async fn drop_lost_holders(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        owner: &AccountId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), product.as_str(), owner.as_str()];
        self.execute(DROP_LOST_PRODUCT, row).await
    }
}
