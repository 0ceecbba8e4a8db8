//! The check: whether a store and its shelves hold what must always hold, as far as data can show it.
//!
//! * V1: a copy that was acknowledged is there: each remembered answer of CopyProduct has its copy.
//! * V2: a copy that succeeded left its versions once, as planned, with bodies that verify. A product or
//!   version that is missing may have been deleted since; the tallies, lowered by each deletion in its
//!   own transaction, tell that from a loss.
//! * V3: a copy that failed or has not landed left nothing, and a failure says why.
//! * V4: each copy is in a state that the steps can lead to.
//!
//! V5 and V6 are about writes that did not happen; rows cannot show them, campaigns do.

mod copies;
mod templates;

use std::collections::BTreeSet;

use mimeo_domain::ArtifactId;
use mimeo_domain::artifacts::Lineage;
use mimeo_domain::copying::landed_artifacts;
use mimeo_store::{CheckedArtifact, Odd, Store, StoreError, Tx, Work};
use serde::Serialize;

use crate::world::Shelves;

/// Findings that are told; more are only counted.
pub const FINDINGS_MAX: usize = 1_000;

/// What is wrong, and which rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `V1` to `V4`, `rows` (tallies, columns, links) or `file` (the database's own pages).
    pub rule: &'static str,
    pub subject: String,
    pub what: String,
}

/// What was looked at, and what is wrong with it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Checked {
    pub products: u64,
    pub versions: u64,
    pub copies: u64,
    /// Of these, the ones that wait or run.
    pub copies_under_way: u64,
    /// Copies that succeeded and whose product, or a version that they brought, was deleted since.
    pub copies_deleted_since: u64,
    pub uploads: u64,
    /// Bodies that were read and hashed.
    pub bodies: u64,
    pub findings: Vec<Finding>,
    pub findings_count: u64,
}

impl Checked {
    pub fn is_sound(&self) -> bool {
        self.findings_count == 0
    }

    fn note(&mut self, rule: &'static str, Odd { subject, what }: Odd) {
        self.findings_count += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding {
                rule,
                subject,
                what,
            });
        }
    }

    fn note_all(&mut self, rule: &'static str, odd: impl IntoIterator<Item = Odd>) {
        for odd in odd {
            self.note(rule, odd);
        }
    }
}

/// Checks the rows in one snapshot, then each body that rows name. Without shelves the bodies are left
/// out. Memory is bounded, whatever the store holds.
///
/// Beside a server at work it is right too: a body is on the shelf before a row names it, and stays a
/// day after the last one did.
pub async fn check(store: &Store, shelves: Option<&Shelves>) -> Result<Checked, StoreError> {
    let mut checked = store.scan(Rows).await?;
    if let Some(shelves) = shelves {
        templates::check(store, shelves, &mut checked).await?;
    }
    Ok(checked)
}

struct Rows;

impl Work for Rows {
    type Output = Checked;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        // First of all: what a damaged file answers to anything else means nothing.
        checked.note_all("file", tx.odd_pages().await?);
        checked.note_all("rows", tx.odd_tallies().await?);
        checked.note_all("rows", tx.odd_links().await?);
        products(tx, &mut checked).await?;
        versions(tx, &mut checked).await?;
        copies::check(tx, &mut checked).await?;
        copies::check_replays(tx, &mut checked).await?;
        Ok(checked)
    }
}

async fn products(tx: &mut Tx<'_>, checked: &mut Checked) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let mut odd = Vec::new();
        let page = tx.check_products(after.as_ref(), &mut odd).await?;
        checked.products += page.count;
        checked.note_all("rows", odd);
        if page.last.is_none() {
            return Ok(());
        }
        after = page.last;
    }
}

/// The versions of a product at a time, so that each copied one is held against the copies onto it.
async fn versions(tx: &mut Tx<'_>, checked: &mut Checked) -> Result<(), StoreError> {
    let mut after: Option<CheckedArtifact> = None;
    let mut of_product = (String::new(), BTreeSet::new());
    loop {
        let page = tx.page_checked_artifacts(after.as_ref()).await?;
        for version in &page {
            checked.versions += 1;
            checked.note_all("rows", version.odd.clone());
            let Ok(artifact) = &version.artifact else {
                continue;
            };
            if !matches!(artifact.lineage, Lineage::Copied { .. }) {
                continue;
            }
            let product = format!("{} {}", version.region, version.product);
            if of_product.0 != product {
                of_product = (product, landed_on(tx, version).await?);
            }
            if !of_product.1.contains(&artifact.id) {
                let subject = format!("version {} in {}", version.id, version.region);
                let what = "it was copied, but no copy that succeeded brought it";
                checked.note("V2", Odd::new(subject, what));
            }
        }
        match page.into_iter().next_back() {
            None => return Ok(()),
            last => after = last,
        }
    }
}

/// The versions that copies brought to the product of this version.
async fn landed_on(
    tx: &mut Tx<'_>,
    version: &CheckedArtifact,
) -> Result<BTreeSet<ArtifactId>, StoreError> {
    let mut landed = BTreeSet::new();
    let Ok(region) = version.region.parse() else {
        return Ok(landed);
    };
    let product = version.product.as_str().into();
    let mut after = None;
    loop {
        let page = tx
            .page_copies_onto(&region, &product, after.as_ref())
            .await?;
        for (scope, token) in &page {
            let copy = match tx.find_copy(scope, token).await {
                // It is told where the copies are looked at.
                Err(StoreError::Broken(_)) => continue,
                found => found?,
            };
            let Some(copy) = copy else { continue };
            if let Some(plan) = &copy.plan {
                let artifacts = landed_artifacts(&copy, plan, copy.created);
                landed.extend(artifacts.into_iter().map(|artifact| artifact.id));
            }
        }
        match page.into_iter().next_back() {
            None => return Ok(landed),
            Some((_, token)) => after = Some(token),
        }
    }
}
