//! The check: a store that holds what it must is sound, and whatever breaks it is told.

use std::path::Path;

use mimeo_service::check::{Checked, check};
use mimeo_store::testing::administer_file;
use mimeo_store::{Location, Options, Store};
use mimeo_testkit::{TEMPLATE, World};
use serde_json::json;

use crate::service_actions::action;

/// A statement, the rule that it breaks, and what the check says then, in part.
type Break = (&'static str, &'static str, &'static str);

const FILE: [Break; 2] = [
    (
        "DELETE FROM portfolio_share; DELETE FROM portfolio",
        "file",
        "portfolio_product row 1 names no row of portfolio",
    ),
    (
        "PRAGMA writable_schema = 1;
         UPDATE sqlite_schema SET sql = replace(sql, 'created, id', 'id, created')
             WHERE name = 'product_by_creation'",
        "file",
        "missing from index product_by_creation",
    ),
];

const ROWS: [Break; 25] = [
    (
        "UPDATE tally SET used = used + 1 WHERE what = 'products'",
        "rows",
        "the tally says 2, and 1 are there",
    ),
    (
        "DELETE FROM tally WHERE what = 'products'",
        "rows",
        "the tally says 0, and 1 are there",
    ),
    (
        "UPDATE tally SET used = 7 WHERE what = 'portfolios'",
        "rows",
        "the tally says 7, and 1 are there",
    ),
    (
        "DELETE FROM service_action_artifact; DELETE FROM service_action",
        "rows",
        "the tally says 1, and 0 are there",
    ),
    (
        "UPDATE tally SET used = 0 WHERE what = 'uploads'",
        "rows",
        "the tally says 0, and 3 are there",
    ),
    (
        "UPDATE portfolio_product SET portfolio_account = '999999999999'",
        "rows",
        "one is not there, or of another account than noted",
    ),
    (
        "UPDATE portfolio_product SET product_account = '999999999999'",
        "rows",
        "one is not there, or of another account than noted",
    ),
    (
        "UPDATE portfolio_share SET owner = '999999999999'",
        "rows",
        "the owner has no such portfolio",
    ),
    (
        "UPDATE tag_option_resource SET resource_id = 'prod-none'",
        "rows",
        "there is no such resource",
    ),
    (
        "UPDATE budget_resource SET resource_id = 'prod-none'",
        "rows",
        "there is no such resource",
    ),
    ("UPDATE product SET body = '{'", "rows", "EOF"),
    (
        "UPDATE product SET account = '999999999999'",
        "rows",
        "its column account differs from its document",
    ),
    (
        "UPDATE product SET title = 'x'",
        "rows",
        "its column title differs from its document",
    ),
    (
        "UPDATE product SET owner = 'x'",
        "rows",
        "its column owner differs from its document",
    ),
    (
        "UPDATE product SET product_type = 'EXTERNAL'",
        "rows",
        "its column type differs from its document",
    ),
    (
        "UPDATE product SET searchable = 'x'",
        "rows",
        "its column searchable differs from its document",
    ),
    (
        "UPDATE product SET created = 1",
        "rows",
        "its column created differs from its document",
    ),
    (
        "UPDATE product SET region = 'eu-west-1'",
        "rows",
        "its column region differs from its document",
    ),
    (
        "UPDATE product SET artifacts_count = 9",
        "rows",
        "it counts 9 versions, and 2 are there",
    ),
    (
        "UPDATE product SET newest_artifact = 1",
        "rows",
        "its newest version is of another time than noted",
    ),
    ("UPDATE artifact SET body = '{'", "rows", "EOF"),
    (
        "UPDATE artifact SET product_id = 'prod-none' WHERE id = (SELECT MIN(id) FROM artifact)",
        "rows",
        "its product prod-none is not there",
    ),
    (
        "UPDATE artifact SET id = id || 'x'",
        "rows",
        "its columns name another version than its document",
    ),
    (
        "UPDATE artifact SET created = 1",
        "rows",
        "its column created differs from its document",
    ),
    (
        "UPDATE product SET sources = ''",
        "rows",
        "which its product does not note",
    ),
];

const COPIES: [Break; 17] = [
    (
        "DELETE FROM copy WHERE state = 'FAILED'",
        "V1",
        "which is not there",
    ),
    (
        "DELETE FROM copy WHERE state = 'SUCCEEDED'",
        "V2",
        "it was copied, but no copy that succeeded brought it",
    ),
    (
        "UPDATE artifact SET body = json_set(body, '$.digest', NULL)",
        "V2",
        "a version that it brought has another template than planned",
    ),
    (
        "UPDATE artifact SET body = json_set(body, '$.lineage', 'First')",
        "V2",
        "a version that it brought names another source",
    ),
    ("UPDATE upload SET digest = 'x'", "V2", "\"x\" is no digest"),
    (
        "UPDATE upload SET digest = '0000000000000000000000000000000000000000000000000000000000000000'",
        "V2",
        "is not on the shelf",
    ),
    (
        "UPDATE copy SET state = 'FAILED', status_detail = '{\"code\": \"DEADLINE\"}' WHERE state = 'SUCCEEDED'",
        "V3",
        "it has not succeeded, but what it was to make is there",
    ),
    (
        "UPDATE copy SET status_detail = '{\"code\": \"REHEARSED\", \"text\": \" \"}' WHERE state = 'FAILED'",
        "V3",
        "it failed without a word",
    ),
    (
        "UPDATE copy SET state = 'LOST'",
        "V4",
        "it is in no known state",
    ),
    (
        "UPDATE copy SET unfinished = 1 - unfinished",
        "V4",
        "its state and its being unfinished contradict each other",
    ),
    (
        "UPDATE copy SET finished = NULL",
        "V4",
        "its state and the time of its end contradict each other",
    ),
    (
        "UPDATE copy SET plan = NULL",
        "V4",
        "it succeeded without a plan",
    ),
    (
        "UPDATE copy SET status_detail = NULL",
        "V4",
        "its state and its StatusDetail contradict each other",
    ),
    ("UPDATE copy SET body = '{'", "V4", "EOF"),
    (
        "UPDATE copy SET account = '999999999999'",
        "V4",
        "its columns differ from its document",
    ),
    (
        "UPDATE copy SET target_product = 'prod-none'",
        "V4",
        "its columns differ from its document",
    ),
    (
        "UPDATE copy SET failures = 9",
        "V4",
        "it was tried more often than it was claimed",
    ),
];

async fn store(folder: &Path) -> Store {
    let file = Location::SqliteFile(folder.join("store.db"));
    let opened = Store::open(&file, Options::default()).await;
    opened.expect("the file is a store")
}

/// One of each thing that is checked: a copy that succeeded, one that failed and one that waits, and
/// whatever else has a tally or a link.
async fn one_of_each(world: &World) {
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await.versions(2).await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.shared_with(&spoke).await;
    hub.template("unused.yaml", TEMPLATE).await;
    let option = hub.tag_option("stage", "test").await;
    hub.tags(&vpc.id, &option).await;
    let budget = json!({"BudgetName": "monthly", "ResourceId": vpc.id});
    hub.does("AssociateBudgetWithResource", budget).await;
    action(&hub, "restart").await;
    spoke.copies(&vpc).await;
    world.settle().await;
    spoke.copies(&vpc).await;
    let claimed = world.claims().await.expect("a copy is due");
    golden.unshared_from(&spoke).await;
    world.drives(claimed).await;
    golden.shared_with(&spoke).await;
    spoke.copies(&vpc).await;
}

#[tokio::test]
async fn a_sound_store_has_no_findings_and_each_break_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on(store(folder.path()).await);
    one_of_each(&world).await;
    let shelves = &world.service().world().shelves;
    let sound = world.service().world().directory.stores().remove(0);
    let checked = check(&sound, Some(shelves)).await.unwrap();
    assert!(checked.is_sound(), "{:#?}", checked.findings);
    assert_eq!(
        (checked.products, checked.copies, checked.uploads),
        (2, 3, 3)
    );
    sound.close().await;

    let mut unnoticed = Vec::new();
    for (sql, rule, what) in FILE.into_iter().chain(ROWS).chain(COPIES) {
        let broken = tempfile::tempdir().unwrap();
        let file = broken.path().join("store.db");
        std::fs::copy(folder.path().join("store.db"), &file).unwrap();
        administer_file(&file, sql);
        let store = store(broken.path()).await;
        let checked = check(&store, Some(shelves)).await.expect(sql);
        if !told(&checked, rule, what) {
            unnoticed.push((sql, checked.findings));
        }
        store.close().await;
    }
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

fn told(checked: &Checked, rule: &str, what: &str) -> bool {
    let mut findings = checked.findings.iter();
    findings.any(|finding| finding.rule == rule && finding.what.contains(what))
}
