//! Products with their versions.

use std::collections::BTreeSet;

use bytes::Bytes;
use mimeo_domain::RegionName;
use mimeo_world::{Hung, Origin, Product, Version};
use serde_json::{Value, json};

use super::caller::Acting;
use super::hung::hang;
use super::{Refused, Seed, tags, text};

impl Seed<'_> {
    pub(super) async fn product(
        &mut self,
        name: &str,
        product: &Product,
        region: &RegionName,
    ) -> Result<(), Refused> {
        let what = format!("product `{name}` in {region}");
        let acting = self.acting(&product.account, region, what);
        let mut made = 0;
        let (id, present) = if let Some(id) = self.found_product(&acting, name).await? {
            let listed = acting
                .does("ListProvisioningArtifacts", json!({"ProductId": id}))
                .await?;
            let versions = listed["ProvisioningArtifactDetails"].as_array();
            let names = versions
                .into_iter()
                .flatten()
                .map(|version| text(&version["Name"]));
            (id, names.collect::<BTreeSet<_>>())
        } else {
            // A document's product has a version.
            let first = &product.versions[0];
            let asked = json!({
                "Name": name, "Owner": product.owner, "ProductType": product.product_type,
                "Description": product.description, "Tags": tags(&product.tags),
                "ProvisioningArtifactParameters": self.version(&acting, product, first).await?,
            });
            let created = acting.does("CreateProduct", asked).await?;
            made += 1;
            let id = text(&created["ProductViewDetail"]["ProductViewSummary"]["ProductId"]);
            self.remember_product(&acting, name, id.clone());
            let version = text(&created["ProvisioningArtifactDetail"]["Id"]);
            settle(&acting, &id, &version, first).await?;
            (id, BTreeSet::from([first.name.clone()]))
        };
        for version in &product.versions {
            if present.contains(&version.name) {
                continue;
            }
            let parameters = self.version(&acting, product, version).await?;
            let asked = json!({"ProductId": id, "Parameters": parameters});
            let created = acting.does("CreateProvisioningArtifact", asked).await?;
            made += 1;
            let artifact = text(&created["ProvisioningArtifactDetail"]["Id"]);
            settle(&acting, &id, &artifact, version).await?;
        }
        if product.hung != Hung::default() {
            let asked = json!({"Id": id});
            let described = acting.does("DescribeProductAsAdmin", asked).await?;
            made += hang(&acting, &id, &described, &product.hung).await?;
        }
        self.made += made;
        Ok(())
    }

    /// What CreateProduct and CreateProvisioningArtifact want to know.
    async fn version(
        &self,
        acting: &Acting<'_>,
        product: &Product,
        version: &Version,
    ) -> Result<Value, Refused> {
        let url = match &version.origin {
            Origin::Url(url) => url.clone(),
            Origin::Inline(body) => acting.upload(Bytes::from(body.clone())).await?,
            Origin::File(path) => acting.upload(self.templates[path].clone()).await?,
        };
        Ok(json!({
            "Name": version.name, "Description": version.description,
            "Info": {"LoadTemplateFromURL": url}, "Type": product.product_type,
        }))
    }

    /// The account's own product of this name.
    pub(super) async fn found_product(
        &mut self,
        acting: &Acting<'_>,
        name: &str,
    ) -> Result<Option<String>, Refused> {
        let place = acting.place();
        if !self.products.contains_key(&place) {
            let all = acting
                .lists("SearchProductsAsAdmin", json!({}), "ProductViewDetails")
                .await?;
            // Of two with one name, the first.
            let summaries = all
                .iter()
                .rev()
                .map(|product| &product["ProductViewSummary"]);
            let named = summaries.map(|found| (text(&found["Name"]), text(&found["ProductId"])));
            self.products.insert(place.clone(), named.collect());
        }
        Ok(self.products[&place].get(name).cloned())
    }

    pub(super) fn remember_product(&mut self, acting: &Acting<'_>, name: &str, id: String) {
        let named = self.products.entry(acting.place()).or_default();
        named.insert(name.to_owned(), id);
    }
}

/// Activity and guidance, which only an update can set.
async fn settle(
    acting: &Acting<'_>,
    product: &str,
    artifact: &str,
    version: &Version,
) -> Result<(), Refused> {
    if version.active && version.guidance == "DEFAULT" {
        return Ok(());
    }
    let asked = json!({
        "ProductId": product, "ProvisioningArtifactId": artifact,
        "Active": version.active, "Guidance": version.guidance,
    });
    acting
        .does("UpdateProvisioningArtifact", asked)
        .await
        .map(drop)
}
