//! A copy that its owner cancels while somebody works on it: exactly one of the two has its way.

use std::sync::atomic::{AtomicU64, Ordering};

use mimeo_domain::copying::Copy;
use mimeo_service::Stop;
use mimeo_service::copies::view::CopyDetail;
use mimeo_service::workflows::copy::{self, Ending};
use mimeo_store::Store;
use mimeo_testkit::World;
use serde_json::Value;

use crate::slate::assert_clean_slate;
use crate::stage::{BEFORE_LANDING, Paused, Stage, WAY};

static REQUESTS: AtomicU64 = AtomicU64::new(1);

async fn cancel(stage: &Stage, token: &str) -> Result<CopyDetail, Stop> {
    let service = stage.world.service();
    let (caller, trail) = (
        stage.spoke.caller(),
        World::trail(REQUESTS.fetch_add(1, Ordering::Relaxed)),
    );
    service
        .cancel_copy((&caller, &trail), &token.into(), stage.world.now())
        .await
}

fn told(detail: &CopyDetail) -> Value {
    serde_json::to_value(detail).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_copy_makes_nothing_wherever_its_worker_stands() {
    for stage in Stage::everywhere().await {
        for point in BEFORE_LANDING {
            let token = stage.spoke.copies(&stage.vpc).await;
            let (_, copy) = stage.world.claims().await.expect("it is due");
            let worker = Paused::at(&stage, copy, *point).await;
            let detail = told(&cancel(&stage, &token).await.expect("cancelled"));
            assert_eq!(detail["statusDetail"]["code"], "CANCELLED", "{point:?}");
            assert_eq!(detail["tries"][0]["outcome"], "CANCELLED", "{point:?}");
            assert_eq!(worker.wakes().await, Ending::Stale, "{point:?}");
            assert_eq!(stage.world.settle().await, [], "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            let again = told(&cancel(&stage, &token).await.expect("as before"));
            assert_eq!(again, detail, "{point:?}: nothing happens twice");
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_landed_stays_landed_whatever_its_owner_wishes_then() {
    for stage in Stage::everywhere().await {
        let token = stage.spoke.copies(&stage.vpc).await;
        let (_, copy) = stage.world.claims().await.expect("it is due");
        let landed = WAY[WAY.len() - 1];
        let worker = Paused::at(&stage, copy, landed).await;
        let refused = cancel(&stage, &token).await.expect_err("too late");
        let text = refused.to_string();
        assert!(text.ends_with("has ended: it is SUCCEEDED."), "{text}");
        assert_eq!(worker.wakes().await, Ending::Succeeded);
        stage.succeeded(&token).await;
        assert_clean_slate(&stage).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_cancellation_and_a_landing_that_race_exactly_one_wins() {
    const RACES: usize = 20;
    for stage in Stage::everywhere().await {
        for _ in 0..RACES {
            let token = stage.spoke.copies(&stage.vpc).await;
            let claimed = stage.world.claims().await.expect("it is due");
            let driving = tokio::spawn(drive(stage.world.clone(), claimed));
            let cancelled = cancel(&stage, &token).await;
            let ending = driving.await.expect("no panic");
            match (cancelled, ending) {
                (Ok(detail), Ending::Stale) => {
                    assert_eq!(told(&detail)["statusDetail"]["code"], "CANCELLED");
                    assert_eq!(stage.status(&token).await.0, "FAILED");
                }
                (Err(_), Ending::Succeeded) => {
                    stage.succeeded(&token).await;
                }
                // PostgreSQL may have the one or the other try again.
                (Ok(_), Ending::Postponed(_)) => {
                    assert_eq!(stage.status(&token).await.0, "FAILED");
                }
                (cancelled, ending) => panic!("both, or none: {cancelled:?}, {ending:?}"),
            }
        }
        assert_clean_slate(&stage).await;
    }
}

async fn drive(world: World, (store, copy): (Store, Copy)) -> Ending {
    let ending = copy::drive(world.service().world(), &store, copy, 0).await;
    ending.expect("the store is there")
}
