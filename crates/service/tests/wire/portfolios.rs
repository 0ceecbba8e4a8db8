//! Portfolios, and the products that stand in them.

use mimeo_testkit::{World, id_of, merged};
use serde_json::{Value, json};

use crate::told::{IN_USE, INVALID, MILLIS, NOT_FOUND, Told, refused};

fn detail(id: &str, members: Value) -> Value {
    let all = json!({
        "ARN": format!("arn:aws:catalog:us-east-1:111111111111:portfolio/{id}"),
        "CreatedTime": MILLIS,
        "Id": id,
        "ProviderName": "Platform",
    });
    merged(all, members)
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let input = json!({
        "Description": "",
        "DisplayName": "golden",
        "IdempotencyToken": "t",
        "ProviderName": "Platform",
        "Tags": [{"Key": "team", "Value": "net"}],
    });
    let shown = json!({"Description": "", "DisplayName": "golden"});
    let made = told
        .answer(&hub, "CreatePortfolio", input, |it| {
            json!({
                "PortfolioDetail": detail(&id_of(it, "/PortfolioDetail/Id"), shown.clone()),
                "Tags": [{"Key": "team", "Value": "net"}],
            })
        })
        .await;
    let id = id_of(&made, "/PortfolioDetail/Id");
    told.answer(&hub, "DescribePortfolio", json!({"Id": id}), |_| {
        json!({
            "Budgets": [],
            "PortfolioDetail": detail(&id, shown.clone()),
            "TagOptions": [],
            "Tags": [{"Key": "team", "Value": "net"}],
        })
    })
    .await;
    let change = json!({
        "AddTags": [{"Key": "cost", "Value": "1"}],
        "DisplayName": "silver",
        "Id": id,
        "RemoveTags": ["team"],
    });
    let changed = detail(&id, json!({"Description": "", "DisplayName": "silver"}));
    told.answer(
        &hub,
        "UpdatePortfolio",
        change,
        |_| json!({"PortfolioDetail": changed, "Tags": [{"Key": "cost", "Value": "1"}]}),
    )
    .await;
    let listed = json!({"PortfolioDetails": [changed]});
    told.answer(&hub, "ListPortfolios", json!({}), |_| listed.clone())
        .await;

    let vpc = hub.product("vpc").await;
    let of_product = json!({"ProductId": vpc.id});
    told.answer(
        &hub,
        "ListPortfoliosForProduct",
        of_product.clone(),
        |_| json!({"PortfolioDetails": []}),
    )
    .await;
    let pair = json!({"PortfolioId": id, "ProductId": vpc.id});
    for _ in ["first", "again"] {
        told.empty(&hub, "AssociateProductWithPortfolio", pair.clone())
            .await;
    }
    told.answer(&hub, "ListPortfoliosForProduct", of_product, |_| listed)
        .await;
    told.empty(&hub, "DisassociateProductFromPortfolio", pair)
        .await;
    told.empty(&hub, "DeletePortfolio", json!({"Id": id})).await;
}

#[tokio::test]
async fn a_portfolio_made_without_tags_answers_none() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let mut told = Told::default();
    let input =
        json!({"DisplayName": "golden", "IdempotencyToken": "t", "ProviderName": "Platform"});
    let shown = json!({"DisplayName": "golden"});
    let made = told
        .answer(&hub, "CreatePortfolio", input, |it| {
            json!({"PortfolioDetail": detail(&id_of(it, "/PortfolioDetail/Id"), shown.clone())})
        })
        .await;
    let id = id_of(&made, "/PortfolioDetail/Id");
    told.answer(
        &hub,
        "UpdatePortfolio",
        json!({"Id": id}),
        |_| json!({"PortfolioDetail": detail(&id, shown), "Tags": []}),
    )
    .await;
}

#[tokio::test]
async fn portfolios_are_an_accounts_own_in_one_region() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let golden = hub.portfolio("golden").await;
    for stranger in [spoke, hub.in_region("eu-west-1")] {
        let listed = stranger.does("ListPortfolios", json!({})).await;
        assert_eq!(listed, json!({"PortfolioDetails": []}));
        let message = format!("Portfolio {} not found.", golden.id);
        let input = json!({"Id": golden.id});
        refused(&stranger, "DescribePortfolio", input, NOT_FOUND, &message).await;
    }
}

#[tokio::test]
async fn a_portfolio_that_holds_something_stays() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.offered_to(&spoke).await;
    let input = json!({"Id": golden.id});
    let holds = |what: &str| format!("Portfolio {} still has associated {what}", golden.id);
    refused(
        &hub,
        "DeletePortfolio",
        input.clone(),
        IN_USE,
        &holds("Products"),
    )
    .await;
    golden.drops(&vpc).await;
    refused(
        &hub,
        "DeletePortfolio",
        input.clone(),
        IN_USE,
        &holds("Shares"),
    )
    .await;
    golden.unshared_from(&spoke).await;
    hub.does("DeletePortfolio", input.clone()).await;
    let gone = format!("Portfolio {} not found.", golden.id);
    for operation in ["DeletePortfolio", "DescribePortfolio", "UpdatePortfolio"] {
        refused(&hub, operation, input.clone(), NOT_FOUND, &gone).await;
    }
}

#[tokio::test]
async fn an_association_names_what_exists() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await;
    let (no_portfolio, no_product) = ("port-aaaaaaaaaaaaa", "prod-aaaaaaaaaaaaa");
    let portfolio_gone = "Portfolio port-aaaaaaaaaaaaa not found.";
    let product_gone = "prod-aaaaaaaaaaaaa does not exist or access was denied";
    let apart = format!(
        "Product {} is not associated with portfolio {}.",
        vpc.id, golden.id
    );
    let associate = "AssociateProductWithPortfolio";
    let disassociate = "DisassociateProductFromPortfolio";
    for (operation, portfolio, product, message) in [
        (associate, no_portfolio, vpc.id.as_str(), portfolio_gone),
        (associate, &golden.id, no_product, product_gone),
        (disassociate, no_portfolio, &vpc.id, portfolio_gone),
        (disassociate, &golden.id, &vpc.id, &apart),
    ] {
        let input = json!({"PortfolioId": portfolio, "ProductId": product});
        refused(&hub, operation, input, NOT_FOUND, message).await;
    }
    let source = |source: &str| json!({"PortfolioId": golden.id, "ProductId": vpc.id, "SourcePortfolioId": source});
    refused(
        &hub,
        associate,
        source(no_portfolio),
        NOT_FOUND,
        portfolio_gone,
    )
    .await;
    let empty = hub.portfolio("empty").await;
    let not_there = apart.replace(&golden.id, &empty.id);
    refused(&hub, associate, source(&empty.id), NOT_FOUND, &not_there).await;
    let missing = json!({"ProductId": no_product});
    refused(
        &hub,
        "ListPortfoliosForProduct",
        missing,
        NOT_FOUND,
        product_gone,
    )
    .await;
}

#[tokio::test]
async fn an_imported_product_may_stand_in_an_own_portfolio_until_it_is_withdrawn() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with(&spoke).await;
        let local = spoke.portfolio("local").await;
        let input =
            json!({"PortfolioId": local.id, "ProductId": vpc.id, "SourcePortfolioId": golden.id});
        spoke.does("AssociateProductWithPortfolio", input).await;
        let in_local = json!({"PortfolioId": local.id});
        let held = spoke.pages("SearchProductsAsAdmin", in_local.clone()).await;
        assert_eq!(id_of(&held[0], "/ProductARN"), vpc.arn);
        let holding = spoke
            .pages("ListPortfoliosForProduct", json!({"ProductId": vpc.id}))
            .await;
        assert_eq!(holding.len(), 2, "the imported portfolio and the local one");

        golden.drops(&vpc).await;
        let held = spoke.pages("SearchProductsAsAdmin", in_local).await;
        assert_eq!(held, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn an_imported_portfolio_only_its_owner_changes() {
    let world = World::new().await;
    let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.shared_with(&spoke).await;
    let before = hub.catalogue().await;
    let own = spoke.product("own").await;
    let id = golden.id.as_str();
    let message = format!("Portfolio {id} is shared with you; only its owner can change it.");
    for (operation, input) in [
        ("UpdatePortfolio", json!({"Id": id, "DisplayName": "mine"})),
        ("DeletePortfolio", json!({"Id": id})),
        (
            "AssociateProductWithPortfolio",
            json!({"PortfolioId": id, "ProductId": own.id}),
        ),
        (
            "DisassociateProductFromPortfolio",
            json!({"PortfolioId": id, "ProductId": vpc.id}),
        ),
        (
            "CreatePortfolioShare",
            json!({"AccountId": third.id(), "PortfolioId": id}),
        ),
        (
            "DeletePortfolioShare",
            json!({"AccountId": spoke.id(), "PortfolioId": id}),
        ),
        (
            "DescribePortfolioShares",
            json!({"PortfolioId": id, "Type": "ACCOUNT"}),
        ),
        ("ListPortfolioAccess", json!({"PortfolioId": id})),
    ] {
        refused(&spoke, operation, input, INVALID, &message).await;
    }
    assert_eq!(hub.catalogue().await, before);
}

#[tokio::test]
async fn an_imported_portfolio_shows_its_owners_arn_and_not_its_tags() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let golden = hub.portfolio("golden").await;
    let tags = json!({"Id": golden.id, "AddTags": [{"Key": "team", "Value": "net"}]});
    hub.does("UpdatePortfolio", tags).await;
    let golden = golden.shared_with(&spoke).await;
    let described = spoke
        .does("DescribePortfolio", json!({"Id": golden.id}))
        .await;
    assert_eq!(
        described["PortfolioDetail"],
        detail(&golden.id, json!({"DisplayName": "golden"}))
    );
    assert_eq!(described["Tags"], json!([]));
}
