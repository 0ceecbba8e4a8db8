//! Templates: uploaded, fetched, checked.

use mimeo_service::Fetching;
use mimeo_testkit::{HOST, TEMPLATE, World};
use serde_json::{Value, json};

use crate::told::{INVALID, refused};

fn at(url: &str) -> Value {
    json!({
        "IdempotencyToken": "t", "Name": "vpc", "Owner": "Platform",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": {
            "Info": {"LoadTemplateFromURL": url},
            "Type": "CLOUD_FORMATION_TEMPLATE",
        },
    })
}

#[tokio::test]
async fn an_upload_that_does_not_exist_is_named() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let url = format!("http://{HOST}/_mimeo/templates/us-east-1/111111111111/none.yaml");
    let message = "Template upload none.yaml not found.";
    refused(&hub, "CreateProduct", at(&url), INVALID, message).await;
    let vpc = hub.product("vpc").await;
    let version = json!({
        "IdempotencyToken": "t",
        "Parameters": at(&url)["ProvisioningArtifactParameters"],
        "ProductId": vpc.id,
    });
    refused(
        &hub,
        "CreateProvisioningArtifact",
        version,
        INVALID,
        message,
    )
    .await;
}

#[tokio::test]
async fn a_template_that_is_none_is_refused_unless_nobody_shall_look() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for (body, problem) in [
        ("", "The template is empty."),
        (
            "just text",
            "A template is a mapping of sections (line 1, column 1).",
        ),
        (
            "Description: no resources",
            "A template has at least one resource (line 1, column 1).",
        ),
        (
            "{\"Resources\": {}}",
            "A template has at least one resource (line 1, column 1).",
        ),
        (
            "Resources: [",
            "This is not YAML: while parsing a node, did not find expected node content (line 2, column 1).",
        ),
    ] {
        let url = hub.template("broken.yaml", body).await;
        let message = format!(
            "Invalid templateBody. Please make sure that your template is valid ({problem})"
        );
        refused(&hub, "CreateProduct", at(&url), INVALID, &message).await;
        let unchecked = json!({
            "DisableTemplateValidation": true,
            "Info": {"LoadTemplateFromURL": url},
            "Type": "CLOUD_FORMATION_TEMPLATE",
        });
        hub.product_with("vpc", json!({"ProvisioningArtifactParameters": unchecked}))
            .await;
    }
}

#[tokio::test]
async fn urls_that_may_not_be_fetched_are_refused() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for (url, message) in [
        (
            "ftp://example.com/t.yaml",
            "ftp://example.com/t.yaml cannot be fetched: a template URL begins with https://.",
        ),
        ("not a url", "not a url is not a URL."),
        (
            "http://127.0.0.1:1/t.yaml",
            "http://127.0.0.1:1/t.yaml could not be read: its host cannot be reached or is not allowed.",
        ),
        (
            "https://169.254.169.254/latest/meta-data",
            "https://169.254.169.254/latest/meta-data could not be read: its host cannot be reached or is not allowed.",
        ),
    ] {
        refused(&hub, "CreateProduct", at(url), INVALID, message).await;
    }
}

#[tokio::test]
async fn a_version_keeps_the_template_that_its_url_had_when_it_was_made() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let url = hub.template("t.yaml", TEMPLATE).await;
    let version = json!({"Info": {"LoadTemplateFromURL": url}, "Name": "v1", "Type": "CLOUD_FORMATION_TEMPLATE"});
    let vpc = hub
        .product_with("vpc", json!({"ProvisioningArtifactParameters": version}))
        .await;
    let described = async || {
        let input = json!({
            "IncludeProvisioningArtifactParameters": true,
            "ProductId": vpc.id,
            "ProvisioningArtifactName": "v1",
        });
        hub.does("DescribeProvisioningArtifact", input).await
    };
    let before = described().await;
    let uploaded_again = hub
        .template("t.yaml", &TEMPLATE.replace("Cidr", "Range"))
        .await;
    assert_eq!(uploaded_again, url);
    assert_eq!(described().await, before);
    assert_eq!(
        before["ProvisioningArtifactParameters"][0]["ParameterKey"],
        "Cidr"
    );
}

#[tokio::test]
async fn a_template_of_other_types_is_not_read() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let url = hub.template("module.tar.gz", "\u{1}\u{2} anything").await;
    let members = json!({
        "ProductType": "EXTERNAL",
        "ProvisioningArtifactParameters": {"Info": {"LoadTemplateFromURL": url}, "Name": "v1"},
    });
    let module = hub.product_with("module", members).await;
    let input = json!({
        "IncludeProvisioningArtifactParameters": true,
        "ProductId": module.id,
        "ProvisioningArtifactName": "v1",
    });
    let described = hub.does("DescribeProvisioningArtifact", input).await;
    assert_eq!(described["ProvisioningArtifactParameters"], json!([]));
}

#[tokio::test]
async fn where_fetching_is_off_a_made_up_url_is_kept_without_a_body() {
    let world = World::new()
        .await
        .with(|world| world.fetching = Fetching::Off);
    let [hub] = world.accounts(["hub"]);
    for (key, shown, value) in [
        (
            "LoadTemplateFromURL",
            "TemplateUrl",
            "https://made-up.example/t.yaml",
        ),
        (
            "ImportFromPhysicalId",
            "PhysicalId",
            "arn:aws:cloudformation:made:up",
        ),
    ] {
        let version = json!({"Info": {key: value}, "Type": "CLOUD_FORMATION_TEMPLATE"});
        let members = json!({"ProvisioningArtifactParameters": version});
        let vpc = hub.product_with("vpc", members).await;
        let copy = hub.has_copied(&vpc, json!({})).await;
        let input = json!({
            "IncludeProvisioningArtifactParameters": true,
            "ProductId": copy.id,
            "ProvisioningArtifactId": copy.version_ids().await[0],
            "Verbose": true,
        });
        let described = hub.does("DescribeProvisioningArtifact", input).await;
        assert_eq!(described["Info"], json!({shown: value}));
        assert_eq!(described["ProvisioningArtifactParameters"], json!([]));
    }
}
