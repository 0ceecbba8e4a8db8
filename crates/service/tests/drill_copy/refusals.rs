//! Effects that are refused, as by a store or network that is away: once, and for ever.

use mimeo_domain::copying::FAILURES_MAX;
use mimeo_service::workflows::copy::Ending;
use mimeo_service::workflows::{Point, Verdict};

use crate::slate::assert_clean_slate;
use crate::stage::{BEFORE_LANDING, EACH_TRY, Stage, always, script};

#[tokio::test]
async fn an_effect_that_is_refused_once_is_tried_again() {
    for stage in Stage::everywhere().await {
        for point in BEFORE_LANDING {
            let token = stage.spoke.copies(&stage.vpc).await;
            let node = stage.node(script(&[(*point, Verdict::Refuse)]));
            let postponed = Ending::Postponed(format!("refused at {point:?}"));
            let endings = node.settle().await;
            assert_eq!(endings, [postponed, Ending::Succeeded], "{point:?}");
            stage.succeeded(&token).await;
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test]
async fn a_worker_that_does_not_learn_of_its_success_does_no_harm() {
    for stage in Stage::everywhere().await {
        let token = stage.spoke.copies(&stage.vpc).await;
        let node = stage.node(script(&[(Point::Landed, Verdict::Refuse)]));
        assert_eq!(node.settle().await, [Ending::Stale]);
        stage.succeeded(&token).await;
        assert_clean_slate(&stage).await;
    }
}

#[tokio::test]
async fn an_effect_that_is_refused_for_ever_fails_the_copy() {
    for stage in Stage::everywhere().await {
        for point in EACH_TRY {
            let token = stage.spoke.copies(&stage.vpc).await;
            let node = stage.node(always(point, Verdict::Refuse));
            let mut endings = node.settle().await;
            let last = endings.pop().expect("an end");
            assert_eq!(Stage::code(&last), "INTERNAL", "{point:?}");
            let postponed = Ending::Postponed(format!("refused at {point:?}"));
            let tries = vec![postponed; FAILURES_MAX as usize];
            assert_eq!(endings, tries, "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test]
async fn a_copy_past_its_deadline_fails_wherever_it_stands() {
    for stage in Stage::everywhere().await {
        for point in BEFORE_LANDING {
            let token = stage.spoke.copies(&stage.vpc).await;
            let dying = stage.node(script(&[(*point, Verdict::Crash)]));
            dying.settle().await;
            stage.leases_run_out().await;
            stage
                .execute("UPDATE copy SET deadline = 1 WHERE unfinished = 1")
                .await;
            let endings = stage.world.settle().await;
            assert_eq!(Stage::code(&endings[0]), "DEADLINE", "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            assert_clean_slate(&stage).await;
        }
    }
}
