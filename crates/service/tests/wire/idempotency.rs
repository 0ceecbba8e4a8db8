//! Idempotency tokens: a repeated request has the first one's answer and no second effect.

use mimeo_api::Protocol;
use mimeo_testkit::{Account, Product, World, id_of, merged};
use serde_json::{Value, json};

use crate::copying::shared;
use crate::told::{INVALID, refused};

const TOGETHER: usize = 64;
const REUSED: &str =
    "IdempotencyToken was used before with other parameters. Use a new token for a new request.";

/// A request of each operation that makes products, versions or portfolios, and a change that makes it another
/// request. Of the other operations that have a token `Told` states that they are answered once.
async fn requests(account: &Account, source: &Product) -> Vec<(&'static str, Value, Value)> {
    let own = account.product("own").await;
    let version = account.version("v1").await;
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    vec![
        (
            "CopyProduct",
            json!({"SourceProductArn": source.arn}),
            json!({"CopyOptions": ["CopyTags"]}),
        ),
        (
            "CreatePortfolio",
            json!({"DisplayName": "golden", "ProviderName": "Platform", "Tags": tags}),
            json!({"Description": ""}),
        ),
        (
            "CreateProduct",
            json!({
                "Name": "vpc", "Owner": "Platform", "ProductType": "CLOUD_FORMATION_TEMPLATE",
                "ProvisioningArtifactParameters": version,
            }),
            json!({"Name": "VPC"}),
        ),
        (
            "CreateProvisioningArtifact",
            json!({"Parameters": version, "ProductId": own.id}),
            json!({"Parameters": account.version("v2").await}),
        ),
    ]
}

fn with(input: &Value, members: Value) -> Value {
    merged(input.clone(), members)
}

async fn bytes(account: &Account, operation: &str, input: &Value) -> (u16, Vec<u8>) {
    let body = input.to_string();
    let answer = account
        .send(operation, Protocol::Json, body.as_bytes())
        .await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn the_same_request_has_the_same_answer_and_another_one_is_refused() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 1).await;
        for (operation, input, change) in requests(&spoke, &vpc).await {
            let first = with(&input, json!({"IdempotencyToken": "t-1"}));
            let answer = bytes(&spoke, operation, &first).await;
            assert_eq!(answer.0, 200, "{operation}");
            world.advance(86_400_000);
            assert_eq!(
                bytes(&spoke, operation, &first).await,
                answer,
                "{operation}"
            );
            let in_japanese = with(&first, json!({"AcceptLanguage": "jp"}));
            assert_eq!(bytes(&spoke, operation, &in_japanese).await, answer);
            let in_cbor = spoke.raw_cbor(operation, first.clone()).await;
            let read: Value = serde_json::from_slice(&answer.1).expect("JSON");
            assert_eq!(in_cbor, (200, read), "{operation}");
            let other = with(&first, change);
            refused(&spoke, operation, other.clone(), INVALID, REUSED).await;
            let new = with(&first, json!({"IdempotencyToken": "t-2"}));
            assert_ne!(
                bytes(&spoke, operation, &new).await.1,
                answer.1,
                "{operation}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_belongs_to_account_region_and_operation() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let input =
        |name: &str| json!({"DisplayName": name, "IdempotencyToken": "t", "ProviderName": "p"});
    let made = hub.does("CreatePortfolio", input("one")).await;
    for stranger in [&spoke, &hub.in_region("eu-west-1")] {
        let other = stranger.does("CreatePortfolio", input("two")).await;
        assert_ne!(
            other["PortfolioDetail"]["Id"],
            made["PortfolioDetail"]["Id"]
        );
    }
    hub.product_with("vpc", json!({"IdempotencyToken": "t"}))
        .await;
}

#[tokio::test]
async fn the_order_of_tags_makes_no_other_request() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let input = |first: &str, second: &str| {
        json!({
            "DisplayName": "d", "IdempotencyToken": "t", "ProviderName": "p",
            "Tags": [{"Key": first, "Value": "1"}, {"Key": second, "Value": "1"}],
        })
    };
    let made = hub.does("CreatePortfolio", input("a", "b")).await;
    assert_eq!(hub.does("CreatePortfolio", input("b", "a")).await, made);
}

#[tokio::test]
async fn many_first_requests_at_once_have_one_effect() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 1).await;
        for (operation, input, _) in requests(&spoke, &vpc).await {
            let count = async || {
                world.settle().await;
                let catalogue = spoke.catalogue().await;
                let length = |name: &str| catalogue[name].as_array().map_or(0, Vec::len);
                let versions = catalogue["Products"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|one| {
                        one[2]["ProvisioningArtifactDetails"]
                            .as_array()
                            .map_or(0, Vec::len)
                    })
                    .sum::<usize>();
                (length("Products"), length("Portfolios"), versions)
            };
            let before = count().await;
            let input = with(&input, json!({"IdempotencyToken": "t"}));
            let mut calls = tokio::task::JoinSet::new();
            for _ in 0..TOGETHER {
                let (spoke, input) = (spoke.clone(), input.clone());
                calls.spawn(async move { bytes(&spoke, operation, &input).await });
            }
            let mut answers = calls.join_all().await;
            answers.dedup();
            assert_eq!(answers.len(), 1, "{operation}: {answers:?}");
            assert_eq!(answers[0].0, 200, "{operation}");
            let after = count().await;
            let made = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
            let expected = match operation {
                "CreatePortfolio" => (0, 1, 0),
                "CreateProvisioningArtifact" => (0, 0, 1),
                _ => (1, 0, 1),
            };
            assert_eq!(made, expected, "{operation}");
        }
    }
}

#[tokio::test]
async fn a_late_retry_has_the_answer_of_what_is_gone_by_now() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 1).await;
        let mut first = Vec::new();
        for (operation, input, _) in requests(&spoke, &vpc).await {
            let input = with(&input, json!({"IdempotencyToken": "t"}));
            let answer = bytes(&spoke, operation, &input).await;
            first.push((operation, input, answer));
        }
        world.settle().await;
        let imported = spoke.catalogue().await["Imported"].take();
        let leave = json!({"PortfolioId": imported[0]["Id"]});
        spoke.does("RejectPortfolioShare", leave).await;
        for listed in spoke.pages("SearchProductsAsAdmin", json!({})).await {
            let id = id_of(&listed, "/ProductViewSummary/ProductId");
            spoke.does("DeleteProduct", json!({"Id": id})).await;
        }
        for listed in spoke.pages("ListPortfolios", json!({})).await {
            spoke
                .does("DeletePortfolio", json!({"Id": listed["Id"]}))
                .await;
        }
        let empty = spoke.catalogue().await;
        for (operation, input, answer) in first {
            assert_eq!(
                bytes(&spoke, operation, &input).await,
                answer,
                "{operation}"
            );
        }
        world.settle().await;
        assert_eq!(spoke.catalogue().await, empty);
    }
}

#[tokio::test]
async fn a_refused_request_leaves_its_token_unused() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 1).await;
        let reserved = json!([{"Key": "aws:x", "Value": "1"}]);
        for (operation, input, _) in requests(&spoke, &vpc).await {
            let good = with(&input, json!({"IdempotencyToken": "t"}));
            for bad in [
                // Against the model, then against a rule.
                json!({"AcceptLanguage": "x".repeat(101)}),
                match operation {
                    "CopyProduct" => json!({"TargetProductId": "prod-aaaaaaaaaaaaa"}),
                    "CreateProvisioningArtifact" => json!({"Parameters": {}}),
                    _ => json!({"Tags": reserved}),
                },
            ] {
                assert_eq!(bytes(&spoke, operation, &with(&good, bad)).await.0, 400);
            }
            assert_eq!(bytes(&spoke, operation, &good).await.0, 200, "{operation}");
        }
    }
}
