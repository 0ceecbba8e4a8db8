//! Tallies and uploads: counted a piece, taken back with the transaction.

use mimeo_store::testing::stores;
use mimeo_store::{AuthScope, Store, StoreError, Tally};

use crate::cast::*;

async fn raise(store: &Store, who: AuthScope, what: Tally) -> u64 {
    write(store, who, move |tx, scope| {
        Box::pin(tx.raise_tally(scope, what))
    })
    .await
    .expect("raised")
}

#[tokio::test]
async fn a_tally_counts_one_thing_of_one_account_in_one_region() {
    for (engine, store) in stores().await {
        assert_eq!(
            raise(&store, scope(HUB), Tally::Products).await,
            1,
            "{engine}"
        );
        assert_eq!(
            raise(&store, scope(HUB), Tally::Products).await,
            2,
            "{engine}"
        );
        assert_eq!(
            raise(&store, scope(HUB), Tally::Portfolios).await,
            1,
            "{engine}"
        );
        assert_eq!(
            raise(&store, scope(SPOKE), Tally::Products).await,
            1,
            "{engine}"
        );
        assert_eq!(
            raise(&store, abroad(HUB), Tally::Products).await,
            1,
            "{engine}"
        );
        let lowered = write(&store, scope(HUB), |tx, scope| {
            Box::pin(tx.lower_tally(scope, Tally::Products))
        });
        lowered.await.expect("lowered");
        let refused: Result<(), _> = write(&store, scope(HUB), |tx, scope| {
            Box::pin(async move {
                tx.raise_tally(scope, Tally::Products).await?;
                Err(StoreError::Full)
            })
        })
        .await;
        assert_eq!(refused, Err(StoreError::Full), "{engine}");
        assert_eq!(
            raise(&store, scope(HUB), Tally::Products).await,
            2,
            "{engine}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_race_for_the_last_places_counts_each_once() {
    for (engine, store) in stores().await {
        let racers = (0..32).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let raised = write(&store, scope(HUB), |tx, scope| {
                        Box::pin(tx.raise_tally(scope, Tally::Uploads))
                    });
                    match raised.await {
                        Ok(used) => return used,
                        Err(error) => assert_eq!(error, StoreError::Conflict),
                    }
                }
            })
        });
        let mut counted = Vec::new();
        for racer in racers.collect::<Vec<_>>() {
            counted.push(racer.await.expect("no panic"));
        }
        counted.sort_unstable();
        assert_eq!(counted, (1..=32).collect::<Vec<u64>>(), "{engine}");
    }
}

#[tokio::test]
async fn an_upload_is_replaced_under_its_name() {
    for (engine, store) in stores().await {
        let put = |digest: &'static str| {
            write(&store, scope(HUB), move |tx, scope| {
                Box::pin(tx.put_upload(scope, "vpc.yaml", digest, at(1)))
            })
        };
        let find = |who: AuthScope| {
            read(&store, who, |tx, scope| {
                Box::pin(tx.find_upload(scope, "vpc.yaml"))
            })
        };
        assert_eq!(find(scope(HUB)).await, Ok(None), "{engine}");
        put("1").await.expect("put");
        put("2").await.expect("put");
        assert_eq!(find(scope(HUB)).await, Ok(Some("2".into())), "{engine}");
        assert_eq!(find(scope(SPOKE)).await, Ok(None), "{engine}");
        assert_eq!(find(abroad(HUB)).await, Ok(None), "{engine}");
    }
}
