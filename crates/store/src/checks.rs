//! Checks: what rows must hold of each other, and the statements that look for rows that do not.
//!
//! They go through whole tables in pages of bounded size, for `mimeo check`; no request waits for them.

mod rows;
pub(crate) mod tables;

use mimeo_domain::artifacts::Artifact;
use mimeo_domain::{AccountId, CopyToken, ProductId, RegionName};

use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, Row, StoreError, Tx};
use rows::{artifact_row, copy_row, product_row};

/// Rows of a page.
const PAGE: i64 = 200;

statements! {
    PRODUCTS = "SELECT region, id, account, title, owner, product_type, searchable, artifacts_count, newest_artifact, created, body, (SELECT CAST(COUNT(*) AS BIGINT) FROM artifact a WHERE a.region = p.region AND a.product_id = p.id), (SELECT MAX(a.created) FROM artifact a WHERE a.region = p.region AND a.product_id = p.id) FROM product p WHERE (region, id) > (?1, ?2) ORDER BY region, id LIMIT ?3";
    ARTIFACTS = "SELECT a.region, a.product_id, a.position, a.id, a.created, a.body, p.account, p.sources FROM artifact a LEFT JOIN product p ON p.region = a.region AND p.id = a.product_id WHERE (a.region, a.product_id, a.position) > (?1, ?2, ?3) ORDER BY a.region, a.product_id, a.position LIMIT ?4";
    COPIES = "SELECT region, token, account, state, unfinished, finished, status_detail, target_product, CASE WHEN plan IS NULL THEN 0 ELSE 1 END FROM copy WHERE (region, token) > (?1, ?2) ORDER BY region, token LIMIT ?3";
    COPIES_ONTO = "SELECT token, account FROM copy WHERE region = ?1 AND target_product = ?2 AND token > ?3 AND state = 'SUCCEEDED' ORDER BY token LIMIT ?4";
    COPY_REPLAYS = "SELECT region, account, token, answer FROM replay WHERE (region, account, operation, token) > (?1, ?2, 'CopyProduct', ?3) AND operation = 'CopyProduct' ORDER BY region, account, operation, token LIMIT ?4";
    UPLOADS = "SELECT region, account, name, digest FROM upload WHERE (region, account, name) > (?1, ?2, ?3) ORDER BY region, account, name LIMIT ?4";
}

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
