//! Quotas: the last that fits is taken, one more is refused, and what is removed makes room.

use mimeo_testkit::{Account, Portfolio, Product, World};
use serde_json::{Value, json};

use crate::told::{INVALID, LIMIT, refused};

fn tags(count: usize) -> Value {
    (0..count)
        .map(|number| json!({"Key": format!("k{number}"), "Value": "1"}))
        .collect()
}

/// What the hub asks for beyond its quotas, and how it is refused.
async fn one_more(
    vpc: &Product,
    bucket: &Product,
    golden: &Portfolio,
    third: &Account,
) -> Vec<(&'static str, Value, String)> {
    let hub = &vpc.owner;
    let new_product = json!({
        "IdempotencyToken": "t", "Name": "n", "Owner": "o",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": hub.version("v1").await,
    });
    let version = json!({
        "IdempotencyToken": "t", "Parameters": hub.version("v3").await, "ProductId": vpc.id,
    });
    vec![
        (
            "CreateProduct",
            new_product,
            "The account already has 2 products in this Region, its quota.".to_owned(),
        ),
        (
            "CreatePortfolio",
            json!({"DisplayName": "d", "IdempotencyToken": "t", "ProviderName": "p"}),
            "The account already has 2 portfolios in this Region, its quota.".to_owned(),
        ),
        (
            "AssociateProductWithPortfolio",
            json!({"PortfolioId": golden.id, "ProductId": bucket.id}),
            format!(
                "Portfolio {} already holds 1 products, the quota.",
                golden.id
            ),
        ),
        (
            "CreateProvisioningArtifact",
            version,
            format!(
                "Product {} already has 2 provisioning artifacts, the quota.",
                vpc.id
            ),
        ),
        (
            "CreatePortfolioShare",
            json!({"AccountId": third.id(), "PortfolioId": golden.id}),
            format!(
                "Portfolio {} is already shared with 1 accounts, the quota.",
                golden.id
            ),
        ),
    ]
}

#[tokio::test]
async fn one_more_than_the_quota_is_refused_and_room_that_is_made_is_used() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| {
            world.quotas.products = 2;
            world.quotas.portfolios = 2;
            world.quotas.products_per_portfolio = 1;
            world.quotas.artifacts_per_product = 2;
            world.quotas.shares_per_portfolio = 1;
        });
        let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
        let vpc = hub.product("vpc").await.versions(2).await;
        let bucket = hub.product("bucket").await;
        let golden = hub
            .portfolio("golden")
            .await
            .holds(&vpc)
            .await
            .offered_to(&spoke)
            .await;
        let silver = hub.portfolio("silver").await;
        // What is there already takes no room.
        let golden = golden.holds(&vpc).await.offered_to(&spoke).await;
        let before = hub.catalogue().await;
        for (operation, input, message) in one_more(&vpc, &bucket, &golden, &third).await {
            refused(&hub, operation, input, LIMIT, &message).await;
        }
        assert_eq!(hub.catalogue().await, before);
        // Elsewhere there is room, and so there is here once something went.
        hub.in_region("eu-west-1").product("vpc").await;
        spoke.product("vpc").await;
        bucket.is_deleted().await;
        hub.product("again").await;
        hub.does("DeletePortfolio", json!({"Id": silver.id})).await;
        hub.portfolio("again").await;
        golden.unshared_from(&spoke).await;
        golden.offered_to(&third).await;
    }
}

#[tokio::test]
async fn twenty_tags_fit() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product_with("vpc", json!({"Tags": tags(20)})).await;
    let golden = hub.portfolio("golden").await;
    let message = "A resource may have at most 20 tags.";
    let more = |id: &str| json!({"AddTags": [{"Key": "more", "Value": "1"}], "Id": id});
    // UpdateProduct declares no LimitExceededException, UpdatePortfolio does.
    refused(&hub, "UpdateProduct", more(&vpc.id), INVALID, message).await;
    let twenty = json!({"AddTags": tags(20), "Id": golden.id});
    hub.does("UpdatePortfolio", twenty).await;
    refused(&hub, "UpdatePortfolio", more(&golden.id), LIMIT, message).await;
}

#[tokio::test]
async fn a_quota_of_tags_below_the_models_is_kept_from_the_start() {
    let world = World::new().await.with(|world| world.quotas.tags = 1);
    let [hub] = world.accounts(["hub"]);
    let message = "A resource may have at most 1 tags.";
    let portfolio = json!({
        "DisplayName": "d",
        "IdempotencyToken": "t",
        "ProviderName": "p",
        "Tags": tags(2),
    });
    let product = json!({
        "IdempotencyToken": "t",
        "Name": "n",
        "Owner": "o",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": hub.version("v1").await,
        "Tags": tags(2),
    });
    for (operation, input) in [("CreatePortfolio", portfolio), ("CreateProduct", product)] {
        refused(&hub, operation, input, LIMIT, message).await;
    }
}

#[tokio::test]
async fn copies_under_way_are_limited_and_done_ones_make_room() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| world.quotas.copies_under_way = 2);
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = crate::copying::shared(&hub, &spoke, 1).await;
        hub.copies(&vpc).await;
        hub.copies(&vpc).await;
        let input = json!({"IdempotencyToken": "t", "SourceProductArn": vpc.arn});
        let message = "Rate exceeded: 2 copies of this account are under way. Try again later.";
        refused(
            &hub,
            "CopyProduct",
            input.clone(),
            "ThrottlingException",
            message,
        )
        .await;
        spoke.copies(&vpc).await;
        world.settle().await;
        hub.does("CopyProduct", input).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_that_are_asked_for_at_once_do_not_pass_the_limit() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| world.quotas.copies_under_way = 3);
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = crate::copying::shared(&hub, &spoke, 1).await;
        let mut asked = tokio::task::JoinSet::new();
        for number in 0..16 {
            let (spoke, arn) = (spoke.clone(), vpc.arn.clone());
            asked.spawn(async move {
                let input =
                    json!({"IdempotencyToken": format!("t{number}"), "SourceProductArn": arn});
                spoke.raw("CopyProduct", input).await
            });
        }
        let (accepted, refused): (Vec<_>, Vec<_>) = asked
            .join_all()
            .await
            .into_iter()
            .partition(|(status, _)| *status == 200);
        assert_eq!(accepted.len(), 3, "{refused:?}");
        for (_, body) in refused {
            assert_eq!(body["__type"], "ThrottlingException", "{body}");
            let message = body["message"].as_str().unwrap_or_default();
            assert!(message.contains("3 copies of this account"), "{body}");
        }
    }
}
