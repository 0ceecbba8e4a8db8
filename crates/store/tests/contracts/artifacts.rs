//! Versions: their order, and the counts that stand on the product's row.

use mimeo_domain::artifacts::Artifact;
use mimeo_domain::search::{SortBy, SortOrder};
use mimeo_store::testing::stores;
use mimeo_store::{Store, StoreError};

use crate::cast::*;

async fn list(store: &Store) -> Vec<String> {
    let listed = read(store, (scope(HUB), "prod-a".into()), |tx, (scope, id)| {
        Box::pin(tx.list_artifacts(scope, id))
    });
    let listed = listed.await.expect("an answer");
    listed
        .into_iter()
        .map(|found| found.id.to_string())
        .collect()
}

async fn find(store: &Store, product: &str, id: &str) -> Option<Artifact> {
    read(
        store,
        (scope(HUB), product.into(), id.into()),
        |tx, (scope, product, id)| Box::pin(tx.find_artifact(scope, product, id)),
    )
    .await
    .expect("an answer")
}

async fn remove(store: &Store, id: &str) {
    write(
        store,
        (scope(HUB), "prod-a".into(), id.into()),
        |tx, (scope, product, id)| Box::pin(tx.remove_artifact(scope, product, id)),
    )
    .await
    .expect("removed");
}

/// What the product's row says: number of versions, and when the newest was made.
async fn noted(store: &Store) -> (u64, i64) {
    let sort = (SortBy::Title, SortOrder::Ascending);
    let listed = read(store, scope(HUB), move |tx, scope| {
        Box::pin(tx.page_products(scope, sort, None, 9))
    });
    let listed = listed.await.expect("a page");
    let counted = read(store, (scope(HUB), "prod-a".into()), |tx, (scope, id)| {
        Box::pin(tx.count_artifacts(scope, id))
    });
    let product = &listed[0];
    assert_eq!(counted.await, Ok(product.artifacts_count));
    (product.artifacts_count, product.newest_artifact.millis())
}

#[tokio::test]
async fn versions_stay_in_the_order_in_which_they_were_added() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        insert_product(&store, product(HUB, "prod-b", "lan", 1)).await;
        let new = |id| artifact("prod-a", id, 5);
        insert_artifacts(&store, HUB, "prod-a", vec![new("pa-3"), new("pa-1")]).await;
        insert_artifacts(&store, HUB, "prod-a", vec![new("pa-2"), new("pa-0")]).await;
        insert_artifacts(&store, HUB, "prod-a", Vec::new()).await;
        assert_eq!(
            list(&store).await,
            ["pa-3", "pa-1", "pa-2", "pa-0"],
            "{engine}"
        );
        remove(&store, "pa-0").await;
        remove(&store, "pa-3").await;
        insert_artifacts(&store, HUB, "prod-a", vec![new("pa-9")]).await;
        assert_eq!(list(&store).await, ["pa-1", "pa-2", "pa-9"], "{engine}");
        assert!(find(&store, "prod-a", "pa-9").await.is_some(), "{engine}");
        assert!(find(&store, "prod-b", "pa-9").await.is_none(), "{engine}");
        let again = (
            scope(HUB),
            "prod-b".into(),
            vec![artifact("prod-b", "pa-9", 1)],
        );
        let again = write(&store, again, |tx, (scope, product, new)| {
            Box::pin(tx.insert_artifacts(scope, product, new))
        });
        assert_eq!(again.await, Err(StoreError::Duplicate), "{engine}");
    }
}

#[tokio::test]
async fn the_products_row_counts_its_versions_whatever_the_clocks_do() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        assert_eq!(noted(&store).await, (0, 1), "{engine}");
        let new = |id, created| vec![artifact("prod-a", id, created)];
        insert_artifacts(&store, HUB, "prod-a", new("pa-1", 5)).await;
        insert_artifacts(&store, HUB, "prod-a", new("pa-2", 9)).await;
        // Made by a node whose clock is behind.
        insert_artifacts(&store, HUB, "prod-a", new("pa-3", 7)).await;
        assert_eq!(noted(&store).await, (3, 9), "{engine}");
        remove(&store, "pa-2").await;
        assert_eq!(noted(&store).await, (2, 7), "{engine}");
        remove(&store, "pa-2").await;
        assert_eq!(
            noted(&store).await,
            (2, 7),
            "{engine}: there was nothing to remove"
        );
    }
}

#[tokio::test]
async fn an_update_changes_the_version_of_that_product_alone() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        insert_artifacts(&store, HUB, "prod-a", vec![artifact("prod-a", "pa-1", 5)]).await;
        let update = |product: &str| {
            let mut changed = artifact(product, "pa-1", 5);
            changed.active = false;
            write(&store, (scope(HUB), changed), |tx, (scope, changed)| {
                Box::pin(tx.update_artifact(scope, changed))
            })
        };
        update("prod-b").await.expect("nothing to change");
        assert!(
            find(&store, "prod-a", "pa-1").await.expect("it").active,
            "{engine}"
        );
        update("prod-a").await.expect("changed");
        assert!(
            !find(&store, "prod-a", "pa-1").await.expect("it").active,
            "{engine}"
        );
    }
}
