//! Verbs for products and their versions.

use serde_json::{Value, json};

use crate::wire::merged;
use crate::{Account, HOST, World};

/// A valid template; each upload appends a comment of its own, so that no two are equal.
pub const TEMPLATE: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Cidr:
    Type: String
    Default: 10.0.0.0/16
    Description: Where the network lies
Resources:
  Network:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: !Ref Cidr
";

/// A product, and who owns it.
#[derive(Debug, Clone)]
pub struct Product {
    pub owner: Account,
    pub id: String,
    pub arn: String,
    pub name: String,
}

/// A text of an answer, by path: `id_of(&answer, "/PortfolioDetail/Id")`.
pub fn id_of(answer: &Value, pointer: &str) -> String {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {pointer} in {answer}"))
        .to_owned()
}

impl Account {
    /// Uploads a template and answers its URL.
    pub async fn template(&self, name: &str, body: &str) -> String {
        let (world, caller) = (self.world(), self.caller());
        let trail = World::trail(world.number());
        let body = body.to_owned().into();
        let url = world
            .service()
            .put_template((&caller, &trail), name, body, HOST, world.now());
        url.await.expect("an upload is kept")
    }

    /// `ProvisioningArtifactParameters` of a version with this name and a template of its own.
    pub async fn version(&self, name: &str) -> Value {
        let number = self.world().number();
        let body = format!("{TEMPLATE}# {name}, the {number}th\n");
        let url = self.template(&format!("{name}-{number}.yaml"), &body).await;
        json!({
            "Info": {"LoadTemplateFromURL": url},
            "Name": name,
            "Type": "CLOUD_FORMATION_TEMPLATE",
        })
    }

    /// Makes a product with one version, `v1`.
    pub async fn product(&self, name: &str) -> Product {
        self.product_with(name, json!({})).await
    }

    /// Makes a product with these members of `CreateProduct` besides the usual ones.
    pub async fn product_with(&self, name: &str, members: Value) -> Product {
        let usual = json!({
            "IdempotencyToken": self.token(),
            "Name": name,
            "Owner": "Platform",
            "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "ProvisioningArtifactParameters": self.version("v1").await,
        });
        let made = self.does("CreateProduct", merged(usual, members)).await;
        Product {
            owner: self.clone(),
            id: id_of(&made, "/ProductViewDetail/ProductViewSummary/ProductId"),
            arn: id_of(&made, "/ProductViewDetail/ProductARN"),
            name: name.to_owned(),
        }
    }
}

impl Product {
    /// Adds versions until there are `count`: `v2`, `v3` …
    pub async fn versions(self, count: usize) -> Self {
        let have_count = self.version_ids().await.len();
        for number in have_count + 1..=count {
            self.add_version(&format!("v{number}")).await;
        }
        self
    }

    /// Adds a version and answers its id.
    pub async fn add_version(&self, name: &str) -> String {
        let input = json!({
            "IdempotencyToken": self.owner.token(),
            "Parameters": self.owner.version(name).await,
            "ProductId": self.id,
        });
        let made = self.owner.does("CreateProvisioningArtifact", input).await;
        id_of(&made, "/ProvisioningArtifactDetail/Id")
    }

    /// Changes a version: `json!({"Active": false})`.
    pub async fn update_version(&self, id: &str, members: Value) {
        let ids = json!({"ProductId": self.id, "ProvisioningArtifactId": id});
        self.owner
            .does("UpdateProvisioningArtifact", merged(ids, members))
            .await;
    }

    /// The versions as their owner lists them.
    pub async fn listed_versions(&self) -> Vec<Value> {
        let input = json!({"ProductId": self.id});
        let mut listed = self.owner.does("ListProvisioningArtifacts", input).await;
        match listed["ProvisioningArtifactDetails"].take() {
            Value::Array(versions) => versions,
            other => panic!("not a list: {other}"),
        }
    }

    /// Ids of the versions, oldest first.
    pub async fn version_ids(&self) -> Vec<String> {
        let versions = self.listed_versions().await;
        versions.iter().map(|one| id_of(one, "/Id")).collect()
    }

    /// The product as `DescribeProductAsAdmin` shows it to its owner.
    pub async fn described(&self) -> Value {
        self.owner
            .does("DescribeProductAsAdmin", json!({"Id": self.id}))
            .await
    }

    /// Removes the product.
    pub async fn is_deleted(&self) {
        self.owner
            .does("DeleteProduct", json!({"Id": self.id}))
            .await;
    }
}
