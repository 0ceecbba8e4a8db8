//! Launch paths, and what end users see through them.

use mimeo_testkit::{Account, Portfolio, Product, World, id_of};
use serde_json::{Value, json};

use crate::told::{INVALID, NOT_FOUND, SECONDS, Told, refused};

const SSO: &str = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_1f2e3d4c5b6a7988";
const PATTERN: &str = "arn:aws:iam:::role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Dev_*";

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub
        .product_with("vpc", json!({"Description": "a network"}))
        .await
        .versions(2)
        .await;
    let versions = vpc.version_ids().await;
    vpc.update_version(&versions[0], json!({"Active": false}))
        .await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let tags = json!({"Id": golden.id, "AddTags": [{"Key": "team", "Value": "net"}]});
    hub.does("UpdatePortfolio", tags).await;
    let developer = hub.acting_as(&[&hub.role("Developer")]);
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let path = golden.path_id();
    let input = json!({"ProductId": vpc.id});
    told.answer(&developer, "ListLaunchPaths", input, |_| {
        json!({"LaunchPathSummaries": [{
            "ConstraintSummaries": [],
            "Id": path,
            "Name": "golden",
            "Tags": [{"Key": "team", "Value": "net"}],
        }]})
    })
    .await;
    let summary = json!({
        "HasDefaultPath": false,
        "Id": vpc.id.replace("prod-", "prodview-"),
        "Name": "vpc",
        "Owner": "Platform",
        "ProductId": vpc.id,
        "ShortDescription": "a network",
        "Type": "CLOUD_FORMATION_TEMPLATE",
    });
    let version = json!({
        "CreatedTime": SECONDS,
        "Guidance": "DEFAULT",
        "Id": versions[1],
        "Name": "v2",
    });
    for input in [json!({"Id": vpc.id}), json!({"Name": "vpc"})] {
        told.answer(&developer, "DescribeProduct", input, |_| {
            json!({
                "Budgets": [],
                "LaunchPaths": [{"Id": path, "Name": "golden"}],
                "ProductViewSummary": summary,
                "ProvisioningArtifacts": [version],
            })
        })
        .await;
    }
    let input = json!({"Id": summary["Id"]});
    told.answer(
        &developer,
        "DescribeProductView",
        input,
        |_| json!({"ProductViewSummary": summary, "ProvisioningArtifacts": [version]}),
    )
    .await;
}

/// What a caller may launch, by name; and that all ways of looking agree on it.
pub(crate) async fn launches(caller: &Account, products: &[&Product]) -> Vec<String> {
    let found = caller.pages("SearchProducts", json!({})).await;
    let found: Vec<String> = found.iter().map(|one| id_of(one, "/ProductId")).collect();
    let mut names = Vec::new();
    for product in products {
        let is_found = found.contains(&product.id);
        let view = product.id.replace("prod-", "prodview-");
        for (operation, input) in [
            ("ListLaunchPaths", json!({"ProductId": product.id})),
            ("DescribeProduct", json!({"Id": product.id})),
            ("DescribeProduct", json!({"Name": product.name})),
            ("DescribeProductView", json!({"Id": view})),
        ] {
            let (status, body) = caller.raw(operation, input).await;
            assert_eq!(status == 200, is_found, "{operation}: {body}");
        }
        if is_found {
            names.push(product.name.clone());
        }
    }
    assert_eq!(found.len(), names.len(), "{found:?}");
    names
}

async fn paths(caller: &Account, product: &Product) -> Vec<String> {
    let input = json!({"ProductId": product.id, "PageSize": 1});
    let found = caller.pages("ListLaunchPaths", input).await;
    found.iter().map(|one| id_of(one, "/Id")).collect()
}

/// A product in a portfolio of the hub's that the spoke has accepted.
async fn shared(world: &World) -> (Account, Account, Product, Portfolio) {
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.shared_with(&spoke).await;
    (hub, spoke, vpc, golden)
}

#[tokio::test]
async fn an_administrator_sees_what_an_end_user_sees_only_once_it_is_let_in() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let developer = hub.acting_as(&[&hub.role("Developer")]);
        let other = hub.acting_as(&[&hub.role("Other")]);
        for caller in [&hub, &developer] {
            caller
                .does("DescribeProductAsAdmin", json!({"Id": vpc.id}))
                .await;
            assert!(launches(caller, &[&vpc]).await.is_empty());
        }
        hub.lets_in(&golden, &hub.role("Developer")).await;
        assert_eq!(launches(&developer, &[&vpc]).await, ["vpc"]);
        // An account that names nobody stands for whomever it lets in.
        assert_eq!(launches(&hub, &[&vpc]).await, ["vpc"]);
        assert!(launches(&other, &[&vpc]).await.is_empty());
        hub.shuts_out(&golden, &hub.role("Developer")).await;
        assert!(launches(&developer, &[&vpc]).await.is_empty());
        assert!(launches(&hub, &[&vpc]).await.is_empty());
    }
}

#[tokio::test]
async fn what_may_not_be_launched_reads_as_what_does_not_exist() {
    let world = World::new().await;
    let (hub, spoke, vpc, golden) = shared(&world).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    for id in [vpc.id.as_str(), "prod-aaaaaaaaaaaaa", "port-x"] {
        let message = format!("{id} does not exist or access was denied");
        let input = json!({"Id": id});
        refused(
            &spoke,
            "DescribeProduct",
            input.clone(),
            NOT_FOUND,
            &message,
        )
        .await;
        refused(&spoke, "DescribeProductView", input, NOT_FOUND, &message).await;
        let view = id.replace("prod-", "prodview-");
        let message = format!("{view} does not exist or access was denied");
        let input = json!({"Id": view});
        refused(&spoke, "DescribeProductView", input, NOT_FOUND, &message).await;
        let message = format!("No launch paths found for resource: {id}");
        let input = json!({"ProductId": id});
        refused(&spoke, "ListLaunchPaths", input, NOT_FOUND, &message).await;
    }
    for name in ["vpc", "nothing"] {
        let message = format!("Product with name {name} does not exist or access was denied.");
        let input = json!({"Name": name});
        refused(&spoke, "DescribeProduct", input, NOT_FOUND, &message).await;
    }
    let one = "Give exactly one of Id and Name.";
    for input in [json!({}), json!({"Id": vpc.id, "Name": "vpc"})] {
        refused(&spoke, "DescribeProduct", input, INVALID, one).await;
    }
}

#[tokio::test]
async fn a_recipient_lets_its_own_people_in_to_an_imported_portfolio() {
    for world in World::on_each_engine().await {
        let (hub, spoke, vpc, golden) = shared(&world).await;
        let developer = spoke.acting_as(&[&spoke.role("Developer")]);
        hub.lets_in(&golden, &hub.role("Developer")).await;
        // A pattern of the owner's does not travel with a share of principals' own account.
        hub.lets_in(&golden, "arn:aws:iam:::role/*").await;
        assert!(launches(&developer, &[&vpc]).await.is_empty());
        assert!(launches(&spoke, &[&vpc]).await.is_empty());
        spoke.lets_in(&golden, &spoke.role("Developer")).await;
        assert_eq!(launches(&developer, &[&vpc]).await, ["vpc"]);
        assert_eq!(paths(&developer, &vpc).await, [golden.path_id()]);
        let elsewhere = developer.in_region("eu-west-1");
        assert!(launches(&elsewhere, &[&vpc]).await.is_empty());
        golden.unshared_from(&spoke).await;
        assert!(launches(&developer, &[&vpc]).await.is_empty());
        // Shared again, the portfolio lets nobody in whom the spoke does not let in anew.
        golden.shared_with(&spoke).await;
        assert!(launches(&developer, &[&vpc]).await.is_empty());
    }
}

#[tokio::test]
async fn groups_paths_and_patterns_let_in_whom_they_mean() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let jane = "arn:aws:iam::111111111111:user/jane";
        let group = "arn:aws:iam::111111111111:group/team/devs";
        let member = hub.acting_as(&[jane, group]);
        let single_sign_on = hub.acting_as(&[&hub.role(SSO)]);
        let without_path = hub.acting_as(&[&hub.role("AWSReservedSSO_Dev_1f2e3d4c5b6a7988")]);
        hub.lets_in(&golden, group).await;
        hub.lets_in(&golden, PATTERN).await;
        for (caller, names) in [
            (&member, vec!["vpc"]),
            (&hub.acting_as(&[jane]), vec![]),
            (&single_sign_on, vec!["vpc"]),
            (&without_path, vec![]),
        ] {
            assert_eq!(launches(caller, &[&vpc]).await, names);
        }
        hub.shuts_out(&golden, PATTERN).await;
        assert!(launches(&single_sign_on, &[&vpc]).await.is_empty());
    }
}

#[tokio::test]
async fn two_portfolios_are_two_paths_and_a_product_taken_out_is_gone_from_its_own() {
    for world in World::on_each_engine().await {
        let (_, spoke, vpc, golden) = shared(&world).await;
        let local = spoke.portfolio("local").await.holds(&vpc).await;
        let developer = spoke.acting_as(&[&spoke.role("Developer")]);
        for portfolio in [&golden, &local] {
            spoke.lets_in(portfolio, &spoke.role("Developer")).await;
        }
        spoke.portfolio("unused").await.holds(&vpc).await;
        let mut both = [golden.path_id(), local.path_id()];
        both.sort();
        assert_eq!(paths(&developer, &vpc).await, both);
        assert_eq!(launches(&developer, &[&vpc]).await, ["vpc"]);
        local.drops(&vpc).await;
        assert_eq!(paths(&developer, &vpc).await, [golden.path_id()]);
        let local = local.holds(&vpc).await;
        golden.drops(&vpc).await;
        let message = format!("No launch paths found for resource: {}", vpc.id);
        let input = json!({"ProductId": vpc.id});
        refused(&developer, "ListLaunchPaths", input, NOT_FOUND, &message).await;
        assert!(launches(&developer, &[&vpc]).await.is_empty());
        drop(local);
    }
}

#[tokio::test]
async fn a_path_tells_the_constraints_on_it() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let constraint = json!({
        "Description": "as the launcher",
        "IdempotencyToken": hub.token(),
        "Parameters": r#"{"LocalRoleName": "Launcher"}"#,
        "PortfolioId": golden.id,
        "ProductId": vpc.id,
        "Type": "LAUNCH",
    });
    hub.does("CreateConstraint", constraint).await;
    let input = json!({"ProductId": vpc.id});
    let answer = hub.does("ListLaunchPaths", input).await;
    assert_eq!(
        answer["LaunchPathSummaries"][0]["ConstraintSummaries"],
        json!([{"Description": "as the launcher", "Type": "LAUNCH"}])
    );
}

#[tokio::test]
async fn two_products_of_one_name_are_told_by_their_ids_only() {
    let world = World::new().await;
    let (_, spoke, vpc, golden) = shared(&world).await;
    spoke.lets_in(&golden, &spoke.role("Developer")).await;
    let own = spoke.product("vpc").await;
    spoke.does("DescribeProduct", json!({"Name": "vpc"})).await;
    let local = spoke.portfolio("local").await.holds(&own).await;
    spoke.lets_in(&local, &spoke.role("Developer")).await;
    let message = "Multiple products with name vpc found.";
    let input = json!({"Name": "vpc"});
    refused(&spoke, "DescribeProduct", input, INVALID, message).await;
    for product in [&vpc, &own] {
        let answer: Value = spoke
            .does("DescribeProduct", json!({"Id": product.id}))
            .await;
        assert_eq!(answer["ProductViewSummary"]["ProductId"], product.id);
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// Something an account may do to what is seen; refusals are as good as anything.
async fn stir(
    dice: &mut Dice,
    accounts: &[Account],
    portfolios: &[Portfolio],
    products: &[Product],
) {
    let account = &accounts[dice.below(accounts.len())];
    let portfolio = &portfolios[dice.below(portfolios.len())];
    let product = &products[dice.below(products.len())];
    let recipient = &accounts[dice.below(accounts.len())];
    let principal = [
        account.role("Developer"),
        "arn:aws:iam:::role/Dev*".to_owned(),
    ];
    let principal = &principal[dice.below(2)];
    let kind = if principal.contains(":::") {
        "IAM_PATTERN"
    } else {
        "IAM"
    };
    let id = json!({"PortfolioId": portfolio.id});
    let held = json!({"PortfolioId": portfolio.id, "ProductId": product.id});
    let share = json!({"PortfolioId": portfolio.id, "AccountId": recipient.id()});
    let let_in =
        json!({"PortfolioId": portfolio.id, "PrincipalARN": principal, "PrincipalType": kind});
    let (operation, input) = match dice.below(5) {
        0 | 1 => ("AssociateProductWithPortfolio", held),
        2 => ("CreatePortfolioShare", share),
        3 => ("AcceptPortfolioShare", id),
        _ => ("AssociatePrincipalWithPortfolio", let_in),
    };
    account.raw(operation, input).await;
}

/// Whatever each account's developers and others find.
async fn seen(accounts: &[Account]) -> Vec<String> {
    let mut seen = Vec::new();
    for account in accounts {
        for role in ["Developer", "Other"] {
            let caller = account.acting_as(&[&account.role(role)]);
            for found in caller.pages("SearchProducts", json!({})).await {
                let id = id_of(&found, "/ProductId");
                seen.push(format!("{} {role} {id}", account.name()));
            }
        }
    }
    seen
}

#[tokio::test]
async fn taking_something_away_never_widens_what_anyone_sees() {
    let mut narrowed_count = 0;
    for seed in 0..8 {
        let mut dice = Dice(seed);
        let world = World::new().await;
        let accounts = world.accounts(["hub", "spoke", "third"]);
        let mut portfolios = Vec::new();
        let mut products = Vec::new();
        for account in &accounts {
            for number in 0..2 {
                let name = format!("{} {number}", account.name());
                portfolios.push(account.portfolio(&name).await);
                products.push(account.product(&name).await);
            }
        }
        for _ in 0..200 {
            stir(&mut dice, &accounts, &portfolios, &products).await;
        }
        for _ in 0..30 {
            let before = seen(&accounts).await;
            let portfolio = &portfolios[dice.below(portfolios.len())];
            let account = &accounts[dice.below(accounts.len())];
            let (operation, mut input) = [
                ("DeletePortfolioShare", json!({"AccountId": account.id()})),
                ("RejectPortfolioShare", json!({})),
                (
                    "DisassociatePrincipalFromPortfolio",
                    json!({"PrincipalARN": account.role("Developer")}),
                ),
            ][dice.below(3)]
            .clone();
            input["PortfolioId"] = json!(portfolio.id);
            let by = if operation == "DeletePortfolioShare" {
                &portfolio.owner
            } else {
                account
            };
            by.raw(operation, input).await;
            let after = seen(&accounts).await;
            for one in &after {
                assert!(before.contains(one), "{operation} let {one}, seed {seed}");
            }
            narrowed_count += usize::from(after.len() < before.len());
        }
    }
    assert!(
        narrowed_count >= 10,
        "only {narrowed_count} took anything away"
    );
}
