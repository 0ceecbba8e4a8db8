//! All that an account can see, to compare before and after.

use serde_json::{Value, json};

use crate::Account;
use crate::products::id_of;
use crate::wire::merged;

impl Account {
    /// Own products with versions and tags, portfolios with products, shares and constraints, imported portfolios, and
    /// TagOptions.
    pub async fn catalogue(&self) -> Value {
        let mut products = Vec::new();
        for listed in self.pages("SearchProductsAsAdmin", json!({})).await {
            let id = id_of(&listed, "/ProductViewSummary/ProductId");
            let described = self.does("DescribeProductAsAdmin", json!({"Id": id})).await;
            let versions = self
                .does("ListProvisioningArtifacts", json!({"ProductId": id}))
                .await;
            products.push(json!([listed, described, versions]));
        }
        let mut portfolios = Vec::new();
        for listed in self.pages("ListPortfolios", json!({})).await {
            let id = id_of(&listed, "/Id");
            let described = self.does("DescribePortfolio", json!({"Id": id})).await;
            let held = self
                .pages("SearchProductsAsAdmin", json!({"PortfolioId": id}))
                .await;
            let shares = json!({"PortfolioId": id, "Type": "ACCOUNT"});
            let shares = self.pages("DescribePortfolioShares", shares).await;
            let constraints = json!({"PortfolioId": id});
            let constraints = self.pages("ListConstraintsForPortfolio", constraints).await;
            portfolios.push(json!([described, held, shares, constraints]));
        }
        let imported = self.pages("ListAcceptedPortfolioShares", json!({})).await;
        let tag_options = self.pages("ListTagOptions", json!({})).await;
        json!({
            "Imported": imported,
            "Portfolios": portfolios,
            "Products": products,
            "TagOptions": tag_options,
        })
    }

    /// The items of all pages of a list.
    pub async fn pages(&self, operation: &str, input: Value) -> Vec<Value> {
        let mut items = Vec::new();
        let mut token = json!({});
        loop {
            let page = self
                .does(operation, merged(input.clone(), token.clone()))
                .await;
            let Value::Object(members) = page else {
                panic!("{operation} answered {page}")
            };
            let lists = members.values().filter_map(Value::as_array);
            items.extend(lists.flatten().cloned());
            // The lists of TagOptions spell it like the request.
            let next = members.get("NextPageToken").or(members.get("PageToken"));
            match next {
                Some(next) => token = json!({"PageToken": next}),
                None => return items,
            }
        }
    }
}
