//! Copies that succeed: where to, and what comes along.

use mimeo_testkit::{Account, Product, World, id_of};
use serde_json::{Value, json};

use crate::told::Told;

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = shared(&hub, &spoke, 2).await;
    let input = json!({"IdempotencyToken": "t", "SourceProductArn": vpc.arn});
    let accepted = told
        .answer(
            &spoke,
            "CopyProduct",
            input,
            |it| json!({"CopyProductToken": id_of(it, "/CopyProductToken")}),
        )
        .await;
    let token = id_of(&accepted, "/CopyProductToken");
    assert_eq!(token.strip_prefix("copyproduct-").map(str::len), Some(13));
    let status = json!({"CopyProductToken": token});
    told.answer(
        &spoke,
        "DescribeCopyProductStatus",
        status.clone(),
        |_| json!({"CopyProductStatus": "IN_PROGRESS"}),
    )
    .await;
    world.settle().await;
    let done = told
        .answer(&spoke, "DescribeCopyProductStatus", status, |it| {
            json!({
                "CopyProductStatus": "SUCCEEDED",
                "TargetProductId": id_of(it, "/TargetProductId"),
            })
        })
        .await;
    let target = id_of(&done, "/TargetProductId");
    let shown = json!({"Id": target});
    let sources = vpc.version_ids().await;
    told.answer(&spoke, "DescribeProductAsAdmin", shown, |it| {
        let created = &it["ProductViewDetail"]["CreatedTime"];
        let version = |at: usize| {
            json!({
                "CreatedTime": created,
                "Id": it["ProvisioningArtifactSummaries"][at]["Id"],
                "Name": format!("v{}", at + 1),
                "ProvisioningArtifactMetadata": {
                    "SourceProductId": vpc.id,
                    "SourceProvisioningArtifactId": sources[at],
                },
            })
        };
        json!({
            "Budgets": [],
            "ProductViewDetail": copied(&target, created),
            "ProvisioningArtifactSummaries": [version(0), version(1)],
            "TagOptions": [],
            "Tags": [],
        })
    })
    .await;
}

/// The copy as the spoke sees it, made by the database's clock.
fn copied(id: &str, created: &Value) -> Value {
    json!({
        "CreatedTime": created,
        "ProductARN": format!("arn:aws:catalog:us-east-1:222222222222:product/{id}"),
        "ProductViewSummary": {
            "HasDefaultPath": false,
            "Id": id.replace("prod-", "prodview-"),
            "Name": "vpc",
            "Owner": "Platform",
            "ProductId": id,
            "Type": "CLOUD_FORMATION_TEMPLATE",
        },
        "Status": "CREATED",
    })
}

/// A product of the hub's with this many versions, in a portfolio that the spoke has accepted.
pub(crate) async fn shared(hub: &Account, spoke: &Account, versions: usize) -> Product {
    let vpc = hub.product("vpc").await.versions(versions).await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    golden.shared_with(spoke).await;
    vpc
}

/// What must be equal of each version: all but its id and time; and where the template lies.
async fn contents(product: &Product) -> Vec<Value> {
    let mut contents = Vec::new();
    for mut version in product.listed_versions().await {
        let input = json!({
            "ProductId": product.id,
            "ProvisioningArtifactId": version["Id"],
            "Verbose": true,
        });
        let described = product
            .owner
            .does("DescribeProvisioningArtifact", input)
            .await;
        let members = version.as_object_mut().expect("members");
        members.remove("Id");
        members.remove("CreatedTime");
        members.insert("Info".into(), described["Info"].clone());
        contents.push(version);
    }
    contents
}

async fn sources(copy: &Product) -> Vec<String> {
    let described = copy.described().await;
    let summaries = described["ProvisioningArtifactSummaries"].as_array();
    let source = |one: &Value| {
        id_of(
            one,
            "/ProvisioningArtifactMetadata/SourceProvisioningArtifactId",
        )
    };
    summaries.expect("a list").iter().map(source).collect()
}

#[tokio::test]
async fn a_product_is_copied_within_an_account_or_to_another_here_or_in_another_region() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 3).await;
        for (account, region) in [
            (&hub, "us-east-1"),
            (&hub, "eu-west-1"),
            (&spoke, "us-east-1"),
            (&spoke, "eu-west-1"),
        ] {
            let here = account.in_region(region);
            let copy = here.has_copied(&vpc, json!({})).await;
            assert_ne!(copy.id, vpc.id);
            let arn = format!(
                "arn:aws:catalog:{region}:{}:product/{}",
                account.id(),
                copy.id
            );
            assert_eq!(copy.arn, arn);
            assert_eq!(contents(&copy).await, contents(&vpc).await, "{arn}");
            assert_eq!(sources(&copy).await, vpc.version_ids().await);
            let metadata =
                "/ProvisioningArtifactSummaries/0/ProvisioningArtifactMetadata/SourceProductId";
            assert_eq!(id_of(&copy.described().await, metadata), vpc.id);
            let holding = json!({"ProductId": copy.id});
            assert_eq!(
                here.pages("ListPortfoliosForProduct", holding).await.len(),
                0
            );
        }
    }
}

#[tokio::test]
async fn what_describes_a_product_comes_along_and_its_tags_only_when_asked() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let members = json!({
            "Description": "Three subnets",
            "Distributor": "",
            "SupportDescription": "Ask",
            "SupportEmail": "help@example.com",
            "SupportUrl": "https://example.com",
            "Tags": [{"Key": "team", "Value": "net"}],
        });
        let vpc = hub.product_with("vpc", members).await;
        for (members, tags) in [
            (json!({}), json!([])),
            (json!({"CopyOptions": []}), json!([])),
            (
                json!({"CopyOptions": ["CopyTags"]}),
                json!([{"Key": "team", "Value": "net"}]),
            ),
            (
                json!({"CopyOptions": ["CopyTags", "CopyTags"]}),
                json!([{"Key": "team", "Value": "net"}]),
            ),
        ] {
            let copy = hub.has_copied(&vpc, members).await.described().await;
            let source = vpc.described().await;
            let summary = |of: &Value| {
                let mut summary = of["ProductViewDetail"]["ProductViewSummary"].clone();
                summary["Id"].take();
                summary["ProductId"].take();
                summary
            };
            assert_eq!(summary(&copy), summary(&source));
            assert_eq!(copy["Tags"], tags);
        }
    }
}

#[tokio::test]
async fn a_new_target_may_have_a_name_of_its_own() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        for (asked, name) in [("copy-of-vpc", "copy-of-vpc"), ("vpc", "vpc"), ("", "vpc")] {
            let copy = hub
                .has_copied(&vpc, json!({"TargetProductName": asked}))
                .await;
            assert_eq!(copy.name, name);
        }
    }
}

#[tokio::test]
async fn a_clock_that_jumps_disturbs_no_copy() {
    const HOUR_MILLIS: i64 = 3_600_000;
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 2).await;
        for jump in [-HOUR_MILLIS, 2 * HOUR_MILLIS, -24 * HOUR_MILLIS] {
            let early = spoke.copies(&vpc).await;
            world.advance(jump);
            let late = spoke.copies(&vpc).await;
            world.settle().await;
            for token in [&early, &late] {
                let status = spoke.copy_status(token).await;
                assert_eq!(status["CopyProductStatus"], "SUCCEEDED", "{jump} {status}");
            }
        }
    }
}

#[tokio::test]
async fn versions_are_added_to_a_target_whose_fields_stay() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 2).await;
        let target = spoke
            .product_with("mine", json!({"Description": "Mine"}))
            .await;
        let before = target.described().await["ProductViewDetail"].clone();
        let members = json!({"TargetProductId": target.id, "TargetProductName": "ignored"});
        let copy = spoke.has_copied(&vpc, members).await;
        assert_eq!(copy.id, target.id);
        let names: Vec<Value> = target
            .listed_versions()
            .await
            .iter()
            .map(|one| one["Name"].clone())
            .collect();
        assert_eq!(names, ["v1", "v1", "v2"], "equal names are no obstacle");
        assert_eq!(target.described().await["ProductViewDetail"], before);
    }
}

#[tokio::test]
async fn copied_tags_join_the_targets_and_win_over_them() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let source = json!({"Tags": [tag("cost", "2"), tag("team", "net")]});
        let vpc = hub.product_with("vpc", source).await;
        let own = json!({"Tags": [tag("own", "1"), tag("cost", "1")]});
        let target = hub.product_with("target", own).await;
        for (members, tags) in [
            (json!({}), json!([tag("own", "1"), tag("cost", "1")])),
            (
                json!({"CopyOptions": ["CopyTags"]}),
                json!([tag("own", "1"), tag("cost", "2"), tag("team", "net")]),
            ),
        ] {
            let mut members = members;
            members["TargetProductId"] = target.id.clone().into();
            hub.has_copied(&vpc, members).await;
            assert_eq!(target.described().await["Tags"], tags);
        }
    }
}

#[tokio::test]
async fn the_versions_that_are_named_are_copied_once_each_in_the_sources_order() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 4).await;
        let ids = vpc.version_ids().await;
        let named = |at: &[usize]| {
            let pairs: Vec<Value> = at.iter().map(|at| json!({"Id": ids[*at]})).collect();
            json!({"SourceProvisioningArtifactIdentifiers": pairs})
        };
        for (asked, copied) in [
            (&[2][..], &[2][..]),
            (&[3, 1], &[1, 3]),
            (&[1, 1, 0, 1], &[0, 1]),
            (&[], &[0, 1, 2, 3]),
        ] {
            let copy = spoke.has_copied(&vpc, named(asked)).await;
            let expected: Vec<&String> = copied.iter().map(|at| &ids[*at]).collect();
            assert_eq!(sources(&copy).await.iter().collect::<Vec<_>>(), expected);
        }
    }
}

#[tokio::test]
async fn what_the_source_hid_or_deprecated_the_copy_does_too() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 3).await;
        let ids = vpc.version_ids().await;
        vpc.update_version(&ids[0], json!({"Active": false, "Description": ""}))
            .await;
        vpc.update_version(
            &ids[1],
            json!({"Guidance": "DEPRECATED", "Description": "old"}),
        )
        .await;
        let copy = spoke.has_copied(&vpc, json!({})).await;
        let versions = copy.listed_versions().await;
        let shown = |at: usize| {
            let one: &Value = &versions[at];
            json!([one["Active"], one["Guidance"], one["Description"]])
        };
        assert_eq!(shown(0), json!([false, "DEFAULT", ""]));
        assert_eq!(shown(1), json!([true, "DEPRECATED", "old"]));
        assert_eq!(shown(2), json!([true, "DEFAULT", null]));
    }
}

#[tokio::test]
async fn a_product_may_be_copied_onto_itself() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await.versions(2).await;
        let before = contents(&vpc).await;
        let copy = hub
            .has_copied(&vpc, json!({"TargetProductId": vpc.id}))
            .await;
        assert_eq!(copy.id, vpc.id);
        assert_eq!(contents(&vpc).await, [before.clone(), before].concat());
    }
}

#[tokio::test]
async fn a_copy_belongs_to_its_copier_and_may_be_copied_on() {
    for world in World::on_each_engine().await {
        let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
        let vpc = shared(&hub, &spoke, 2).await;
        let copy = spoke.has_copied(&vpc, json!({})).await;
        let local = spoke.portfolio("local").await.holds(&copy).await;
        local.shared_with(&third).await;
        let again = third.has_copied(&copy, json!({})).await;
        assert_eq!(contents(&again).await, contents(&vpc).await);
        assert_eq!(sources(&again).await, copy.version_ids().await);
    }
}

#[tokio::test]
async fn a_copy_does_not_follow_its_source() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 1).await;
        let copy = spoke.has_copied(&vpc, json!({})).await;
        let before = spoke.catalogue().await["Products"].take();
        vpc.add_version("v2").await;
        hub.does("UpdateProduct", json!({"Id": vpc.id, "Name": "network"}))
            .await;
        let first = vpc.version_ids().await.remove(0);
        vpc.update_version(&first, json!({"Active": false})).await;
        assert_eq!(spoke.catalogue().await["Products"], before);
        assert_eq!(copy.name, "vpc");
    }
}

#[tokio::test]
async fn the_source_is_taken_as_it_was_when_it_was_read() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 1).await;
        let token = spoke.copies(&vpc).await;
        vpc.add_version("v2").await;
        world.settle().await;
        let status = spoke.copy_status(&token).await;
        let target = id_of(&status, "/TargetProductId");
        let versions = spoke
            .does("ListProvisioningArtifacts", json!({"ProductId": target}))
            .await;
        let count = versions["ProvisioningArtifactDetails"]
            .as_array()
            .map(Vec::len);
        assert_eq!(
            count,
            Some(2),
            "read by the worker, after the second version was made"
        );
    }
}

#[tokio::test]
async fn many_copies_at_once_all_arrive() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = shared(&hub, &spoke, 2).await;
        let mut tokens = Vec::new();
        for _ in 0..10 {
            tokens.push(spoke.copies(&vpc).await);
        }
        world.settle().await;
        let mut targets = Vec::new();
        for token in tokens {
            targets.push(id_of(&spoke.copy_status(&token).await, "/TargetProductId"));
        }
        targets.sort();
        targets.dedup();
        assert_eq!(targets.len(), 10);
    }
}
