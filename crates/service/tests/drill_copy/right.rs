//! The right to see a source in another store: what that store said counts for a few seconds.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use mimeo_domain::copying::RIGHT_MILLIS_MAX;
use mimeo_service::Digests;
use mimeo_service::workflows::copy::Ending;
use mimeo_store::testing::simulated::{Access, Conditions, Fate, Waiting, simulated};
use mimeo_testkit::World;

use crate::stage::Stage;
use crate::templates::Far;

/// A worker that stands still once, between the source's word and the landing, while the clock of the
/// copy's database moves.
#[derive(Debug)]
struct Stall {
    clock: AtomicI64,
    moves: Mutex<Option<i64>>,
}

impl Conditions for Stall {
    fn before(&self, access: Access) -> Waiting<'_, Fate> {
        Box::pin(async move {
            if access.work.ends_with("::Landing")
                && let Some(millis) = self.moves.lock().unwrap().take()
            {
                self.clock.fetch_add(millis, Relaxed);
            }
            Fate::Done
        })
    }

    fn committed(&self, _: Access) {}

    fn after(&self, _: Access) -> Waiting<'_, ()> {
        Box::pin(async {})
    }

    fn now(&self) -> i64 {
        self.clock.load(Relaxed)
    }
}

async fn stalled(millis: i64) -> Far {
    let stall = Stall {
        clock: AtomicI64::new(1_795_000_000_000),
        moves: Mutex::new(Some(millis)),
    };
    let world = World::on(simulated().await.under(Arc::new(stall)));
    Far::on(&world, Digests::Known, &["Resources: {}"])
}

#[tokio::test]
async fn a_word_that_is_fresh_lands() {
    let far = stalled(RIGHT_MILLIS_MAX).await;
    far.spoke.copies(&far.vpc).await;
    assert_eq!(far.world.settle().await, [Ending::Succeeded]);
}

#[tokio::test]
async fn a_word_that_grew_old_is_asked_for_again_and_no_try_is_counted() {
    // Set back, the clock says nothing about its age.
    for millis in [RIGHT_MILLIS_MAX + 1, 3_000_000, -1] {
        let far = stalled(millis).await;
        far.spoke.copies(&far.vpc).await;
        let too_old = "the source's word was too old to land with".to_owned();
        let endings = far.world.settle().await;
        assert_eq!(endings, [Ending::Postponed(too_old), Ending::Succeeded]);
        assert_eq!(far.counts().await, (1, 0), "{millis}");
    }
}

#[tokio::test]
async fn a_right_that_ended_while_the_worker_stood_still_lands_nothing() {
    let far = stalled(17_000).await;
    far.spoke.copies(&far.vpc).await;
    let claimed = far.world.claims().await.expect("it is due");
    let ending = far.world.drives(claimed).await;
    assert!(matches!(ending, Ending::Postponed(_)), "{ending:?}");
    *far.source.sees.lock().unwrap() = false;
    let endings = far.world.settle().await;
    assert_eq!(Stage::code(&endings[0]), "SOURCE_ACCESS_REMOVED");
}
