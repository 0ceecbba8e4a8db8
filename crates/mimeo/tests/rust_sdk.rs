//! The AWS SDK for Rust against the binary, over real sockets: what an end user of a catalogue does.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use aws_sdk_servicecatalog::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_servicecatalog::error::ProvideErrorMetadata;
use aws_sdk_servicecatalog::types::{
    PrincipalType, ProductType, ProvisioningArtifactProperties, ProvisioningArtifactType,
};
use aws_sdk_servicecatalog::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mimeo"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data", ":memory:"])
            .env("MIMEO_TEMPLATES_FETCH", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        assert!(lines.any(|line| line.unwrap() == "Ready."));
        Self { child, url }
    }

    fn client(&self, account: &str) -> Client {
        let tls = Provider::Rustls(CryptoMode::Ring);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(account, "any", None, None, "test"))
            .endpoint_url(&self.url)
            .http_client(Builder::new().tls_provider(tls).build_https())
            .region(Region::from_static("us-east-1"))
            .build();
        Client::from_conf(config)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

async fn product(client: &Client, name: &str) -> String {
    let version = ProvisioningArtifactProperties::builder()
        .name("v1")
        .info("LoadTemplateFromURL", "https://example.com/template.yaml")
        .r#type(ProvisioningArtifactType::CloudFormationTemplate)
        .build();
    let made = client
        .create_product()
        .name(name)
        .owner("Platform")
        .product_type(ProductType::CloudFormationTemplate)
        .provisioning_artifact_parameters(version)
        .send()
        .await
        .unwrap();
    let view = made.product_view_detail.unwrap();
    view.product_view_summary.unwrap().product_id.unwrap()
}

#[tokio::test]
async fn an_end_user_pages_through_what_its_principal_opens_and_nothing_else() {
    let server = Server::start();
    let client = server.client("333344445555");
    let portfolio = client
        .create_portfolio()
        .display_name("Storage")
        .provider_name("Platform")
        .send()
        .await
        .unwrap();
    let portfolio = portfolio.portfolio_detail.unwrap().id.unwrap();
    for number in 0..5 {
        let product = product(&client, &format!("bucket {number}")).await;
        client
            .associate_product_with_portfolio()
            .portfolio_id(&portfolio)
            .product_id(product)
            .send()
            .await
            .unwrap();
    }
    let unseen = product(&client, "unseen").await;

    assert_eq!(
        client
            .search_products()
            .send()
            .await
            .unwrap()
            .product_view_summaries(),
        []
    );
    client
        .associate_principal_with_portfolio()
        .portfolio_id(&portfolio)
        .principal_arn("arn:aws:iam::333344445555:role/Builder")
        .principal_type(PrincipalType::Iam)
        .send()
        .await
        .unwrap();

    let mut names = Vec::new();
    let mut token = None;
    loop {
        let page = client
            .search_products()
            .page_size(2)
            .set_page_token(token)
            .send()
            .await
            .unwrap();
        let page_names = page.product_view_summaries().iter();
        names.extend(page_names.filter_map(|summary| summary.name.clone()));
        token = page.next_page_token;
        if token.is_none() {
            break;
        }
    }
    names.sort();
    assert_eq!(
        names,
        ["bucket 0", "bucket 1", "bucket 2", "bucket 3", "bucket 4"]
    );

    let refused = client.list_launch_paths().product_id(&unseen).send().await;
    let refused = refused.unwrap_err().into_service_error();
    assert!(refused.is_resource_not_found_exception());
    assert_eq!(
        refused.message(),
        Some(&*format!("No launch paths found for resource: {unseen}"))
    );
}
