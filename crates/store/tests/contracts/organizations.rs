//! The organization: what settling one makes visible, and what it takes away.

use mimeo_domain::organizations::{Member, Organization, Unit};
use mimeo_domain::shares::{Acceptance, PortfolioShare};
use mimeo_store::Store;
use mimeo_store::testing::stores;

use crate::cast::*;

const UNIT: &str = "ou-root-workloads";

/// The hub manages; the spoke is in a unit inside of `UNIT`, the other one right under the root.
fn organization() -> Organization {
    let unit = |id: &str, parent: Option<&str>| Unit {
        id: id.into(),
        name: String::new(),
        parent: parent.map(str::to_owned),
    };
    let member = |digits: &str, unit: Option<&str>| Member {
        account: account(digits),
        name: String::new(),
        unit: unit.map(str::to_owned),
    };
    Organization {
        id: "o-aaaaaaaaaa".into(),
        management_account: account(HUB),
        units: vec![unit(UNIT, None), unit("ou-root-production", Some(UNIT))],
        accounts: vec![
            member(HUB, None),
            member(SPOKE, Some("ou-root-production")),
            member(OTHER, None),
        ],
        delegated_administrators: Vec::new(),
    }
}

async fn settle(store: &Store, change: impl FnOnce(&mut Organization)) {
    let mut organization = organization();
    change(&mut organization);
    write(store, organization, |tx, organization| {
        Box::pin(tx.settle_organization(organization))
    })
    .await
    .expect("an organization");
}
