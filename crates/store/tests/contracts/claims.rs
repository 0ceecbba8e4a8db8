//! Claiming: fair between accounts, bounded for each, and never two for one copy.

use std::collections::BTreeMap;
use std::time::Duration;

use mimeo_domain::copying::{Copy, Reason, StatusDetail};
use mimeo_store::testing::{stores, stores_with};
use mimeo_store::{Claimer, Fence, Fenced, Options, Store, StoreError};
use tokio::time::Instant;

use crate::cast::*;

const CLAIMERS: usize = 32;

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
        // By turns; a claim may be done in less than the millisecond that tells them apart.
        assert!(turn.expect("claimed") <= 4, "{engine}: {turn:?}");
        assert_eq!(claim(&store, 99).await, None, "{engine}");
    }
}

#[tokio::test]
async fn an_account_at_its_limit_holds_up_nobody_else() {
    for (engine, store) in stores().await {
        queue(&store, HUB, 100).await;
        queue(&store, SPOKE, 3).await;
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
            let_time_pass(&store).await;
        }
    }
}

async fn claim_all(store: Store) -> Vec<(String, i64)> {
    let mut fences = Vec::new();
    loop {
        match store.claim_copy(&Claimer::new(1_000)).await {
            Ok(Some(copy)) => fences.push((copy.token.to_string(), copy.fence)),
            Ok(None) => return fences,
            // So many at once may collide too often; a worker then comes back, as here.
            Err(error) => assert_eq!(error, StoreError::Conflict),
        }
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
        // A newer server comes, which knows the record: here the record becomes one that we know.
        let known = "UPDATE copy SET version = 1 WHERE version = 3";
        execute(&store, known).await;
        store.mend_copy_lanes().await.expect("mended");
        let claimed = claim(&store, 9).await.expect("by who knows it");
        assert_eq!(claimed.token.as_str(), "copyproduct-222222222222-0000");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claimers_together_never_pass_the_limit_of_an_account() {
    let options = Options {
        pool_size: 12,
        ..Options::default()
    };
    for (engine, store) in stores_with(options).await {
        for who in [HUB, SPOKE, OTHER] {
            queue(&store, who, 40).await;
        }
        let claimers: Vec<_> = (0..CLAIMERS)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    for _ in 0..5 {
                        claim(&store, 3).await;
                    }
                })
            })
            .collect();
        for claimer in claimers {
            claimer.await.expect("no panic");
        }
        let running = "UPDATE copy SET attempts = attempts WHERE state = 'RUNNING' AND account = ";
        for who in [HUB, SPOKE, OTHER] {
            let sql = format!("{running}'{who}'");
            assert_eq!(execute(&store, sql.leak()).await, 3, "{engine}: {who}");
        }
    }
}

#[tokio::test]
async fn whatever_frees_a_place_or_brings_a_copy_back_makes_it_due_at_once() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 3).await;
        let first = claim(&store, 1).await.expect("due");
        assert_eq!(claim(&store, 1).await, None, "{engine}: at its limit");
        let failed = write(&store, Fence::of(&first), |tx, fence| {
            Box::pin(tx.fail_copy(fence, &StatusDetail::Deadline, at(9)))
        });
        assert_eq!(failed.await, Ok(Fenced::Written), "{engine}");
        let second = claim(&store, 1).await.expect("the place is free");
        assert_eq!(claim(&store, 1).await, None, "{engine}: at its limit");
        let back = write(&store, Fence::of(&second), |tx, fence| {
            Box::pin(tx.give_copy_back(fence))
        });
        assert_eq!(back.await, Ok(Fenced::Written), "{engine}");
        let again = claim(&store, 1).await.expect("it was given back");
        assert_eq!(again.token, second.token, "{engine}");
        let put_off = write(&store, Fence::of(&again), |tx, fence| {
            Box::pin(tx.postpone_copy(fence, Reason::Internal, 60_000))
        });
        assert_eq!(put_off.await, Ok(Fenced::Written), "{engine}");
        let third = claim(&store, 1).await.expect("the next of the account");
        assert_ne!(third.token, again.token, "{engine}");
        finish(&store, &third).await;
        assert_eq!(claim(&store, 1).await, None, "{engine}: put off");
        let_time_pass(&store).await;
        let last = claim(&store, 1).await.expect("it is due now");
        finish(&store, &last).await;
        assert_eq!(claim(&store, 1).await, None, "{engine}: all are final");
        let lanes = "UPDATE copy_lane SET due = 0";
        assert_eq!(execute(&store, lanes).await, 0, "{engine}: none is left");
    }
}

#[tokio::test]
async fn a_server_that_starts_goes_on_at_once_with_accounts_that_were_at_their_limit() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 2).await;
        let running = claim(&store, 1).await.expect("the first");
        assert_eq!(claim(&store, 1).await, None, "{engine}: at its limit");
        write(&store, (), |tx, ()| Box::pin(tx.take_all_copies_back()))
            .await
            .expect("taken back");
        let again = claim(&store, 1)
            .await
            .expect("at once, not after the lease");
        assert_eq!(
            again.fence,
            running.fence + i64::from(again.token == running.token)
        );
    }
}

#[tokio::test]
async fn a_server_of_the_release_before_leaves_no_copy_unseen() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 1).await;
        // It knows nothing of lanes.
        execute(&store, "DELETE FROM copy_lane").await;
        assert_eq!(claim(&store, 1).await, None, "{engine}");
        store.mend_copy_lanes().await.expect("mended");
        assert!(claim(&store, 1).await.is_some(), "{engine}");
    }
}

#[tokio::test]
async fn a_copy_whose_workers_died_twice_is_left_to_who_runs_it_alone() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 3).await;
        let died = "UPDATE copy SET attempts = 2 WHERE token LIKE '%-0001'";
        assert_eq!(execute(&store, died).await, 1);
        assert_eq!(
            store.has_suspects(&Claimer::new(1)).await,
            Ok(true),
            "{engine}"
        );
        let innocent = [claim(&store, 9).await, claim(&store, 9).await].map(Option::unwrap);
        assert!(innocent.iter().all(|copy| !copy.must_run_alone()));
        assert_eq!(claim(&store, 9).await, None, "{engine}");
        assert_eq!(
            store.claim_suspect(&Claimer::new(2)).await,
            Ok(None),
            "{engine}: limit"
        );
        let suspect = store
            .claim_suspect(&Claimer::new(3))
            .await
            .expect("a claim");
        let suspect = suspect.expect("the suspect");
        assert!(suspect.must_run_alone(), "{engine}");
        assert_eq!((suspect.attempts, suspect.fence), (3, 1), "{engine}");
        assert_eq!(
            store.claim_suspect(&Claimer::new(9)).await,
            Ok(None),
            "{engine}: leased"
        );
        assert_eq!(
            store.has_suspects(&Claimer::new(1)).await,
            Ok(false),
            "{engine}"
        );
        let_time_pass(&store).await;
        // Its worker died again; its account is at its limit with it, not beyond.
        let suspect = store
            .claim_suspect(&Claimer::new(3))
            .await
            .expect("a claim");
        assert_eq!(suspect.map(|copy| copy.deaths()), Some(3), "{engine}");
    }
}

/// An account's long queue must cost the others nothing: rows that a claim looks at are counted by
/// the time it takes, against a store with no such queue.
#[tokio::test]
async fn a_backlog_of_one_account_at_its_limit_makes_no_claim_slower() {
    const BACKLOG: usize = 10_000;
    for (engine, store) in stores().await {
        queue(&store, HUB, 1).await;
        let fill = format!(
            "INSERT INTO copy (region, token, account, version, state, unfinished, turn, due, fence, attempts, failures, deadline, created, target_product, body) \
             WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {BACKLOG}) \
             SELECT region, token || '-' || n, account, version, state, unfinished, turn, due, fence, attempts, failures, deadline, created, target_product, body FROM copy, number"
        );
        assert_eq!(execute(&store, fill.leak()).await, BACKLOG as u64);
        assert!(claim(&store, 1).await.is_some());
        let begun = Instant::now();
        for _ in 0..50 {
            assert_eq!(claim(&store, 1).await, None, "{engine}: at its limit");
        }
        let blocked = begun.elapsed() / 50;
        // One pass through the backlog's rows costs milliseconds on either engine.
        assert!(blocked < Duration::from_millis(20), "{engine}: {blocked:?}");
        queue(&store, SPOKE, 1).await;
        assert!(claim(&store, 1).await.is_some(), "{engine}");
    }
}

/// Prints figures: `cargo nextest run -p mimeo-store --run-ignored only --no-capture ten_thousand`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn ten_thousand_copies_for_thirty_two_claimers() {
    const ACCOUNTS: usize = 100;
    for (engine, store) in stores_with(Options::default()).await {
        queue(&store, HUB, 1).await;
        let fill = format!(
            "INSERT INTO copy (region, token, account, version, state, unfinished, turn, due, fence, attempts, failures, deadline, created, target_product, body) \
             WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 9999) \
             SELECT region, token || '-' || n, CAST(100000000000 + n % {ACCOUNTS} AS TEXT), version, state, unfinished, turn, due, fence, attempts, failures, deadline, created, target_product, body FROM copy, number"
        );
        assert_eq!(execute(&store, fill.leak()).await, 9_999);
        store.mend_copy_lanes().await.expect("mended");
        let before = store.gauges().conflicts;
        let begun = Instant::now();
        let claimers: Vec<_> = (0..CLAIMERS)
            .map(|_| tokio::spawn(claim_all(store.clone())))
            .collect();
        let mut fences = Vec::new();
        for claimer in claimers {
            fences.extend(claimer.await.expect("no panic"));
        }
        let took = begun.elapsed();
        fences.sort();
        fences.dedup();
        assert_eq!(fences.len(), 10_000, "{engine}");
        assert!(fences.iter().all(|(_, fence)| *fence == 1), "{engine}");
        let conflicts = store.gauges().conflicts - before;
        let each = 10_000.0 / took.as_secs_f64();
        println!("{engine}: {each:.0} claims a second, {conflicts} conflicts, {took:?}");
    }
}
