//! Who may only do what policies allow: denied before anything is looked at, fetched or written.

use mimeo_api::{OPERATIONS, ResourceKind};
use mimeo_testkit::{Account, World};
use serde_json::{Value, json};

use crate::shapes::{Members, valid};

/// A policy of one statement.
fn policy(effect: &str, action: &str, resource: &str, condition: Value) -> String {
    let mut statement = json!({"Effect": effect, "Action": action, "Resource": resource});
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

fn allow(action: &str, resource: &str) -> String {
    policy("Allow", action, resource, Value::Null)
}

fn deny(action: &str, resource: &str) -> String {
    policy("Deny", action, resource, Value::Null)
}

fn allow_all() -> String {
    allow("*", "*")
}

/// Asks under policies; answers the code, or nothing where it was done.
async fn asked(account: &Account, policies: &[String], operation: &str, input: Value) -> String {
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    let (_, body) = account.limited(&policies, operation, input).await;
    body["__type"].as_str().unwrap_or_default().to_owned()
}

const DENIED: &str = "AccessDeniedException";

#[tokio::test]
async fn whom_no_policy_allows_it_is_denied_every_operation_in_the_words_of_aws() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in OPERATIONS {
        let input = valid(operation.input, Members::All);
        let others = allow("servicecatalog:Nothing", "*");
        let (status, body) = hub.limited(&[&others], operation.name, input).await;
        assert_eq!((status, &body["__type"]), (400, &json!(DENIED)), "{body}");
        let message = body["Message"].as_str().expect("a capital Message");
        let (action, user) = (operation.action, "arn:aws:iam::111111111111:root");
        let start = format!("User: {user} is not authorized to perform: {action} on resource: ");
        let end = format!(" because no identity-based policy allows the {action} action");
        let resource = message
            .strip_prefix(&start)
            .and_then(|rest| rest.strip_suffix(&end))
            .unwrap_or_else(|| panic!("{message}"));
        let is_new = ["CreatePortfolio", "CreateProduct"].contains(&operation.name);
        let shown = match operation.resource {
            ResourceKind::Any => "*".to_owned(),
            _ if is_new => "arn:aws:catalog:us-east-1:111111111111:*".to_owned(),
            ResourceKind::Portfolio => "arn:aws:catalog:us-east-1:111111111111:portfolio/".into(),
            ResourceKind::Product | ResourceKind::PortfolioOrProduct => {
                "arn:aws:catalog:us-east-1:111111111111:product/".into()
            }
        };
        assert!(resource.starts_with(&shown), "{message}");
    }
}

#[tokio::test]
async fn an_operation_is_allowed_by_its_own_action_and_by_no_other() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in OPERATIONS {
        let input = || valid(operation.input, Members::All);
        let own = [allow(operation.action, "*")];
        let code = asked(&hub, &own, operation.name, input()).await;
        assert_ne!(code, DENIED, "{}", operation.name);
        let others = [allow_all(), deny(operation.action, "*")];
        let code = asked(&hub, &others, operation.name, input()).await;
        assert_eq!(code, DENIED, "{}", operation.name);
    }
}

#[tokio::test]
async fn who_is_denied_changes_nothing_fetches_nothing_and_gets_no_answer_again() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let input = json!({"DisplayName": "p", "ProviderName": "p", "IdempotencyToken": "once"});
    hub.does("CreatePortfolio", input.clone()).await;
    let read_only = [allow("servicecatalog:Describe*", "*")];
    // The same token: the answer that is kept for it is not for whoever may not ask.
    assert_eq!(
        asked(&hub, &read_only, "CreatePortfolio", input).await,
        DENIED
    );
    // A template that cannot be fetched would be told as such.
    let unfetched = json!({
        "Name": "a", "Owner": "a", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "IdempotencyToken": "t",
        "ProvisioningArtifactParameters": {
            "Info": {"LoadTemplateFromURL": "http://127.0.0.1:9/none.yaml"},
            "Type": "CLOUD_FORMATION_TEMPLATE",
        },
    });
    assert_eq!(
        asked(&hub, &read_only, "CreateProduct", unfetched).await,
        DENIED
    );
    let (_, all) = hub.raw("ListPortfolios", json!({})).await;
    assert_eq!(all["PortfolioDetails"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_policy_may_name_products_and_portfolios_by_their_arns() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let (vpc, dns) = (hub.product("vpc").await, hub.product("dns").await);
    let only_vpc = [allow("servicecatalog:*", &vpc.arn)];
    let by_id = |id: &str| json!({"Id": id});
    let named = |name: &str| json!({"Name": name});
    let describe = "DescribeProductAsAdmin";
    assert_eq!(asked(&hub, &only_vpc, describe, by_id(&vpc.id)).await, "");
    assert_eq!(
        asked(&hub, &only_vpc, describe, by_id(&dns.id)).await,
        DENIED
    );
    assert_eq!(asked(&hub, &only_vpc, describe, named("vpc")).await, "");
    assert_eq!(asked(&hub, &only_vpc, describe, named("dns")).await, DENIED);
    // Who may not have a product by its id does not get it by its name.
    let but_vpc = [allow_all(), deny("*", &vpc.arn)];
    assert_eq!(
        asked(&hub, &but_vpc, describe, by_id(&vpc.id)).await,
        DENIED
    );
    assert_eq!(asked(&hub, &but_vpc, describe, named("vpc")).await, DENIED);
    assert_eq!(asked(&hub, &but_vpc, describe, named("dns")).await, "");
    // No resource is named by what has none.
    assert_eq!(
        asked(&hub, &only_vpc, "ListPortfolios", json!({})).await,
        DENIED
    );

    let portfolio = hub.portfolio("golden").await;
    let arn = format!(
        "arn:aws:catalog:us-east-1:{}:portfolio/{}",
        hub.id(),
        portfolio.id
    );
    let only_it = [allow("servicecatalog:*", &arn)];
    let describe = "DescribePortfolio";
    assert_eq!(
        asked(&hub, &only_it, describe, by_id(&portfolio.id)).await,
        ""
    );
    assert_eq!(
        asked(&hub, &only_it, describe, by_id("port-other")).await,
        DENIED
    );
}

#[tokio::test]
async fn what_is_shared_has_its_owners_arn_and_what_is_not_has_the_callers() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await;
    let input = || json!({"Id": vpc.id});
    let named = || json!({"Name": "vpc"});
    let describe = "DescribeProductAsAdmin";
    let of_hub = [allow(
        "*",
        &format!("arn:aws:catalog:*:{}:product/*", hub.id()),
    )];
    let of_spoke = [allow(
        "*",
        &format!("arn:aws:catalog:*:{}:product/*", spoke.id()),
    )];
    // Not shared: the same as what was never there.
    assert_eq!(asked(&spoke, &of_hub, describe, input()).await, DENIED);
    let unseen = asked(&spoke, &of_spoke, describe, input()).await;
    assert_eq!(unseen, "ResourceNotFoundException");
    let portfolio = hub.portfolio("golden").await.holds(&vpc).await;
    let portfolio = portfolio.shared_with(&spoke).await;
    assert_eq!(asked(&spoke, &of_hub, describe, input()).await, "");
    assert_eq!(asked(&spoke, &of_spoke, describe, input()).await, DENIED);
    let but_it = [allow_all(), deny("*", &vpc.arn)];
    assert_eq!(asked(&spoke, &but_it, describe, named()).await, DENIED);
    portfolio.unshared_from(&spoke).await;
    assert_eq!(asked(&spoke, &of_hub, describe, input()).await, DENIED);
}

#[tokio::test]
async fn conditions_ask_for_tags_of_the_request_and_of_the_resource() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let tagged = |team: &str| json!([{"Key": "team", "Value": team}]);
    let condition = |key: &str| json!({"StringEquals": {key: "net"}});
    let may_make = [policy("Allow", "*", "*", condition("aws:RequestTag/team"))];
    let make = |tags: Value| json!({"DisplayName": "p", "ProviderName": "p", "IdempotencyToken": hub.token(), "Tags": tags});
    let create = "CreatePortfolio";
    assert_eq!(
        asked(&hub, &may_make, create, make(tagged("net"))).await,
        ""
    );
    assert_eq!(
        asked(&hub, &may_make, create, make(tagged("app"))).await,
        DENIED
    );
    assert_eq!(
        asked(&hub, &may_make, create, make(json!([]))).await,
        DENIED
    );

    let net = hub.product_with("a", json!({"Tags": tagged("net")})).await;
    let app = hub.product_with("b", json!({"Tags": tagged("app")})).await;
    let may_change = [policy("Allow", "*", "*", condition("aws:ResourceTag/team"))];
    let update = |id: &str| json!({"Id": id, "Description": "new"});
    assert_eq!(
        asked(&hub, &may_change, "UpdateProduct", update(&net.id)).await,
        ""
    );
    assert_eq!(
        asked(&hub, &may_change, "UpdateProduct", update(&app.id)).await,
        DENIED
    );
    assert_eq!(
        asked(&hub, &may_change, "DeleteProduct", json!({"Id": net.id})).await,
        ""
    );

    let keys = json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}});
    let keys_only = [policy("Allow", "*", "*", keys)];
    let change = |key: &str| json!({"Id": app.id, "AddTags": [{"Key": key, "Value": "x"}]});
    assert_eq!(
        asked(&hub, &keys_only, "UpdateProduct", change("team")).await,
        ""
    );
    assert_eq!(
        asked(&hub, &keys_only, "UpdateProduct", change("cost")).await,
        DENIED
    );
}

#[tokio::test]
async fn conditions_ask_for_the_region_and_the_time() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let here = json!({"StringEquals": {"aws:RequestedRegion": "us-east-1"}});
    let here = [policy("Allow", "*", "*", here)];
    assert_eq!(asked(&hub, &here, "ListPortfolios", json!({})).await, "");
    let abroad = hub.in_region("eu-west-1");
    assert_eq!(
        asked(&abroad, &here, "ListPortfolios", json!({})).await,
        DENIED
    );
    let before = |key: &str, until: &str| {
        let condition = json!({"DateLessThan": {key: until}});
        [policy("Allow", "*", "*", condition)]
    };
    for (until, code) in [
        ("2026-01-15T08:00:01Z", ""),
        ("2026-01-15T08:00:00Z", DENIED),
    ] {
        for key in ["aws:CurrentTime", "aws:EpochTime"] {
            let asked = asked(&hub, &before(key, until), "ListPortfolios", json!({})).await;
            assert_eq!(asked, code, "{key} {until}");
        }
    }
}
