//! SearchProductsAsAdmin and SearchProducts: filtered, sorted, of a portfolio, of the account, of an end user.

use mimeo_testkit::{Account, Product, World, id_of, merged};
use serde_json::{Value, json};

use crate::told::{NOT_FOUND, SECONDS, Told, refused};

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    told.answer(
        &hub,
        "SearchProductsAsAdmin",
        json!({}),
        |_| json!({"ProductViewDetails": []}),
    )
    .await;
    let vpc = hub.product("vpc").await;
    world.advance(5_000);
    vpc.add_version("v2").await;
    told.answer(&hub, "SearchProductsAsAdmin", json!({}), |_| {
        json!({"ProductViewDetails": [{
            // That of the newest version, as the real service has it.
            "CreatedTime": SECONDS + 5.0,
            "ProductARN": vpc.arn,
            "ProductViewSummary": {
                "HasDefaultPath": false,
                "Id": vpc.id.replace("prod-", "prodview-"),
                "Name": "vpc",
                "Owner": "Platform",
                "ProductId": vpc.id,
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
            "Status": "CREATED",
        }]})
    })
    .await;
    assert_eq!(
        vpc.described().await["ProductViewDetail"]["CreatedTime"],
        SECONDS
    );
    end_users_answers(told, &hub, &vpc).await;
}

async fn end_users_answers(told: &mut Told, hub: &Account, vpc: &Product) {
    told.answer(hub, "SearchProducts", json!({}), |_| {
        json!({
            "ProductViewAggregations": {"Owner": [], "ProductType": []},
            "ProductViewSummaries": [],
        })
    })
    .await;
    let golden = hub.portfolio("golden").await.holds(vpc).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    told.answer(hub, "SearchProducts", json!({}), |_| {
        json!({
            "ProductViewAggregations": {
                "Owner": [{"ApproximateCount": 1, "Value": "Platform"}],
                "ProductType": [{"ApproximateCount": 1, "Value": "CLOUD_FORMATION_TEMPLATE"}],
            },
            "ProductViewSummaries": [{
                "HasDefaultPath": false,
                "Id": vpc.id.replace("prod-", "prodview-"),
                "Name": "vpc",
                "Owner": "Platform",
                "ProductId": vpc.id,
                "Type": "CLOUD_FORMATION_TEMPLATE",
            }],
        })
    })
    .await;
}

async fn names(account: &Account, input: Value) -> Vec<String> {
    let found = account.pages("SearchProductsAsAdmin", input).await;
    found
        .iter()
        .map(|one| id_of(one, "/ProductViewSummary/Name"))
        .collect()
}

async fn end_users_names(account: &Account, input: Value) -> Vec<String> {
    let found = account.pages("SearchProducts", input).await;
    found.iter().map(|one| id_of(one, "/Name")).collect()
}

#[tokio::test]
async fn filters_narrow_and_sorts_order_alike_with_and_without_a_portfolio() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let mut golden = hub.portfolio("golden").await;
        for (name, owner, versions) in
            [("Bucket", "Data", 3), ("vpc", "Net", 1), ("Mesh", "Net", 2)]
        {
            let product = hub
                .product_with(
                    name,
                    json!({"Owner": owner, "Description": format!("the {name} of all")}),
                )
                .await;
            golden = golden.holds(&product.versions(versions).await).await;
            world.advance(1_000);
        }
        hub.lets_in(&golden, &hub.role("Developer")).await;
        let silver = hub.portfolio("silver").await;
        hub.lets_in(&silver, &hub.role("Developer")).await;
        for portfolio in [
            json!({}),
            json!({"PortfolioId": golden.id}),
            json!("of an end user"),
        ] {
            let search = async |members: Value| match &portfolio {
                Value::String(_) => end_users_names(&hub, members).await,
                portfolio => names(&hub, merged(portfolio.clone(), members)).await,
            };
            let filter = |key: &str, values: &[&str]| json!({"Filters": {key: values}});
            assert_eq!(search(json!({})).await, ["Bucket", "vpc", "Mesh"]);
            assert_eq!(search(filter("Owner", &["Net"])).await, ["vpc", "Mesh"]);
            assert_eq!(search(filter("Owner", &["Net", "Data"])).await.len(), 3);
            assert_eq!(search(filter("Owner", &["net"])).await.len(), 0);
            assert_eq!(search(filter("FullTextSearch", &["VPC"])).await, ["vpc"]);
            assert_eq!(
                search(filter("FullTextSearch", &["all mesh"])).await,
                ["Mesh"]
            );
            assert_eq!(search(filter("ProductType", &["EXTERNAL"])).await.len(), 0);
            let both = json!({"Filters": {"Owner": ["Net"], "FullTextSearch": ["mesh"]}});
            assert_eq!(search(both).await, ["Mesh"]);
            for (by, ascending) in [
                ("VersionCount", ["vpc", "Mesh", "Bucket"]),
                ("CreationDate", ["Bucket", "vpc", "Mesh"]),
            ] {
                let mut expected = ascending;
                let sorted = json!({"SortBy": by, "SortOrder": "ASCENDING", "PageSize": 1});
                assert_eq!(search(sorted).await, expected, "{by}");
                expected.reverse();
                let sorted = json!({"SortBy": by, "SortOrder": "DESCENDING", "PageSize": 1});
                assert_eq!(search(sorted).await, expected, "{by}");
            }
            let titled = search(json!({"SortBy": "Title", "PageSize": 1})).await;
            let mut again =
                search(json!({"SortBy": "Title", "SortOrder": "DESCENDING", "PageSize": 2})).await;
            again.reverse();
            assert_eq!(titled, again);
        }
    }
}

#[tokio::test]
async fn what_was_copied_is_found_by_its_source() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await;
    hub.portfolio("golden")
        .await
        .holds(&vpc)
        .await
        .shared_with(&spoke)
        .await;
    let copy = spoke
        .has_copied(&vpc, json!({"TargetProductName": "copied"}))
        .await;
    spoke.product("own").await;
    let by_source = |id: &str| json!({"Filters": {"SourceProductId": [id]}});
    assert_eq!(names(&spoke, by_source(&vpc.id)).await, ["copied"]);
    assert_eq!(names(&spoke, by_source(&copy.id)).await.len(), 0);
    let again = spoke
        .has_copied(&copy, json!({"TargetProductName": "chained"}))
        .await;
    assert_eq!(names(&spoke, by_source(&copy.id)).await, ["chained"]);
    assert_eq!(names(&spoke, by_source(&again.id)).await.len(), 0);
}

#[tokio::test]
async fn an_imported_portfolio_is_searched_too() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await;
    hub.product("hidden").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.offered_to(&spoke).await;
    let input = json!({"PortfolioId": golden.id});
    let message = format!("Portfolio {} not found.", golden.id);
    refused(
        &spoke,
        "SearchProductsAsAdmin",
        input.clone(),
        NOT_FOUND,
        &message,
    )
    .await;
    spoke.accepts(&golden).await;
    assert_eq!(names(&spoke, input).await, ["vpc"]);
    assert_eq!(names(&spoke, json!({})).await.len(), 0);
}

#[tokio::test]
async fn aggregations_count_all_that_was_found_whatever_the_page() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let mut golden = hub.portfolio("golden").await;
    let mut silver = hub.portfolio("silver").await;
    for (name, owner) in [("a", "Data"), ("b", "Net"), ("c", "Net")] {
        let product = hub.product_with(name, json!({"Owner": owner})).await;
        golden = golden.holds(&product).await;
        silver = silver.holds(&product).await;
    }
    for portfolio in [&golden, &silver] {
        hub.lets_in(portfolio, &hub.role("Developer")).await;
    }
    let count = |value: &str, count: u32| json!({"ApproximateCount": count, "Value": value});
    for (members, owners) in [
        (
            json!({"PageSize": 1}),
            json!([count("Net", 2), count("Data", 1)]),
        ),
        (
            json!({"Filters": {"Owner": ["Data"]}}),
            json!([count("Data", 1)]),
        ),
        (json!({"Filters": {"Owner": ["Nobody"]}}), json!([])),
    ] {
        let found = hub.does("SearchProducts", members).await;
        assert_eq!(found["ProductViewAggregations"]["Owner"], owners);
    }
}

#[tokio::test]
async fn end_users_count_active_versions_and_still_find_a_product_without_any() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let many = hub.product("many").await.versions(3).await;
    let few = hub.product("few").await.versions(2).await;
    let golden = hub
        .portfolio("golden")
        .await
        .holds(&many)
        .await
        .holds(&few)
        .await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let by_count = json!({"SortBy": "VersionCount"});
    assert_eq!(
        end_users_names(&hub, by_count.clone()).await,
        ["few", "many"]
    );
    for version in many.version_ids().await {
        many.update_version(&version, json!({"Active": false}))
            .await;
    }
    assert_eq!(end_users_names(&hub, by_count).await, ["many", "few"]);
    let described = hub.does("DescribeProduct", json!({"Id": many.id})).await;
    assert_eq!(described["ProvisioningArtifacts"], json!([]));
}
