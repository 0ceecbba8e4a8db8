//! Workers that die, at each point, once and again and again.

use mimeo_domain::copying::{Copy, DEATHS_MAX};
use mimeo_service::workflows::copy::{self, Ending};
use mimeo_service::workflows::{Point, Verdict, lease};
use mimeo_store::Claimer;

use crate::slate::assert_clean_slate;
use crate::stage::{EACH_TRY, Stage, WAY, always, script};

#[tokio::test]
async fn a_worker_that_dies_anywhere_leaves_its_copy_to_another() {
    for stage in Stage::everywhere().await {
        for point in WAY {
            let token = stage.spoke.copies(&stage.vpc).await;
            let dying = stage.node(script(&[(point, Verdict::Crash)]));
            assert_eq!(dying.settle().await, [Ending::Crashed], "{point:?}");
            stage.leases_run_out().await;
            let left = match point {
                Point::Landed => vec![],
                _ => vec![Ending::Succeeded],
            };
            assert_eq!(stage.world.settle().await, left, "{point:?}");
            stage.succeeded(&token).await;
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_starts_again_takes_its_own_copies_up_at_once() {
    for stage in Stage::everywhere().await {
        for point in WAY {
            let token = stage.spoke.copies(&stage.vpc).await;
            let dying = stage.node(script(&[(point, Verdict::Crash)]));
            dying.settle().await;
            let taken_back = u64::from(point != Point::Landed);
            let back = lease::take_all_back(&stage.store()).await;
            assert_eq!(back, Ok(taken_back), "{point:?}");
            stage.world.settle().await;
            stage.succeeded(&token).await;
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test]
async fn a_worker_that_dies_while_it_writes_a_failure_leaves_one_failure() {
    for stage in Stage::everywhere().await {
        for point in [Point::Fail, Point::Failed] {
            let spare = stage.spoke.product("spare").await;
            let token = stage.spoke.copies(&spare).await;
            spare.is_deleted().await;
            let dying = stage.node(script(&[(point, Verdict::Crash)]));
            assert_eq!(dying.settle().await, [Ending::Crashed], "{point:?}");
            stage.leases_run_out().await;
            stage.world.settle().await;
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test]
async fn a_worker_that_dies_while_it_postpones_costs_one_try() {
    for stage in Stage::everywhere().await {
        let token = stage.spoke.copies(&stage.vpc).await;
        let fate = [
            (Point::Land, Verdict::Refuse),
            (Point::Postpone, Verdict::Crash),
        ];
        let dying = stage.node(script(&fate));
        assert_eq!(dying.settle().await, [Ending::Crashed]);
        stage.leases_run_out().await;
        let (store, copy) = stage.world.claims().await.expect("it is due");
        assert_eq!((copy.attempts, copy.failures), (2, 0));
        assert_eq!(stage.world.drives((store, copy)).await, Ending::Succeeded);
        stage.succeeded(&token).await;
        assert_clean_slate(&stage).await;
    }
}

#[tokio::test]
async fn a_try_that_is_made_twice_has_one_effect() {
    for stage in Stage::everywhere().await {
        for point in WAY {
            let token = stage.spoke.copies(&stage.vpc).await;
            let (store, copy) = stage.world.claims().await.expect("it is due");
            let dying = stage.node(script(&[(point, Verdict::Crash)]));
            let half = dying.drives((store.clone(), copy.clone())).await;
            assert_eq!(half, Ending::Crashed, "{point:?}");
            let again = stage.world.drives((store.clone(), copy.clone())).await;
            let expected = match point {
                Point::Landed => Ending::Stale,
                _ => Ending::Succeeded,
            };
            assert_eq!(again, expected, "{point:?}");
            assert_eq!(stage.world.drives((store, copy)).await, Ending::Stale);
            assert_eq!(stage.world.settle().await, []);
            stage.succeeded(&token).await;
            assert_clean_slate(&stage).await;
        }
    }
}

#[tokio::test]
async fn a_copy_that_kills_every_worker_fails_and_the_others_go_on() {
    for stage in Stage::everywhere().await {
        for point in EACH_TRY {
            let token = stage.spoke.copies(&stage.vpc).await;
            let deadly = stage.node(always(point, Verdict::Crash));
            for _ in 0..DEATHS_MAX {
                let (store, copy) = deadly.claims().await.expect("it is due");
                assert_eq!(deadly.drives((store, copy)).await, Ending::Crashed);
                stage.leases_run_out().await;
            }
            let good = stage.spoke.copies(&stage.vpc).await;
            let endings = stage.world.settle().await;
            assert_eq!(endings.len(), 2, "{point:?}");
            assert_eq!(Stage::code(&endings[1]), "INTERNAL", "{point:?}");
            assert_eq!(stage.status(&token).await.0, "FAILED", "{point:?}");
            stage.succeeded(&good).await;
            assert_clean_slate(&stage).await;
        }
    }
}

/// As many as a node runs at a time.
const IN_COMPANY_MAX: usize = 4;

#[tokio::test]
async fn of_many_copies_only_the_one_fails_that_brings_its_server_down_each_time() {
    for stage in Stage::everywhere().await {
        let mut tokens = Vec::new();
        for _ in 0..12 {
            tokens.push(stage.spoke.copies(&stage.vpc).await);
        }
        let poison = tokens.remove(5);
        let store = stage.store();
        let mut crashes = 0;
        loop {
            let mut company = Vec::new();
            while company.len() < IN_COMPANY_MAX
                && let Some(copy) = copy::claim(&store, &Claimer::new(1_000))
                    .await
                    .expect("a claim")
            {
                company.push(copy);
            }
            if company.is_empty() {
                company.extend(
                    copy::claim_suspect(&store, &Claimer::new(1_000))
                        .await
                        .expect("a claim"),
                );
            }
            if company.is_empty() {
                break;
            }
            let is_deadly =
                |copy: &Copy| copy.token.as_str() == poison && copy.deaths() < DEATHS_MAX;
            if company.iter().any(is_deadly) {
                crashes += 1;
                stage.leases_run_out().await;
                continue;
            }
            for copy in company {
                stage.world.drives((store.clone(), copy)).await;
            }
        }
        assert_eq!(crashes, DEATHS_MAX);
        assert_eq!(stage.status(&poison).await.0, "FAILED");
        for token in &tokens {
            stage.succeeded(token).await;
        }
        assert_clean_slate(&stage).await;
    }
}
