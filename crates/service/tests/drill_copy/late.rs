//! A worker that is thought dead wakes up late, while another one has its copy.

use mimeo_service::workflows::copy::Ending;

use crate::slate::assert_clean_slate;
use crate::stage::{BEFORE_LANDING, Paused, Stage, ahead_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_worker_changes_nothing_while_the_next_one_is_at_work() {
    for stage in Stage::everywhere().await {
        for late_at in BEFORE_LANDING {
            for next_at in ahead_of(*late_at) {
                let token = stage.spoke.copies(&stage.vpc).await;
                let (_, copy) = stage.world.claims().await.expect("it is due");
                let late = Paused::at(&stage, copy, *late_at).await;
                stage.leases_run_out().await;
                let (_, copy) = stage.world.claims().await.expect("the lease ran out");
                let next = Paused::at(&stage, copy, *next_at).await;
                let where_to = format!("{late_at:?}, {next_at:?}");
                assert_eq!(late.wakes().await, Ending::Stale, "{where_to}");
                assert_eq!(next.wakes().await, Ending::Succeeded, "{where_to}");
                stage.succeeded(&token).await;
                assert_clean_slate(&stage).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_worker_changes_nothing_after_the_next_one_is_done() {
    for stage in Stage::everywhere().await {
        for late_at in BEFORE_LANDING {
            let token = stage.spoke.copies(&stage.vpc).await;
            let (_, copy) = stage.world.claims().await.expect("it is due");
            let late = Paused::at(&stage, copy, *late_at).await;
            assert_eq!(stage.world.settle().await, [], "{late_at:?}: leased");
            stage.leases_run_out().await;
            let endings = stage.world.settle().await;
            assert_eq!(endings, [Ending::Succeeded], "{late_at:?}");
            assert_eq!(late.wakes().await, Ending::Stale, "{late_at:?}");
            stage.succeeded(&token).await;
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_ran_out_unnoticed_does_not_stop_its_worker() {
    for stage in Stage::everywhere().await {
        for late_at in BEFORE_LANDING {
            let token = stage.spoke.copies(&stage.vpc).await;
            let (_, copy) = stage.world.claims().await.expect("it is due");
            let late = Paused::at(&stage, copy, *late_at).await;
            stage.leases_run_out().await;
            assert_eq!(late.wakes().await, Ending::Succeeded, "{late_at:?}");
            assert_eq!(stage.world.settle().await, [], "{late_at:?}");
            stage.succeeded(&token).await;
            assert_clean_slate(&stage).await;
        }
    }
}
