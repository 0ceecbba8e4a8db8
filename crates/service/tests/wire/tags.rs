//! Tags of products and portfolios.

use mimeo_testkit::World;
use serde_json::{Value, json};

use crate::told::{INVALID, refused};

fn tag(key: &str, value: &str) -> Value {
    json!({"Key": key, "Value": value})
}

#[tokio::test]
async fn tags_that_cannot_be_are_refused_for_products_and_portfolios_alike() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await;
    let before = hub.catalogue().await;
    let new_product = json!({
        "IdempotencyToken": "t", "Name": "n", "Owner": "o",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": hub.version("v1").await,
    });
    let new_portfolio = json!({"DisplayName": "d", "IdempotencyToken": "t", "ProviderName": "p"});
    let twice = json!([tag("a", "1"), tag("a", "2")]);
    for (operation, mut input) in [
        ("CreateProduct", new_product),
        ("CreatePortfolio", new_portfolio),
    ] {
        for (tags, message) in [
            (twice.clone(), "Tag key \"a\" is given twice."),
            (
                json!([tag("AWS:x", "1")]),
                "Tag key \"AWS:x\" starts with aws:, which is reserved.",
            ),
        ] {
            input["Tags"] = tags;
            refused(&hub, operation, input.clone(), INVALID, message).await;
        }
    }
    for (operation, id) in [("UpdateProduct", &vpc.id), ("UpdatePortfolio", &golden.id)] {
        let input = json!({"AddTags": [tag("aws:x", "1")], "Id": id});
        let reserved = "Tag key \"aws:x\" starts with aws:, which is reserved.";
        refused(&hub, operation, input, INVALID, reserved).await;
    }
    assert_eq!(hub.catalogue().await, before);
}

#[tokio::test]
async fn an_update_drops_replaces_and_adds_in_this_order() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let first = json!({"Tags": [tag("a", "1"), tag("b", "1"), tag("ü/:", "1")]});
        let vpc = hub.product_with("vpc", first).await;
        let change = json!({
            "AddTags": [tag("c", "2"), tag("b", "2"), tag("a", "2")],
            "Id": vpc.id,
            "RemoveTags": ["a", "absent"],
        });
        hub.does("UpdateProduct", change).await;
        let expected = json!([tag("b", "2"), tag("ü/:", "1"), tag("c", "2"), tag("a", "2")]);
        assert_eq!(vpc.described().await["Tags"], expected);
    }
}
