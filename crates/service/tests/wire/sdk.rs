//! The official SDK understands what is answered: values, errors, and what its model does not know.

use mimeo_testkit::sdk::error::ProvideErrorMetadata;
use mimeo_testkit::sdk::operation::RequestId;
use mimeo_testkit::sdk::types::{
    CopyOption, CopyProductStatus, ProductType, ProvisioningArtifactProperties,
    ProvisioningArtifactType, Tag,
};
use mimeo_testkit::{Account, World};

/// Makes a product that the spoke may copy, and answers its ARN.
async fn shared_product(hub: &Account, spoke: &Account, tag: &Tag) -> String {
    let url = hub.template("vpc.yaml", mimeo_testkit::TEMPLATE).await;
    let version = ProvisioningArtifactProperties::builder()
        .name("v1")
        .info("LoadTemplateFromURL", url)
        .r#type(ProvisioningArtifactType::CloudFormationTemplate)
        .build();
    let product = hub
        .create_product()
        .name("vpc")
        .owner("Platform")
        .product_type(ProductType::CloudFormationTemplate)
        .provisioning_artifact_parameters(version)
        .tags(tag.clone())
        .send()
        .await
        .expect("a product");
    let detail = product.product_view_detail().expect("its detail");
    let summary = detail.product_view_summary().expect("its summary");
    let (id, arn) = (
        summary.product_id().expect("its id"),
        detail.product_arn().expect("its ARN"),
    );
    let portfolio = hub
        .create_portfolio()
        .display_name("golden")
        .provider_name("Platform")
        .send()
        .await
        .expect("a portfolio");
    let portfolio = portfolio
        .portfolio_detail()
        .and_then(|detail| detail.id())
        .expect("its id");
    let associate = hub.associate_product_with_portfolio();
    associate
        .portfolio_id(portfolio)
        .product_id(id)
        .send()
        .await
        .expect("an association");
    let share = hub.create_portfolio_share();
    share
        .portfolio_id(portfolio)
        .account_id(spoke.id())
        .send()
        .await
        .expect("a share");
    spoke
        .accept_portfolio_share()
        .portfolio_id(portfolio)
        .send()
        .await
        .expect("an import");
    arn.to_owned()
}

#[tokio::test]
async fn a_product_is_made_shared_and_copied_with_the_sdk_alone() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let tag = Tag::builder()
        .key("team")
        .value("net")
        .build()
        .expect("both are given");
    let arn = shared_product(&hub, &spoke, &tag).await;
    let frankfurt = spoke.in_region("eu-central-1");
    let copy = frankfurt
        .copy_product()
        .source_product_arn(arn)
        .copy_options(CopyOption::CopyTags);
    let accepted = copy.send().await.expect("a copy");
    let token = accepted.copy_product_token().expect("its token");
    let status = async || {
        let status = frankfurt
            .describe_copy_product_status()
            .copy_product_token(token);
        status.send().await.expect("a status")
    };
    assert_eq!(
        status().await.copy_product_status(),
        Some(&CopyProductStatus::InProgress)
    );
    world.settle().await;
    let done = status().await;
    assert_eq!(
        done.copy_product_status(),
        Some(&CopyProductStatus::Succeeded)
    );
    let target = done.target_product_id().expect("its id");
    let shown = frankfurt
        .describe_product_as_admin()
        .id(target)
        .send()
        .await;
    assert_eq!(shown.expect("the copy").tags(), [tag]);
}

#[tokio::test]
async fn an_error_has_its_code_its_message_and_its_request_id() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let gone = hub.delete_product().id("prod-aaaaaaaaaaaaa").send().await;
    let gone = gone.expect_err("there is none").into_service_error();
    assert!(gone.is_resource_not_found_exception());
    let text = "prod-aaaaaaaaaaaaa does not exist or access was denied";
    assert_eq!(gone.message(), Some(text));
    assert!(gone.request_id().is_some());

    let invalid = hub.delete_product().id("not an id").send().await;
    let invalid = invalid.expect_err("a space").into_service_error();
    assert_eq!(invalid.code(), Some("ValidationException"));
    let pending = hub.scan_provisioned_products().send().await;
    let pending = pending.expect_err("to come").into_service_error();
    assert_eq!(pending.code(), Some("NotImplementedException"));
    assert_eq!(
        pending.message(),
        Some("ScanProvisionedProducts is not implemented by Mimeo yet")
    );
}
