//! How SQLite goes about each statement: through an index, without sorting.

use mimeo_store::testing::stores;
use mimeo_store::{Dialect, FAMILIES, Store, Value};

use crate::cast::*;

/// Sorts only what is of one instant, or of one product in one portfolio, after the index has sorted
/// by age or by product.
const SORTS_TIES: [(&str, &str); 3] = [
    ("replays", "SWEEP"),
    ("constraints", "PAGE_INHERITED"),
    ("constraints", "OF_PRODUCT_INHERITED"),
];

/// Equalities that leave nearly everything: all of a Region.
const REGION_ONLY: &str = "(region=?";

/// These go through whole tables, and no request waits for them but one that a test makes.
const SCANS_TABLES: [&str; 4] = ["checks", "checks of tables", "migrate", "reset"];

#[tokio::test]
async fn every_statement_compiles_on_every_engine() {
    for (engine, store) in stores().await {
        for (family, statements) in FAMILIES {
            let compiled = store.prepare_all(statements).await;
            assert_eq!(compiled, Ok(()), "{family} on {engine}");
        }
    }
}

#[tokio::test]
async fn every_statement_goes_by_an_index_and_sorts_nothing() {
    let stores = stores().await;
    let (_, store) = stores
        .iter()
        .find(|(_, store)| store.dialect() == Dialect::Sqlite)
        .expect("SQLite is always there");
    let mut slow = Vec::new();
    let often = |(family, _): &&(&str, _)| !SCANS_TABLES.contains(family);
    for (family, statements) in FAMILIES.iter().filter(often) {
        for (name, sql) in *statements {
            let plan = explain(store, sql).await;
            let scans = plan
                .iter()
                .any(|step| step.starts_with("SCAN") && *step != "SCAN CONSTANT ROW");
            let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
            let scans = scans || plan.iter().any(|step| is_through_region(step));
            if scans || sorts && !SORTS_TIES.contains(&(family, name)) {
                slow.push(format!("{family}.{name}: {plan:#?}"));
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// Whether a step goes through all that a Region has, whatever account's: by the Region alone, or by
/// the Region and a range.
fn is_through_region(step: &str) -> bool {
    let terms = step.split_once(REGION_ONLY).map(|(_, terms)| terms);
    terms.is_some_and(|terms| !terms.contains("=?"))
}

/// The steps of SQLite's plan, in its words.
async fn explain(store: &Store, sql: &str) -> Vec<String> {
    let params_count = (1..=30).rev().find(|n| sql.contains(&format!("?{n}")));
    let params = vec![Value::Null; params_count.unwrap_or(0)];
    let sql: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
    read(store, (sql, params), |tx, (sql, params)| {
        Box::pin(tx.query(sql, params, |row| row.text(3)))
    })
    .await
    .expect(sql)
}
