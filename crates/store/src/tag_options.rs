//! TagOptions: statements and functions.

use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::products::Product;
use mimeo_domain::tag_options::{Filter, ResourceKind, TagOption};
use mimeo_domain::{PortfolioId, ProductId, ResourceId, TagOptionId};

use crate::column::{clean, count, read_all, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, Row, StoreError, Tx};

/// What a TagOption hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaggedResource {
    Portfolio(Portfolio),
    Product(Product),
}

impl TaggedResource {
    pub fn id(&self) -> &str {
        match self {
            Self::Portfolio(portfolio) => portfolio.id.as_str(),
            Self::Product(product) => product.id.as_str(),
        }
    }
}

statements! {
    INSERT = "INSERT INTO tag_option (region, id, account, tag_key, tag_value, active) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    OWN = "SELECT id, account, tag_key, tag_value, active FROM tag_option WHERE region = ?1 AND id = ?2 AND account = ?3";
    OF_VALUE = "SELECT id FROM tag_option WHERE account = ?1 AND region = ?2 AND tag_key = ?3 AND tag_value = ?4";
    COUNT_VALUES = "SELECT CAST(COUNT(*) AS BIGINT) FROM tag_option WHERE account = ?1 AND region = ?2 AND tag_key = ?3";
    UPDATE = "UPDATE tag_option SET tag_value = ?4, active = ?5 WHERE region = ?1 AND id = ?2 AND account = ?3";
    REMOVE = "DELETE FROM tag_option WHERE region = ?1 AND id = ?2 AND account = ?3";
    PAGE = "SELECT id, account, tag_key, tag_value, active FROM tag_option WHERE account = ?1 AND region = ?2 AND id > ?3 AND (tag_value = ?5 OR ?5 IS NULL) AND (active = ?6 OR ?6 IS NULL) ORDER BY id LIMIT ?4";
    PAGE_OF_KEY = "SELECT id, account, tag_key, tag_value, active FROM tag_option WHERE account = ?1 AND region = ?2 AND tag_key = ?7 AND id > ?3 AND (tag_value = ?5 OR ?5 IS NULL) AND (active = ?6 OR ?6 IS NULL) ORDER BY id LIMIT ?4";
    ASSOCIATE = "INSERT INTO tag_option_resource (region, resource_id, account, tag_option_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (region, resource_id, account, tag_option_id) DO NOTHING";
    DISASSOCIATE = "DELETE FROM tag_option_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3 AND tag_option_id = ?4";
    PORTFOLIOS = "SELECT p.body FROM tag_option_resource r JOIN portfolio p ON p.region = r.region AND p.id = r.resource_id WHERE r.region = ?2 AND r.tag_option_id = ?3 AND r.resource_id > ?4 AND (p.account = ?1 OR EXISTS (SELECT 1 FROM seen_share s WHERE s.region = r.region AND s.portfolio_id = r.resource_id AND s.account = ?1)) ORDER BY r.resource_id LIMIT ?5";
    PRODUCTS = "SELECT p.body FROM tag_option_resource r JOIN product p ON p.region = r.region AND p.id = r.resource_id WHERE r.region = ?2 AND r.tag_option_id = ?3 AND r.resource_id > ?4 AND (p.account = ?1 OR EXISTS (SELECT 1 FROM portfolio_product pp JOIN seen_share s ON s.region = pp.region AND s.portfolio_id = pp.portfolio_id WHERE pp.region = r.region AND pp.product_id = r.resource_id AND pp.portfolio_account = p.account AND s.account = ?1)) ORDER BY r.resource_id LIMIT ?5";
    LOCAL = "SELECT t.id, t.account, t.tag_key, t.tag_value, t.active FROM tag_option_resource r JOIN tag_option t ON t.region = r.region AND t.id = r.tag_option_id WHERE r.region = ?1 AND r.resource_id = ?2 AND r.account = ?3 ORDER BY r.tag_option_id";
    SHARED_ON_PORTFOLIO = "SELECT t.id, t.account, t.tag_key, t.tag_value, t.active FROM tag_option_resource r JOIN tag_option t ON t.region = r.region AND t.id = r.tag_option_id WHERE r.region = ?1 AND r.resource_id = ?2 AND r.account = (SELECT s.owner FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = ?3 AND s.owner <> ?3 AND s.tag_options = 1 LIMIT 1) ORDER BY r.tag_option_id";
    SHARED_ON_PRODUCT = "SELECT t.id, t.account, t.tag_key, t.tag_value, t.active FROM tag_option_resource r JOIN tag_option t ON t.region = r.region AND t.id = r.tag_option_id WHERE r.region = ?1 AND r.resource_id = ?2 AND r.account = (SELECT s.owner FROM portfolio_product pp JOIN seen_share s ON s.region = pp.region AND s.portfolio_id = pp.portfolio_id WHERE pp.region = ?1 AND pp.product_id = ?2 AND (pp.portfolio_id = ?4 OR ?4 IS NULL) AND pp.portfolio_account = (SELECT p.account FROM product p WHERE p.region = ?1 AND p.id = ?2) AND s.account = ?3 AND s.tag_options = 1 LIMIT 1) ORDER BY r.tag_option_id";
}

/// The TagOptions themselves: each an account's own.
impl Tx<'_> {
    /// A new TagOption. One of the same key and value is [`StoreError::Duplicate`]; ask
    /// [`Tx::has_tag_option`] before.
    pub async fn insert_tag_option(
        &mut self,
        scope: &AuthScope,
        option: &TagOption,
    ) -> Result<(), StoreError> {
        let row = params![
            scope.region.as_str(),
            option.id.as_str(),
            option.account.as_str(),
            &option.key,
            &option.value,
            option.active,
        ];
        self.execute(INSERT, row).await.map(drop)
    }

    /// A TagOption that the account owns.
    pub async fn find_tag_option(
        &mut self,
        scope: &AuthScope,
        id: &TagOptionId,
    ) -> Result<Option<TagOption>, StoreError> {
        let id = clean(id.as_str());
        let row = params![scope.region.as_str(), &id, scope.account.as_str()];
        self.query_one(OWN, row, tag_option).await?.transpose()
    }

    /// Whether the account has a TagOption of this key and value.
    pub async fn has_tag_option(
        &mut self,
        scope: &AuthScope,
        key: &str,
        value: &str,
    ) -> Result<bool, StoreError> {
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![account, region, key, value];
        let found = self.query_one(OF_VALUE, row, |row| row.text(0)).await?;
        Ok(found.is_some())
    }

    /// How many values the account has for a key.
    pub async fn count_tag_option_values(
        &mut self,
        scope: &AuthScope,
        key: &str,
    ) -> Result<u64, StoreError> {
        let row = params![scope.account.as_str(), scope.region.as_str(), key];
        let found = self.query_one(COUNT_VALUES, row, |row| row.int(0)).await?;
        Ok(count(found.unwrap_or(0)))
    }

    /// Keeps the value and whether it is active. See [`Tx::insert_tag_option`] for duplicates.
    pub async fn update_tag_option(
        &mut self,
        scope: &AuthScope,
        option: &TagOption,
    ) -> Result<(), StoreError> {
        let (region, id) = (scope.region.as_str(), option.id.as_str());
        let (account, active) = (scope.account.as_str(), option.active);
        self.execute(UPDATE, params![region, id, account, &option.value, active])
            .await
            .map(drop)
    }

    /// Removes a TagOption, and takes it off what the account no longer sees.
    pub async fn remove_tag_option(
        &mut self,
        scope: &AuthScope,
        id: &TagOptionId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        self.execute(REMOVE, row).await.map(drop)
    }

    /// The account's own TagOptions by id, `limit` of them after the given one.
    pub async fn page_tag_options(
        &mut self,
        scope: &AuthScope,
        filter: &Filter,
        after: Option<&TagOptionId>,
        limit: usize,
    ) -> Result<Vec<TagOption>, StoreError> {
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let after = after.map_or("", TagOptionId::as_str);
        let (value, active) = (filter.value.as_deref(), filter.active);
        let limit = stored_count(limit);
        let found = match filter.key.as_deref() {
            None => {
                let row = params![account, region, after, limit, value, active];
                self.query(PAGE, row, tag_option).await?
            }
            Some(key) => {
                let row = params![account, region, after, limit, value, active, key];
                self.query(PAGE_OF_KEY, row, tag_option).await?
            }
        };
        found.into_iter().collect()
    }
}

/// What they hang on.
impl Tx<'_> {
    /// Hangs a TagOption of the account on a resource; says how many rows that made (0: it was there).
    pub async fn associate_tag_option(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
        option: &TagOptionId,
    ) -> Result<u64, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, resource.as_str(), account, option.as_str()];
        self.execute(ASSOCIATE, row).await
    }

    /// Takes a TagOption of the account off a resource; says how many rows that removed.
    pub async fn disassociate_tag_option(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
        option: &TagOptionId,
    ) -> Result<u64, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, resource.as_str(), account, option.as_str()];
        self.execute(DISASSOCIATE, row).await
    }

    /// What a TagOption hangs on and the account sees, now, by id and so portfolios first: `limit`
    /// of them after the given one.
    pub async fn page_tagged_resources(
        &mut self,
        scope: &AuthScope,
        option: &TagOptionId,
        kind: Option<ResourceKind>,
        after: Option<&String>,
        limit: usize,
    ) -> Result<Vec<TaggedResource>, StoreError> {
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let (option, after) = (option.as_str(), after.map_or("", String::as_str));
        let mut found = Vec::new();
        if kind != Some(ResourceKind::Product) {
            let row = params![account, region, option, after, stored_count(limit)];
            let bodies = self.query(PORTFOLIOS, row, |row| row.text(0)).await?;
            let portfolios = read_all(&bodies)?;
            found.extend(portfolios.into_iter().map(TaggedResource::Portfolio));
        }
        if kind != Some(ResourceKind::Portfolio) && found.len() < limit {
            let rest = stored_count(limit - found.len());
            let row = params![account, region, option, after, rest];
            let bodies = self.query(PRODUCTS, row, |row| row.text(0)).await?;
            let products = read_all(&bodies)?;
            found.extend(products.into_iter().map(TaggedResource::Product));
        }
        Ok(found)
    }

    /// TagOptions that the account itself hung on a resource.
    pub async fn local_tag_options(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
    ) -> Result<Vec<TagOption>, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, resource.as_str(), account];
        self.query(LOCAL, row, tag_option)
            .await?
            .into_iter()
            .collect()
    }

    /// TagOptions of a portfolio as the account sees them: its own, then those that the owner
    /// shares with it.
    pub async fn tag_options_of_portfolio(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
    ) -> Result<Vec<TagOption>, StoreError> {
        let resource = ResourceId::Portfolio(portfolio.clone());
        let mut found = self.local_tag_options(scope, &resource).await?;
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, portfolio.as_str(), account];
        for shared in self.query(SHARED_ON_PORTFOLIO, row, tag_option).await? {
            found.push(shared?);
        }
        Ok(found)
    }

    /// TagOptions of a product as the account sees them: its own, then those that the owner shares
    /// with it, through `portfolio` or (`None`) through any.
    pub async fn tag_options_of_product(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        portfolio: Option<&PortfolioId>,
    ) -> Result<Vec<TagOption>, StoreError> {
        let resource = ResourceId::Product(product.clone());
        let mut found = self.local_tag_options(scope, &resource).await?;
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let portfolio = portfolio.map(PortfolioId::as_str);
        let row = params![region, product.as_str(), account, portfolio];
        for shared in self.query(SHARED_ON_PRODUCT, row, tag_option).await? {
            found.push(shared?);
        }
        Ok(found)
    }

    /// What a launch heeds of a resource's TagOptions: the active ones that the account sees.
    pub async fn active_tag_options(
        &mut self,
        scope: &AuthScope,
        resource: &ResourceId,
    ) -> Result<Vec<TagOption>, StoreError> {
        let mut found = match resource {
            ResourceId::Portfolio(id) => self.tag_options_of_portfolio(scope, id).await?,
            ResourceId::Product(id) => self.tag_options_of_product(scope, id, None).await?,
        };
        found.retain(|option| option.active);
        Ok(found)
    }
}

fn tag_option(row: &Row<'_>) -> Result<TagOption, StoreError> {
    let account = row.text(1);
    Ok(TagOption {
        id: row.text(0).into(),
        account: account.parse().map_err(|_| StoreError::Broken(account))?,
        key: row.text(2),
        value: row.text(3),
        active: row.int(4) != 0,
    })
}
