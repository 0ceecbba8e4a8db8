//! Answers by token, and settings: who comes first decides.

use mimeo_store::testing::stores;
use mimeo_store::{AuthScope, Replay, Store, StoreError};

use crate::cast::*;

fn replay(answer: &str) -> Replay {
    Replay {
        fingerprint: "f".into(),
        answer: answer.into(),
    }
}

async fn remember(
    store: &Store,
    (who, operation): (AuthScope, &'static str),
    token: &str,
    answer: &str,
    created: i64,
) -> Result<(), StoreError> {
    let with = (who, token.to_owned(), replay(answer));
    write(store, with, move |tx, (scope, token, replay)| {
        Box::pin(tx.insert_replay(scope, operation, token, replay, at(created)))
    })
    .await
}

async fn recall(
    store: &Store,
    (who, operation): (AuthScope, &'static str),
    token: &str,
) -> Option<Replay> {
    read(store, (who, token.to_owned()), move |tx, (scope, token)| {
        Box::pin(tx.find_replay(scope, operation, token))
    })
    .await
    .expect("an answer")
}

#[tokio::test]
async fn a_token_belongs_to_one_account_region_and_operation() {
    for (engine, store) in stores().await {
        let uses = [
            (scope(HUB), "CopyProduct"),
            (scope(SPOKE), "CopyProduct"),
            (abroad(HUB), "CopyProduct"),
            (scope(HUB), "CreateProduct"),
        ];
        for (number, place) in uses.iter().enumerate() {
            let answer = number.to_string();
            assert_eq!(recall(&store, place.clone(), "t").await, None, "{engine}");
            let first = remember(&store, place.clone(), "t", &answer, 1).await;
            assert_eq!(first, Ok(()), "{engine}");
            let second = remember(&store, place.clone(), "t", "other", 2).await;
            assert_eq!(second, Err(StoreError::Duplicate), "{engine}");
            let kept = recall(&store, place.clone(), "t").await;
            assert_eq!(
                kept,
                Some(replay(&answer)),
                "{engine}: the first answer stays"
            );
        }
    }
}

#[tokio::test]
async fn a_sweep_forgets_the_old_a_bounded_number_at_a_time() {
    for (engine, store) in stores().await {
        // A thousand and one old ones of one statement.
        let many = "INSERT INTO replay (region, account, operation, token, fingerprint, answer, created) \
                    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1001) \
                    SELECT 'eu-west-1', '111111111111', 'CreateProduct', 't' || n, 'f', '{}', n FROM number";
        assert_eq!(execute(&store, many).await, 1001, "{engine}");
        let place = || (scope(HUB), "CreateProduct");
        remember(&store, place(), "new", "{}", 5_000)
            .await
            .expect("remembered");
        let sweep = || {
            write(&store, at(5_000), |tx, before| {
                Box::pin(tx.sweep_replays(*before))
            })
        };
        assert_eq!(sweep().await, Ok(1_000), "{engine}");
        assert!(
            recall(&store, place(), "t1001").await.is_some(),
            "{engine}: oldest first"
        );
        assert_eq!(sweep().await, Ok(1), "{engine}");
        assert_eq!(sweep().await, Ok(0), "{engine}");
        assert!(recall(&store, place(), "new").await.is_some(), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_node_settles_a_setting_for_all() {
    for (engine, store) in stores().await {
        let nodes = (0..8).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                write(&store, number.to_string(), |tx, proposed| {
                    Box::pin(tx.settle("key", proposed))
                })
                .await
                .expect("settled")
            })
        });
        let mut settled = Vec::new();
        for node in nodes.collect::<Vec<_>>() {
            settled.push(node.await.expect("no panic"));
        }
        settled.dedup();
        assert_eq!(settled.len(), 1, "{engine}");
    }
}
