//! A document at the start: applied whole, again without effect, or not at all.

use std::path::Path;

use mimeo_server::config::{Config, Data};
use mimeo_server::{Running, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{HUB, Request, open, start, verified};

const SPOKE: &str = "222222222222";
const NEWCOMER: &str = "333333333333";

fn seeded(folder: &TempDir, seed: &Path) -> Config {
    Config {
        data: Data::Folder(folder.path().join("data")),
        seed: Some(seed.to_owned()),
        ..open()
    }
}

async fn call(server: &Running, who: &str, operation: &str, body: Value) -> Value {
    let call = Request::call(operation, &body.to_string()).with_key(who, "us-east-1");
    let answer = call.send(server).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

async fn products(server: &Running) -> Vec<Value> {
    let found = call(server, HUB, "SearchProductsAsAdmin", json!({})).await;
    found["ProductViewDetails"].as_array().unwrap().clone()
}

async fn imported(server: &Running, who: &str) -> usize {
    let asked = json!({"PortfolioShareType": "IMPORTED"});
    let told = call(server, who, "ListAcceptedPortfolioShares", asked).await;
    told["PortfolioDetails"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn the_example_makes_what_it_says_and_makes_it_once() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/world.yaml");
    let folder = TempDir::new().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let server = start(seeded(&folder, &example)).await;
        let found = products(&server).await;
        assert_eq!(found.len(), 1);
        let summary = &found[0]["ProductViewSummary"];
        assert_eq!(summary["Name"], "bucket");
        let asked = json!({"ProductId": summary["ProductId"]});
        let versions = call(&server, HUB, "ListProvisioningArtifacts", asked).await;
        let versions = versions["ProvisioningArtifactDetails"]
            .as_array()
            .unwrap()
            .clone();
        let told: Vec<_> = versions
            .iter()
            .map(|v| (&v["Name"], &v["Guidance"]))
            .collect();
        let wanted = [
            json!("1.0"),
            json!("DEPRECATED"),
            json!("2.0"),
            json!("DEFAULT"),
        ];
        assert_eq!(told, [(&wanted[0], &wanted[1]), (&wanted[2], &wanted[3])]);
        assert_eq!(imported(&server, SPOKE).await, 1);
        assert_eq!(imported(&server, NEWCOMER).await, 0);
        let portfolios = call(&server, HUB, "ListPortfolios", json!({})).await;
        assert_eq!(
            portfolios["PortfolioDetails"].as_array().map(Vec::len),
            Some(1)
        );
        seen.push((found, versions, portfolios));
        server.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn what_is_missing_is_added() {
    let folder = TempDir::new().unwrap();
    let seed = folder.path().join("world.yaml");
    let text = "mimeo: 1\nregions: [us-east-1]\naccounts: {hub: \"111111111111\"}\nproducts:\n  a:\n    account: hub\n    owner: o\n    versions:\n";
    let version = |name: &str| {
        format!(
            "      \"{name}\": {{template_body: 'Resources: {{T: {{Type: \"AWS::SNS::Topic\"}}}}'}}\n"
        )
    };
    std::fs::write(&seed, format!("{text}{}", version("1"))).unwrap();
    start(seeded(&folder, &seed)).await.stop().await;
    std::fs::write(&seed, format!("{text}{}{}", version("1"), version("2"))).unwrap();
    let server = start(seeded(&folder, &seed)).await;
    let found = products(&server).await;
    assert_eq!(found.len(), 1);
    let asked = json!({"ProductId": found[0]["ProductViewSummary"]["ProductId"]});
    let versions = call(&server, HUB, "ListProvisioningArtifacts", asked).await;
    assert_eq!(
        versions["ProvisioningArtifactDetails"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn a_document_with_problems_changes_nothing_and_tells_them_all() {
    let folder = TempDir::new().unwrap();
    let seed = folder.path().join("world.yaml");
    let text = "mimeo: 1\nregions: [us-east-1]\naccounts: {hub: \"111111111111\", spoke: \"222222222222\"}\nproducts:\n  a:\n    account: hub\n    owner: o\n    versions:\n      \"1\": {template: none.yaml}\n";
    std::fs::write(&seed, format!("{text}copies: []\nproduct: {{}}\n")).unwrap();
    let refused = Server::start(seeded(&folder, &seed)).await.map(drop);
    let refused = refused.expect_err("a problem").to_string();
    for wanted in [
        "line 10: `copies` of the document: not supported yet",
        "line 11: the document has no `product`",
    ] {
        assert!(refused.contains(wanted), "{wanted} in {refused}");
    }
    std::fs::write(&seed, text).unwrap();
    let config = Config {
        seed: Some(seed.clone()),
        ..verified()
    };
    let refused = Server::start(config)
        .await
        .map(drop)
        .expect_err("problems")
        .to_string();
    for wanted in [
        "account `spoke`: 222222222222 is not configured",
        "there is no Region us-east-1",
        "line 9: `template` none.yaml",
    ] {
        assert!(refused.contains(wanted), "{wanted} in {refused}");
    }
    let server = start(Config {
        seed: None,
        ..seeded(&folder, &seed)
    })
    .await;
    assert_eq!(products(&server).await.len(), 0);
}
