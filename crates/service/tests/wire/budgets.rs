//! Budgets: hung on portfolios and products by name, each account's own.

use mimeo_testkit::{Account, World};
use serde_json::{Value, json};

use crate::told::{DUPLICATE, LIMIT, NOT_FOUND, Told, refused};

const ASSOCIATE: &str = "AssociateBudgetWithResource";
const DISASSOCIATE: &str = "DisassociateBudgetFromResource";

fn pair(budget: &str, resource: &str) -> Value {
    json!({"BudgetName": budget, "ResourceId": resource})
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let (vpc, golden) = (hub.product("vpc").await, hub.portfolio("golden").await);
    for id in [&vpc.id, &golden.id] {
        told.empty(&hub, ASSOCIATE, pair("monthly", id)).await;
    }
    let listed = json!({"Budgets": [{"BudgetName": "monthly"}]});
    let on_vpc = json!({"ResourceId": vpc.id});
    told.answer(&hub, "ListBudgetsForResource", on_vpc.clone(), |_| {
        listed.clone()
    })
    .await;
    assert_eq!(vpc.described().await["Budgets"], listed["Budgets"]);
    let described = hub
        .does("DescribePortfolio", json!({"Id": golden.id}))
        .await;
    assert_eq!(described["Budgets"], listed["Budgets"]);
    told.empty(&hub, DISASSOCIATE, pair("monthly", &vpc.id))
        .await;
    told.answer(
        &hub,
        "ListBudgetsForResource",
        on_vpc,
        |_| json!({"Budgets": []}),
    )
    .await;
}

/// Names of the account's budgets on a resource.
async fn budgets(account: &Account, resource: &str) -> Vec<Value> {
    let input = json!({"ResourceId": resource});
    account.pages("ListBudgetsForResource", input).await
}

#[tokio::test]
async fn a_resource_has_one_budget_of_an_account() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        hub.does(ASSOCIATE, pair("monthly", &vpc.id)).await;
        let there = format!("Budget monthly is already associated with {}.", vpc.id);
        let again = pair("monthly", &vpc.id);
        refused(&hub, ASSOCIATE, again.clone(), DUPLICATE, &there).await;
        let full = format!("{} already has 1 budget, the most there can be.", vpc.id);
        refused(&hub, ASSOCIATE, pair("yearly", &vpc.id), LIMIT, &full).await;
        let apart = format!("Budget yearly is not associated with {}.", vpc.id);
        let yearly = pair("yearly", &vpc.id);
        refused(&hub, DISASSOCIATE, yearly.clone(), NOT_FOUND, &apart).await;
        let listed = budgets(&hub, &vpc.id).await;
        assert_eq!(listed, [json!({"BudgetName": "monthly"})]);
        hub.does(DISASSOCIATE, again).await;
        hub.does(ASSOCIATE, yearly).await;
    }
}

#[tokio::test]
async fn a_budget_hangs_on_what_exists() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for (resource, message) in [
        (
            "port-aaaaaaaaaaaaa",
            "Portfolio port-aaaaaaaaaaaaa not found.",
        ),
        (
            "prod-aaaaaaaaaaaaa",
            "prod-aaaaaaaaaaaaa does not exist or access was denied",
        ),
        ("pa-aaaaaaaaaaaaa", "Resource pa-aaaaaaaaaaaaa not found."),
    ] {
        for operation in [ASSOCIATE, DISASSOCIATE] {
            let input = pair("monthly", resource);
            refused(&hub, operation, input, NOT_FOUND, message).await;
        }
        let input = json!({"ResourceId": resource});
        refused(&hub, "ListBudgetsForResource", input, NOT_FOUND, message).await;
    }
}

#[tokio::test]
async fn a_name_of_any_text_is_kept() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        for name in ["a/b: c", "\u{10ffff}", "\0"] {
            hub.does(ASSOCIATE, pair(name, &vpc.id)).await;
            assert_eq!(budgets(&hub, &vpc.id).await.len(), 1, "{name:?}");
            hub.does(DISASSOCIATE, pair(name, &vpc.id)).await;
        }
        let longest = "\u{10ffff}".repeat(100);
        hub.does(ASSOCIATE, pair(&longest, &vpc.id)).await;
    }
}

#[tokio::test]
async fn budgets_are_each_accounts_own_and_go_with_the_share() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with(&spoke).await;
        for id in [&golden.id, &vpc.id] {
            hub.does(ASSOCIATE, pair("of the hub", id)).await;
            assert_eq!(budgets(&spoke, id).await, Vec::<Value>::new());
            spoke.does(ASSOCIATE, pair("of the spoke", id)).await;
            let own = json!({"BudgetName": "of the hub"});
            assert_eq!(budgets(&hub, id).await, [own]);
            let local = json!({"BudgetName": "of the spoke"});
            assert_eq!(budgets(&spoke, id).await, [local]);
        }
        let described = spoke
            .does("DescribePortfolio", json!({"Id": golden.id}))
            .await;
        let local = json!([{"BudgetName": "of the spoke"}]);
        assert_eq!(described["Budgets"], local);

        golden.drops(&vpc).await;
        let golden = golden.holds(&vpc).await;
        assert_eq!(budgets(&spoke, &vpc.id).await, Vec::<Value>::new());
        spoke.does(ASSOCIATE, pair("again", &vpc.id)).await;
        golden.unshared_from(&spoke).await;
        let golden = golden.shared_with(&spoke).await;
        for id in [&golden.id, &vpc.id] {
            assert_eq!(budgets(&spoke, id).await, Vec::<Value>::new());
        }
        let own = [json!({"BudgetName": "of the hub"})];
        assert_eq!(budgets(&hub, &golden.id).await, own);
    }
}

#[tokio::test]
async fn a_portfolio_that_has_a_budget_can_be_removed() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let golden = hub.portfolio("golden").await;
    hub.does(ASSOCIATE, pair("monthly", &golden.id)).await;
    hub.does("DeletePortfolio", json!({"Id": golden.id})).await;
}
