//! Provisioning artifacts: the versions of products.

use mimeo_testkit::{Product, World, id_of};
use serde_json::{Value, json};

use crate::told::{IN_USE, INVALID, NOT_FOUND, SECONDS, Told, refused};

/// The second version, made 2.9 s after the first: 123 ms and that much past a whole second.
fn detail(id: &str) -> Value {
    json!({
        "Active": true,
        "CreatedTime": SECONDS + 3.0,
        "Guidance": "DEFAULT",
        "Id": id,
        "Name": "v2",
        "Type": "CLOUD_FORMATION_TEMPLATE",
    })
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    world.advance(2_900);

    let parameters = hub.version("v2").await;
    let url = parameters["Info"]["LoadTemplateFromURL"].clone();
    let input = json!({"IdempotencyToken": "t", "Parameters": parameters, "ProductId": vpc.id});
    let made = told
        .answer(&hub, "CreateProvisioningArtifact", input, |it| {
            json!({
                "Info": {"TemplateUrl": url},
                "ProvisioningArtifactDetail": detail(&id_of(it, "/ProvisioningArtifactDetail/Id")),
                "Status": "CREATING",
            })
        })
        .await;
    let second = id_of(&made, "/ProvisioningArtifactDetail/Id");

    for input in [
        json!({"ProductId": vpc.id, "ProvisioningArtifactId": second}),
        json!({"ProductName": "vpc", "ProvisioningArtifactName": "v2"}),
    ] {
        told.answer(&hub, "DescribeProvisioningArtifact", input, |_| {
            json!({
                "Info": {"TemplateUrl": url},
                "ProvisioningArtifactDetail": detail(&second),
                "Status": "AVAILABLE",
            })
        })
        .await;
    }
    let input = json!({
        "IncludeProvisioningArtifactParameters": true,
        "ProductId": vpc.id,
        "ProvisioningArtifactId": second,
    });
    told.answer(&hub, "DescribeProvisioningArtifact", input, |_| {
        json!({
            "Info": {"TemplateUrl": url},
            "ProvisioningArtifactDetail": detail(&second),
            "ProvisioningArtifactParameters": [{
                "DefaultValue": "10.0.0.0/16",
                "Description": "Where the network lies",
                "IsNoEcho": false,
                "ParameterConstraints": {"AllowedValues": []},
                "ParameterKey": "Cidr",
                "ParameterType": "String",
            }],
            "Status": "AVAILABLE",
        })
    })
    .await;

    is_changed_and_deleted(told, &vpc, &second).await;
}

async fn is_changed_and_deleted(told: &mut Told, vpc: &Product, second: &str) {
    let hub = &vpc.owner;
    let first = vpc.version_ids().await.remove(0);
    let url_of_first = hub
        .does(
            "DescribeProvisioningArtifact",
            json!({"ProductId": vpc.id, "ProvisioningArtifactId": first}),
        )
        .await["Info"]["TemplateUrl"]
        .take();
    let change = json!({
        "Active": false,
        "Description": "",
        "Guidance": "DEPRECATED",
        "Name": "v1.0",
        "ProductId": vpc.id,
        "ProvisioningArtifactId": first,
    });
    let changed = json!({
        "Active": false,
        "CreatedTime": SECONDS,
        "Description": "",
        "Guidance": "DEPRECATED",
        "Id": first,
        "Name": "v1.0",
        "Type": "CLOUD_FORMATION_TEMPLATE",
    });
    told.answer(hub, "UpdateProvisioningArtifact", change, |_| {
        json!({
            "Info": {"TemplateUrl": url_of_first},
            "ProvisioningArtifactDetail": changed,
            "Status": "AVAILABLE",
        })
    })
    .await;
    told.answer(
        hub,
        "ListProvisioningArtifacts",
        json!({"ProductId": vpc.id}),
        |_| json!({"ProvisioningArtifactDetails": [changed, detail(second)]}),
    )
    .await;
    let input = json!({"ProductId": vpc.id, "ProvisioningArtifactId": first});
    told.empty(hub, "DeleteProvisioningArtifact", input).await;
    assert_eq!(vpc.version_ids().await, [second]);
}

#[tokio::test]
async fn the_first_version_shows_its_own_id_and_later_ones_their_product_too() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await.versions(2).await;
    let ids = vpc.version_ids().await;
    let described = vpc.described().await;
    let metadata = |at: usize| {
        described["ProvisioningArtifactSummaries"][at]["ProvisioningArtifactMetadata"].clone()
    };
    assert_eq!(metadata(0), json!({"SourceProvisioningArtifactId": ids[0]}));
    assert_eq!(
        metadata(1),
        json!({"SourceProductId": vpc.id, "SourceProvisioningArtifactId": ids[1]})
    );
}

#[tokio::test]
async fn verbose_adds_the_digest_of_the_template() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let input = json!({
        "ProductId": vpc.id,
        "ProvisioningArtifactId": vpc.version_ids().await[0],
        "Verbose": true,
    });
    let described = hub.does("DescribeProvisioningArtifact", input).await;
    let digest = id_of(&described, "/Info/TemplateDigest");
    assert_eq!(digest.len(), "sha256:".len() + 64);
}

#[tokio::test]
async fn a_version_is_named_in_one_way() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let id = vpc.version_ids().await.remove(0);
    vpc.add_version("v2").await;
    vpc.add_version("v2").await;
    let of_product = "Give exactly one of ProductId and ProductName.";
    let of_version = "Give exactly one of ProvisioningArtifactId and ProvisioningArtifactName.";
    for (input, code, message) in [
        (json!({"ProvisioningArtifactId": id}), INVALID, of_product),
        (
            json!({"ProductId": vpc.id, "ProductName": "vpc", "ProvisioningArtifactId": id}),
            INVALID,
            of_product,
        ),
        (json!({"ProductId": vpc.id}), INVALID, of_version),
        (
            json!({"ProductId": vpc.id, "ProvisioningArtifactId": id, "ProvisioningArtifactName": "v1"}),
            INVALID,
            of_version,
        ),
        (
            json!({"ProductId": vpc.id, "ProvisioningArtifactId": "pa-aaaaaaaaaaaaa"}),
            NOT_FOUND,
            "Provisioning artifact pa-aaaaaaaaaaaaa not found.",
        ),
        (
            json!({"ProductId": vpc.id, "ProvisioningArtifactName": "v9"}),
            NOT_FOUND,
            "Provisioning Artifact with name v9 not found.",
        ),
        (
            json!({"ProductId": vpc.id, "ProvisioningArtifactName": "v2"}),
            INVALID,
            "Multiple Provisioning Artifact with name v2 found.",
        ),
        (
            json!({"ProductName": "subnet", "ProvisioningArtifactName": "v1"}),
            NOT_FOUND,
            "Product with name subnet not found",
        ),
        (
            json!({"ProductId": "prod-aaaaaaaaaaaaa", "ProvisioningArtifactName": "v1"}),
            NOT_FOUND,
            "prod-aaaaaaaaaaaaa does not exist or access was denied",
        ),
    ] {
        refused(&hub, "DescribeProvisioningArtifact", input, code, message).await;
    }
    hub.product("vpc").await;
    let named = json!({"ProductName": "vpc", "ProvisioningArtifactName": "v1"});
    let several = "Multiple products with name vpc found.";
    refused(
        &hub,
        "DescribeProvisioningArtifact",
        named,
        INVALID,
        several,
    )
    .await;
}

#[tokio::test]
async fn a_version_that_is_not_the_products_is_not_found() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await.versions(2).await;
    let other = hub.product("bucket").await;
    let id = other.version_ids().await.remove(0);
    let input = json!({"ProductId": vpc.id, "ProvisioningArtifactId": id});
    let message = format!("Provisioning artifact {id} not found.");
    for operation in [
        "DescribeProvisioningArtifact",
        "UpdateProvisioningArtifact",
        "DeleteProvisioningArtifact",
    ] {
        refused(&hub, operation, input.clone(), NOT_FOUND, &message).await;
    }
    assert_eq!(other.version_ids().await, [id]);
}

#[tokio::test]
async fn the_last_version_stays() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let input = json!({"ProductId": vpc.id, "ProvisioningArtifactId": vpc.version_ids().await[0]});
    let message = format!("{} must have at least one provisioning artifact", vpc.id);
    refused(&hub, "DeleteProvisioningArtifact", input, IN_USE, &message).await;
}

#[tokio::test]
async fn a_version_of_no_product_is_not_made() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let with = |parameters: &Value| json!({"IdempotencyToken": "t", "Parameters": parameters, "ProductId": "prod-aaaaaaaaaaaaa"});
    let gone = "prod-aaaaaaaaaaaaa does not exist or access was denied";
    let parameters = hub.version("v1").await;
    refused(
        &hub,
        "CreateProvisioningArtifact",
        with(&parameters),
        NOT_FOUND,
        gone,
    )
    .await;
    let list = json!({"ProductId": "prod-aaaaaaaaaaaaa"});
    refused(&hub, "ListProvisioningArtifacts", list, NOT_FOUND, gone).await;
}
