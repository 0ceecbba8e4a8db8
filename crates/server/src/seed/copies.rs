//! Copies: accepted, and waited for.

use std::time::Duration;

use mimeo_domain::arn::product_arn;
use mimeo_domain::{AccountId, ProductId};
use mimeo_world::Copy;
use serde_json::json;

use super::{Refused, Seed, text};

/// Between two looks at a copy.
const LOOK: Duration = Duration::from_millis(20);

/// How often a copy is looked at (ours): for ten minutes.
const LOOKS_MAX: usize = 30_000;

impl Seed<'_> {
    /// A product of the name that the copy is to have is that copy.
    pub(super) async fn copy(&mut self, copy: &Copy) -> Result<(), Refused> {
        let Copy {
            product,
            account,
            region,
            ..
        } = copy;
        let what = format!("the copy of product `{product}` for `{account}` in {region}");
        let acting = self.acting(account, region, what.clone());
        if self.found_product(&acting, &copy.name).await?.is_some() {
            return Ok(());
        }
        let owner = &self.world.products[product].account;
        let owning = self.acting(owner, &copy.from, what.clone());
        let source = self.found_product(&owning, product).await?;
        let source = ProductId::from(source.unwrap_or_default().as_str());
        let owner: &AccountId = &self.world.accounts[owner];
        let asked = json!({
            "SourceProductArn": product_arn(&copy.from, owner, &source),
            "TargetProductName": copy.name,
        });
        let accepted = acting.does("CopyProduct", asked).await?;
        let asked = json!({"CopyProductToken": accepted["CopyProductToken"]});
        for _ in 0..LOOKS_MAX {
            let told = acting
                .does("DescribeCopyProductStatus", asked.clone())
                .await?;
            match told["CopyProductStatus"].as_str() {
                Some("IN_PROGRESS") => tokio::time::sleep(LOOK).await,
                Some("SUCCEEDED") => {
                    let id = text(&told["TargetProductId"]);
                    self.remember_product(&acting, &copy.name, id);
                    self.made += 1;
                    return Ok(());
                }
                _ => return Err((what, text(&told["StatusDetail"]))),
            }
        }
        Err((what, "it did not end in time".to_owned()))
    }
}
