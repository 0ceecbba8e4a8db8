//! Products: statements and functions.

use std::collections::BTreeSet;

use mimeo_domain::artifacts::{Artifact, Lineage};
use mimeo_domain::products::{Holdings, Product, fold};
use mimeo_domain::search::{SortBy, SortOrder};
use mimeo_domain::{PortfolioId, ProductId, Timestamp};

use crate::column::{KEY_CHARACTERS_MAX, clean, count, document, key, read, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, Row, StoreError, Tx, Value};

/// A product as a list shows it.
#[derive(Debug, Clone)]
pub struct ListedProduct {
    pub id: ProductId,
    pub searchable: String,
    pub owner: String,
    pub product_type: String,
    pub sources: String,
    pub artifacts_count: u64,
    pub newest_artifact: Timestamp,
    pub created: Timestamp,
    pub title: String,
    body: String,
}

impl ListedProduct {
    pub fn product(&self) -> Result<Product, StoreError> {
        read(&self.body)
    }
}

/// A product with what its versions say about it.
#[derive(Debug, Clone)]
pub struct FoundProduct {
    pub product: Product,
    pub newest_artifact: Timestamp,
}

/// Where a page of products starts: after this sort key and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    Number(i64, ProductId),
    Title(String, ProductId),
}

// CROSS JOIN makes SQLite go from the product's versions to their actions.
statements! {
    INSERT = "INSERT INTO product (region, id, account, title, owner, product_type, searchable, sources, artifacts_count, newest_artifact, created, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    OWN = "SELECT body, newest_artifact FROM product WHERE region = ?1 AND id = ?2 AND account = ?3";
    VISIBLE = "SELECT body, newest_artifact FROM product WHERE region = ?1 AND id = ?2 AND (account = ?3 OR EXISTS (SELECT 1 FROM portfolio_product pp JOIN seen_share s ON s.region = pp.region AND s.portfolio_id = pp.portfolio_id WHERE pp.region = ?1 AND pp.product_id = ?2 AND pp.portfolio_account = product.account AND s.account = ?3))";
    OF_TITLE = "SELECT body, newest_artifact FROM product WHERE account = ?1 AND region = ?2 AND title = ?3";
    SEEN_OF_TITLE = "SELECT p.body, p.newest_artifact FROM product p WHERE p.account IN (SELECT s.owner FROM seen_share s WHERE s.account = ?1 AND s.region = ?2) AND p.region = ?2 AND p.title = ?3 AND EXISTS (SELECT 1 FROM portfolio_product pp JOIN seen_share s ON s.region = pp.region AND s.portfolio_id = pp.portfolio_id WHERE pp.region = p.region AND pp.product_id = p.id AND pp.portfolio_account = p.account AND s.account = ?1)";
    UPDATE = "UPDATE product SET title = ?4, owner = ?5, searchable = ?6, body = ?7 WHERE region = ?1 AND id = ?2 AND account = ?3";
    ADD_ARTIFACTS = "UPDATE product SET artifacts_count = artifacts_count + ?3, newest_artifact = CASE WHEN artifacts_count > 0 AND newest_artifact > ?4 THEN newest_artifact ELSE ?4 END WHERE region = ?1 AND id = ?2";
    RECOUNT = "UPDATE product SET artifacts_count = artifacts_count - 1, newest_artifact = (SELECT MAX(created) FROM artifact WHERE region = ?1 AND product_id = ?2) WHERE region = ?1 AND id = ?2";
    ADD_SOURCE = "UPDATE product SET sources = CASE WHEN sources = '' THEN ?3 ELSE sources || ' ' || ?3 END WHERE region = ?1 AND id = ?2 AND ' ' || sources || ' ' NOT LIKE '% ' || ?3 || ' %'";
    REMOVE = "DELETE FROM product WHERE region = ?1 AND id = ?2 AND account = ?3";
    HOLDINGS = "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM portfolio_product WHERE region = ?1 AND product_id = ?2), (SELECT CAST(COUNT(*) AS BIGINT) FROM tag_option_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3), (SELECT CAST(COUNT(*) AS BIGINT) FROM budget_resource WHERE region = ?1 AND resource_id = ?2 AND account = ?3), (SELECT CAST(COUNT(*) AS BIGINT) FROM artifact a CROSS JOIN service_action_artifact o WHERE a.region = ?1 AND a.product_id = ?2 AND o.region = a.region AND o.artifact_id = a.id)";
    IN_PORTFOLIO = "SELECT p.id, p.searchable, p.owner, p.product_type, p.sources, p.artifacts_count, p.newest_artifact, p.created, p.title, p.body FROM portfolio_product pp JOIN product p ON p.region = pp.region AND p.id = pp.product_id WHERE pp.region = ?1 AND pp.portfolio_id = ?2 ORDER BY pp.product_id";
    BY_NEWEST = "SELECT id, searchable, owner, product_type, sources, artifacts_count, newest_artifact, created, title, body FROM product WHERE account = ?1 AND region = ?2 AND (newest_artifact, id) > (?3, ?4) ORDER BY newest_artifact, id LIMIT ?5";
    BY_NEWEST_BACK = "SELECT id, searchable, owner, product_type, sources, artifacts_count, newest_artifact, created, title, body FROM product WHERE account = ?1 AND region = ?2 AND (newest_artifact, id) < (?3, ?4) ORDER BY newest_artifact DESC, id DESC LIMIT ?5";
    BY_TITLE = "SELECT id, searchable, owner, product_type, sources, artifacts_count, newest_artifact, created, title, body FROM product WHERE account = ?1 AND region = ?2 AND (title, id) > (?3, ?4) ORDER BY title, id LIMIT ?5";
    BY_TITLE_BACK = "SELECT id, searchable, owner, product_type, sources, artifacts_count, newest_artifact, created, title, body FROM product WHERE account = ?1 AND region = ?2 AND (title, id) < (?3, ?4) ORDER BY title DESC, id DESC LIMIT ?5";
    BY_COUNT = "SELECT id, searchable, owner, product_type, sources, artifacts_count, newest_artifact, created, title, body FROM product WHERE account = ?1 AND region = ?2 AND (artifacts_count, id) > (?3, ?4) ORDER BY artifacts_count, id LIMIT ?5";
    BY_COUNT_BACK = "SELECT id, searchable, owner, product_type, sources, artifacts_count, newest_artifact, created, title, body FROM product WHERE account = ?1 AND region = ?2 AND (artifacts_count, id) < (?3, ?4) ORDER BY artifacts_count DESC, id DESC LIMIT ?5";
    BY_CREATION = "SELECT id, searchable, owner, product_type, sources, artifacts_count, newest_artifact, created, title, body FROM product WHERE account = ?1 AND region = ?2 AND (created, id) > (?3, ?4) ORDER BY created, id LIMIT ?5";
    BY_CREATION_BACK = "SELECT id, searchable, owner, product_type, sources, artifacts_count, newest_artifact, created, title, body FROM product WHERE account = ?1 AND region = ?2 AND (created, id) < (?3, ?4) ORDER BY created DESC, id DESC LIMIT ?5";
}

/// What of a product is written anew whenever it changes.
pub(crate) struct Columns {
    pub title: String,
    pub owner: String,
    pub searchable: String,
    body: String,
}

/// The products that versions were copied from, each once.
fn sources(artifacts: &[Artifact]) -> String {
    let of = |artifact: &Artifact| match &artifact.lineage {
        Lineage::Copied { product, .. } => Some(product.to_string()),
        Lineage::First | Lineage::Later => None,
    };
    let distinct: BTreeSet<String> = artifacts.iter().filter_map(of).collect();
    distinct.into_iter().collect::<Vec<_>>().join(" ")
}

impl Columns {
    pub(crate) fn of(product: &Product) -> Self {
        Self {
            title: key(&fold(&product.details.name)),
            owner: clean(&product.details.owner),
            searchable: clean(&product.searchable()),
            body: document(product),
        }
    }
}

impl Tx<'_> {
    /// A new product with its first versions, in the order given: counted and dated in one row, so
    /// that no index is written twice.
    pub async fn insert_product(
        &mut self,
        product: &Product,
        artifacts: &[Artifact],
    ) -> Result<(), StoreError> {
        let Columns {
            title,
            owner,
            searchable,
            body,
        } = &Columns::of(product);
        let sources = sources(artifacts);
        let newest = artifacts.iter().map(|artifact| artifact.created).max();
        let row = params![
            product.region.as_str(),
            product.id.as_str(),
            product.account.as_str(),
            title,
            owner,
            product.product_type.as_str(),
            searchable,
            &sources,
            stored_count(artifacts.len()),
            newest.unwrap_or(product.created).millis(),
            product.created.millis(),
            body,
        ];
        self.execute(INSERT, row).await?;
        self.insert_artifacts_at(&product.region, &product.id, 0, artifacts)
            .await
    }

    /// A product that the account owns.
    pub async fn find_product(
        &mut self,
        scope: &AuthScope,
        id: &ProductId,
    ) -> Result<Option<FoundProduct>, StoreError> {
        self.product_by(OWN, scope, id).await
    }

    /// A product that the account owns or sees through a share that it has accepted, now.
    pub async fn find_visible_product(
        &mut self,
        scope: &AuthScope,
        id: &ProductId,
    ) -> Result<Option<FoundProduct>, StoreError> {
        self.product_by(VISIBLE, scope, id).await
    }

    async fn product_by(
        &mut self,
        sql: &'static str,
        scope: &AuthScope,
        id: &ProductId,
    ) -> Result<Option<FoundProduct>, StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        self.query_one(sql, row, found)
            .await?
            .map(FoundProduct::read)
            .transpose()
    }

    /// The account's own products of exactly this name.
    pub async fn products_named(
        &mut self,
        scope: &AuthScope,
        name: &str,
    ) -> Result<Vec<FoundProduct>, StoreError> {
        self.named(OF_TITLE, scope, name).await
    }

    /// All products of exactly this name that the account owns or sees through a share, each: what a
    /// policy says of one must not be missed. The quota of products bounds them.
    pub async fn visible_products_named(
        &mut self,
        scope: &AuthScope,
        name: &str,
    ) -> Result<Vec<FoundProduct>, StoreError> {
        let mut products = self.products_named(scope, name).await?;
        let seen = self.named(SEEN_OF_TITLE, scope, name).await?;
        let is_foreign = |found: &FoundProduct| found.product.account != scope.account;
        products.extend(seen.into_iter().filter(is_foreign));
        Ok(products)
    }

    async fn named(
        &mut self,
        sql: &'static str,
        scope: &AuthScope,
        name: &str,
    ) -> Result<Vec<FoundProduct>, StoreError> {
        let title = key(&fold(name));
        let row = params![scope.account.as_str(), scope.region.as_str(), &title];
        let found = self.query(sql, row, found).await?;
        let products: Result<Vec<_>, _> = found.into_iter().map(FoundProduct::read).collect();
        let mut products = products?;
        products.retain(|found| found.product.details.name == name);
        products.sort_by(|a, b| a.product.id.cmp(&b.product.id));
        Ok(products)
    }

    pub async fn update_product(&mut self, product: &Product) -> Result<(), StoreError> {
        let Columns {
            title,
            owner,
            searchable,
            body,
        } = &Columns::of(product);
        let row = params![
            product.region.as_str(),
            product.id.as_str(),
            product.account.as_str(),
            title,
            owner,
            searchable,
            body,
        ];
        self.execute(UPDATE, row).await.map(drop)
    }

    /// Notes that versions were added, the newest at `created`.
    pub(crate) async fn count_new_artifacts(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        added_count: usize,
        created: Timestamp,
    ) -> Result<(), StoreError> {
        let added = stored_count(added_count);
        let row = params![
            scope.region.as_str(),
            product.as_str(),
            added,
            created.millis()
        ];
        self.execute(ADD_ARTIFACTS, row).await.map(drop)
    }

    /// Notes that one version is gone.
    pub(crate) async fn recount_artifacts(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
    ) -> Result<(), StoreError> {
        self.execute(RECOUNT, params![scope.region.as_str(), product.as_str()])
            .await
            .map(drop)
    }

    /// Notes that versions of `product` were copied from `source`.
    pub async fn note_source(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        source: &ProductId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), product.as_str(), source.as_str()];
        self.execute(ADD_SOURCE, row).await.map(drop)
    }

    /// Removes the product and its versions.
    pub async fn remove_product(
        &mut self,
        scope: &AuthScope,
        id: &ProductId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        self.execute(REMOVE, row).await.map(drop)
    }

    /// The portfolios, of whatever account, that hold a product of the account's, and what the
    /// account itself hung on the product and its versions.
    pub async fn product_holdings(
        &mut self,
        scope: &AuthScope,
        id: &ProductId,
    ) -> Result<Holdings, StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        let counted = self.query_one(HOLDINGS, row, |row| Holdings {
            portfolios_count: count(row.int(0)),
            tag_options_count: count(row.int(1)),
            budgets_count: count(row.int(2)),
            service_actions_count: count(row.int(3)),
        });
        Ok(counted.await?.unwrap_or_default())
    }

    /// All products of a portfolio; their number is bounded by its quota.
    pub async fn products_in_portfolio(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
    ) -> Result<Vec<ListedProduct>, StoreError> {
        self.query(
            IN_PORTFOLIO,
            params![scope.region.as_str(), portfolio.as_str()],
            listed,
        )
        .await
    }

    /// The account's own products in sorted order, `limit` of them after `after`.
    pub async fn page_products(
        &mut self,
        scope: &AuthScope,
        sort: (SortBy, SortOrder),
        after: Option<&After>,
        limit: usize,
    ) -> Result<Vec<ListedProduct>, StoreError> {
        let sql = sorted(sort);
        // One character longer than any title that the index keeps.
        let highest = "\u{10ffff}".repeat(KEY_CHARACTERS_MAX + 1);
        let last = match sort.1 {
            SortOrder::Ascending => (Value::Int(i64::MIN), Value::Text("")),
            SortOrder::Descending => (Value::Int(i64::MAX), Value::Text(&highest)),
        };
        let (sort_key, id) = match (after, sort.0) {
            (Some(After::Number(number, id)), _) => (Value::Int(*number), Value::Text(id.as_str())),
            (Some(After::Title(title, id)), _) => (Value::Text(title), Value::Text(id.as_str())),
            (None, SortBy::Title) => (last.1, last.1),
            (None, _) => last,
        };
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        self.query(
            sql,
            params![account, region, sort_key, id, stored_count(limit)],
            listed,
        )
        .await
    }
}

fn sorted(sort: (SortBy, SortOrder)) -> &'static str {
    match sort {
        (SortBy::NewestArtifact, SortOrder::Ascending) => BY_NEWEST,
        (SortBy::NewestArtifact, SortOrder::Descending) => BY_NEWEST_BACK,
        (SortBy::Title, SortOrder::Ascending) => BY_TITLE,
        (SortBy::Title, SortOrder::Descending) => BY_TITLE_BACK,
        (SortBy::VersionCount, SortOrder::Ascending) => BY_COUNT,
        (SortBy::VersionCount, SortOrder::Descending) => BY_COUNT_BACK,
        (SortBy::CreationDate, SortOrder::Ascending) => BY_CREATION,
        (SortBy::CreationDate, SortOrder::Descending) => BY_CREATION_BACK,
    }
}

pub(crate) fn found(row: &Row<'_>) -> (String, i64) {
    (row.text(0), row.int(1))
}

impl FoundProduct {
    pub(crate) fn read((body, newest_artifact): (String, i64)) -> Result<Self, StoreError> {
        let newest_artifact = Timestamp::from_millis(newest_artifact);
        Ok(Self {
            product: read(&body)?,
            newest_artifact,
        })
    }
}

fn listed(row: &Row<'_>) -> ListedProduct {
    ListedProduct {
        id: row.text(0).into(),
        searchable: row.text(1),
        owner: row.text(2),
        product_type: row.text(3),
        sources: row.text(4),
        artifacts_count: count(row.int(5)),
        newest_artifact: Timestamp::from_millis(row.int(6)),
        created: Timestamp::from_millis(row.int(7)),
        title: row.text(8),
        body: row.text(9),
    }
}
