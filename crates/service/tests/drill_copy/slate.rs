//! The clean slate: what holds in a store when no copy is under way, whatever has happened.

use mimeo_store::{Store, StoreError, Tx, Work};

use crate::stage::Stage;

/// Each gives the rows that must not be.
const WRONG: [(&str, &str); 9] = [
    (
        "an end that is not told, or is told of what goes on",
        "SELECT token FROM copy c WHERE unfinished = (SELECT COUNT(*) FROM copy_event e WHERE e.region = c.region AND e.account = c.account AND e.token = c.token AND e.kind IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))",
    ),
    (
        "events with a gap, or without a copy",
        "SELECT token FROM copy_event e GROUP BY region, account, token HAVING COUNT(*) <> MAX(seq) OR MIN(seq) <> 1 OR NOT EXISTS (SELECT 1 FROM copy c WHERE c.region = e.region AND c.account = e.account AND c.token = e.token)",
    ),
    (
        "a copy that did not end",
        "SELECT token || ' is ' || state FROM copy WHERE unfinished <> 0 OR state NOT IN ('SUCCEEDED', 'FAILED') OR finished IS NULL",
    ),
    (
        "a failure without a reason, or a success with one",
        "SELECT token FROM copy WHERE (state = 'FAILED') <> (status_detail IS NOT NULL)",
    ),
    (
        "a product that nobody made and no successful copy brought",
        "SELECT id FROM product p WHERE NOT EXISTS (SELECT 1 FROM copy c WHERE c.region = p.region AND c.target_product = p.id AND c.account = p.account AND c.state = 'SUCCEEDED') AND NOT EXISTS (SELECT 1 FROM replay r WHERE r.region = p.region AND r.account = p.account AND r.operation = 'CreateProduct' AND r.answer LIKE '%' || p.id || '%')",
    ),
    (
        "two copies that brought one product",
        "SELECT target_product FROM copy c WHERE state = 'SUCCEEDED' AND NOT EXISTS (SELECT 1 FROM replay r WHERE r.operation = 'CreateProduct' AND r.answer LIKE '%' || c.target_product || '%') GROUP BY target_product HAVING COUNT(*) > 1",
    ),
    (
        "a tally that is not the number of products",
        "SELECT account FROM tally t WHERE what = 'products' AND used <> (SELECT COUNT(*) FROM product p WHERE p.region = t.region AND p.account = t.account)",
    ),
    (
        "an account's products without a tally",
        "SELECT account FROM product p WHERE NOT EXISTS (SELECT 1 FROM tally t WHERE t.region = p.region AND t.account = p.account AND what = 'products')",
    ),
    (
        "a product whose row does not count its versions",
        "SELECT id FROM product p WHERE artifacts_count <> (SELECT COUNT(*) FROM artifact a WHERE a.region = p.region AND a.product_id = p.id) OR newest_artifact <> (SELECT MAX(created) FROM artifact a WHERE a.region = p.region AND a.product_id = p.id)",
    ),
];

/// States it of every store of the stage.
pub(crate) async fn assert_clean_slate(stage: &Stage) {
    let directory = &stage.world.service().world().directory;
    for store in directory.stores() {
        for (what, sql) in WRONG {
            assert_eq!(rows(&store, sql).await, [""; 0], "{what}");
        }
    }
}

async fn rows(store: &Store, sql: &'static str) -> Vec<String> {
    store.scan(Texts(sql)).await.expect(sql)
}

struct Texts(&'static str);

impl Work for Texts {
    type Output = Vec<String>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
        tx.query(self.0, &[], |row| row.text(0)).await
    }
}
