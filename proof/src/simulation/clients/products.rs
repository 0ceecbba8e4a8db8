//! Which products there are, for whoever wants to do something to one.

use super::ACCOUNTS;
use crate::simulation::chance::Chance;
use crate::simulation::ledger::Ledger;
use crate::simulation::ledger::look::{ProductRow, Seen};
use crate::simulation::node::{REGIONS, store_of};

pub(super) struct Product {
    pub account: usize,
    pub id: String,
    pub versions: Vec<String>,
}

pub(super) fn of_region(ledger: &Ledger, region: &str) -> Vec<Product> {
    let store = store_of(region).min(ledger.seen.len() - 1);
    let seen: &Seen = &ledger.seen[store];
    let there = seen.products.iter().filter(|(key, _)| key.0 == region);
    let product = |(key, row): (&(String, String), &ProductRow)| Product {
        account: ACCOUNTS
            .iter()
            .position(|id| *id == row.account)
            .unwrap_or(0),
        id: key.1.clone(),
        versions: row.artifacts.iter().map(|(id, _)| id.clone()).collect(),
    };
    there.map(product).collect()
}

/// Account, Region and id of any product.
pub(super) fn any_product(
    chance: &mut Chance,
    ledger: &Ledger,
) -> Option<(usize, &'static str, String)> {
    let region = REGIONS[chance.index(2)];
    let products = of_region(ledger, region);
    let product = chance.pick(&products)?;
    Some((product.account, region, product.id.clone()))
}
