//! Budgets: hung by name, an account's own. What the end of a share does to them is told with TagOptions.

use mimeo_domain::ResourceId;
use mimeo_store::Store;
use mimeo_store::testing::stores;

use crate::cast::*;

fn resource() -> ResourceId {
    ResourceId::Product("prod-a".into())
}

async fn hang(store: &Store, owner: &str, budget: &'static str) -> u64 {
    let with = (scope(owner), resource(), budget);
    write(store, with, |tx, (scope, on, budget)| {
        Box::pin(tx.associate_budget(scope, on, budget))
    })
    .await
    .expect("an association")
}

async fn page(store: &Store, owner: &str, after: Option<&str>) -> Vec<String> {
    let with = (scope(owner), resource(), after.map(str::to_owned));
    read(store, with, |tx, (scope, on, after)| {
        Box::pin(tx.page_budgets(scope, on, after.as_ref(), 2))
    })
    .await
    .expect("a page")
}

#[tokio::test]
async fn names_are_an_accounts_own_and_kept_once() {
    for (engine, store) in stores().await {
        for name in ["b", "c", "a"] {
            assert_eq!(hang(&store, HUB, name).await, 1, "{engine}");
            assert_eq!(hang(&store, HUB, name).await, 0, "{engine}");
        }
        hang(&store, SPOKE, "s\0").await;
        assert_eq!(page(&store, HUB, None).await, ["a", "b"], "{engine}");
        assert_eq!(page(&store, HUB, Some("b")).await, ["c"], "{engine}");
        assert_eq!(page(&store, SPOKE, None).await, ["s\u{fffd}"], "{engine}");
        for removed_count in [1, 0] {
            let off = write(&store, (scope(HUB), resource()), |tx, (scope, on)| {
                Box::pin(tx.disassociate_budget(scope, on, "b"))
            });
            assert_eq!(off.await, Ok(removed_count), "{engine}");
        }
        let gone = write(&store, (scope(HUB), resource()), |tx, (scope, on)| {
            Box::pin(tx.drop_attached(scope, on))
        });
        gone.await.expect("a clean-up");
        for who in [HUB, SPOKE] {
            assert!(page(&store, who, None).await.is_empty(), "{engine}: {who}");
        }
    }
}
