//! AcceptLanguage: texts follow it, codes never do.

use mimeo_api::Protocol;
use mimeo_testkit::World;
use serde_json::{Value, json};

use crate::told::{NOT_FOUND, refused};

#[tokio::test]
async fn a_refusal_is_told_in_the_callers_language_under_the_same_code() {
    let [hub] = World::new().await.accounts(["hub"]);
    for (language, message) in [
        ("jp", "ポートフォリオ port-x が見つかりません。"),
        ("zh", "找不到产品组合 port-x。"),
        ("en", "Portfolio port-x not found."),
        ("tlh", "Portfolio port-x not found."),
    ] {
        let input = json!({"Id": "port-x", "AcceptLanguage": language});
        refused(&hub, "DescribePortfolio", input, NOT_FOUND, message).await;
    }
}

#[tokio::test]
async fn what_the_model_forbids_is_told_in_the_callers_language_with_the_value_as_it_came() {
    let [hub] = World::new().await.accounts(["hub"]);
    let input = json!({"Id": "{ $x } é", "AcceptLanguage": "jp"});
    let body = input.to_string();
    let answer = hub
        .send("DescribePortfolio", Protocol::Json, body.as_bytes())
        .await;
    let told: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (answer.status, &told["__type"]),
        (400, &json!("ValidationException"))
    );
    let message = "1 件の検証エラーが検出されました: 'id' の値 '{ $x } é' は次の制約を満たしていません: \
         メンバーは次の正規表現パターンに一致しなければなりません: ^[a-zA-Z0-9_\\-]*";
    assert_eq!(told["message"], message);
}

#[tokio::test]
async fn a_failed_copy_says_why_in_the_language_of_whoever_asks() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let product = hub.product("Bucket").await;
    let token = hub.copies(&product).await;
    product.is_deleted().await;
    world.settle().await;
    for (language, start) in [
        ("jp", "コピー元の製品"),
        ("zh", "源产品"),
        ("en", "The source product"),
    ] {
        let input = json!({"CopyProductToken": token, "AcceptLanguage": language});
        let status = hub.does("DescribeCopyProductStatus", input).await;
        let detail = status["StatusDetail"]
            .as_str()
            .expect("why it failed")
            .to_owned();
        assert!(
            detail.starts_with(start) && detail.contains("prod-"),
            "{detail}"
        );
    }
}
