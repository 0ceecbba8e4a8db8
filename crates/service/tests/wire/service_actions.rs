//! Service actions, and the versions that offer them.

use mimeo_testkit::{Account, Product, World, id_of, merged};
use serde_json::{Value, json};

use crate::told::{IN_USE, INVALID, LIMIT, NOT_FOUND, SECONDS, Told, refused};

const DUPLICATE: &str = "DuplicateResourceException";
const ASSOCIATE: &str = "AssociateServiceActionWithProvisioningArtifact";
const DISASSOCIATE: &str = "DisassociateServiceActionFromProvisioningArtifact";
const BATCH_ASSOCIATE: &str = "BatchAssociateServiceActionWithProvisioningArtifact";
const BATCH_DISASSOCIATE: &str = "BatchDisassociateServiceActionFromProvisioningArtifact";
const OF_VERSION: &str = "ListServiceActionsForProvisioningArtifact";
const OF_ACTION: &str = "ListProvisioningArtifactsForServiceAction";

fn request(name: &str) -> Value {
    json!({
        "Definition": {"Name": "AWS-RestartEC2Instance", "Version": "1"},
        "DefinitionType": "SSM_AUTOMATION",
        "IdempotencyToken": name,
        "Name": name,
    })
}

/// Makes an action and answers its id.
pub(crate) async fn action(account: &Account, name: &str) -> String {
    let made = account.does("CreateServiceAction", request(name)).await;
    id_of(&made, "/ServiceActionDetail/ServiceActionSummary/Id")
}

pub(crate) fn pair(product: &Product, version: &str, action: &str) -> Value {
    json!({
        "ProductId": product.id,
        "ProvisioningArtifactId": version,
        "ServiceActionId": action,
    })
}

async fn first_version(product: &Product) -> String {
    product.version_ids().await.remove(0)
}

/// A product's first version offers an action.
async fn offered(hub: &Account) -> (Product, String, String) {
    let vpc = hub.product("vpc").await.versions(2).await;
    let version = first_version(&vpc).await;
    let restart = action(hub, "restart").await;
    hub.does(ASSOCIATE, pair(&vpc, &version, &restart)).await;
    (vpc, version, restart)
}

fn failed(pair: &Value, code: &str, message: &str) -> Value {
    merged(
        pair.clone(),
        json!({"ErrorCode": code, "ErrorMessage": message}),
    )
}

async fn actions_of(account: &Account, product: &Product, version: &str) -> Vec<String> {
    let input = json!({"ProductId": product.id, "ProvisioningArtifactId": version});
    let listed = account.pages(OF_VERSION, input).await;
    listed.iter().map(|one| id_of(one, "/Id")).collect()
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let definition = json!({
        "AssumeRole": "LAUNCH_ROLE",
        "Name": "AWS-RestartEC2Instance",
        "Parameters": r#"[ {"Name":"InstanceId", "Type":"TARGET"} ]"#,
        "Version": "1",
    });
    let summary = |id: &str, members: Value| {
        let all = json!({"DefinitionType": "SSM_AUTOMATION", "Id": id, "Name": "restart"});
        merged(all, members)
    };
    let detail = |definition: &Value, summary: Value| {
        let detail = json!({"Definition": definition, "ServiceActionSummary": summary});
        json!({"ServiceActionDetail": detail})
    };
    let input = merged(request("restart"), json!({"Definition": definition}));
    let made = told
        .answer(&hub, "CreateServiceAction", input, |it| {
            let id = id_of(it, "/ServiceActionDetail/ServiceActionSummary/Id");
            detail(&definition, summary(&id, json!({})))
        })
        .await;
    let id = id_of(&made, "/ServiceActionDetail/ServiceActionSummary/Id");
    let by_id = json!({"Id": id});
    told.answer(&hub, "DescribeServiceAction", by_id.clone(), |_| made)
        .await;
    let other = json!({"Name": "arn:aws:ssm:us-east-1:222222222222:document/Stop", "Version": "2"});
    let change = json!({"Definition": other, "Description": "", "Id": id, "Name": "stop"});
    let shown = summary(&id, json!({"Description": "", "Name": "stop"}));
    told.answer(&hub, "UpdateServiceAction", change, |_| {
        detail(&other, shown.clone())
    })
    .await;
    let listed = json!({"ServiceActionSummaries": [shown]});
    told.answer(&hub, "ListServiceActions", json!({}), |_| listed.clone())
        .await;

    is_offered(told, &hub, &id, &listed).await;
    told.empty(&hub, "DeleteServiceAction", by_id).await;
    told.answer(
        &hub,
        "ListServiceActions",
        json!({}),
        |_| json!({"ServiceActionSummaries": []}),
    )
    .await;
}

async fn is_offered(told: &mut Told, hub: &Account, action: &str, listed: &Value) {
    let vpc = hub.product("vpc").await;
    let version = first_version(&vpc).await;
    let pair = pair(&vpc, &version, action);
    let of_version = json!({"ProductId": vpc.id, "ProvisioningArtifactId": version});
    told.empty(hub, ASSOCIATE, pair.clone()).await;
    told.answer(hub, OF_VERSION, of_version, |_| listed.clone())
        .await;
    let of_action = json!({"ServiceActionId": action});
    told.answer(hub, OF_ACTION, of_action.clone(), |_| {
        json!({"ProvisioningArtifactViews": [{
            "ProductViewSummary": {
                "HasDefaultPath": false,
                "Id": vpc.id.replace("prod-", "prodview-"),
                "Name": "vpc",
                "Owner": "Platform",
                "ProductId": vpc.id,
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
            "ProvisioningArtifact": {
                "CreatedTime": SECONDS,
                "Guidance": "DEFAULT",
                "Id": version,
                "Name": "v1",
            },
        }]})
    })
    .await;
    told.empty(hub, DISASSOCIATE, pair.clone()).await;
    told.answer(
        hub,
        OF_ACTION,
        of_action,
        |_| json!({"ProvisioningArtifactViews": []}),
    )
    .await;

    let twice = json!({"ServiceActionAssociations": [pair, pair]});
    let there = format!(
        "Service action {action} is already associated with provisioning artifact {version}."
    );
    let apart =
        format!("Service action {action} is not associated with provisioning artifact {version}.");
    for (operation, code, message) in [
        (BATCH_ASSOCIATE, "DUPLICATE_RESOURCE", there),
        (BATCH_DISASSOCIATE, "RESOURCE_NOT_FOUND", apart),
    ] {
        told.answer(
            hub,
            operation,
            twice.clone(),
            |_| json!({"FailedServiceActionAssociations": [failed(&pair, code, &message)]}),
        )
        .await;
    }
    let once = json!({"ServiceActionAssociations": [pair]});
    for operation in [BATCH_ASSOCIATE, BATCH_DISASSOCIATE] {
        told.answer(
            hub,
            operation,
            once.clone(),
            |_| json!({"FailedServiceActionAssociations": []}),
        )
        .await;
    }
}

#[tokio::test]
async fn a_definition_is_refused_with_all_its_problems_and_nothing_changes() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let restart = action(&hub, "restart").await;
    let by_id = json!({"Id": restart});
    let before = hub.does("DescribeServiceAction", by_id.clone()).await;
    let bad = json!({"AssumeRole": "me", "Parameters": "[{}]", "Version": "one"});
    let message = "Definition is not valid: Name is missing; Version is not a number from 1 on, \
                   $DEFAULT or $LATEST; AssumeRole is not LAUNCH_ROLE or the ARN of a role; \
                   Parameters: the 1st has no Name; Parameters: the 1st has no Type TARGET or \
                   TEXT_VALUE.";
    let new = merged(request("other"), json!({"Definition": bad}));
    let change = json!({"Definition": bad, "Id": restart, "Name": "other"});
    for (operation, input) in [
        ("CreateServiceAction", new),
        ("UpdateServiceAction", change),
    ] {
        refused(&hub, operation, input, INVALID, message).await;
    }
    let listed = hub.pages("ListServiceActions", json!({})).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(hub.does("DescribeServiceAction", by_id).await, before);
}

#[tokio::test]
async fn an_association_names_what_exists_and_is_made_once() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let (vpc, version, restart) = offered(&hub).await;
        let bucket = hub.product("bucket").await;
        let nobodys = Product {
            id: "prod-aaaaaaaaaaaaa".to_owned(),
            ..bucket.clone()
        };
        let no_product = "prod-aaaaaaaaaaaaa does not exist or access was denied";
        let no_version = "Provisioning artifact pa-aaaaaaaaaaaaa not found.";
        let elsewhere = format!("Provisioning artifact {version} not found.");
        let no_action = "Service action act-aaaaaaaaaaaaa not found.";
        for operation in [ASSOCIATE, DISASSOCIATE] {
            for (input, message) in [
                (pair(&nobodys, &version, &restart), no_product),
                (pair(&vpc, "pa-aaaaaaaaaaaaa", &restart), no_version),
                (pair(&bucket, &version, &restart), &elsewhere),
                (pair(&vpc, &version, "act-aaaaaaaaaaaaa"), no_action),
            ] {
                refused(&hub, operation, input, NOT_FOUND, message).await;
            }
        }
        let offered = pair(&vpc, &version, &restart);
        let message = format!(
            "Service action {restart} is already associated with provisioning artifact {version}."
        );
        refused(&hub, ASSOCIATE, offered.clone(), DUPLICATE, &message).await;
        hub.does(DISASSOCIATE, offered.clone()).await;
        let message = message.replace("already", "not");
        refused(&hub, DISASSOCIATE, offered, NOT_FOUND, &message).await;
        let of_version = json!({"ProductId": bucket.id, "ProvisioningArtifactId": version});
        refused(&hub, OF_VERSION, of_version, NOT_FOUND, &elsewhere).await;
    }
}

#[tokio::test]
async fn an_action_and_a_version_that_offers_it_stay_until_they_part() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let (vpc, version, restart) = offered(&hub).await;
        let second = vpc.version_ids().await.remove(1);
        hub.does(ASSOCIATE, pair(&vpc, &second, &restart)).await;
        let by_id = json!({"Id": restart});
        let in_use = |count: u64| {
            format!(
                "Service action {restart} still has associated Provisioning Artifacts ({count})"
            )
        };
        let delete = "DeleteServiceAction";
        refused(&hub, delete, by_id.clone(), IN_USE, &in_use(2)).await;
        let of_product = json!({"ProductId": vpc.id, "ProvisioningArtifactId": version});
        let kept = format!("Provisioning artifact {version} still has associated Service Actions");
        let delete_version = "DeleteProvisioningArtifact";
        refused(&hub, delete_version, of_product.clone(), IN_USE, &kept).await;
        hub.does(DISASSOCIATE, pair(&vpc, &version, &restart)).await;
        hub.does(delete_version, of_product).await;
        refused(&hub, delete, by_id.clone(), IN_USE, &in_use(1)).await;
        hub.does(DISASSOCIATE, pair(&vpc, &second, &restart)).await;
        vpc.is_deleted().await;
        let left = hub
            .pages(OF_ACTION, json!({"ServiceActionId": restart}))
            .await;
        assert_eq!(left, Vec::<Value>::new());
        hub.does(delete, by_id.clone()).await;
        let gone = format!("Service action {restart} not found.");
        for operation in [delete, "DescribeServiceAction", "UpdateServiceAction"] {
            refused(&hub, operation, by_id.clone(), NOT_FOUND, &gone).await;
        }
    }
}

#[tokio::test]
async fn a_recipient_sees_the_actions_of_shared_versions_and_changes_none() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let (vpc, version, restart) = offered(&hub).await;
        let of_version = json!({"ProductId": vpc.id, "ProvisioningArtifactId": version});
        let hidden = format!("{} does not exist or access was denied", vpc.id);
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.offered_to(&spoke).await;
        refused(&spoke, OF_VERSION, of_version.clone(), NOT_FOUND, &hidden).await;
        spoke.accepts(&golden).await;
        let theirs = hub.does(OF_VERSION, of_version.clone()).await;
        assert_eq!(spoke.does(OF_VERSION, of_version.clone()).await, theirs);

        let own = action(&spoke, "own").await;
        let message = format!(
            "Product {} is shared with you; only its owner can change it.",
            vpc.id
        );
        for action in [&own, &restart] {
            let both = pair(&vpc, &version, action);
            let batch = json!({"ServiceActionAssociations": [both]});
            for (one, many) in [
                (ASSOCIATE, BATCH_ASSOCIATE),
                (DISASSOCIATE, BATCH_DISASSOCIATE),
            ] {
                refused(&spoke, one, both.clone(), INVALID, &message).await;
                let told = spoke.does(many, batch.clone()).await;
                let expected = failed(&both, "INVALID_PARAMETER", &message);
                assert_eq!(told["FailedServiceActionAssociations"], json!([expected]));
            }
        }
        let gone = format!("Service action {restart} not found.");
        let of_action = json!({"ServiceActionId": restart});
        refused(&spoke, OF_ACTION, of_action, NOT_FOUND, &gone).await;
        let listed = spoke.pages("ListServiceActions", json!({})).await;
        assert_eq!(listed.len(), 1, "its own alone");
        assert_eq!(actions_of(&hub, &vpc, &version).await, [restart]);

        golden.unshared_from(&spoke).await;
        refused(&spoke, OF_VERSION, of_version, NOT_FOUND, &hidden).await;
    }
}

#[tokio::test]
async fn a_batch_does_what_it_can_and_tells_the_rest() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| world.quotas.service_actions_per_artifact = 2);
        let [hub] = world.accounts(["hub"]);
        let (vpc, version, restart) = offered(&hub).await;
        let (stop, start) = (action(&hub, "stop").await, action(&hub, "start").await);
        let of = |action: &str| pair(&vpc, &version, action);
        let nobodys = of("act-aaaaaaaaaaaaa");
        let batch = [
            of(&restart),
            nobodys.clone(),
            of(&stop),
            of(&stop),
            of(&start),
        ];
        let told = hub
            .does(BATCH_ASSOCIATE, json!({"ServiceActionAssociations": batch}))
            .await;
        let there = |action: &str| {
            format!(
                "Service action {action} is already associated with provisioning artifact {version}."
            )
        };
        let full =
            format!("Provisioning artifact {version} already has 2 service actions, the quota.");
        let missing = "Service action act-aaaaaaaaaaaaa not found.";
        assert_eq!(
            told["FailedServiceActionAssociations"],
            json!([
                failed(&of(&restart), "DUPLICATE_RESOURCE", &there(&restart)),
                failed(&nobodys, "RESOURCE_NOT_FOUND", missing),
                failed(&of(&stop), "DUPLICATE_RESOURCE", &there(&stop)),
                failed(&of(&start), "LIMIT_EXCEEDED", &full),
            ])
        );
        let in_chinese =
            json!({"AcceptLanguage": "zh", "ServiceActionAssociations": [of(&restart)]});
        let told = hub.does(BATCH_ASSOCIATE, in_chinese).await;
        let message = format!("服务操作 {restart} 已与预置构件 {version} 关联。");
        assert_eq!(
            told["FailedServiceActionAssociations"],
            json!([failed(&of(&restart), "DUPLICATE_RESOURCE", &message)])
        );
        assert_eq!(actions_of(&hub, &vpc, &version).await.len(), 2);
        refused(&hub, ASSOCIATE, of(&start), LIMIT, &full).await;

        let batch = [of(&start), of(&restart)];
        let told = hub
            .does(
                BATCH_DISASSOCIATE,
                json!({"ServiceActionAssociations": batch}),
            )
            .await;
        let apart = there(&start).replace("already", "not");
        assert_eq!(
            told["FailedServiceActionAssociations"],
            json!([failed(&of(&start), "RESOURCE_NOT_FOUND", &apart)])
        );
        assert_eq!(actions_of(&hub, &vpc, &version).await, [stop]);
        hub.does(ASSOCIATE, of(&start)).await;
    }
}

#[tokio::test]
async fn an_account_has_so_many_actions_in_a_region() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| world.quotas.service_actions = 1);
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let restart = action(&hub, "restart").await;
        let message = "The account already has 1 service actions in this Region, its quota.";
        refused(&hub, "CreateServiceAction", request("stop"), LIMIT, message).await;
        action(&spoke, "stop").await;
        action(&hub.in_region("eu-west-1"), "stop").await;
        hub.does("DeleteServiceAction", json!({"Id": restart}))
            .await;
        action(&hub, "stop").await;
    }
}
