//! Tenants are apart: what is another's reads exactly as what was never there.

use mimeo_api::OPERATIONS;
use mimeo_service::PENDING;
use mimeo_testkit::{Account, Portfolio, Product, World};
use serde_json::{Value, json};

use crate::shapes::members;
use crate::told::{INVALID, NOT_FOUND};

/// All that has an id.
struct Belongings {
    product: Product,
    version: String,
    portfolio: Portfolio,
    copy: String,
    action: String,
    tag_option: String,
    constraint: String,
    share: String,
}

async fn belongings(account: &Account) -> Belongings {
    let product = account.product("vpc").await.versions(2).await;
    let portfolio = account.portfolio("golden").await.holds(&product).await;
    let copy = account.copies(&product).await;
    let constraint = crate::constraints::notification(&portfolio, &product).await;
    account
        .lets_in(&portfolio, &account.role("Developer"))
        .await;
    account.world().settle().await;
    Belongings {
        version: product.version_ids().await.remove(0),
        product,
        portfolio,
        copy,
        constraint,
        action: crate::service_actions::action(account, "restart").await,
        tag_option: account.tag_option("team", "net").await,
        share: crate::shares::updated(account).await,
    }
}

/// A member that names something, the same kind of thing that its operation is of.
fn named(operation: &str, member: &str, of: &Belongings) -> Option<Value> {
    let is_of_portfolio = operation.ends_with("Portfolio");
    Some(match member {
        "Id" if is_of_portfolio => json!(of.portfolio.id),
        "Id" if operation.ends_with("ServiceAction") => json!(of.action),
        "Id" if operation.ends_with("Constraint") => json!(of.constraint),
        "ServiceActionId" => json!(of.action),
        "Id" if operation == "DescribeProductView" => json!(view_id(&of.product)),
        "Id" if operation.ends_with("TagOption") => json!(of.tag_option),
        "TagOptionId" => json!(of.tag_option),
        "Id" | "ProductId" | "ResourceId" | "TargetProductId" => json!(of.product.id),
        "PortfolioId" | "SourcePortfolioId" => json!(of.portfolio.id),
        "ProvisioningArtifactId" => json!(of.version),
        "PathId" => json!(of.portfolio.path_id()),
        "SourceProductArn" => json!(of.product.arn),
        "SourceProvisioningArtifactIdentifiers" => json!([{"Id": of.version}]),
        "CopyProductToken" => json!(of.copy),
        "PortfolioShareToken" => json!(of.share),
        _ => return None,
    })
}

fn view_id(product: &Product) -> String {
    product.id.replace("prod-", "prodview-")
}

/// The same with an id that was never given out.
fn never_issued(value: &Value, of: &Belongings) -> Value {
    let mut text = value.to_string();
    let ids = [
        &view_id(&of.product),
        &of.product.id,
        &of.portfolio.id,
        &of.portfolio.path_id(),
        &of.version,
        &of.copy,
        &of.action,
        &of.tag_option,
        &of.constraint,
        &of.share,
    ];
    for id in ids {
        let (kind, _) = id.split_once('-').expect("a prefix");
        text = text.replace(id.as_str(), &format!("{kind}-aaaaaaaaaaaaa"));
    }
    serde_json::from_str(&text).expect("JSON still")
}

/// What would be accepted, were all of it the caller's own.
async fn base(operation: &str, of: &Belongings) -> Value {
    let account = &of.product.owner;
    let mut input = json!({});
    for described in OPERATIONS.iter().filter(|one| one.name == operation) {
        for member in members(described.input)
            .iter()
            .filter(|member| member.required)
        {
            input[member.name] = match (member.name, named(operation, member.name, of)) {
                (_, Some(own)) => own,
                ("IdempotencyToken", _) => json!(account.token()),
                ("Parameters", _) => account.version("v2").await,
                ("PrincipalARN", _) => json!(account.role("Developer")),
                ("PrincipalType", _) => json!("IAM"),
                ("Type" | "OrganizationNodeType", _) => json!("ACCOUNT"),
                ("BudgetName", _) => json!("monthly"),
                (other, _) => panic!("what is {other} of {operation}?"),
            };
        }
    }
    match operation {
        "DescribeProduct" | "DescribeProductAsAdmin" => input["Id"] = json!(of.product.id),
        "DescribeProvisioningArtifact" | "DescribeProvisioningParameters" => {
            input["ProductId"] = json!(of.product.id);
            input["ProvisioningArtifactId"] = json!(of.version);
        }
        "CreateConstraint" => {
            input["Type"] = json!("NOTIFICATION");
            input["Parameters"] = json!(crate::constraints::topics());
        }
        "CreatePortfolioShare" | "UpdatePortfolioShare" | "DeletePortfolioShare" => {
            input["AccountId"] = json!("999999999999");
        }
        _ => (),
    }
    input
}

#[tokio::test]
async fn what_is_anothers_reads_as_what_was_never_there() {
    for world in World::on_each_engine().await {
        let [owner, stranger] = world.accounts(["owner", "stranger"]);
        let theirs = belongings(&owner).await;
        let own = belongings(&stranger).await;
        let before = (owner.catalogue().await, stranger.catalogue().await);
        let mut pairs_count = 0;
        for operation in OPERATIONS.iter().filter(|one| !PENDING.contains(&one.name)) {
            for member in members(operation.input) {
                let Some(real) = named(operation.name, member.name, &theirs) else {
                    let says_id = member.name.ends_with("Id") || member.name.ends_with("Arn");
                    let is_whom = ["AccountId", "OrganizationParentId"].contains(&member.name);
                    assert!(!says_id || is_whom, "{}", member.name);
                    continue;
                };
                let mut input = base(operation.name, &own).await;
                input[member.name] = real.clone();
                let of_another = stranger.raw(operation.name, input.clone()).await;
                input[member.name] = never_issued(&real, &theirs);
                let of_nobody = stranger.raw(operation.name, input).await;
                let told = format!("{} {}", operation.name, member.name);
                assert_eq!(of_another.0, 400, "{told}: {}", of_another.1);
                assert_eq!(never_issued(&of_another.1, &theirs), of_nobody.1, "{told}");
                let code = match member.name {
                    "PathId" => INVALID,
                    _ => NOT_FOUND,
                };
                assert_eq!(of_nobody.1["__type"], code, "{told}");
                pairs_count += 1;
            }
        }
        assert!(pairs_count >= 30, "only {pairs_count}");
        assert_eq!(
            (owner.catalogue().await, stranger.catalogue().await),
            before
        );
    }
}

#[tokio::test]
async fn names_are_an_accounts_own() {
    let world = World::new().await;
    let [owner, stranger] = world.accounts(["owner", "stranger"]);
    owner.product("vpc").await;
    for (operation, input) in [
        ("DescribeProductAsAdmin", json!({"Name": "vpc"})),
        (
            "DescribeProvisioningArtifact",
            json!({"ProductName": "vpc", "ProvisioningArtifactName": "v1"}),
        ),
    ] {
        owner.does(operation, input.clone()).await;
        let (code, message) = stranger.is_refused(operation, input).await;
        assert_eq!(code, "ResourceNotFoundException");
        assert_eq!(message, "Product with name vpc not found");
    }
}
