//! Products: made, shown, changed, removed.

use mimeo_testkit::{Account, World, id_of, merged};
use serde_json::{Value, json};

use crate::service_actions::{action, pair};
use crate::told::{IN_USE, INVALID, NOT_FOUND, SECONDS, Told, refused};

const PRODUCT: &str = "/ProductViewDetail/ProductViewSummary/ProductId";
const VERSION: &str = "/ProvisioningArtifactDetail/Id";

/// `ProductViewDetail` of an answer, with the members that every product has.
fn detail(id: &str, summary: Value) -> Value {
    let all = json!({
        "HasDefaultPath": false,
        "Id": id.replace("prod-", "prodview-"),
        "Owner": "Platform",
        "ProductId": id,
        "Type": "CLOUD_FORMATION_TEMPLATE",
    });
    json!({
        "CreatedTime": SECONDS,
        "ProductARN": format!("arn:aws:catalog:us-east-1:111111111111:product/{id}"),
        "ProductViewSummary": merged(all, summary),
        "Status": "CREATED",
    })
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let mut version = hub.version("v1").await;
    version["Description"] = json!("");
    let input = json!({
        "Description": "Three subnets",
        "Distributor": "",
        "IdempotencyToken": "t",
        "Name": "vpc",
        "Owner": "Platform",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": version,
        "SupportEmail": "help@example.com",
        "SupportUrl": "https://example.com/help",
        "Tags": [{"Key": "team", "Value": "net"}, {"Key": "cost", "Value": "1"}],
    });
    let summary = json!({
        "Distributor": "",
        "Name": "vpc",
        "ShortDescription": "Three subnets",
        "SupportEmail": "help@example.com",
        "SupportUrl": "https://example.com/help",
    });
    let tags = json!([{"Key": "team", "Value": "net"}, {"Key": "cost", "Value": "1"}]);
    let made = told
        .answer(&hub, "CreateProduct", input, |it| {
            json!({
                "ProductViewDetail": detail(&id_of(it, PRODUCT), summary.clone()),
                "ProvisioningArtifactDetail": {
                    "Active": true,
                    "CreatedTime": SECONDS,
                    "Description": "",
                    "Guidance": "DEFAULT",
                    "Id": id_of(it, VERSION),
                    "Name": "v1",
                    "Type": "CLOUD_FORMATION_TEMPLATE",
                },
                "Tags": tags,
            })
        })
        .await;
    let (id, first) = (id_of(&made, PRODUCT), id_of(&made, VERSION));

    let shown = json!({
        "Budgets": [],
        "ProductViewDetail": detail(&id, summary),
        "ProvisioningArtifactSummaries": [{
            "CreatedTime": SECONDS,
            "Description": "",
            "Id": first,
            "Name": "v1",
            "ProvisioningArtifactMetadata": {"SourceProvisioningArtifactId": first},
        }],
        "TagOptions": [],
        "Tags": tags,
    });
    for input in [json!({"Id": id}), json!({"Name": "vpc"})] {
        told.answer(&hub, "DescribeProductAsAdmin", input, |_| shown.clone())
            .await;
    }

    is_changed_and_deleted(told, &hub, &id).await;
}

async fn is_changed_and_deleted(told: &mut Told, hub: &Account, id: &str) {
    let change = json!({
        "AddTags": [{"Key": "cost", "Value": "2"}],
        "Description": "",
        "Id": id,
        "Name": "network",
        "RemoveTags": ["team"],
        "SupportUrl": "",
    });
    let summary = json!({
        "Distributor": "",
        "Name": "network",
        "ShortDescription": "",
        "SupportEmail": "help@example.com",
        "SupportUrl": "",
    });
    told.answer(hub, "UpdateProduct", change, |_| {
        json!({
            "ProductViewDetail": detail(id, summary),
            "Tags": [{"Key": "cost", "Value": "2"}],
        })
    })
    .await;
    told.empty(hub, "DeleteProduct", json!({"Id": id})).await;
}

#[tokio::test]
async fn what_was_never_given_is_left_out() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let mut version = hub.version("v1").await;
    version.as_object_mut().expect("members").remove("Name");
    let vpc = hub
        .product_with("vpc", json!({"ProvisioningArtifactParameters": version}))
        .await;
    let mut told = Told::default();
    told.answer(
        &hub,
        "DescribeProductAsAdmin",
        json!({"Id": vpc.id}),
        |it| {
            let first = id_of(it, "/ProvisioningArtifactSummaries/0/Id");
            json!({
                "Budgets": [],
                "ProductViewDetail": detail(&vpc.id, json!({"Name": "vpc"})),
                "ProvisioningArtifactSummaries": [{
                    "CreatedTime": SECONDS,
                    "Id": first,
                    "ProvisioningArtifactMetadata": {"SourceProvisioningArtifactId": first},
                }],
                "TagOptions": [],
                "Tags": [],
            })
        },
    )
    .await;
}

#[tokio::test]
async fn other_types_of_product_are_kept_as_given() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for product_type in ["TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL"] {
        let url = hub.template("t.tar.gz", "anything").await;
        let members = json!({
            "ProductType": product_type,
            "ProvisioningArtifactParameters": {"Info": {"LoadTemplateFromURL": url}},
        });
        let product = hub.product_with("module", members).await;
        let versions = product.listed_versions().await;
        assert_eq!(versions[0]["Type"], product_type);
    }
}

#[tokio::test]
async fn a_product_that_cannot_be_made_is_refused_with_its_reason() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let before = hub.catalogue().await;
    let version = hub.version("v1").await;
    let url = version["Info"]["LoadTemplateFromURL"].clone();
    let usual = json!({
        "IdempotencyToken": "t",
        "Name": "vpc",
        "Owner": "Platform",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": version,
    });
    let info = |info: Value| json!({"ProvisioningArtifactParameters": {"Info": info, "Type": "CLOUD_FORMATION_TEMPLATE"}});
    let repository = json!({"ConnectionParameters": {"CodeStar": {
        "ArtifactPath": "/t.yaml", "Branch": "main",
        "ConnectionArn": "arn:aws:codestar-connections:us-east-1:111111111111:connection/x",
        "Repository": "a/b",
    }}});
    let one_origin = "Info must hold exactly one of LoadTemplateFromURL and ImportFromPhysicalId.";
    let mismatch = "The CLOUD_FORMATION_TEMPLATE Product Type only supports the following \
                    ProvisioningArtifact Types: CLOUD_FORMATION_TEMPLATE, ACCOUNT_FACTORY.";
    for (members, message) in [
        (
            json!({"SupportUrl": "ftp://example.com"}),
            "SupportUrl must start with http:// or https://.",
        ),
        (
            json!({"ProductType": "MARKETPLACE"}),
            "Products of type MARKETPLACE are made by AWS Marketplace only.",
        ),
        (
            json!({"ProvisioningArtifactParameters": null}),
            "ProvisioningArtifactParameters must be given.",
        ),
        (
            json!({"SourceConnection": repository}),
            "SourceConnection is not supported: Mimeo does not sync from repositories. Give \
             ProvisioningArtifactParameters with a LoadTemplateFromURL instead.",
        ),
        (
            json!({"ProvisioningArtifactParameters": {"Type": "CLOUD_FORMATION_TEMPLATE"}}),
            one_origin,
        ),
        (
            info(json!({"LoadTemplateFromURL": url, "ImportFromPhysicalId": "x"})),
            one_origin,
        ),
        (
            info(
                json!({"ImportFromPhysicalId": "arn:aws:cloudformation:us-east-1:111111111111:stack/a/b"}),
            ),
            "ImportFromPhysicalId is not supported: Mimeo has no CloudFormation stacks to read. \
             Give LoadTemplateFromURL instead.",
        ),
        (
            json!({"ProvisioningArtifactParameters": {"Info": {"LoadTemplateFromURL": url}}}),
            mismatch,
        ),
        (
            json!({"ProvisioningArtifactParameters": {"Info": {"LoadTemplateFromURL": url}, "Type": "EXTERNAL"}}),
            mismatch,
        ),
    ] {
        let input = merged(usual.clone(), members);
        refused(&hub, "CreateProduct", input, INVALID, message).await;
    }
    assert_eq!(hub.catalogue().await, before);
}

#[tokio::test]
async fn a_product_is_named_in_one_way() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let one = "Give exactly one of Id and Name.";
    let operation = "DescribeProductAsAdmin";
    refused(&hub, operation, json!({}), INVALID, one).await;
    let both = json!({"Id": vpc.id, "Name": "vpc"});
    refused(&hub, operation, both, INVALID, one).await;
    let unknown = "Product with name subnet not found";
    refused(
        &hub,
        operation,
        json!({"Name": "subnet"}),
        NOT_FOUND,
        unknown,
    )
    .await;
    hub.product("vpc").await;
    let several = "Multiple products with name vpc found.";
    refused(&hub, operation, json!({"Name": "vpc"}), INVALID, several).await;
}

#[tokio::test]
async fn a_product_is_looked_for_in_the_portfolio_that_is_named() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await;
    let input = json!({"Id": vpc.id, "SourcePortfolioId": golden.id});
    let outside = format!(
        "Product {} is not associated with portfolio {}.",
        vpc.id, golden.id
    );
    refused(
        &hub,
        "DescribeProductAsAdmin",
        input.clone(),
        NOT_FOUND,
        &outside,
    )
    .await;
    golden.holds(&vpc).await;
    hub.does("DescribeProductAsAdmin", input).await;
}

#[tokio::test]
async fn a_product_in_a_portfolio_stays() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let message = format!("Product {} still has associated Portfolios", vpc.id);
    refused(
        &hub,
        "DeleteProduct",
        json!({"Id": vpc.id}),
        IN_USE,
        &message,
    )
    .await;
    golden.drops(&vpc).await;
    vpc.is_deleted().await;
    let gone = format!("{} does not exist or access was denied", vpc.id);
    for operation in ["DescribeProductAsAdmin", "UpdateProduct", "DeleteProduct"] {
        refused(&hub, operation, json!({"Id": vpc.id}), NOT_FOUND, &gone).await;
    }
}

#[tokio::test]
async fn a_product_stays_while_its_owner_has_anything_associated_with_it() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = hub.product("vpc").await.versions(2).await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with(&spoke).await;
        let version = vpc.version_ids().await.remove(1);
        let (net, theirs) = (
            hub.tag_option("team", "net").await,
            spoke.tag_option("team", "net").await,
        );
        let restart = action(&hub, "restart").await;
        let tagged = json!({"ResourceId": vpc.id, "TagOptionId": net});
        let budget = json!({"BudgetName": "monthly", "ResourceId": vpc.id});
        let offered = pair(&vpc, &version, &restart);
        hub.does("AssociateTagOptionWithResource", tagged.clone())
            .await;
        hub.does("AssociateBudgetWithResource", budget.clone())
            .await;
        hub.does(
            "AssociateServiceActionWithProvisioningArtifact",
            offered.clone(),
        )
        .await;
        // A recipient keeps nobody's product.
        spoke.tags(&vpc.id, &theirs).await;
        spoke
            .does("AssociateBudgetWithResource", budget.clone())
            .await;

        let by_id = json!({"Id": vpc.id});
        let stays = async |what: &str| {
            let message = format!("Product {} still has associated {what}", vpc.id);
            refused(&hub, "DeleteProduct", by_id.clone(), IN_USE, &message).await;
        };
        stays("Portfolios, TagOptions, Budgets, Service Actions").await;
        let of_version = json!({"ProductId": vpc.id, "ProvisioningArtifactId": version});
        let message =
            format!("Provisioning artifact {version} still has associated Service Actions");
        refused(
            &hub,
            "DeleteProvisioningArtifact",
            of_version,
            IN_USE,
            &message,
        )
        .await;
        golden.drops(&vpc).await;
        stays("TagOptions, Budgets, Service Actions").await;
        hub.does("DisassociateTagOptionFromResource", tagged).await;
        stays("Budgets, Service Actions").await;
        hub.does("DisassociateBudgetFromResource", budget).await;
        stays("Service Actions").await;
        hub.does("DisassociateServiceActionFromProvisioningArtifact", offered)
            .await;
        vpc.is_deleted().await;
        spoke.does("DeleteTagOption", json!({"Id": theirs})).await;
    }
}

#[tokio::test]
async fn what_is_shared_with_an_account_only_its_owner_changes() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    golden.shared_with(&spoke).await;
    let before = hub.catalogue().await;
    let message = format!(
        "Product {} is shared with you; only its owner can change it.",
        vpc.id
    );
    for operation in ["UpdateProduct", "DeleteProduct"] {
        refused(&spoke, operation, json!({"Id": vpc.id}), INVALID, &message).await;
    }
    let version =
        json!({"ProductId": vpc.id, "ProvisioningArtifactId": vpc.version_ids().await[0]});
    for operation in ["UpdateProvisioningArtifact", "DeleteProvisioningArtifact"] {
        refused(&spoke, operation, version.clone(), INVALID, &message).await;
    }
    let new = json!({
        "IdempotencyToken": "t",
        "Parameters": spoke.version("v2").await,
        "ProductId": vpc.id,
    });
    refused(&spoke, "CreateProvisioningArtifact", new, INVALID, &message).await;
    assert_eq!(hub.catalogue().await, before);
}

#[tokio::test]
async fn an_update_that_cannot_be_made_changes_nothing() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let before = hub.catalogue().await;
    let repository = json!({"ConnectionParameters": {"CodeStar": {
        "ArtifactPath": "/t.yaml",
        "Branch": "main",
        "ConnectionArn": "arn:aws:codestar-connections:us-east-1:111111111111:connection/x",
        "Repository": "a/b",
    }}});
    for (input, message) in [
        (
            json!({"Id": vpc.id, "Name": "new", "SupportUrl": "example.com"}),
            "SupportUrl must start with http:// or https://.",
        ),
        (
            json!({"Id": vpc.id, "Name": "new", "SourceConnection": repository}),
            "SourceConnection is not supported: Mimeo does not sync from repositories. Give \
             ProvisioningArtifactParameters with a LoadTemplateFromURL instead.",
        ),
    ] {
        refused(&hub, "UpdateProduct", input, INVALID, message).await;
    }
    assert_eq!(hub.catalogue().await, before);
}
