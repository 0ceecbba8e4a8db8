//! SearchProducts: the products that the caller may launch, each once, filtered and sorted.
//!
//! `ProductViewAggregations` is documented as a map of keys to values and counts, its keys are not,
//! and a recorded answer leaves it out. Ours: `Owner` and `ProductType`, the filters with values to
//! choose from, counted over all products found, on every page.
//!
//! Ours too: `VersionCount` counts the versions that end users see. A product without any is still
//! found, as inactive versions are documented to be hidden and products are not.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProducts.html>

use std::collections::{BTreeMap, BTreeSet};

use mimeo_api::{
    ProductViewAggregationValue, SearchProducts, SearchProductsInput, SearchProductsOutput,
};
use mimeo_domain::ProductId;
use mimeo_domain::search::{Aggregation, SortBy};

use super::{admits, cursor, filters, keep_page, sort};
use crate::cx::{Cx, Handle, Reach};
use crate::error::Stop;
use crate::view;

impl Handle for SearchProducts {
    const REACH: Reach = Reach::Scan;

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &SearchProductsInput,
    ) -> Result<SearchProductsOutput, Stop> {
        let filters = filters(input.filters.as_ref());
        let sort = sort(input.sort_by.as_deref(), input.sort_order.as_deref());
        let about = format!("{sort:?} {filters:?}");
        let page = cx
            .pages
            .open(input.page_size, input.page_token.as_deref(), &about)?;
        let (mut owners, mut types) = (Aggregation::default(), Aggregation::default());
        let mut seen = BTreeSet::new();
        let mut products = Vec::new();
        for portfolio in cx.end_user().open_portfolios(None).await? {
            let held = cx.tx.products_in_portfolio(cx.scope, &portfolio.id).await?;
            for mut listed in held {
                if !admits(&filters, &listed) || !seen.insert(listed.id.clone()) {
                    continue;
                }
                owners.count(&listed.owner);
                types.count(&listed.product_type);
                if sort.0 == SortBy::VersionCount {
                    listed.artifacts_count = active_count(cx, &listed.id).await?;
                }
                products.push(listed);
            }
            keep_page(&mut products, sort, &page);
        }
        let (products, next) = cx.pages.cut(&page, products, |last| cursor(sort, last));
        let summaries = products
            .iter()
            .map(|listed| Ok(view::product_summary(&listed.product()?)));
        let aggregations = [("Owner", owners), ("ProductType", types)];
        Ok(SearchProductsOutput {
            next_page_token: next,
            product_view_aggregations: Some(BTreeMap::from(
                aggregations.map(|(key, values)| (key.to_owned(), told(values))),
            )),
            product_view_summaries: Some(summaries.collect::<Result<_, Stop>>()?),
        })
    }
}

async fn active_count(cx: &mut Cx<'_, '_>, product: &ProductId) -> Result<u64, Stop> {
    let artifacts = cx.tx.list_artifacts(cx.scope, product).await?;
    let active = artifacts.iter().filter(|artifact| artifact.active);
    Ok(active.count() as u64)
}

fn told(aggregation: Aggregation) -> Vec<ProductViewAggregationValue> {
    let value = |(value, count): (String, u32)| ProductViewAggregationValue {
        approximate_count: Some(i64::from(count)),
        value: Some(value),
    };
    aggregation.told().into_iter().map(value).collect()
}
