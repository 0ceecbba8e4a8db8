//! A document at the start: applied whole, again without effect, or not at all.

use std::path::{Path, PathBuf};

use mimeo_server::config::{Config, Data};
use mimeo_server::{Running, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{HUB, Request, open, start, verified};

const SPOKE: &str = "222222222222";
const NEWCOMER: &str = "333333333333";
const SHOP: &str = "444444444444";

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/world.yaml")
}

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
    products_of(server, HUB, "us-east-1").await
}

async fn products_of(server: &Running, who: &str, region: &str) -> Vec<Value> {
    let call = Request::call("SearchProductsAsAdmin", "{}").with_key(who, region);
    let found = call.send(server).await.json();
    found["ProductViewDetails"].as_array().unwrap().clone()
}

async fn imported(server: &Running, who: &str) -> usize {
    let asked = json!({"PortfolioShareType": "IMPORTED"});
    let told = call(server, who, "ListAcceptedPortfolioShares", asked).await;
    told["PortfolioDetails"].as_array().map_or(0, Vec::len)
}

/// What an account sees of the example; no account's sight may change when it is applied again.
async fn sight(server: &Running, who: &str) -> Value {
    let portfolios = call(server, who, "ListPortfolios", json!({})).await;
    let mut sights = vec![portfolios.clone()];
    for way in ["IMPORTED", "AWS_ORGANIZATIONS"] {
        let asked = json!({"PortfolioShareType": way});
        let told = call(server, who, "ListAcceptedPortfolioShares", asked).await;
        for portfolio in told["PortfolioDetails"].as_array().into_iter().flatten() {
            let asked = json!({"PortfolioId": portfolio["Id"]});
            sights.push(call(server, who, "ListPrincipalsForPortfolio", asked.clone()).await);
            sights.push(call(server, who, "ListConstraintsForPortfolio", asked).await);
        }
        sights.push(told);
    }
    for portfolio in portfolios["PortfolioDetails"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let asked = json!({"Id": portfolio["Id"]});
        sights.push(call(server, who, "DescribePortfolio", asked).await);
        let asked = json!({"PortfolioId": portfolio["Id"]});
        sights.push(call(server, who, "ListPrincipalsForPortfolio", asked.clone()).await);
        sights.push(call(server, who, "ListConstraintsForPortfolio", asked).await);
        for kind in ["ACCOUNT", "ORGANIZATIONAL_UNIT", "ORGANIZATION"] {
            let asked = json!({"PortfolioId": portfolio["Id"], "Type": kind});
            sights.push(call(server, who, "DescribePortfolioShares", asked).await);
        }
    }
    for product in products_of(server, who, "us-east-1").await {
        let asked = json!({"Id": product["ProductViewSummary"]["ProductId"]});
        sights.push(call(server, who, "DescribeProductAsAdmin", asked).await);
    }
    for product in products_of(server, who, "eu-west-1").await {
        sights.push(product);
    }
    Value::from(sights)
}

fn names(found: &Value, name: &str) -> Vec<String> {
    let all = found.as_array().into_iter().flatten();
    all.map(|one| one[name].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn the_example_makes_what_it_says_and_makes_it_once() {
    let folder = TempDir::new().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let server = start(seeded(&folder, &example())).await;
        let found = products(&server).await;
        let summary = &found[0]["ProductViewSummary"];
        let asked = json!({"ProductId": summary["ProductId"]});
        let versions = call(&server, HUB, "ListProvisioningArtifacts", asked).await;
        let versions = &versions["ProvisioningArtifactDetails"];
        assert_eq!(summary["Name"], "bucket");
        assert_eq!(names(versions, "Name"), ["1.0", "2.0"]);
        assert_eq!(names(versions, "Guidance"), ["DEPRECATED", "DEFAULT"]);
        assert_eq!(imported(&server, SPOKE).await, 1);
        assert_eq!(imported(&server, NEWCOMER).await, 0);
        let mut sights = vec![versions.clone()];
        for who in [HUB, SPOKE, NEWCOMER, SHOP] {
            sights.push(sight(&server, who).await);
        }
        seen.push(sights);
        server.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn the_example_says_who_sees_a_portfolio_and_what_hangs_on_it() {
    let folder = TempDir::new().unwrap();
    let server = start(seeded(&folder, &example())).await;
    let portfolios = call(&server, HUB, "ListPortfolios", json!({})).await;
    let id = &portfolios["PortfolioDetails"][0]["Id"];
    let described = call(&server, HUB, "DescribePortfolio", json!({"Id": id})).await;
    assert_eq!(names(&described["TagOptions"], "Value"), ["production"]);
    assert_eq!(
        names(&described["Budgets"], "BudgetName"),
        ["platform-monthly"]
    );
    let product = &products(&server).await[0]["ProductViewSummary"]["ProductId"];
    let described = call(
        &server,
        HUB,
        "DescribeProductAsAdmin",
        json!({"Id": product}),
    )
    .await;
    let mut values = names(&described["TagOptions"], "Value");
    values.sort();
    assert_eq!(values, ["research", "sales"]);
    assert_eq!(
        names(&described["Budgets"], "BudgetName"),
        ["buckets-monthly"]
    );

    let asked = json!({"PortfolioId": id});
    let listed = call(&server, HUB, "ListConstraintsForPortfolio", asked.clone()).await;
    let mut types = names(&listed["ConstraintDetails"], "Type");
    types.sort();
    assert_eq!(
        types,
        ["LAUNCH", "NOTIFICATION", "RESOURCE_UPDATE", "TEMPLATE"]
    );

    let principals = async |who| {
        let listed = call(&server, who, "ListPrincipalsForPortfolio", asked.clone()).await;
        names(&listed["Principals"], "PrincipalARN")
    };
    let pattern = "arn:aws:iam:::role/Developer*";
    let admin = "arn:aws:iam::111111111111:role/PlatformAdmin";
    assert_eq!(principals(HUB).await, [admin, pattern]);
    let developer = "arn:aws:iam::222222222222:role/Developer";
    assert_eq!(principals(SPOKE).await, [developer]);
    assert_eq!(principals(SHOP).await, [pattern]);

    let copied = products_of(&server, SPOKE, "eu-west-1").await;
    assert_eq!(copied.len(), 1);
    assert_eq!(copied[0]["ProductViewSummary"]["Name"], "bucket");
}

#[tokio::test]
async fn a_configured_organization_is_shared_with_by_the_names_of_its_units() {
    let folder = TempDir::new().unwrap();
    let seed = folder.path().join("world.yaml");
    let text = "mimeo: 1\nregions: [us-east-1]\naccounts: {hub: \"111111111111\", shop: \"444444444444\"}\nportfolios:\n  P:\n    account: hub\n    provider: p\n    shares:\n      - unit: Workloads\n      - organization: true\n      - member: shop\n";
    let organization = json!({
        "id": "o-aaaaaaaaaa", "management_account": HUB,
        "units": [{"id": "ou-root-workloads", "name": "Workloads"}],
        "accounts": [
            {"account": HUB}, {"account": SHOP, "unit": "ou-root-workloads"},
        ],
    });
    let config = || Config {
        organization: Some(serde_json::from_value(organization.clone()).unwrap()),
        ..seeded(&folder, &seed)
    };
    std::fs::write(&seed, text).unwrap();
    for _ in 0..2 {
        let server = start(config()).await;
        let asked = json!({"PortfolioShareType": "AWS_ORGANIZATIONS"});
        let told = call(&server, SHOP, "ListAcceptedPortfolioShares", asked).await;
        assert_eq!(names(&told["PortfolioDetails"], "DisplayName"), ["P"]);
        server.stop().await;
    }
    let others = text.replace("Workloads", "Nobody");
    std::fs::write(
        &seed,
        format!("{others}organization: {{management: hub}}\n"),
    )
    .unwrap();
    let told = refusal(config()).await;
    assert!(
        told.contains("line 9: a share of portfolio `P`: there is no unit `Nobody`"),
        "{told}"
    );
    std::fs::write(&seed, &others).unwrap();
    let told = refusal(config()).await;
    assert!(told.contains("line 9: there is no unit `Nobody`"), "{told}");
    let told = refusal(Config {
        organization: None,
        ..config()
    })
    .await;
    for line in 9..=11 {
        let wanted = format!("line {line}: there is no organization to share with");
        assert!(told.contains(&wanted), "{wanted} in {told}");
    }
    std::fs::write(
        &seed,
        "mimeo: 1\naccounts: {hub: \"111111111111\"}\norganization: {management: hub}\n",
    )
    .unwrap();
    let told = refusal(config()).await;
    assert!(
        told.contains("`organization`: the configuration describes one already"),
        "{told}"
    );
}

/// Why a server does not start.
async fn refusal(config: Config) -> String {
    let refused = Server::start(config).await.map(drop);
    refused.expect_err("a problem").to_string()
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
    std::fs::write(&seed, format!("{text}copy: []\nproduct: {{}}\n")).unwrap();
    let refused = refusal(seeded(&folder, &seed)).await;
    for wanted in [
        "line 10: the document has no `copy`",
        "line 11: the document has no `product`",
    ] {
        assert!(refused.contains(wanted), "{wanted} in {refused}");
    }
    std::fs::write(&seed, text).unwrap();
    let config = Config {
        seed: Some(seed.clone()),
        ..verified()
    };
    let refused = refusal(config).await;
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

#[tokio::test]
async fn templates_are_read_before_anything_is_made() {
    let folder = TempDir::new().unwrap();
    let seed = folder.path().join("world.yaml");
    let text = "mimeo: 1\nregions: [us-east-1]\naccounts: {hub: \"111111111111\"}\nproducts:\n  a:\n    account: hub\n    owner: o\n    versions:\n      \"1\": {template_body: 'Resources: {T: {Type: \"AWS::SNS::Topic\"}}'}\n      \"2\": {template_body: 'Resources: []'}\n      \"3\": {template: three.yaml}\n";
    std::fs::write(&seed, text).unwrap();
    std::fs::write(folder.path().join("three.yaml"), "nothing").unwrap();
    let told = refusal(seeded(&folder, &seed)).await;
    for wanted in [
        "line 10: the template of version `2`: ",
        "line 11: the template of version `3`: ",
    ] {
        assert!(told.contains(wanted), "{wanted} in {told}");
    }
    let server = start(Config {
        seed: None,
        ..seeded(&folder, &seed)
    })
    .await;
    assert_eq!(products(&server).await.len(), 0);
}

#[tokio::test]
async fn a_copy_that_fails_says_why() {
    let folder = TempDir::new().unwrap();
    let seed = folder.path().join("world.yaml");
    let text = "mimeo: 1\nregions: [us-east-1]\naccounts: {hub: \"111111111111\", spoke: \"222222222222\"}\nproducts:\n  a:\n    account: hub\n    owner: o\n    versions:\n      \"1\": {template_body: 'Resources: {T: {Type: \"AWS::SNS::Topic\"}}'}\ncopies:\n  - {product: a, account: spoke}\n";
    std::fs::write(&seed, text).unwrap();
    let told = refusal(seeded(&folder, &seed)).await;
    let wanted = "the copy of product `a` for `spoke` in us-east-1: CopyProduct: ";
    assert!(told.contains(wanted), "{told}");
}
