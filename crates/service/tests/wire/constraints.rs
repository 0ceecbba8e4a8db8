//! Constraints: what an owner sets, what a recipient inherits, and what goes before what.

use mimeo_testkit::{Account, Portfolio, Product, World, id_of, merged};
use serde_json::{Value, json};

use crate::told::{IN_USE, INVALID, LIMIT, NOT_FOUND, Told, refused};

const DUPLICATE: &str = "DuplicateResourceException";
const ROLE: &str = r#"{"RoleArn": "arn:aws:iam::111111111111:role/Launch"}"#;
const LOCAL_ROLE: &str = r#"{ "LocalRoleName" : "Launch" }"#;
const TAGS: &str = r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"ALLOWED"}}"#;
const STACK_SET: &str = r#"{"Version": "String", "Properties": {"AccountList": ["111111111111"],
    "RegionList": ["us-east-1"], "AdminRole": "arn:aws:iam::111111111111:role/Admin",
    "ExecutionRole": "Exec"}}"#;
const RULES: &str = r#"{"Rules": {"size": {"Assertions": [{
    "Assert": {"Fn::Contains": [["s", "m"], {"Ref": "Size"}]}, "AssertDescription": "Small only"}]}}}"#;

/// Valid parameters of a NOTIFICATION constraint, of which a product may have many.
pub(crate) fn topics() -> String {
    json!({"NotificationArns": ["arn:aws:sns:us-east-1:111111111111:launches"]}).to_string()
}

/// Sets a NOTIFICATION constraint and answers its id.
pub(crate) async fn notification(portfolio: &Portfolio, product: &Product) -> String {
    set(portfolio, product, "NOTIFICATION", &topics()).await
}

fn asked(portfolio: &Portfolio, product: &Product, kind: &str, parameters: &str) -> Value {
    json!({
        "IdempotencyToken": portfolio.owner.token(),
        "Parameters": parameters,
        "PortfolioId": portfolio.id,
        "ProductId": product.id,
        "Type": kind,
    })
}

/// Sets a constraint and answers its id.
pub(crate) async fn set(
    portfolio: &Portfolio,
    product: &Product,
    kind: &str,
    parameters: &str,
) -> String {
    let input = asked(portfolio, product, kind, parameters);
    let made = portfolio.owner.does("CreateConstraint", input).await;
    id_of(&made, "/ConstraintDetail/ConstraintId")
}

/// The ids of the constraints in a portfolio as an account sees them.
async fn seen(account: &Account, portfolio: &Portfolio) -> Vec<String> {
    let input = json!({"PortfolioId": portfolio.id});
    let listed = account.pages("ListConstraintsForPortfolio", input).await;
    let mut ids: Vec<String> = listed.iter().map(|it| id_of(it, "/ConstraintId")).collect();
    ids.sort();
    ids
}

fn sorted(ids: &[&String]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
    ids.sort();
    ids
}

/// The hub's product in its portfolio, which the spoke imported, and in a portfolio of the spoke's.
async fn imported(hub: &Account, spoke: &Account) -> (Product, Portfolio, Portfolio) {
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.shared_with(spoke).await;
    let local = spoke.portfolio("local").await.holds(&vpc).await;
    (vpc, golden, local)
}

fn in_pair(vpc: &Product, golden: &Portfolio, rest: &str) -> String {
    format!("Product {} in portfolio {} {rest}", vpc.id, golden.id)
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let detail = |id: &str, members: Value| {
        let all = json!({
            "ConstraintId": id,
            "Owner": "111111111111",
            "PortfolioId": golden.id,
            "ProductId": vpc.id,
            "Type": "LAUNCH",
        });
        merged(all, members)
    };
    let shown = |detail: &Value, parameters: &str, status: &str| {
        json!({
            "ConstraintDetail": detail,
            "ConstraintParameters": parameters,
            "Status": status,
        })
    };
    let input = asked(&golden, &vpc, "LAUNCH", LOCAL_ROLE);
    let made = told
        .answer(&hub, "CreateConstraint", input, |it| {
            let id = id_of(it, "/ConstraintDetail/ConstraintId");
            shown(&detail(&id, json!({})), LOCAL_ROLE, "CREATING")
        })
        .await;
    let id = id_of(&made, "/ConstraintDetail/ConstraintId");
    let by_id = json!({"Id": id});
    told.answer(&hub, "DescribeConstraint", by_id.clone(), |_| {
        shown(&detail(&id, json!({})), LOCAL_ROLE, "AVAILABLE")
    })
    .await;
    let described = detail(&id, json!({"Description": "As whom"}));
    let change = json!({"Description": "As whom", "Id": id});
    told.answer(&hub, "UpdateConstraint", change, |_| {
        shown(&described, LOCAL_ROLE, "CREATING")
    })
    .await;
    let change = json!({"Id": id, "Parameters": ROLE});
    told.answer(&hub, "UpdateConstraint", change, |_| {
        shown(&described, ROLE, "CREATING")
    })
    .await;
    let in_golden = json!({"PortfolioId": golden.id});
    let listed = json!({"ConstraintDetails": [described]});
    for input in [
        in_golden.clone(),
        merged(in_golden.clone(), json!({"ProductId": vpc.id})),
    ] {
        let listed = listed.clone();
        told.answer(&hub, "ListConstraintsForPortfolio", input, |_| listed)
            .await;
    }
    told.empty(&hub, "DeleteConstraint", by_id).await;
    told.answer(
        &hub,
        "ListConstraintsForPortfolio",
        in_golden,
        |_| json!({"ConstraintDetails": []}),
    )
    .await;
}

#[tokio::test]
async fn a_constraint_is_made_right_after_the_association() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await;
        let associate = hub
            .associate_product_with_portfolio()
            .product_id(&vpc.id)
            .portfolio_id(&golden.id);
        associate.send().await.expect("an association");
        let made = hub
            .create_constraint()
            .product_id(&vpc.id)
            .portfolio_id(&golden.id)
            .r#type("TEMPLATE")
            .parameters(RULES)
            .send()
            .await
            .expect("a constraint, at once");
        let detail = made.constraint_detail().expect("what was made");
        let id = detail.constraint_id().expect("an id");
        let found = hub.describe_constraint().id(id).send().await;
        assert_eq!(
            found.expect("the constraint").constraint_parameters(),
            Some(RULES)
        );
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_parameters_is_told_at_once() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let of_stack_set = "Parameters are not those of a STACKSET constraint: \
        $.Properties.AccountList[1] must be an account: twelve digits; \
        $.Properties.RegionList is missing.";
    let of_template = "Parameters are not those of a TEMPLATE constraint: \
        $.Rules.a.Assertions[0].Assert.Fn::Not must be a list of 1; $.Rules.b.Assertions is missing.";
    let no_type = "\"launch\" is not a constraint type; the types are LAUNCH, NOTIFICATION, \
        RESOURCE_UPDATE, STACKSET and TEMPLATE.";
    let rules = json!({"Rules": {"a": {"Assertions": [{"Assert": {"Fn::Not": true}}]}, "b": {}}});
    for (kind, parameters, message) in [
        ("launch", ROLE.to_owned(), no_type),
        ("TEMPLATE", rules.to_string(), of_template),
        (
            "STACKSET",
            json!({"Properties": {"AccountList": ["111111111111", "x"]}}).to_string(),
            of_stack_set,
        ),
        (
            "RESOURCE_UPDATE",
            "null".to_owned(),
            "Parameters are not those of a RESOURCE_UPDATE constraint: $ must be an object.",
        ),
    ] {
        let input = asked(&golden, &vpc, kind, &parameters);
        refused(&hub, "CreateConstraint", input, INVALID, message).await;
    }
    assert_eq!(seen(&hub, &golden).await, Vec::<String>::new());
    let id = set(&golden, &vpc, "TEMPLATE", RULES).await;
    let of_another_type = json!({"Id": id, "Parameters": ROLE});
    let message = "Parameters are not those of a TEMPLATE constraint: $.Rules is missing.";
    refused(&hub, "UpdateConstraint", of_another_type, INVALID, message).await;
    let kept = hub.does("DescribeConstraint", json!({"Id": id})).await;
    assert_eq!(kept["ConstraintParameters"], RULES);
}

#[tokio::test]
async fn some_types_are_there_once_and_some_exclude_each_other() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let silver = hub.portfolio("silver").await.holds(&vpc).await;
        for (kind, parameters) in [
            ("LAUNCH", ROLE),
            ("RESOURCE_UPDATE", TAGS),
            ("NOTIFICATION", &topics()),
            ("NOTIFICATION", &topics()),
            ("TEMPLATE", RULES),
            ("TEMPLATE", RULES),
        ] {
            set(&golden, &vpc, kind, parameters).await;
        }
        let stack_set = set(&silver, &vpc, "STACKSET", STACK_SET).await;
        let before = hub.catalogue().await;
        let twice = |kind| format!("already has a {kind} constraint.");
        let both = "cannot have both a LAUNCH and a STACKSET constraint.".to_owned();
        for (portfolio, kind, parameters, code, rest) in [
            (&golden, "LAUNCH", LOCAL_ROLE, DUPLICATE, twice("LAUNCH")),
            (
                &golden,
                "RESOURCE_UPDATE",
                TAGS,
                DUPLICATE,
                twice("RESOURCE_UPDATE"),
            ),
            (&silver, "STACKSET", STACK_SET, DUPLICATE, twice("STACKSET")),
            (&golden, "STACKSET", STACK_SET, INVALID, both.clone()),
            (&silver, "LAUNCH", ROLE, INVALID, both),
        ] {
            let input = asked(portfolio, &vpc, kind, parameters);
            let message = in_pair(&vpc, portfolio, &rest);
            refused(&hub, "CreateConstraint", input, code, &message).await;
        }
        assert_eq!(hub.catalogue().await, before);
        hub.does("DeleteConstraint", json!({"Id": stack_set})).await;
        set(&silver, &vpc, "LAUNCH", ROLE).await;
    }
}

#[tokio::test]
async fn a_product_has_so_many_constraints_in_a_portfolio() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| world.quotas.constraints_per_product = 2);
        let [hub] = world.accounts(["hub"]);
        let (vpc, bucket) = (hub.product("vpc").await, hub.product("bucket").await);
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.holds(&bucket).await;
        let first = notification(&golden, &vpc).await;
        notification(&golden, &vpc).await;
        let input = asked(&golden, &vpc, "NOTIFICATION", &topics());
        let full = in_pair(&vpc, &golden, "already has 2 constraints, the quota.");
        refused(&hub, "CreateConstraint", input, LIMIT, &full).await;
        notification(&golden, &bucket).await;
        hub.does("DeleteConstraint", json!({"Id": first})).await;
        notification(&golden, &vpc).await;
    }
}

#[tokio::test]
async fn a_constraint_is_of_a_product_that_stands_in_the_portfolio() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await;
    let apart = format!(
        "Product {} is not associated with portfolio {}.",
        vpc.id, golden.id
    );
    let input = asked(&golden, &vpc, "LAUNCH", ROLE);
    refused(&hub, "CreateConstraint", input.clone(), NOT_FOUND, &apart).await;
    for (member, id, message) in [
        (
            "PortfolioId",
            "port-aaaaaaaaaaaaa",
            "Portfolio port-aaaaaaaaaaaaa not found.",
        ),
        (
            "ProductId",
            "prod-aaaaaaaaaaaaa",
            "prod-aaaaaaaaaaaaa does not exist or access was denied",
        ),
    ] {
        let input = merged(input.clone(), json!({member: id}));
        refused(&hub, "CreateConstraint", input, NOT_FOUND, message).await;
    }
    let unknown = json!({"Id": "cons-aaaaaaaaaaaaa"});
    let message = "Constraint cons-aaaaaaaaaaaaa not found.";
    for operation in ["DescribeConstraint", "UpdateConstraint", "DeleteConstraint"] {
        refused(&hub, operation, unknown.clone(), NOT_FOUND, message).await;
    }
    let of_vpc = json!({"PortfolioId": golden.id, "ProductId": vpc.id});
    let listed = hub.does("ListConstraintsForPortfolio", of_vpc).await;
    assert_eq!(listed, json!({"ConstraintDetails": []}));
}

#[tokio::test]
async fn a_product_leaves_a_portfolio_after_its_constraints() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let id = set(&golden, &vpc, "LAUNCH", ROLE).await;
        let pair = json!({"PortfolioId": golden.id, "ProductId": vpc.id});
        let message = in_pair(&vpc, &golden, "still has associated Constraints (1)");
        let operation = "DisassociateProductFromPortfolio";
        refused(&hub, operation, pair.clone(), IN_USE, &message).await;
        let message = format!("Portfolio {} still has associated Products", golden.id);
        let input = json!({"Id": golden.id});
        refused(&hub, "DeletePortfolio", input.clone(), IN_USE, &message).await;
        hub.does("DeleteConstraint", json!({"Id": id})).await;
        hub.does(operation, pair).await;
        hub.does("DeletePortfolio", input).await;
    }
}

#[tokio::test]
async fn a_recipient_reads_the_constraints_of_an_imported_portfolio_and_changes_none() {
    for world in World::on_each_engine().await {
        let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
        let (vpc, golden, _) = imported(&hub, &spoke).await;
        let id = set(&golden, &vpc, "LAUNCH", ROLE).await;
        let topic = notification(&golden, &vpc).await;
        let all = sorted(&[&id, &topic]);
        assert_eq!(seen(&spoke, &golden).await, all);
        let by_id = json!({"Id": id});
        let read = spoke.does("DescribeConstraint", by_id.clone()).await;
        assert_eq!(read["ConstraintDetail"]["Owner"], hub.id());
        let before = hub.catalogue().await;
        let message = format!("Constraint {id} is shared with you; only its owner can change it.");
        for operation in ["UpdateConstraint", "DeleteConstraint"] {
            refused(&spoke, operation, by_id.clone(), INVALID, &message).await;
        }
        let message = format!(
            "Portfolio {} is shared with you; only its owner can change it.",
            golden.id
        );
        let input = asked(&golden, &vpc, "TEMPLATE", RULES);
        refused(&spoke, "CreateConstraint", input, INVALID, &message).await;
        assert_eq!(hub.catalogue().await, before);

        let gone = format!("Constraint {id} not found.");
        let operation = "DescribeConstraint";
        refused(&third, operation, by_id.clone(), NOT_FOUND, &gone).await;
        let abroad = hub.in_region("eu-west-1");
        refused(&abroad, operation, by_id.clone(), NOT_FOUND, &gone).await;
        golden.unshared_from(&spoke).await;
        refused(&spoke, operation, by_id, NOT_FOUND, &gone).await;
    }
}

#[tokio::test]
async fn an_imported_product_brings_its_launch_role_and_its_rules_along() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let (vpc, golden, local) = imported(&hub, &spoke).await;
        let role = set(&golden, &vpc, "LAUNCH", ROLE).await;
        let rules = set(&golden, &vpc, "TEMPLATE", RULES).await;
        for (kind, parameters) in [("NOTIFICATION", topics()), ("RESOURCE_UPDATE", TAGS.into())] {
            set(&golden, &vpc, kind, &parameters).await;
        }
        assert_eq!(seen(&spoke, &local).await, sorted(&[&role, &rules]));
        // They are the owner's still, from the owner's portfolio.
        let in_local = json!({"PortfolioId": local.id, "ProductId": vpc.id});
        let listed = spoke.pages("ListConstraintsForPortfolio", in_local).await;
        for one in &listed {
            assert_eq!(
                (&one["Owner"], &one["PortfolioId"]),
                (&json!(hub.id()), &json!(golden.id))
            );
        }
        let own_rules = set(&local, &vpc, "TEMPLATE", RULES).await;
        let all = sorted(&[&role, &rules, &own_rules]);
        assert_eq!(seen(&spoke, &local).await, all, "rules add up");
        let own_role = set(&local, &vpc, "LAUNCH", LOCAL_ROLE).await;
        let all = sorted(&[&own_role, &rules, &own_rules]);
        assert_eq!(seen(&spoke, &local).await, all, "the own role goes before");
        spoke
            .does("DeleteConstraint", json!({"Id": own_role}))
            .await;
        let all = sorted(&[&role, &rules, &own_rules]);
        assert_eq!(seen(&spoke, &local).await, all, "the owner's role is back");
        let stack_set = set(&local, &vpc, "STACKSET", STACK_SET).await;
        let all = sorted(&[&stack_set, &rules, &own_rules]);
        assert_eq!(seen(&spoke, &local).await, all, "a stack set has no role");
        hub.does("DeleteConstraint", json!({"Id": rules})).await;
        let all = sorted(&[&stack_set, &own_rules]);
        assert_eq!(seen(&spoke, &local).await, all, "what the owner ends, ends");
    }
}

#[tokio::test]
async fn what_a_recipient_set_goes_with_the_product() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let (vpc, golden, local) = imported(&hub, &spoke).await;
        let own = set(&local, &vpc, "LAUNCH", LOCAL_ROLE).await;
        golden.unshared_from(&spoke).await;
        assert_eq!(seen(&spoke, &local).await, Vec::<String>::new());
        let by_id = json!({"Id": own});
        let gone = format!("Constraint {own} not found.");
        refused(&spoke, "DescribeConstraint", by_id, NOT_FOUND, &gone).await;

        let golden = golden.shared_with(&spoke).await;
        let local = local.holds(&vpc).await;
        assert_eq!(seen(&spoke, &local).await, Vec::<String>::new());
        set(&local, &vpc, "LAUNCH", LOCAL_ROLE).await;
        golden.drops(&vpc).await;
        assert_eq!(seen(&spoke, &local).await, Vec::<String>::new());
        spoke.does("DeletePortfolio", json!({"Id": local.id})).await;
    }
}

#[tokio::test]
async fn a_constraint_is_of_one_product_in_one_portfolio() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let (vpc, bucket) = (hub.product("vpc").await, hub.product("bucket").await);
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.holds(&bucket).await;
    let silver = hub.portfolio("silver").await.holds(&vpc).await;
    let id = set(&golden, &vpc, "LAUNCH", ROLE).await;
    assert_eq!(seen(&hub, &golden).await, [id]);
    assert_eq!(seen(&hub, &silver).await, Vec::<String>::new());
    let of_bucket = json!({"PortfolioId": golden.id, "ProductId": bucket.id});
    let listed = hub.does("ListConstraintsForPortfolio", of_bucket).await;
    assert_eq!(listed, json!({"ConstraintDetails": []}));
}
