//! Templates: each body that a row names is on its shelf, and is what its digest says.

use std::collections::HashSet;

use mimeo_domain::RegionName;
use mimeo_store::{Odd, Store, StoreError};
use mimeo_templates::shelf::{Digest, Shelf, Verdict};

use super::Checked;
use crate::bodies::{Bodies, By, Named};
use crate::world::Shelves;

/// Bodies that are remembered as verified; a new set begins then, and some are read again.
const VERIFIED_MAX: usize = 100_000;

pub(super) async fn check(
    store: &Store,
    shelves: &Shelves,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let mut verified = HashSet::new();
    let mut bodies = Bodies::default();
    while let Some(page) = bodies.next_page(store).await? {
        for named in page {
            checked.uploads += u64::from(named.by == By::Upload);
            // A copy that runs verifies its bodies itself, or brings them.
            if named.by != By::Plan {
                one(shelves, named, &mut verified, checked).await;
            }
        }
    }
    Ok(())
}

async fn one(
    shelves: &Shelves,
    named: Named,
    verified: &mut HashSet<(RegionName, Digest)>,
    checked: &mut Checked,
) {
    let Ok(digest) = named.digest.parse::<Digest>() else {
        let what = format!("{:?} is no digest", named.digest);
        checked.note("V2", Odd::new(named.subject, what));
        return;
    };
    let shelf = shelves.of(&named.region);
    if verified.len() >= VERIFIED_MAX {
        verified.clear();
    }
    let key = (named.region, digest);
    if verified.contains(&key) {
        return;
    }
    match look(shelf, &digest).await {
        None => {
            checked.bodies += 1;
            verified.insert(key);
        }
        Some(what) => {
            let what = format!("its body {digest} {what}");
            checked.note("V2", Odd::new(named.subject, what));
        }
    }
}

/// What is wrong with the body.
async fn look(shelf: &Shelf, digest: &Digest) -> Option<String> {
    match shelf.verify(digest).await {
        Ok(Verdict::Present { .. }) => None,
        Ok(Verdict::Absent) => Some("is not on the shelf".into()),
        Ok(Verdict::Corrupt) => Some("is corrupt on the shelf".into()),
        Err(error) => Some(format!("cannot be read: {error}")),
    }
}
