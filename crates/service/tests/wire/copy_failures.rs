//! Copies that were accepted and fail later: they say why, and leave nothing.

use mimeo_service::workflows::copy::Ending;
use mimeo_service::workflows::{Gate, Point, Verdict};
use mimeo_service::{Directory, Shelves};
use mimeo_store::{Location, Options, Store};
use mimeo_templates::shelf::Shelf;
use mimeo_testkit::{Account, Product, World, id_of};
use serde_json::{Value, json};

use crate::copying::shared;
use crate::told::{NOT_FOUND, refused};

/// States that a copy which was accepted fails with this detail, and that nothing is left of it.
async fn fails(account: &Account, token: &str, before: &Value, detail: &str) {
    let (status, body) = account
        .raw(
            "DescribeCopyProductStatus",
            json!({"CopyProductToken": token}),
        )
        .await;
    let expected = json!({"CopyProductStatus": "FAILED", "StatusDetail": detail});
    assert_eq!((status, body), (200, expected));
    assert_eq!(&account.catalogue().await, before, "nothing is left");
}

/// What happens to a copy's surroundings after it was claimed and before it is worked on.
async fn meanwhile(
    detail: impl Fn(&Product) -> String,
    happens: impl AsyncFn(&Product, &mimeo_testkit::Portfolio, &Account),
) {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = hub.product("vpc").await.versions(2).await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with(&spoke).await;
        let token = spoke.copies(&vpc).await;
        let claimed = world.claims().await.expect("a copy is due");
        happens(&vpc, &golden, &spoke).await;
        let before = spoke.catalogue().await;
        let ending = world.drives(claimed).await;
        assert!(matches!(ending, Ending::Failed(_)), "{ending:?}");
        fails(&spoke, &token, &before, &detail(&vpc)).await;
    }
}

fn access_removed(product: &Product) -> String {
    format!(
        "Access to the source product {} was removed while it was being copied. Ask its owner to \
         share a portfolio that holds it, accept the share, and copy again.",
        product.id
    )
}

#[tokio::test]
async fn a_copy_whose_share_ends_while_it_runs_fails() {
    meanwhile(access_removed, async |_, golden, spoke| {
        golden.unshared_from(spoke).await;
    })
    .await;
}

#[tokio::test]
async fn a_copy_whose_share_is_left_while_it_runs_fails() {
    meanwhile(access_removed, async |_, golden, spoke| {
        let input = json!({"PortfolioId": golden.id});
        spoke.does("RejectPortfolioShare", input).await;
    })
    .await;
}

#[tokio::test]
async fn a_copy_whose_source_leaves_the_portfolio_fails() {
    meanwhile(access_removed, async |vpc, golden, _| {
        golden.drops(vpc).await;
    })
    .await;
}

#[tokio::test]
async fn a_copy_whose_foreign_source_is_deleted_tells_no_more_than_that_access_ended() {
    meanwhile(access_removed, async |vpc, golden, _| {
        golden.drops(vpc).await;
        vpc.is_deleted().await;
    })
    .await;
}

#[tokio::test]
async fn a_copy_whose_own_source_is_deleted_says_so() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let token = hub.copies(&vpc).await;
        vpc.is_deleted().await;
        let before = hub.catalogue().await;
        world.settle().await;
        let detail = format!(
            "The source product {} was deleted before it could be read. Copy another product.",
            vpc.id
        );
        fails(&hub, &token, &before, &detail).await;
    }
}

#[tokio::test]
async fn a_copy_whose_version_is_deleted_names_it() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await.versions(2).await;
        let id = vpc.version_ids().await.remove(1);
        let members = json!({"SourceProvisioningArtifactIdentifiers": [{"Id": id}]});
        let token = hub.copies_with(&vpc, members).await;
        let input = json!({"ProductId": vpc.id, "ProvisioningArtifactId": id});
        hub.does("DeleteProvisioningArtifact", input).await;
        let before = hub.catalogue().await;
        world.settle().await;
        let detail = format!(
            "The source version {id} was deleted before it could be read. Copy again without it."
        );
        fails(&hub, &token, &before, &detail).await;
    }
}

#[tokio::test]
async fn a_copy_whose_target_is_deleted_says_so() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let target = hub.product("target").await;
        let token = hub
            .copies_with(&vpc, json!({"TargetProductId": target.id}))
            .await;
        target.is_deleted().await;
        let before = hub.catalogue().await;
        world.settle().await;
        let detail = format!(
            "The target product {} was deleted while the copy ran. Copy again to another target, \
             or without one to make a new product.",
            target.id
        );
        fails(&hub, &token, &before, &detail).await;
    }
}

#[tokio::test]
async fn a_copy_that_would_exceed_a_quota_fails_and_leaves_nothing() {
    for world in World::on_each_engine().await {
        let tight = world.with(|world| {
            world.quotas.artifacts_per_product = 3;
            world.quotas.products = 2;
            world.quotas.tags = 2;
        });
        let [hub] = tight.accounts(["hub"]);
        let tag = |key: &str| json!({"Key": key, "Value": "1"});
        let vpc = hub
            .product_with("vpc", json!({"Tags": [tag("a"), tag("b")]}))
            .await;
        let vpc = vpc.versions(2).await;
        let target = hub
            .product_with("target", json!({"Tags": [tag("b"), tag("c")]}))
            .await;
        let before = hub.catalogue().await;
        let onto = |members: Value| {
            let mut members = members;
            members["TargetProductId"] = target.id.clone().into();
            members
        };
        let products = "The target account already has 2 products in this Region, which is its \
                        quota. Delete some or have the quota raised, then copy again.";
        let tags = "The target product would have more than 2 tags, which is the quota. Copy \
                    without CopyTags, or remove some first.";
        for (members, detail) in [
            (json!({}), products),
            (onto(json!({"CopyOptions": ["CopyTags"]})), tags),
        ] {
            let token = hub.copies_with(&vpc, members).await;
            tight.settle().await;
            fails(&hub, &token, &before, detail).await;
        }
        let fits = hub.has_copied(&vpc, onto(json!({}))).await;
        assert_eq!(fits.version_ids().await.len(), 3);
        let before = hub.catalogue().await;
        let versions = format!(
            "The target product {} would have more than 3 versions, which is the quota. Copy \
             fewer versions, or delete some first.",
            target.id
        );
        let token = hub.copies_with(&vpc, onto(json!({}))).await;
        tight.settle().await;
        fails(&hub, &token, &before, &versions).await;
    }
}

#[tokio::test]
async fn a_hundred_versions_fit_and_one_more_does_not() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await.versions(100).await;
        let copy = hub.has_copied(&vpc, json!({})).await;
        assert_eq!(copy.version_ids().await.len(), 100);
        let before = hub.catalogue().await;
        let id = vpc.version_ids().await.remove(0);
        let one = json!({
            "SourceProvisioningArtifactIdentifiers": [{"Id": id}],
            "TargetProductId": copy.id,
        });
        let token = hub.copies_with(&vpc, one).await;
        world.settle().await;
        let detail = format!(
            "The target product {} would have more than 100 versions, which is the quota. Copy \
             fewer versions, or delete some first.",
            copy.id
        );
        fails(&hub, &token, &before, &detail).await;
    }
}

#[tokio::test]
async fn a_template_that_was_changed_on_disk_is_not_copied() {
    let folder = std::env::temp_dir().join(format!("mimeo-wire-shelf-{}", std::process::id()));
    let world = World::new().await.with(|world| {
        world.shelves = Shelves::common(Shelf::folder(&folder).expect("a folder of our own"));
    });
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await.versions(2).await;
    let id = vpc.version_ids().await.remove(1);
    let input = json!({"ProductId": vpc.id, "ProvisioningArtifactId": id, "Verbose": true});
    let described = hub.does("DescribeProvisioningArtifact", input).await;
    let digest = id_of(&described, "/Info/TemplateDigest").replace("sha256:", "");
    let file = folder.join(&digest[..2]).join(&digest);
    let mut body = std::fs::read(&file).expect("the template lies there");
    body[10] ^= 1;
    std::fs::write(&file, body).expect("it can be changed");

    let before = hub.catalogue().await;
    let token = hub.copies(&vpc).await;
    world.settle().await;
    let detail = format!(
        "The template of the source version {id} is missing or does not match its recorded digest. \
         Its owner must make that version again; copy the others by id."
    );
    fails(&hub, &token, &before, &detail).await;
    std::fs::remove_file(&file).expect("it can be removed");
    let token = hub.copies(&vpc).await;
    world.settle().await;
    fails(&hub, &token, &before, &detail).await;
    let whole = vpc.version_ids().await.remove(0);
    let others = json!({"SourceProvisioningArtifactIdentifiers": [{"Id": whole}]});
    hub.has_copied(&vpc, others).await;
    std::fs::remove_dir_all(folder).expect("a folder of our own");
}

#[tokio::test]
async fn stores_of_different_regions_copy_to_each_other() {
    let here = World::new().await;
    let there = Store::open(&Location::SqliteMemory, Options::default()).await;
    let there = there.expect("a fresh store opens");
    let world = here.with(|world| {
        let stores = world.directory.stores();
        let region = |name: &str| name.parse().expect("a Region");
        world.directory = Directory::Regions(
            [
                (region("us-east-1"), stores[0].clone()),
                (region("eu-west-1"), there),
            ]
            .into(),
        );
    });
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = shared(&hub, &spoke, 2).await;
    let elsewhere = spoke.in_region("eu-west-1");
    let copy = elsewhere.has_copied(&vpc, json!({})).await;
    assert_eq!(copy.version_ids().await.len(), 2);

    let before = elsewhere.catalogue().await;
    let token = elsewhere.copies(&vpc).await;
    let claimed = world.claims().await.expect("a copy is due");
    hub.does(
        "DeletePortfolioShare",
        json!({
            "AccountId": spoke.id(),
            "PortfolioId": spoke.catalogue().await["Imported"][0]["Id"],
        }),
    )
    .await;
    world.drives(claimed).await;
    fails(&elsewhere, &token, &before, &access_removed(&vpc)).await;

    let nowhere = vpc.arn.replace("us-east-1", "ap-south-1");
    let gone = format!("{} does not exist or access was denied", vpc.id);
    refused(
        &elsewhere,
        "CopyProduct",
        json!({"IdempotencyToken": "t", "SourceProductArn": nowhere}),
        NOT_FOUND,
        &gone,
    )
    .await;
}

#[tokio::test]
async fn a_copy_that_never_gets_through_gives_up_under_its_own_reference() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| {
            world.gate = Some(Gate::new(|point| match point {
                Point::Land => Verdict::Refuse,
                _ => Verdict::Pass,
            }));
        });
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let before = hub.catalogue().await;
        let token = hub.copies(&vpc).await;
        let endings = world.settle().await;
        let (last, tries) = endings.split_last().expect("there were tries");
        assert!(matches!(last, Ending::Failed(_)), "{last:?}");
        assert_eq!(tries.len(), 8, "{tries:?}");
        let detail = format!(
            "Internal error, reference {token}. Copy again; if it happens twice, ask the operator \
             for the log lines of this reference."
        );
        fails(&hub, &token, &before, &detail).await;
    }
}
