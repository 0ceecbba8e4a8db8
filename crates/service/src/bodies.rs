//! Bodies: which templates the rows of a store name, page by page.

use mimeo_domain::RegionName;
use mimeo_store::{CheckedArtifact, CheckedCopy, CheckedUpload, Store, StoreError, Tx, Work};

/// A row that names a body.
#[derive(Debug, Clone)]
pub struct Named {
    pub region: RegionName,
    /// As it stands in the row.
    pub digest: String,
    /// The row, in words for the operator.
    pub subject: String,
    pub by: By,
}

/// What kind of row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Version,
    Upload,
    /// The plan of a copy that has not ended: its body may still be on its way.
    Plan,
}

/// Walks through all rows that name bodies; each page is a snapshot of its own.
#[derive(Debug, Default)]
pub struct Bodies {
    place: Place,
    /// Versions whose rows cannot be read: nobody knows what they name.
    pub unreadable_count: u64,
}

#[derive(Debug, Clone)]
enum Place {
    Versions(Option<CheckedArtifact>),
    Uploads(Option<CheckedUpload>),
    Copies(Option<CheckedCopy>),
    End,
}

impl Default for Place {
    fn default() -> Self {
        Self::Versions(None)
    }
}

impl Bodies {
    /// The next page, which may be empty; `None` after the last one.
    pub async fn next_page(&mut self, store: &Store) -> Result<Option<Vec<Named>>, StoreError> {
        if matches!(self.place, Place::End) {
            return Ok(None);
        }
        let page = Page(std::mem::replace(&mut self.place, Place::End));
        let (named, next, unreadable_count) = store.scan(page).await?;
        self.place = next;
        self.unreadable_count += unreadable_count;
        Ok(Some(named))
    }
}

struct Page(Place);

impl Work for Page {
    type Output = (Vec<Named>, Place, u64);
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Self::Output, StoreError> {
        match &self.0 {
            Place::Versions(after) => versions(tx, after.as_ref()).await,
            Place::Uploads(after) => {
                let (named, next) = uploads(tx, after.as_ref()).await?;
                Ok((named, next, 0))
            }
            Place::Copies(after) => {
                let (named, next) = plans(tx, after.as_ref()).await?;
                Ok((named, next, 0))
            }
            Place::End => Ok((Vec::new(), Place::End, 0)),
        }
    }
}

async fn versions(
    tx: &mut Tx<'_>,
    after: Option<&CheckedArtifact>,
) -> Result<(Vec<Named>, Place, u64), StoreError> {
    let page = tx.page_checked_artifacts(after).await?;
    let named = |row: &CheckedArtifact| {
        // A row that does not read names nothing; the check tells it.
        let digest = row.artifact.as_ref().ok()?.digest.clone()?;
        let region = row.region.parse().ok()?;
        let subject = format!("version {} in {region}", row.id);
        Some(Named {
            region,
            digest,
            subject,
            by: By::Version,
        })
    };
    let all = page.iter().filter_map(named).collect();
    let is_unreadable =
        |row: &&CheckedArtifact| row.artifact.is_err() || row.region.parse::<RegionName>().is_err();
    let unreadable_count = page.iter().filter(is_unreadable).count() as u64;
    let last = page.into_iter().next_back();
    let next = last.map_or(Place::Uploads(None), |last| Place::Versions(Some(last)));
    Ok((all, next, unreadable_count))
}

async fn uploads(
    tx: &mut Tx<'_>,
    after: Option<&CheckedUpload>,
) -> Result<(Vec<Named>, Place), StoreError> {
    let page = tx.page_checked_uploads(after).await?;
    let named = |row: &CheckedUpload| Named {
        region: row.scope.region.clone(),
        digest: row.digest.clone(),
        subject: format!(
            "upload {:?} of account {} in {}",
            row.name, row.scope.account, row.scope.region
        ),
        by: By::Upload,
    };
    let all = page.iter().map(named).collect();
    let last = page.into_iter().next_back();
    let next = last.map_or(Place::Copies(None), |last| Place::Uploads(Some(last)));
    Ok((all, next))
}

async fn plans(
    tx: &mut Tx<'_>,
    after: Option<&CheckedCopy>,
) -> Result<(Vec<Named>, Place), StoreError> {
    let page = tx.page_checked_copies(after).await?;
    let mut all = Vec::new();
    for row in page.iter().filter(|row| row.is_unfinished && row.has_plan) {
        let copy = tx.find_copy(&row.scope, &row.token).await?;
        let plan = copy.and_then(|copy| copy.plan);
        let digests = plan.into_iter().flat_map(|plan| plan.artifacts);
        all.extend(digests.filter_map(|planned| {
            Some(Named {
                region: row.scope.region.clone(),
                digest: planned.digest?,
                subject: format!("plan of copy {}", row.token),
                by: By::Plan,
            })
        }));
    }
    let last = page.into_iter().next_back();
    let next = last.map_or(Place::End, |last| Place::Copies(Some(last)));
    Ok((all, next))
}
