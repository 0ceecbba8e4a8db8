//! What others do while a copy is under way: unshare, delete, fill up.

use mimeo_service::workflows::Point;
use mimeo_service::workflows::copy::Ending;
use mimeo_testkit::{Account, id_of};
use serde_json::json;

use crate::slate::assert_clean_slate;
use crate::stage::{BEFORE_LANDING, Paused, Stage, contents};

/// Stops the next copy at `point`, lets something happen, and answers how the copy ended.
async fn meanwhile(stage: &Stage, point: Point, happens: impl Future<Output = ()>) -> Ending {
    let (_, copy) = Box::pin(stage.world.claims()).await.expect("it is due");
    let worker = Paused::at(stage, copy, point).await;
    happens.await;
    worker.wakes().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_lands_once_the_share_has_ended() {
    for mut stage in Stage::everywhere().await {
        for point in BEFORE_LANDING {
            let before = stage.spoke.catalogue().await["Products"].clone();
            let token = stage.spoke.copies(&stage.vpc).await;
            let ends = stage.golden.unshared_from(&stage.spoke);
            let ending = meanwhile(&stage, *point, ends).await;
            assert_eq!(Stage::code(&ending), "SOURCE_ACCESS_REMOVED", "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            let after = stage.spoke.catalogue().await["Products"].clone();
            assert_eq!(after, before, "{point:?}");
            stage.golden = stage.golden.shared_with(&stage.spoke).await;
            assert_clean_slate(&stage).await;
        }
        let token = stage.spoke.copies(&stage.vpc).await;
        let ends = stage.golden.unshared_from(&stage.spoke);
        let ending = meanwhile(&stage, Point::Landed, ends).await;
        assert_eq!(ending, Ending::Succeeded, "what has landed stays");
        stage.succeeded(&token).await;
        assert_clean_slate(&stage).await;
    }
}

/// How what an organization's unit sees comes to an end.
#[derive(Debug, Clone, Copy)]
enum End {
    Unshared,
    Moved,
    Released,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_lands_once_the_organization_no_longer_brings_the_source() {
    for stage in Stage::everywhere().await {
        let (spoke, golden) = (&stage.spoke, &stage.golden);
        golden.unshared_from(spoke).await;
        let units: &[(&str, &[&Account])] = &[("dev", &[spoke]), ("ops", &[])];
        let organization = stage.world.organization(&stage.hub, units).await;
        let dev = organization.unit("dev");
        golden.shares_with_node(&dev, json!({})).await;
        for end in [End::Unshared, End::Moved, End::Released] {
            let ends = async || match end {
                End::Unshared => golden.unshared_from_node(&dev).await,
                End::Moved => organization.moves(spoke, Some("ops")).await,
                End::Released => organization.releases(spoke).await,
            };
            let begins_again = async || match end {
                End::Unshared => drop(golden.shares_with_node(&dev, json!({})).await),
                End::Moved | End::Released => organization.moves(spoke, Some("dev")).await,
            };
            for point in BEFORE_LANDING {
                let before = spoke.catalogue().await["Products"].clone();
                let token = spoke.copies(&stage.vpc).await;
                let ending = meanwhile(&stage, *point, ends()).await;
                let told = format!("{end:?} at {point:?}");
                assert_eq!(Stage::code(&ending), "SOURCE_ACCESS_REMOVED", "{told}");
                assert_eq!(stage.status(&token).await.0, "FAILED", "{told}");
                let after = spoke.catalogue().await["Products"].clone();
                assert_eq!(after, before, "{told}");
                begins_again().await;
                assert_clean_slate(&stage).await;
            }
            let token = spoke.copies(&stage.vpc).await;
            let ending = meanwhile(&stage, Point::Landed, ends()).await;
            assert_eq!(ending, Ending::Succeeded, "{end:?}: what has landed stays");
            begins_again().await;
            stage.succeeded(&token).await;
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_lands_once_the_product_left_the_shared_portfolio() {
    for mut stage in Stage::everywhere().await {
        for point in BEFORE_LANDING {
            let token = stage.spoke.copies(&stage.vpc).await;
            let ending = meanwhile(&stage, *point, stage.golden.drops(&stage.vpc)).await;
            assert_eq!(Stage::code(&ending), "SOURCE_ACCESS_REMOVED", "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            stage.golden = stage.golden.holds(&stage.vpc).await;
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_deleted_meanwhile_fails_the_copy() {
    for stage in Stage::everywhere().await {
        for point in BEFORE_LANDING {
            let own = stage.spoke.product("own").await;
            let token = stage.spoke.copies(&own).await;
            let ending = meanwhile(&stage, *point, own.is_deleted()).await;
            assert_eq!(Stage::code(&ending), "SOURCE_NOT_FOUND", "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_deleted_meanwhile_does_not_come_back() {
    for stage in Stage::everywhere().await {
        for point in BEFORE_LANDING {
            let target = stage.spoke.product("target").await;
            let members = json!({"TargetProductId": target.id});
            let token = stage.spoke.copies_with(&stage.vpc, members).await;
            let ending = meanwhile(&stage, *point, target.is_deleted()).await;
            assert_eq!(Stage::code(&ending), "TARGET_NOT_FOUND", "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            let gone = json!({"Id": target.id});
            let refused = stage.spoke.is_refused("DescribeProductAsAdmin", gone);
            assert_eq!(refused.await.0, "ResourceNotFoundException", "{point:?}");
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_place_goes_to_whoever_comes_first() {
    for mut stage in Stage::everywhere().await {
        let roomy = stage.world.clone();
        for (products_count, point) in (1..).zip(BEFORE_LANDING) {
            stage.world = roomy.with(|world| world.quotas.products = products_count);
            let token = stage.spoke.copies(&stage.vpc).await;
            let filler = stage.spoke.served_by(&stage.world);
            let fills = async { drop(filler.product("filler").await) };
            let ending = Box::pin(meanwhile(&stage, *point, fills)).await;
            assert_eq!(Stage::code(&ending), "PRODUCT_QUOTA", "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_the_source_as_it_was_when_it_was_read() {
    for stage in Stage::everywhere().await {
        for point in BEFORE_LANDING {
            let before = contents(&stage.vpc).await;
            let token = stage.spoke.copies(&stage.vpc).await;
            let grows = async { drop(stage.vpc.add_version("later").await) };
            let ending = Box::pin(meanwhile(&stage, *point, grows)).await;
            assert_eq!(ending, Ending::Succeeded, "{point:?}");
            let told = stage.spoke.copy_status(&token).await;
            assert_eq!(id_of(&told, "/CopyProductStatus"), "SUCCEEDED");
            let (_, target) = stage.status(&token).await;
            let copied = contents(&target.expect("a target")).await;
            let after = contents(&stage.vpc).await;
            let expected = if *point == Point::ReadSource {
                after
            } else {
                before
            };
            assert_eq!(copied, expected, "{point:?}");
            assert_clean_slate(&stage).await;
        }
    }
}
