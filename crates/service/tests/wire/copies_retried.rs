//! Failed copies that are asked for again.

use std::time::Duration;

use mimeo_domain::ids::Seed;
use mimeo_service::{Arrival, Stop};
use mimeo_testkit::{Account, World};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::copies_seen::{NOW, described, of, shared, trail};

pub(crate) async fn retried(account: &Account, token: &str) -> Result<Value, Stop> {
    let (service, caller) = of(account);
    let arrival = Arrival {
        now: account.world().now(),
        seed: Seed(4711),
        host: None,
    };
    let copy = service
        .retry_copy((&caller, &trail()), &token.into(), &arrival)
        .await?;
    Ok(serde_json::to_value(copy).expect("JSON"))
}

#[tokio::test]
async fn a_failed_copy_is_retried_once_by_a_new_one() {
    for world in World::on_each_engine().await {
        let (_, spoke, vpc, golden) = shared(&world).await;
        let token = spoke.copies(&vpc).await;
        let refused = retried(&spoke, &token).await.expect_err("it waits");
        assert!(refused.to_string().contains("is QUEUED"), "{refused}");
        let (service, caller) = of(&spoke);
        let cancelled = service
            .cancel_copy((&caller, &trail()), &token.as_str().into(), NOW)
            .await;
        assert_eq!(cancelled.expect("cancelled").summary.state, "FAILED");
        let first = retried(&spoke, &token).await.expect("a new copy");
        assert_eq!(first["retryOf"], json!(token));
        assert_ne!(first["token"], json!(token));
        let second = retried(&spoke, &token).await.expect("the same");
        assert_eq!(second["token"], first["token"]);
        world.settle().await;
        let by = first["token"].as_str().expect("a token");
        let done = described(&spoke, by).await.expect("a copy");
        assert_eq!(done["state"], "SUCCEEDED", "{done}");
        let before = described(&spoke, &token).await.expect("a copy");
        assert_eq!(before["state"], "FAILED", "what is final stays so");
        assert_eq!(before["retriedAs"], json!(by));
        let refused = retried(&spoke, by).await.expect_err("it succeeded");
        assert!(refused.to_string().contains("is SUCCEEDED"), "{refused}");

        let token = spoke.copies(&vpc).await;
        let cancelled = service
            .cancel_copy((&caller, &trail()), &token.as_str().into(), NOW)
            .await;
        cancelled.expect("cancelled");
        golden.unshared_from(&spoke).await;
        let refused = retried(&spoke, &token)
            .await
            .expect_err("not shared any more");
        let text = refused.to_string();
        assert_eq!(
            text,
            format!("{} does not exist or access was denied", vpc.id)
        );
    }
}

#[tokio::test]
async fn a_retry_rings_for_a_worker() {
    for world in World::on_each_engine().await {
        let (_, spoke, vpc, _) = shared(&world).await;
        let token = spoke.copies(&vpc).await;
        let bell = &world.service().world().copy_accepted;
        let has_rung = async || timeout(Duration::ZERO, bell.notified()).await.is_ok();
        assert!(has_rung().await, "for the copy itself");
        let (service, caller) = of(&spoke);
        let cancelled = service
            .cancel_copy((&caller, &trail()), &token.as_str().into(), NOW)
            .await;
        cancelled.expect("cancelled");
        assert!(!has_rung().await, "there is nothing to do");
        retried(&spoke, &token).await.expect("a new copy");
        assert!(has_rung().await, "for the copy that repeats it");
    }
}
