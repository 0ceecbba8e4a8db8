//! Templates uploaded to Mimeo itself: who may read them, and how many there may be.

use mimeo_service::{Trail, UploadReaders, UploadedAt};
use mimeo_testkit::{Account, HOST, TEMPLATE, World};
use serde_json::json;

use crate::told::{INVALID, refused};

/// Why an upload is refused.
async fn refusal(account: &Account, name: &str) -> String {
    let world = account.world();
    let trail = Trail::within(uuid::Uuid::nil());
    let body = TEMPLATE.into();
    let put = world
        .service()
        .put_template((&account.caller(), &trail), name, body, HOST, world.now())
        .await;
    put.expect_err("it is refused").to_string()
}

#[tokio::test]
async fn an_upload_has_a_plain_name() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let long = "a".repeat(129);
    for name in ["", ".hidden", "../vpc.yaml", "a/b", "a b", "é.yaml", &long] {
        let message = format!(
            "{name:?} is not a name for a template: up to 128 letters, digits, dots, hyphens and \
             underscores, the first one a letter or digit."
        );
        assert_eq!(refusal(&hub, name).await, message);
    }
    hub.template(&"a".repeat(128), TEMPLATE).await;
}

#[tokio::test]
async fn uploads_are_limited_and_a_name_that_is_there_takes_no_room() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| world.quotas.uploads = 1);
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        hub.template("a.yaml", TEMPLATE).await;
        hub.template("a.yaml", "another").await;
        let message = "The account already keeps 1 uploaded templates, its quota.";
        assert_eq!(refusal(&hub, "b.yaml").await, message);
        spoke.template("b.yaml", TEMPLATE).await;
    }
}

#[tokio::test]
async fn an_upload_is_read_by_everyone_or_by_its_uploader_alone() {
    let open = World::new().await;
    let closed = open.with(|world| world.upload_readers = UploadReaders::Uploader);
    let [hub, spoke] = open.accounts(["hub", "spoke"]);
    let url = hub.template("vpc.yaml", TEMPLATE).await;
    let path = url
        .strip_prefix(&format!("http://{HOST}"))
        .expect("the host");
    let at = UploadedAt::of_path(path).expect("an upload's path");
    let reads = async |account: &Account| {
        let service = account.world().service();
        let body = service.get_template(&account.caller(), &at).await;
        body.expect("the store is there").is_some()
    };
    assert!(reads(&hub).await && reads(&spoke).await);
    assert!(reads(&hub.served_by(&closed)).await);
    assert!(!reads(&spoke.served_by(&closed)).await);

    let version = json!({"Info": {"LoadTemplateFromURL": url}, "Type": "CLOUD_FORMATION_TEMPLATE"});
    let members = json!({"ProvisioningArtifactParameters": version});
    spoke.product_with("vpc", members.clone()).await;
    let input = json!({
        "IdempotencyToken": "t",
        "Name": "vpc",
        "Owner": "Platform",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": version,
    });
    let message = "Template upload vpc.yaml not found.";
    refused(
        &spoke.served_by(&closed),
        "CreateProduct",
        input,
        INVALID,
        message,
    )
    .await;
    hub.served_by(&closed).product_with("vpc", members).await;
}
