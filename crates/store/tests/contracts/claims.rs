//! Claiming: fair between accounts, bounded for each, and never two for one copy.

use std::collections::BTreeMap;

use mimeo_domain::copying::Copy;
use mimeo_store::testing::{stores, stores_with};
use mimeo_store::{Fence, Fenced, Options, Store, StoreError};

use crate::cast::*;

const CLAIMERS: usize = 32;

async fn queue(store: &Store, who: &'static str, copies_count: usize) {
    write(store, copies_count, move |tx, copies_count| {
        Box::pin(async move {
            for number in 0..*copies_count {
                let token = format!("copyproduct-{who}-{number:04}");
                tx.insert_copy(&copy(who, &token)).await?;
            }
            Ok(())
        })
    })
    .await
    .expect("queued");
}

async fn renew(store: &Store, copy: &Copy) -> Fenced {
    write(store, Fence::of(copy), |tx, fence| {
        Box::pin(tx.renew_lease(fence))
    })
    .await
    .expect("an answer")
}

#[tokio::test]
async fn a_newcomer_does_not_wait_for_a_long_queue() {
    for (engine, store) in stores().await {
        queue(&store, HUB, 50).await;
        queue(&store, SPOKE, 1).await;
        let mut claimed = Vec::new();
        for _ in 0..51 {
            let copy = claim(&store, 99).await.expect("a due copy");
            claimed.push(copy.caller.account);
        }
        let turn = claimed.iter().position(|who| *who == account(SPOKE));
        // The newcomer's turn is now; the other's stand 20 ms apart from when it queued them.
        assert!(turn.expect("claimed") <= 20, "{engine}: {turn:?}");
        assert_eq!(claim(&store, 99).await, None, "{engine}");
    }
}

#[tokio::test]
async fn an_account_at_its_limit_holds_up_nobody_else() {
    for (engine, store) in stores().await {
        queue(&store, HUB, 100).await;
        queue(&store, SPOKE, 3).await;
        // As after some seconds: each turn of the long queue is before the newcomer's.
        execute(
            &store,
            "UPDATE copy SET turn = turn - 60000 WHERE account = '111111111111'",
        )
        .await;
        let mut claimed = BTreeMap::<String, Vec<Copy>>::new();
        while let Some(copy) = claim(&store, 2).await {
            let who = copy.caller.account.to_string();
            claimed.entry(who).or_default().push(copy);
        }
        let running = |who: &str| claimed.get(who).map_or(0, Vec::len);
        assert_eq!((running(HUB), running(SPOKE)), (2, 2), "{engine}");

        let finished = write(&store, Fence::of(&claimed[HUB][0]), |tx, fence| {
            Box::pin(tx.succeed_copy(fence, at(9)))
        });
        assert_eq!(finished.await, Ok(Fenced::Written), "{engine}");
        let next = claim(&store, 2).await.expect("a place is free");
        assert_eq!(next.caller.account, account(HUB), "{engine}");
        assert_eq!(claim(&store, 2).await, None, "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_claimers_never_get_one_copy_twice() {
    let options = Options {
        pool_size: 12,
        ..Options::default()
    };
    for (engine, store) in stores_with(options).await {
        for who in [HUB, SPOKE, OTHER, "444444444444", "555555555555"] {
            queue(&store, who, 100).await;
        }
        for round in 1..=2 {
            let claimers: Vec<_> = (0..CLAIMERS)
                .map(|_| tokio::spawn(claim_all(store.clone())))
                .collect();
            let mut fences = Vec::new();
            for claimer in claimers {
                fences.extend(claimer.await.expect("no panic"));
            }
            fences.sort();
            let claimed = fences.len();
            fences.dedup();
            assert_eq!(
                (claimed, fences.len()),
                (500, 500),
                "{engine}, round {round}"
            );
            assert!(fences.iter().all(|(_, fence)| *fence == round), "{engine}");
            execute(&store, "UPDATE copy SET due = 0").await;
        }
    }
}

async fn claim_all(store: Store) -> Vec<(String, i64)> {
    let mut fences = Vec::new();
    loop {
        let claimed = write(&store, 1_000, |tx, running_max| {
            Box::pin(tx.claim_copy(*running_max))
        });
        match claimed.await {
            Ok(Some(copy)) => fences.push((copy.token.to_string(), copy.fence)),
            Ok(None) => return fences,
            // So many at once may collide too often; a worker then comes back, as here.
            Err(error) => assert_eq!(error, StoreError::Conflict),
        }
    }
}

#[tokio::test]
async fn a_lease_lasts_while_it_is_renewed_and_is_taken_over_when_it_ran_out() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 1).await;
        let first = claim(&store, 1).await.expect("due");
        assert_eq!(claim(&store, 1).await, None, "{engine}: leased");
        execute(&store, "UPDATE copy SET due = 0").await;
        assert_eq!(
            renew(&store, &first).await,
            Fenced::Written,
            "{engine}: nobody came"
        );
        assert_eq!(claim(&store, 1).await, None, "{engine}: renewed");
        execute(&store, "UPDATE copy SET due = 0").await;
        let second = claim(&store, 1).await.expect("taken over");
        assert_eq!((second.fence, second.attempts), (2, 2), "{engine}");
        assert_eq!(renew(&store, &first).await, Fenced::Stale, "{engine}");
        assert_eq!(renew(&store, &second).await, Fenced::Written, "{engine}");
        let back = write(&store, (), |tx, ()| Box::pin(tx.take_all_copies_back()));
        assert_eq!(back.await, Ok(1), "{engine}: the only server started again");
        assert_eq!(renew(&store, &second).await, Fenced::Stale, "{engine}");
        let third = claim(&store, 1).await.expect("due at once");
        assert_eq!(
            (third.fence, third.attempts),
            (3, 3),
            "{engine}: a death is a try"
        );
    }
}

#[tokio::test]
async fn a_record_of_a_later_version_is_left_to_those_who_know_it() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 2).await;
        let first = "UPDATE copy SET version = 3 WHERE token = 'copyproduct-222222222222-0000'";
        assert_eq!(execute(&store, first).await, 1, "{engine}");
        let claimed = claim(&store, 9).await.expect("the other one");
        assert_eq!(
            claimed.token.as_str(),
            "copyproduct-222222222222-0001",
            "{engine}"
        );
        assert_eq!(claim(&store, 9).await, None, "{engine}");
    }
}
