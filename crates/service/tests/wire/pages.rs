//! Pages: every list in full, whatever the size of its pages, and nobody else's tokens.

use std::collections::BTreeSet;

use mimeo_api::OPERATIONS;
use mimeo_domain::budgets::BUDGETS_PER_RESOURCE_MAX;
use mimeo_service::PENDING;
use mimeo_testkit::{Account, Portfolio, Product, World};
use serde_json::{Value, json};

use crate::shapes::members;
use crate::told::{INVALID, refused};
use crate::{constraints, service_actions};

const BAD_TOKEN: &str =
    "PageToken is not one that this operation gave to this account in this Region.";

/// An account, and operation with input for a list of its.
type List = (Account, &'static str, Value);

/// Three items in each list there is.
async fn lists(world: &World) -> Vec<List> {
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let mut portfolios = Vec::new();
    let product = hub.product("p0").await;
    for number in 1..=3 {
        let portfolio = hub.portfolio(&format!("golden {number}")).await;
        portfolios.push(portfolio.holds(&product).await.shared_with(&spoke).await);
        world.advance(1);
    }
    for portfolio in &portfolios {
        hub.lets_in(portfolio, &hub.role("a")).await;
    }
    for name in ["b", "c"] {
        hub.lets_in(&portfolios[0], &hub.role(name)).await;
    }
    let through_nodes = through_nodes(world, &hub, &portfolios).await;
    let first = portfolios.remove(0);
    let [third, fourth] = world.accounts(["third", "fourth"]);
    let first = first.offered_to(&third).await.offered_to(&fourth).await;
    let mut last = product.clone();
    for name in ["p1", "p2"] {
        last = hub.product(name).await;
        first.clone().holds(&last).await;
        world.advance(1);
    }
    let held = json!({"PortfolioId": first.id});
    let holders = json!({"ProductId": product.id});
    let offered = json!({"PortfolioId": first.id, "Type": "ACCOUNT"});
    let mut lists: Vec<List> = [
        ("ListPortfolios", json!({})),
        ("ListPortfoliosForProduct", holders.clone()),
        ("ListPortfolioAccess", held.clone()),
        ("DescribePortfolioShares", offered),
        ("SearchProductsAsAdmin", json!({})),
        ("SearchProductsAsAdmin", held.clone()),
        ("ListPrincipalsForPortfolio", held.clone()),
        ("ListConstraintsForPortfolio", held),
        ("ListLaunchPaths", holders),
        ("SearchProducts", json!({})),
    ]
    .map(|(operation, input)| (hub.clone(), operation, input))
    .into();
    lists.push((spoke, "ListAcceptedPortfolioShares", json!({})));
    for constrained in [&product, &product, &last] {
        constraints::notification(&first, constrained).await;
    }
    lists.extend(tag_options(&hub, [&first.id, &portfolios[0].id, &product.id]).await);
    lists.extend(service_actions(&hub, &product.versions(3).await).await);
    lists.extend(through_nodes);
    lists
}

/// The first portfolio is shared with three units of an account each, all three with the first unit.
async fn through_nodes(world: &World, hub: &Account, portfolios: &[Portfolio]) -> Vec<List> {
    let [shop, bank, farm] = world.accounts(["shop", "bank", "farm"]);
    let units: &[(&str, &[&Account])] = &[("a", &[&shop]), ("b", &[&bank]), ("c", &[&farm])];
    let organization = world.organization(hub, units).await;
    let first = &portfolios[0];
    for unit in ["b", "c"] {
        let node = organization.unit(unit);
        first.clone().shared_with_node(&node).await;
    }
    for portfolio in portfolios {
        let node = organization.unit("a");
        portfolio.clone().shared_with_node(&node).await;
    }
    vec![
        (
            hub.clone(),
            "ListOrganizationPortfolioAccess",
            json!({"PortfolioId": first.id, "OrganizationNodeType": "ORGANIZATIONAL_UNIT"}),
        ),
        (
            hub.clone(),
            "ListPortfolioAccess",
            json!({"PortfolioId": first.id, "OrganizationParentId": organization.id()}),
        ),
        (
            hub.clone(),
            "DescribePortfolioShares",
            json!({"PortfolioId": first.id, "Type": "ORGANIZATIONAL_UNIT"}),
        ),
        (
            shop,
            "ListAcceptedPortfolioShares",
            json!({"PortfolioShareType": "AWS_ORGANIZATIONS"}),
        ),
    ]
}

async fn tag_options(hub: &Account, resources: [&String; 3]) -> Vec<List> {
    let net = hub.tag_option("team", "net").await;
    for value in ["ops", "dev"] {
        hub.tag_option("team", value).await;
    }
    for resource in resources {
        hub.tags(resource, &net).await;
    }
    let of_net = json!({"TagOptionId": net});
    vec![
        (hub.clone(), "ListTagOptions", json!({})),
        (hub.clone(), "ListResourcesForTagOption", of_net),
    ]
}

async fn service_actions(hub: &Account, product: &Product) -> Vec<List> {
    let versions = product.version_ids().await;
    let mut actions = Vec::new();
    for name in ["a1", "a2", "a3"] {
        actions.push(service_actions::action(hub, name).await);
    }
    let (version, action) = (&versions[0], &actions[0]);
    let of_one = actions.iter().map(|other| (version, other));
    let of_others = versions[1..].iter().map(|other| (other, action));
    let pairs: Vec<Value> = of_one
        .chain(of_others)
        .map(|(version, action)| service_actions::pair(product, version, action))
        .collect();
    let batch = json!({"ServiceActionAssociations": pairs});
    hub.does("BatchAssociateServiceActionWithProvisioningArtifact", batch)
        .await;
    let of_version = json!({"ProductId": product.id, "ProvisioningArtifactId": version});
    let of_action = json!({"ServiceActionId": action});
    vec![
        (hub.clone(), "ListServiceActions", json!({})),
        (
            hub.clone(),
            "ListServiceActionsForProvisioningArtifact",
            of_version,
        ),
        (
            hub.clone(),
            "ListProvisioningArtifactsForServiceAction",
            of_action,
        ),
    ]
}

/// The token of the next page; the lists of TagOptions spell it like the request.
fn next(page: &Value) -> Option<&Value> {
    page.get("NextPageToken").or(page.get("PageToken"))
}

fn with(mut input: Value, name: &str, value: impl Into<Value>) -> Value {
    input[name] = value.into();
    input
}

/// It has pages by the model, but no account can hang more than one budget on a resource.
const ONE_PAGE: &str = "ListBudgetsForResource";

#[tokio::test]
async fn every_operation_with_pages_is_walked_here() {
    let mut walked: BTreeSet<&str> = BTreeSet::from([ONE_PAGE]);
    let world = World::new().await;
    walked.extend(lists(&world).await.iter().map(|list| list.1));
    let has_pages = OPERATIONS.iter().filter(|operation| {
        let takes = |member: &str| {
            members(operation.input)
                .iter()
                .any(|one| one.name == member)
        };
        assert_eq!(takes("PageToken"), takes("PageSize"), "{}", operation.name);
        takes("PageToken") && !PENDING.contains(&operation.name)
    });
    let has_pages: BTreeSet<&str> = has_pages.map(|operation| operation.name).collect();
    assert_eq!(walked, has_pages);
}

#[tokio::test]
async fn the_budget_of_a_resource_is_one_page_of_any_size() {
    assert_eq!(
        BUDGETS_PER_RESOURCE_MAX, 1,
        "walk {ONE_PAGE} like the others"
    );
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let product = hub.product("vpc").await;
    let budget = json!({"BudgetName": "monthly", "ResourceId": product.id});
    hub.does("AssociateBudgetWithResource", budget).await;
    let input = json!({"ResourceId": product.id});
    let whole = hub.does(ONE_PAGE, input.clone()).await;
    assert_eq!(whole, json!({"Budgets": [{"BudgetName": "monthly"}]}));
    for size in [0, 1, 20] {
        let page = hub.does(ONE_PAGE, with(input.clone(), "PageSize", size));
        assert_eq!(page.await, whole, "by {size}");
    }
    let input = with(input, "PageToken", "x");
    refused(&hub, ONE_PAGE, input, INVALID, BAD_TOKEN).await;
}

#[tokio::test]
async fn every_list_is_the_same_in_pages_of_any_size() {
    for world in World::on_each_engine().await {
        for (account, operation, input) in lists(&world).await {
            let whole = account.pages(operation, input.clone()).await;
            assert_eq!(whole.len(), 3, "{operation}");
            for size in [0, 1, 2, 3, 20] {
                let pages = account
                    .pages(operation, with(input.clone(), "PageSize", size))
                    .await;
                assert_eq!(pages, whole, "{operation} by {size}");
            }
            let exact = account
                .does(operation, with(input.clone(), "PageSize", 3))
                .await;
            assert_eq!(next(&exact), None, "{operation}");
            let first = account.does(operation, with(input, "PageToken", "")).await;
            assert_eq!(next(&first), None, "{operation}");
        }
    }
}

#[tokio::test]
async fn a_token_is_good_only_where_it_was_given() {
    let world = World::new().await;
    let [stranger] = world.accounts(["stranger"]);
    let lists = lists(&world).await;
    let mut tokens = Vec::new();
    for (account, operation, input) in &lists {
        let page = account
            .does(operation, with(input.clone(), "PageSize", 1))
            .await;
        tokens.push(next(&page).expect("there is more").clone());
    }
    for (at, (account, operation, input)) in lists.iter().enumerate() {
        for (from, token) in tokens.iter().enumerate() {
            let input = with(input.clone(), "PageToken", token.clone());
            if at == from {
                account.does(operation, input).await;
            } else {
                refused(account, operation, input, INVALID, BAD_TOKEN).await;
            }
        }
        for garbage in ["x", "00", "ffffffffffffffffffffffffffffffff"] {
            let input = with(input.clone(), "PageToken", garbage);
            refused(account, operation, input, INVALID, BAD_TOKEN).await;
        }
    }
    for operation in ["ListPortfolios", "SearchProductsAsAdmin"] {
        let at = lists
            .iter()
            .position(|list| list.1 == operation)
            .expect("a list");
        let input = json!({"PageToken": tokens[at]});
        refused(&stranger, operation, input.clone(), INVALID, BAD_TOKEN).await;
        let elsewhere = lists[at].0.in_region("eu-west-1");
        refused(&elsewhere, operation, input, INVALID, BAD_TOKEN).await;
    }
}

#[tokio::test]
async fn what_comes_and_goes_between_pages_repeats_and_hides_nothing_else() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let mut made = Vec::new();
    for number in 0..4 {
        made.push(hub.portfolio(&format!("golden {number}")).await.id);
        world.advance(1);
    }
    let first = hub.does("ListPortfolios", json!({"PageSize": 2})).await;
    hub.does("DeletePortfolio", json!({"Id": made[1]})).await;
    hub.portfolio("late").await;
    let rest = json!({"PageToken": first["NextPageToken"]});
    let rest = hub.pages("ListPortfolios", rest).await;
    let names: Vec<&Value> = rest.iter().map(|one| &one["DisplayName"]).collect();
    assert_eq!(names, ["golden 2", "golden 3", "late"]);
}
