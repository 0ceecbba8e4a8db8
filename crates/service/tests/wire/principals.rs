//! Portfolio principals: whom an account lets into its own and into imported portfolios.

use mimeo_testkit::{Account, Portfolio, World};
use serde_json::{Value, json};

use crate::told::{IN_USE, INVALID, LIMIT, NOT_FOUND, Told, refused};

const PATTERN: &str = "arn:aws:iam:::role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Dev_*";

fn of(portfolio: &Portfolio, arn: &str, kind: &str) -> Value {
    json!({"PortfolioId": portfolio.id, "PrincipalARN": arn, "PrincipalType": kind})
}

pub(crate) async fn answers(told: &mut Told) {
    let [hub] = World::new().await.accounts(["hub"]);
    let golden = hub.portfolio("golden").await;
    let role = hub.role("Developer");
    for (arn, kind) in [
        (role.as_str(), "IAM"),
        (PATTERN, "IAM_PATTERN"),
        (role.as_str(), "IAM"),
    ] {
        let input = of(&golden, arn, kind);
        told.empty(&hub, "AssociatePrincipalWithPortfolio", input)
            .await;
    }
    let portfolio = json!({"PortfolioId": golden.id});
    told.answer(
        &hub,
        "ListPrincipalsForPortfolio",
        portfolio.clone(),
        |_| {
            json!({"Principals": [
                {"PrincipalARN": role, "PrincipalType": "IAM"},
                {"PrincipalARN": PATTERN, "PrincipalType": "IAM_PATTERN"},
            ]})
        },
    )
    .await;
    let without_type = json!({"PortfolioId": golden.id, "PrincipalARN": role});
    told.empty(&hub, "DisassociatePrincipalFromPortfolio", without_type)
        .await;
    let pattern = of(&golden, PATTERN, "IAM_PATTERN");
    told.empty(&hub, "DisassociatePrincipalFromPortfolio", pattern)
        .await;
    told.answer(
        &hub,
        "ListPrincipalsForPortfolio",
        portfolio,
        |_| json!({"Principals": []}),
    )
    .await;
}

/// The ARNs that an account sees on a portfolio.
pub(crate) async fn listed(account: &Account, portfolio: &Portfolio) -> Vec<String> {
    let input = json!({"PortfolioId": portfolio.id});
    let found = account.pages("ListPrincipalsForPortfolio", input).await;
    found
        .iter()
        .map(|one| mimeo_testkit::id_of(one, "/PrincipalARN"))
        .collect()
}

#[tokio::test]
async fn what_is_no_principal_is_refused_with_the_rule_and_changes_nothing() {
    let [hub] = World::new().await.accounts(["hub"]);
    let golden = hub.portfolio("golden").await;
    let identity = "is not the ARN of a user, group or role: \
                    arn:PARTITION:iam::ACCOUNT:TYPE/PATH/NAME, where TYPE is user, group or role.";
    let pattern = "is not a pattern: arn:PARTITION:iam:::TYPE/PATH/NAME without an account, where \
                   TYPE is user, group or role, and * and ? stand after it only.";
    let session = "is a session. Give the ARN of its role: \
                   arn:PARTITION:iam::ACCOUNT:role/PATH/NAME.";
    let other = "is not of account 111111111111, which associates its own users, groups and roles.";
    for (arn, kind, rule) in [
        ("arn:aws:iam::111111111111:root", "IAM", identity),
        ("arn:aws:iam::111111111111:role/*", "IAM", identity),
        ("arn:aws:iam::111111111111:role/\u{0}", "IAM", identity),
        (
            "arn:aws:sts::111111111111:assumed-role/Dev/jane",
            "IAM",
            session,
        ),
        ("arn:aws:iam::222222222222:role/Dev", "IAM", other),
        (PATTERN, "IAM", identity),
        ("arn:aws:iam::111111111111:role/Dev", "IAM_PATTERN", pattern),
        ("arn:aws:iam:::*/Dev", "IAM_PATTERN", pattern),
    ] {
        let input = of(&golden, arn, kind);
        let (code, message) = hub
            .is_refused("AssociatePrincipalWithPortfolio", input)
            .await;
        assert_eq!(code, INVALID);
        assert_eq!(message, format!("{arn:?} {rule}"));
    }
    assert!(listed(&hub, &golden).await.is_empty());
}

#[tokio::test]
async fn only_what_is_associated_can_be_taken_off() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let golden = hub.portfolio("golden").await;
        let role = hub.role("Dev");
        hub.lets_in(&golden, &role).await;
        let id = golden.id.as_str();
        for (input, arn) in [
            (of(&golden, &role, "IAM_PATTERN"), role.as_str()),
            (of(&golden, "x\u{0}", "IAM"), "x\u{0}"),
        ] {
            let message = format!("Principal {arn} is not associated with portfolio {id}.");
            let operation = "DisassociatePrincipalFromPortfolio";
            refused(&hub, operation, input, NOT_FOUND, &message).await;
        }
        assert_eq!(listed(&hub, &golden).await, [role]);
    }
}

#[tokio::test]
async fn each_account_sees_and_manages_its_own_principals_alone() {
    for world in World::on_each_engine().await {
        let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
        let golden = hub.portfolio("golden").await.offered_to(&spoke).await;
        hub.lets_in(&golden, &hub.role("Dev")).await;
        hub.lets_in(&golden, PATTERN).await;
        let message = format!("Portfolio {} not found.", golden.id);
        let input = of(&golden, &spoke.role("Dev"), "IAM");
        for operation in [
            "AssociatePrincipalWithPortfolio",
            "DisassociatePrincipalFromPortfolio",
        ] {
            refused(&spoke, operation, input.clone(), NOT_FOUND, &message).await;
            refused(&third, operation, input.clone(), NOT_FOUND, &message).await;
        }
        spoke.accepts(&golden).await;
        assert!(listed(&spoke, &golden).await.is_empty());
        spoke.lets_in(&golden, &spoke.role("Dev")).await;
        spoke.lets_in(&golden, "arn:aws:iam:::user/*").await;
        let own = [spoke.role("Dev"), "arn:aws:iam:::user/*".to_owned()];
        assert_eq!(listed(&spoke, &golden).await, own);
        assert_eq!(
            listed(&hub, &golden).await,
            [hub.role("Dev"), PATTERN.into()]
        );
        // What the recipient added goes with the share, and does not come back with it.
        golden.unshared_from(&spoke).await;
        let golden = golden.shared_with(&spoke).await;
        assert!(listed(&spoke, &golden).await.is_empty());
        spoke.lets_in(&golden, &spoke.role("Dev")).await;
        let id = json!({"PortfolioId": golden.id});
        spoke.does("RejectPortfolioShare", id).await;
        spoke.accepts(&golden).await;
        assert!(listed(&spoke, &golden).await.is_empty());
        assert_eq!(listed(&hub, &golden).await.len(), 2);
    }
}

#[tokio::test]
async fn a_portfolio_with_principals_stays() {
    let [hub] = World::new().await.accounts(["hub"]);
    let golden = hub.portfolio("golden").await;
    hub.lets_in(&golden, PATTERN).await;
    let id = json!({"Id": golden.id});
    let message = format!("Portfolio {} still has associated Principals", golden.id);
    refused(&hub, "DeletePortfolio", id.clone(), IN_USE, &message).await;
    hub.shuts_out(&golden, PATTERN).await;
    hub.does("DeletePortfolio", id).await;
}

#[tokio::test]
async fn one_principal_more_than_a_quota_is_refused_on_the_portfolio_and_on_the_product() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| {
            world.quotas.principals_per_portfolio = 3;
            world.quotas.patterns_per_portfolio = 1;
            world.quotas.principals_per_product = 4;
        });
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let add = "AssociatePrincipalWithPortfolio";
        hub.lets_in(&golden, PATTERN).await;
        hub.lets_in(&golden, &hub.role("a")).await;
        let another = of(&golden, "arn:aws:iam:::user/*", "IAM_PATTERN");
        let id = golden.id.as_str();
        let message = format!("Portfolio {id} already has 1 patterns of principals, the quota.");
        refused(&hub, add, another, LIMIT, &message).await;
        hub.lets_in(&golden, &hub.role("b")).await;
        let message = format!("Portfolio {id} already has 3 principals, the quota.");
        let another = of(&golden, &hub.role("c"), "IAM");
        refused(&hub, add, another, LIMIT, &message).await;
        // Who is there already takes no room, in this portfolio and in the next.
        hub.lets_in(&golden, &hub.role("b")).await;
        let silver = hub.portfolio("silver").await.holds(&vpc).await;
        hub.lets_in(&silver, &hub.role("b")).await;
        hub.lets_in(&silver, &hub.role("c")).await;
        let message = format!("Product {} already has 4 principals, the quota.", vpc.id);
        let another = of(&silver, &hub.role("d"), "IAM");
        refused(&hub, add, another, LIMIT, &message).await;
        let bronze = hub.portfolio("bronze").await;
        hub.lets_in(&bronze, &hub.role("d")).await;
        let input = json!({"PortfolioId": bronze.id, "ProductId": vpc.id});
        let operation = "AssociateProductWithPortfolio";
        refused(&hub, operation, input.clone(), LIMIT, &message).await;
        hub.shuts_out(&golden, &hub.role("a")).await;
        hub.does(operation, input).await;
    }
}
