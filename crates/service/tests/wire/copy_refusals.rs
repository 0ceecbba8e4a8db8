//! Copies that are refused at once: nothing is accepted, so nothing can fail later.

use mimeo_testkit::{World, merged};
use serde_json::{Value, json};

use crate::copying::shared;
use crate::told::{INVALID, NOT_FOUND, refused};

fn asks(source: &str, members: Value) -> Value {
    merged(
        json!({"IdempotencyToken": "t", "SourceProductArn": source}),
        members,
    )
}

#[tokio::test]
async fn what_cannot_be_a_source_is_refused_at_once() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = hub.product("vpc").await;
        let before = spoke.catalogue().await;
        let no_arn = |arn: &str| {
            format!(
                "{arn:?} is not the ARN of a product: arn:aws:catalog:REGION:ACCOUNT:product/prod-…."
            )
        };
        for arn in [
            "arn:aws:catalog:us-east-1:111111111111:portfolio/port-aaaaaaaaaaaaa",
            "arn:aws:servicecatalog:us-east-1:111111111111:stack/a/pp-aaaaaaaaaaaaa",
            "arn:aws:s3:::bucket",
            "arn:aws:catalog:us-east-1:1:product/prod-aaaaaaaaaaaaa",
            "arn:aws:catalog:nowhere:111111111111:product/prod-aaaaaaaaaaaaa",
        ] {
            refused(
                &hub,
                "CopyProduct",
                asks(arn, json!({})),
                INVALID,
                &no_arn(arn),
            )
            .await;
        }
        let gone = |id: &str| format!("{id} does not exist or access was denied");
        let missing = vpc.arn.replace(&vpc.id, "prod-aaaaaaaaaaaaa");
        let elsewhere = vpc.arn.replace("us-east-1", "eu-west-1");
        let of_another = vpc.arn.replace("111111111111", "222222222222");
        let partition = vpc.arn.replace("arn:aws:", "arn:aws-cn:");
        for arn in [&elsewhere, &of_another, &partition] {
            refused(
                &hub,
                "CopyProduct",
                asks(arn, json!({})),
                NOT_FOUND,
                &gone(&vpc.id),
            )
            .await;
        }
        let message = gone("prod-aaaaaaaaaaaaa");
        refused(
            &hub,
            "CopyProduct",
            asks(&missing, json!({})),
            NOT_FOUND,
            &message,
        )
        .await;

        let input = asks(&vpc.arn, json!({}));
        let denied = gone(&vpc.id);
        refused(&spoke, "CopyProduct", input.clone(), NOT_FOUND, &denied).await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.offered_to(&spoke).await;
        refused(&spoke, "CopyProduct", input.clone(), NOT_FOUND, &denied).await;
        spoke.accepts(&golden).await;
        golden.drops(&vpc).await;
        refused(&spoke, "CopyProduct", input.clone(), NOT_FOUND, &denied).await;
        let golden = golden.holds(&vpc).await;
        golden.unshared_from(&spoke).await;
        refused(&spoke, "CopyProduct", input, NOT_FOUND, &denied).await;
        assert_eq!(spoke.catalogue().await, before);
        assert_eq!(world.settle().await, [], "no copy was accepted");
    }
}

#[tokio::test]
async fn versions_and_targets_that_do_not_fit_are_refused_at_once() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 1).await;
        let other = hub.product("other").await;
        let foreign = other.version_ids().await.remove(0);
        let url = spoke.template("t.tar.gz", "anything").await;
        let members = json!({
            "ProductType": "EXTERNAL",
            "ProvisioningArtifactParameters": {"Info": {"LoadTemplateFromURL": url}},
        });
        let external = spoke.product_with("module", members).await;
        let versions = |pairs: Value| json!({"SourceProvisioningArtifactIdentifiers": pairs});
        let target = |id: &str| json!({"TargetProductId": id});
        let own = vpc.version_ids().await.remove(0);
        for (members, code, message) in [
            (
                versions(json!([{"Id": own}, {"Id": foreign}])),
                NOT_FOUND,
                format!("Provisioning artifact {foreign} not found."),
            ),
            (
                versions(json!([{"Id": "pa-aaaaaaaaaaaaa"}])),
                NOT_FOUND,
                "Provisioning artifact pa-aaaaaaaaaaaaa not found.".to_owned(),
            ),
            (
                versions(json!([{"Id": own}, {}])),
                INVALID,
                "Each of SourceProvisioningArtifactIdentifiers must hold an Id.".to_owned(),
            ),
            (
                target("prod-aaaaaaaaaaaaa"),
                NOT_FOUND,
                "prod-aaaaaaaaaaaaa does not exist or access was denied".to_owned(),
            ),
            (
                target(&other.id),
                NOT_FOUND,
                format!("{} does not exist or access was denied", other.id),
            ),
            (
                target(&vpc.id),
                INVALID,
                format!(
                    "Product {} is shared with you; only its owner can change it.",
                    vpc.id
                ),
            ),
            (
                target(&external.id),
                INVALID,
                "A product of type CLOUD_FORMATION_TEMPLATE cannot be copied to one of type \
                 EXTERNAL."
                    .to_owned(),
            ),
        ] {
            refused(
                &spoke,
                "CopyProduct",
                asks(&vpc.arn, members),
                code,
                &message,
            )
            .await;
        }
        assert_eq!(world.settle().await, [], "no copy was accepted");
    }
}

#[tokio::test]
async fn the_status_of_another_accounts_copy_is_not_told() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 1).await;
        let token = spoke.copies(&vpc).await;
        let input = json!({"CopyProductToken": token});
        let message = format!("Copy operation {token} not found.");
        let operation = "DescribeCopyProductStatus";
        for stranger in [hub, spoke.in_region("eu-west-1")] {
            refused(&stranger, operation, input.clone(), NOT_FOUND, &message).await;
        }
        let unknown = json!({"CopyProductToken": "copyproduct-aaaaaaaaaaaaa"});
        let message = "Copy operation copyproduct-aaaaaaaaaaaaa not found.";
        refused(&spoke, operation, unknown, NOT_FOUND, message).await;
    }
}
