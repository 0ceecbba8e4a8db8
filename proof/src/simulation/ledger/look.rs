//! Looking at a database from outside. The SQL here is the simulation's own: an oracle that asked the
//! code under test would believe its mistakes.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mimeo_store::{Store, StoreError, Tx, Work, params};

/// Region and id of a product.
pub(in crate::simulation) type Key = (String, String);

/// All that a simulation looks at in one database.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Seen {
    /// Rows that were ever changed: the same number means that nothing is new.
    changes: i64,
    pub copies: BTreeMap<String, CopyRow>,
    pub products: BTreeMap<Key, ProductRow>,
    /// Region, account and product for each product that an account sees without owning it.
    pub shared: BTreeSet<(String, String, String)>,
    /// Region and account to the number of products that the quota goes by.
    pub tallies: BTreeMap<(String, String), i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulation) struct CopyRow {
    pub account: String,
    pub state: String,
    pub fence: i64,
    pub attempts: i64,
    pub failures: i64,
    pub due: i64,
    pub detail: Option<String>,
    pub body: String,
    pub plan: Option<String>,
}

impl CopyRow {
    pub(in crate::simulation) fn is_final(&self) -> bool {
        self.state == "SUCCEEDED" || self.state == "FAILED"
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulation) struct ProductRow {
    pub account: String,
    pub body: String,
    pub count: i64,
    /// Ids and bodies of the versions, in their order.
    pub artifacts: Vec<(String, String)>,
}

const CHANGES: &str = "SELECT total_changes()";
const COPIES: &str = "SELECT token, account, state, fence, attempts, failures, due, status_detail, body, plan FROM copy";
const PRODUCTS: &str = "SELECT region, id, account, body, artifacts_count FROM product";
const ARTIFACTS: &str =
    "SELECT region, product_id, id, body FROM artifact ORDER BY region, product_id, position";
const SHARED: &str = "SELECT pp.region, s.recipient, pp.product_id FROM portfolio_product pp, portfolio_share s WHERE s.region = pp.region AND s.portfolio_id = pp.portfolio_id AND s.accepted = 1";
const TALLIES: &str = "SELECT region, account, used FROM tally WHERE what = 'products'";

struct Look {
    changes_before: i64,
}

impl Work for Look {
    type Output = Option<Seen>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<Seen>, StoreError> {
        let changes = tx.query_one(CHANGES, params![], |row| row.int(0)).await?;
        let changes = changes.unwrap_or(0);
        if changes == self.changes_before {
            return Ok(None);
        }
        let copies = tx.query(COPIES, params![], |row| {
            let copy = CopyRow {
                account: row.text(1),
                state: row.text(2),
                fence: row.int(3),
                attempts: row.int(4),
                failures: row.int(5),
                due: row.int(6),
                detail: row.maybe_text(7),
                body: row.text(8),
                plan: row.maybe_text(9),
            };
            (row.text(0), copy)
        });
        let copies = copies.await?.into_iter().collect();
        let products = tx.query(PRODUCTS, params![], |row| {
            let product = ProductRow {
                account: row.text(2),
                body: row.text(3),
                count: row.int(4),
                artifacts: Vec::new(),
            };
            ((row.text(0), row.text(1)), product)
        });
        let mut products: BTreeMap<Key, ProductRow> = products.await?.into_iter().collect();
        let artifacts = tx.query(ARTIFACTS, params![], |row| {
            ((row.text(0), row.text(1)), (row.text(2), row.text(3)))
        });
        for (key, artifact) in artifacts.await? {
            if let Some(product) = products.get_mut(&key) {
                product.artifacts.push(artifact);
            }
        }
        let shared = tx.query(SHARED, params![], |row| {
            (row.text(0), row.text(1), row.text(2))
        });
        let shared = shared.await?.into_iter().collect();
        let tallies = tx.query(TALLIES, params![], |row| {
            ((row.text(0), row.text(1)), row.int(2))
        });
        let tallies = tallies.await?.into_iter().collect();
        Ok(Some(Seen {
            changes,
            copies,
            products,
            shared,
            tallies,
        }))
    }
}

impl Seen {
    /// The database as it is now, if anything changed since this was seen.
    pub(in crate::simulation) fn again(&self, store: &Store) -> Option<Self> {
        let look = Look {
            changes_before: self.changes,
        };
        at_once(store.read(look)).expect("a database without conditions answers")
    }

    /// Whether an account may see a product.
    pub(in crate::simulation) fn sees(&self, account: &str, region: &str, product: &str) -> bool {
        let key = (region.to_owned(), product.to_owned());
        let Some(row) = self.products.get(&key) else {
            return false;
        };
        let shared = (key.0, account.to_owned(), key.1);
        row.account == account || self.shared.contains(&shared)
    }
}

/// The result of what never waits.
pub(in crate::simulation) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("something waited that never does"),
    }
}
