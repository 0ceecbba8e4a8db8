//! Checks: what rows must hold of each other, and the statements that look for rows that do not.
//!
//! They go through whole tables in pages of bounded size, for `mimeo check`; no request waits for them.

use mimeo_domain::artifacts::{Artifact, Lineage};
use mimeo_domain::products::Product;
use mimeo_domain::{AccountId, CopyToken, ProductId, RegionName};

use crate::column::read;
use crate::dialect::statements;
use crate::params;
use crate::products::Columns;
use crate::{AuthScope, Dialect, Row, StoreError, Tx};

/// Rows of a page.
const PAGE: i64 = 200;

/// Rows that one statement about a whole table tells at most.
const ODD_MAX: i64 = 100;

/// The tally of `$what`, against the rows of its table.
macro_rules! tally {
    ($what:literal, $table:literal) => {
        concat!(
            "SELECT t.region, t.account, CAST(t.used AS BIGINT), (SELECT CAST(COUNT(*) AS BIGINT) FROM ",
            $table,
            " r WHERE r.region = t.region AND r.account = t.account) FROM tally t WHERE t.what = '",
            $what,
            "' AND t.used <> (SELECT COUNT(*) FROM ",
            $table,
            " r WHERE r.region = t.region AND r.account = t.account) UNION ALL SELECT r.region, r.account, 0, CAST(COUNT(*) AS BIGINT) FROM ",
            $table,
            " r WHERE NOT EXISTS (SELECT 1 FROM tally t WHERE t.region = r.region AND t.account = r.account AND t.what = '",
            $what,
            "') GROUP BY r.region, r.account LIMIT ?1"
        )
    };
}

statements! {
    PRODUCTS = "SELECT region, id, account, title, owner, product_type, searchable, artifacts_count, newest_artifact, created, body, (SELECT CAST(COUNT(*) AS BIGINT) FROM artifact a WHERE a.region = p.region AND a.product_id = p.id), (SELECT MAX(a.created) FROM artifact a WHERE a.region = p.region AND a.product_id = p.id) FROM product p WHERE (region, id) > (?1, ?2) ORDER BY region, id LIMIT ?3";
    ARTIFACTS = "SELECT a.region, a.product_id, a.position, a.id, a.created, a.body, p.account, p.sources FROM artifact a LEFT JOIN product p ON p.region = a.region AND p.id = a.product_id WHERE (a.region, a.product_id, a.position) > (?1, ?2, ?3) ORDER BY a.region, a.product_id, a.position LIMIT ?4";
    COPIES = "SELECT region, token, account, state, unfinished, finished, status_detail, target_product, CASE WHEN plan IS NULL THEN 0 ELSE 1 END FROM copy WHERE (region, token) > (?1, ?2) ORDER BY region, token LIMIT ?3";
    COPIES_ONTO = "SELECT token, account FROM copy WHERE region = ?1 AND target_product = ?2 AND token > ?3 AND state = 'SUCCEEDED' ORDER BY token LIMIT ?4";
    COPY_REPLAYS = "SELECT region, account, token, answer FROM replay WHERE (region, account, operation, token) > (?1, ?2, 'CopyProduct', ?3) AND operation = 'CopyProduct' ORDER BY region, account, operation, token LIMIT ?4";
    UPLOADS = "SELECT region, account, name, digest FROM upload WHERE (region, account, name) > (?1, ?2, ?3) ORDER BY region, account, name LIMIT ?4";
    TALLY_PRODUCTS = tally!("products", "product");
    TALLY_PORTFOLIOS = tally!("portfolios", "portfolio");
    TALLY_ACTIONS = tally!("service_actions", "service_action");
    TALLY_UPLOADS = tally!("uploads", "upload");
    PLACES_WITHOUT_ENDS = "SELECT l.region, l.portfolio_id || ' and ' || l.product_id FROM portfolio_product l WHERE NOT EXISTS (SELECT 1 FROM portfolio f WHERE f.region = l.region AND f.id = l.portfolio_id AND f.account = l.portfolio_account) OR NOT EXISTS (SELECT 1 FROM product p WHERE p.region = l.region AND p.id = l.product_id AND p.account = l.product_account) LIMIT ?1";
    SHARES_OF_OTHERS = "SELECT s.region, s.portfolio_id || ' with ' || s.recipient FROM portfolio_share s WHERE NOT EXISTS (SELECT 1 FROM portfolio f WHERE f.region = s.region AND f.id = s.portfolio_id AND f.account = s.owner) LIMIT ?1";
    OPTIONS_ON_NOTHING = "SELECT r.region, r.tag_option_id || ' on ' || r.resource_id FROM tag_option_resource r WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.region = r.region AND p.id = r.resource_id) AND NOT EXISTS (SELECT 1 FROM portfolio f WHERE f.region = r.region AND f.id = r.resource_id) LIMIT ?1";
    BUDGETS_ON_NOTHING = "SELECT r.region, r.budget || ' on ' || r.resource_id FROM budget_resource r WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.region = r.region AND p.id = r.resource_id) AND NOT EXISTS (SELECT 1 FROM portfolio f WHERE f.region = r.region AND f.id = r.resource_id) LIMIT ?1";
}

/// What SQLite knows of its own file; PostgreSQL keeps foreign keys itself, and reads every page here.
const INTEGRITY: &str = "SELECT integrity_check FROM pragma_integrity_check LIMIT 100";
const FOREIGN_KEYS: &str = "SELECT \"table\" || ' row ' || CAST(rowid AS TEXT) || ' names no row of ' || \"parent\" FROM pragma_foreign_key_check LIMIT 100";

/// Something that must not be, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Which row or rows.
    pub subject: String,
    /// What is wrong with it.
    pub what: String,
}

impl Odd {
    pub fn new(subject: impl Into<String>, what: impl Into<String>) -> Self {
        let (subject, what) = (subject.into(), what.into());
        Self { subject, what }
    }
}

/// A page of products.
#[derive(Debug)]
pub struct CheckedProducts {
    pub count: u64,
    /// Region and id of the last one; `None` ends the pages.
    pub last: Option<(String, String)>,
}

/// A version as its row has it.
#[derive(Debug, Clone)]
pub struct CheckedArtifact {
    pub region: String,
    pub product: String,
    pub position: i64,
    pub id: String,
    pub artifact: Result<Artifact, StoreError>,
    /// What its columns say that its document does not.
    pub odd: Option<Odd>,
}

/// A copy's columns; the rest is read by `find_copy`.
#[derive(Debug, Clone)]
pub struct CheckedCopy {
    pub scope: AuthScope,
    pub token: CopyToken,
    pub state: String,
    pub is_unfinished: bool,
    pub finished: Option<i64>,
    pub status_detail: Option<String>,
    pub target: ProductId,
    pub has_plan: bool,
}

/// What was answered to a CopyProduct request.
#[derive(Debug, Clone)]
pub struct CheckedReplay {
    pub scope: AuthScope,
    pub token: String,
    pub answer: String,
}

/// A template uploaded to Mimeo itself.
#[derive(Debug, Clone)]
pub struct CheckedUpload {
    pub scope: AuthScope,
    pub name: String,
    pub digest: String,
}

/// Any key of the kinds below comes after this one.
const START: &str = "";

impl Tx<'_> {
    /// A page of products after `after`, (Region, id): the odd ones, and the last key.
    pub async fn check_products(
        &mut self,
        after: Option<&(String, String)>,
        odd: &mut Vec<Odd>,
    ) -> Result<CheckedProducts, StoreError> {
        let (region, id) = after.map_or((START, START), |(region, id)| (region, id));
        let rows = self
            .query(PRODUCTS, params![region, id, PAGE], product_row)
            .await?;
        let count = rows.len() as u64;
        let last = rows.last().map(|row| row.key.clone());
        for row in rows {
            let subject = format!("product {} in {}", row.key.1, row.key.0);
            odd.extend(row.odd.into_iter().map(|what| Odd::new(&subject, what)));
        }
        Ok(CheckedProducts { count, last })
    }

    /// A page of versions, those of a product one after the other.
    pub async fn page_checked_artifacts(
        &mut self,
        after: Option<&CheckedArtifact>,
    ) -> Result<Vec<CheckedArtifact>, StoreError> {
        let (region, product, position) = after.map_or((START, START, -1), |last| {
            (&last.region, &last.product, last.position)
        });
        let row = params![region, product, position, PAGE];
        self.query(ARTIFACTS, row, artifact_row).await
    }

    pub async fn page_checked_copies(
        &mut self,
        after: Option<&CheckedCopy>,
    ) -> Result<Vec<CheckedCopy>, StoreError> {
        let (region, token) = after.map_or((START, START), |last| {
            (last.scope.region.as_str(), last.token.as_str())
        });
        let row = params![region, token, PAGE];
        let rows = self.query(COPIES, row, copy_row).await?;
        rows.into_iter().collect()
    }

    /// Tokens of the copies that succeeded onto this product, whoever asked.
    pub async fn page_copies_onto(
        &mut self,
        region: &RegionName,
        product: &ProductId,
        after: Option<&CopyToken>,
    ) -> Result<Vec<(AuthScope, CopyToken)>, StoreError> {
        let after = after.map_or(START, CopyToken::as_str);
        let row = params![region.as_str(), product.as_str(), after, PAGE];
        let rows = self
            .query(COPIES_ONTO, row, |row| (row.text(0), row.text(1)))
            .await?;
        let found = |(token, account): (String, String)| {
            let account = account.parse().map_err(|_| unreadable("copy", &token))?;
            let region = region.clone();
            Ok((AuthScope { account, region }, token.into()))
        };
        rows.into_iter().map(found).collect()
    }

    pub async fn page_copy_replays(
        &mut self,
        after: Option<&CheckedReplay>,
    ) -> Result<Vec<CheckedReplay>, StoreError> {
        let (region, account, token) = after.map_or((START, START, START), |last| {
            let scope = &last.scope;
            (scope.region.as_str(), scope.account.as_str(), &last.token)
        });
        let row = params![region, account, token, PAGE];
        let rows = self
            .query(COPY_REPLAYS, row, |row| {
                Ok(CheckedReplay {
                    scope: scope(row, 0, 1)?,
                    token: row.text(2),
                    answer: row.text(3),
                })
            })
            .await?;
        rows.into_iter().collect()
    }

    pub async fn page_checked_uploads(
        &mut self,
        after: Option<&CheckedUpload>,
    ) -> Result<Vec<CheckedUpload>, StoreError> {
        let (region, account, name) = after.map_or((START, START, START), |last| {
            let scope = &last.scope;
            (scope.region.as_str(), scope.account.as_str(), &last.name)
        });
        let row = params![region, account, name, PAGE];
        let rows = self
            .query(UPLOADS, row, |row| {
                Ok(CheckedUpload {
                    scope: scope(row, 0, 1)?,
                    name: row.text(2),
                    digest: row.text(3),
                })
            })
            .await?;
        rows.into_iter().collect()
    }

    /// Tallies that differ from the rows that they count.
    pub async fn odd_tallies(&mut self) -> Result<Vec<Odd>, StoreError> {
        const COUNTED: [(&str, &str); 4] = [
            ("products", TALLY_PRODUCTS),
            ("portfolios", TALLY_PORTFOLIOS),
            ("service actions", TALLY_ACTIONS),
            ("uploads", TALLY_UPLOADS),
        ];
        let mut odd = Vec::new();
        for (what, sql) in COUNTED {
            let told = |row: &Row<'_>| {
                let (region, account) = (row.text(0), row.text(1));
                let (used, there) = (row.int(2), row.int(3));
                Odd::new(
                    format!("{what} of account {account} in {region}"),
                    format!("the tally says {used}, and {there} are there"),
                )
            };
            odd.extend(self.query(sql, params![ODD_MAX], told).await?);
        }
        Ok(odd)
    }

    /// Rows that hang on what is not there, where no foreign key would say so.
    pub async fn odd_links(&mut self) -> Result<Vec<Odd>, StoreError> {
        const LINKS: [(&str, &str); 4] = [
            (
                PLACES_WITHOUT_ENDS,
                "one is not there, or of another account than noted",
            ),
            (SHARES_OF_OTHERS, "the owner has no such portfolio"),
            (OPTIONS_ON_NOTHING, "there is no such resource"),
            (BUDGETS_ON_NOTHING, "there is no such resource"),
        ];
        let mut odd = Vec::new();
        for (sql, what) in LINKS {
            let told = |row: &Row<'_>| {
                let (region, pair) = (row.text(0), row.text(1));
                Odd::new(format!("{pair} in {region}"), what)
            };
            odd.extend(self.query(sql, params![ODD_MAX], told).await?);
        }
        Ok(odd)
    }

    /// What the database says about its own pages and keys. PostgreSQL is not asked: it refuses
    /// dangling keys, and `pg_amcheck` is the tool for its pages.
    pub async fn odd_pages(&mut self) -> Result<Vec<Odd>, StoreError> {
        if self.dialect() == Dialect::Postgres {
            return Ok(Vec::new());
        }
        let told = |row: &Row<'_>| row.text(0);
        let mut said = self.query(INTEGRITY, &[], told).await?;
        said.retain(|line| line != "ok");
        said.extend(self.query(FOREIGN_KEYS, &[], told).await?);
        let odd = |what| Odd::new("the database file", what);
        Ok(said.into_iter().map(odd).collect())
    }
}

struct ProductRow {
    key: (String, String),
    odd: Vec<String>,
}

fn product_row(row: &Row<'_>) -> ProductRow {
    let key = (row.text(0), row.text(1));
    let mut odd = Vec::new();
    match read::<Product>(&row.text(10)) {
        Err(error) => odd.push(error.to_string()),
        Ok(product) => {
            let wanted = Columns::of(&product);
            let columns = [
                ("region", row.text(0), product.region.to_string()),
                ("id", row.text(1), product.id.to_string()),
                ("account", row.text(2), product.account.to_string()),
                ("title", row.text(3), wanted.title),
                ("owner", row.text(4), wanted.owner),
                ("type", row.text(5), product.product_type.as_str().into()),
                ("searchable", row.text(6), wanted.searchable),
                (
                    "created",
                    row.int(9).to_string(),
                    product.created.millis().to_string(),
                ),
            ];
            for (column, found, wanted) in columns {
                if found != wanted {
                    odd.push(format!("its column {column} differs from its document"));
                }
            }
        }
    }
    let (counted, there) = (row.int(7), row.int(11));
    if counted != there {
        odd.push(format!(
            "it counts {counted} versions, and {there} are there"
        ));
    }
    let newest = row.maybe_int(12);
    if newest.is_some_and(|newest| newest != row.int(8)) {
        odd.push("its newest version is of another time than noted".into());
    }
    ProductRow { key, odd }
}

fn artifact_row(row: &Row<'_>) -> CheckedArtifact {
    let (region, product, id) = (row.text(0), row.text(1), row.text(3));
    let artifact = read::<Artifact>(&row.text(5));
    let what = match (&artifact, row.maybe_text(6)) {
        (Err(error), _) => Some(error.to_string()),
        (_, None) => Some(format!("its product {product} is not there")),
        (Ok(artifact), Some(_)) => {
            let sources = row.maybe_text(7).unwrap_or_default();
            odd_columns(artifact, (&product, &id, row.int(4)), &sources)
        }
    };
    let odd = what.map(|what| Odd::new(format!("version {id} in {region}"), what));
    CheckedArtifact {
        region,
        product,
        position: row.int(2),
        id,
        artifact,
        odd,
    }
}

fn odd_columns(
    artifact: &Artifact,
    (product, id, created): (&str, &str, i64),
    sources: &str,
) -> Option<String> {
    if artifact.id.as_str() != id || artifact.product.as_str() != product {
        return Some("its columns name another version than its document".into());
    }
    if artifact.created.millis() != created {
        return Some("its column created differs from its document".into());
    }
    let Lineage::Copied { product, .. } = &artifact.lineage else {
        return None;
    };
    let noted = sources.split(' ').any(|source| source == product.as_str());
    (!noted).then(|| format!("it was copied from {product}, which its product does not note"))
}

fn copy_row(row: &Row<'_>) -> Result<CheckedCopy, StoreError> {
    Ok(CheckedCopy {
        scope: scope(row, 0, 2)?,
        token: row.text(1).into(),
        state: row.text(3),
        is_unfinished: row.int(4) != 0,
        finished: row.maybe_int(5),
        status_detail: row.maybe_text(6),
        target: row.text(7).as_str().into(),
        has_plan: row.int(8) != 0,
    })
}

/// The Region in one column and the account in another.
fn scope(row: &Row<'_>, region: usize, account: usize) -> Result<AuthScope, StoreError> {
    let (region, account) = (row.text(region), row.text(account));
    let parsed = (region.parse::<RegionName>(), account.parse::<AccountId>());
    let (Ok(region), Ok(account)) = parsed else {
        return Err(unreadable("scope", &format!("{account} in {region}")));
    };
    Ok(AuthScope { account, region })
}

fn unreadable(what: &str, which: &str) -> StoreError {
    StoreError::Broken(format!("a stored {what} does not read: {which}"))
}
