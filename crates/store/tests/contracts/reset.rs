//! A reset leaves nothing of the extent, whatever tables there are, and nothing else is touched.

use std::collections::BTreeSet;
use std::fmt::Write;

use mimeo_domain::copying::Copy;
use mimeo_store::testing::stores;
use mimeo_store::{Claimer, Extent, Fence, Fenced, Location, Options, Store, StoreError, Tx, Work};

use crate::cast::*;

const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// Keyed by an account but not by a Region: the organization, who may call, and hints that the next
/// claim corrects; no deeds of an account's.
const NOT_RESET: [&str; 4] = [
    "membership",
    "organization_delegate",
    "identity_key",
    "copy_lane",
];

/// Columns that name an account.
const ACCOUNTS: [&str; 5] = [
    "account",
    "owner",
    "recipient",
    "portfolio_account",
    "product_account",
];

struct Column {
    table: String,
    name: String,
    kind: String,
}

/// Any statement, with its rows as numbers; the text is kept, as a test's few may be.
struct Run(String);

impl Work for Run {
    type Output = Vec<i64>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<i64>, StoreError> {
        tx.query(self.0.clone().leak(), &[], |row| {
            row.maybe_int(0).unwrap_or(0)
        })
        .await
    }
}

struct Columns;

impl Work for Columns {
    type Output = Vec<Column>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<Column>, StoreError> {
        const SQL: &str = "SELECT t.name, c.name, c.type FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' ORDER BY t.rowid, c.cid";
        tx.query(SQL, &[], |row| Column {
            table: row.text(0),
            name: row.text(1),
            kind: row.text(2),
        })
        .await
    }
}

/// The schema, parents before the tables that refer to them.
async fn schema() -> Vec<(String, Vec<Column>)> {
    let store = Store::open(&Location::SqliteMemory, Options::default())
        .await
        .expect("a fresh store opens");
    let mut tables: Vec<(String, Vec<Column>)> = Vec::new();
    for column in store.read(Columns).await.expect("a schema") {
        match tables.last_mut() {
            Some((table, columns)) if *table == column.table => columns.push(column),
            _ => tables.push((column.table.clone(), vec![column])),
        }
    }
    let is_keyed = |columns: &[Column]| {
        let mut names = columns.iter().map(|column| column.name.as_str());
        names.any(|name| name == "region" || name == "account")
    };
    tables.retain(|(table, columns)| is_keyed(columns) && !NOT_RESET.contains(&table.as_str()));
    tables
}

/// Puts one row into every table for an account in a Region: each refers to the account's others.
async fn fill(store: &Store, tables: &[(String, Vec<Column>)], account: &str, region: &str) {
    for (table, columns) in tables {
        let value = |column: &Column| match (column.name.as_str(), column.kind.as_str()) {
            ("region", _) => format!("'{region}'"),
            (name, _) if ACCOUNTS.contains(&name) => format!("'{account}'"),
            (_, "BIGINT") => "1".to_owned(),
            _ => format!("'of {account}'"),
        };
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<String> = columns.iter().map(value).collect();
        let sql = format!(
            "INSERT INTO {table} ({}) VALUES ({}) RETURNING 1",
            names.join(", "),
            values.join(", ")
        );
        let put = store.write(Run(sql)).await;
        assert_eq!(put, Ok(vec![1]), "a row of {table} for the test");
    }
}

/// The tables that hold a row of an account in a Region.
async fn left(
    store: &Store,
    tables: &[(String, Vec<Column>)],
    account: &str,
    region: &str,
) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for (table, columns) in tables {
        let mut sql =
            format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table} WHERE region = '{region}'");
        // A table without an account hangs on one that has it.
        let whose = columns
            .iter()
            .find(|column| ACCOUNTS.contains(&column.name.as_str()))
            .map_or(("product_id", format!("of {account}")), |column| {
                (column.name.as_str(), account.to_owned())
            });
        write!(sql, " AND {} = '{}'", whose.0, whose.1).expect("a text");
        if store.write(Run(sql)).await != Ok(vec![0]) {
            left.insert(table.clone());
        }
    }
    left
}

#[tokio::test]
async fn nothing_is_left_of_what_is_reset_and_all_of_the_rest() {
    let tables = schema().await;
    let all: BTreeSet<String> = tables.iter().map(|(table, _)| table.clone()).collect();
    assert!(all.contains("product") && all.contains("copy"), "{all:?}");
    let extents = [
        Extent::default(),
        Extent {
            account: Some(account(HUB)),
            region: None,
        },
        Extent {
            account: None,
            region: Some(scope(HUB).region),
        },
        Extent {
            account: Some(account(HUB)),
            region: Some(scope(HUB).region),
        },
    ];
    for (engine, store) in stores().await {
        for extent in extents.clone() {
            for who in [HUB, SPOKE] {
                for region in REGIONS {
                    fill(&store, &tables, who, region).await;
                }
            }
            let reset = write(&store, extent.clone(), |tx, extent| {
                Box::pin(tx.reset(extent))
            });
            reset.await.expect("reset");
            for who in [HUB, SPOKE] {
                for region in REGIONS {
                    let is_reset = extent.holds(&account(who), &region.parse().expect("a Region"));
                    let wanted = if is_reset {
                        BTreeSet::new()
                    } else {
                        all.clone()
                    };
                    let left = left(&store, &tables, who, region).await;
                    assert_eq!(left, wanted, "{engine}: {extent:?}, {who} in {region}");
                }
            }
            let others = write(&store, Extent::default(), |tx, extent| {
                Box::pin(tx.reset(extent))
            });
            others.await.expect("reset");
        }
    }
}

#[tokio::test]
async fn a_worker_whose_copy_was_forgotten_writes_nothing_even_if_its_token_is_back() {
    for (engine, store) in stores().await {
        let accept = |fence| {
            let accepted = Copy {
                fence,
                ..copy(HUB, "copyproduct-1")
            };
            write(&store, accepted, |tx, copy| Box::pin(tx.insert_copy(copy)))
        };
        let claimer = Claimer::new(1);
        let claim = || store.claim_copy(&claimer);
        let landed = |fence| {
            write(&store, fence, |tx, fence| {
                Box::pin(tx.succeed_copy(fence, at(9)))
            })
        };
        accept(0).await.expect("accepted");
        let before = Fence::of(&claim().await.expect("claimed").expect("is due"));
        let reset = write(&store, Extent::default(), |tx, all| Box::pin(tx.reset(all)));
        reset.await.expect("reset");
        assert_eq!(landed(before.clone()).await, Ok(Fenced::Stale), "{engine}");
        // A rehearsal gives fences that no copy had before.
        accept(1_000).await.expect("accepted");
        claim().await.expect("claimed").expect("is due");
        assert_eq!(landed(before).await, Ok(Fenced::Stale), "{engine}");
    }
}
