//! Taking over: leases that ran out, standstills, and what is told of it.

use mimeo_domain::copying::{Copy, Reason};
use mimeo_store::testing::stores;
use mimeo_store::{Claimer, Fence, Fenced, Store};

use crate::cast::*;

async fn renew(store: &Store, copy: &Copy) -> Fenced {
    write(store, Fence::of(copy), |tx, fence| {
        Box::pin(tx.renew_lease(fence))
    })
    .await
    .expect("an answer")
}

#[tokio::test]
async fn a_lease_lasts_while_it_is_renewed_and_is_taken_over_when_it_ran_out() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 1).await;
        let first = claim(&store, 1).await.expect("due");
        assert_eq!(claim(&store, 1).await, None, "{engine}: leased");
        let_time_pass(&store).await;
        assert_eq!(
            renew(&store, &first).await,
            Fenced::Written,
            "{engine}: nobody came"
        );
        assert_eq!(claim(&store, 1).await, None, "{engine}: renewed");
        let_time_pass(&store).await;
        let second = claim(&store, 1).await.expect("taken over");
        assert_eq!((second.fence, second.attempts), (2, 2), "{engine}");
        assert_eq!(renew(&store, &first).await, Fenced::Stale, "{engine}");
        assert_eq!(renew(&store, &second).await, Fenced::Written, "{engine}");
        let back = write(&store, (), |tx, ()| Box::pin(tx.take_all_copies_back()));
        assert_eq!(back.await, Ok(1), "{engine}: the only server started again");
        assert_eq!(renew(&store, &second).await, Fenced::Stale, "{engine}");
        assert_eq!(claim(&store, 1).await, None, "{engine}: it must run alone");
        let third = store
            .claim_suspect(&Claimer::new(1))
            .await
            .expect("a claim");
        let third = third.expect("due at once");
        assert_eq!(
            (third.fence, third.attempts),
            (3, 3),
            "{engine}: a death is a try"
        );
    }
}

/// As if a claimer had heard the database long ago, and nothing since.
fn after_a_standstill(running_max: u32) -> Claimer {
    let claimer = Claimer::new(running_max);
    claimer.hears(0);
    claimer
}

#[tokio::test]
async fn after_a_standstill_a_copy_is_left_to_a_holder_that_lives() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 2).await;
        let held = claim(&store, 1).await.expect("due");
        let_time_pass(&store).await;
        let claimer = after_a_standstill(1);
        assert_eq!(store.claim_copy(&claimer).await, Ok(None), "{engine}");
        assert_eq!(renew(&store, &held).await, Fenced::Written, "{engine}");
        let_time_pass(&store).await;
        assert_eq!(store.claim_copy(&claimer).await, Ok(None), "{engine}: soon");
        let_time_pass(&store).await;
        let taken = claim(&store, 1).await.expect("by who heard of none");
        assert_eq!(taken.attempts, 2, "{engine}");
        let waiting = store.claim_copy(&after_a_standstill(2)).await;
        let waiting = waiting.expect("a claim").expect("nobody holds it");
        assert_ne!(waiting.token, held.token, "{engine}");
    }
}

#[tokio::test]
async fn after_a_standstill_a_suspect_is_left_to_a_holder_that_lives() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 1).await;
        execute(&store, "UPDATE copy SET attempts = 2").await;
        let claimer = after_a_standstill(1);
        assert_eq!(store.has_suspects(&claimer).await, Ok(true), "{engine}");
        let suspect = store.claim_suspect(&claimer).await.expect("a claim");
        assert!(suspect.is_some(), "{engine}: nobody held it");
        let_time_pass(&store).await;
        let late = after_a_standstill(1);
        assert_eq!(store.has_suspects(&late).await, Ok(false), "{engine}");
        assert_eq!(store.claim_suspect(&late).await, Ok(None), "{engine}");
        assert!(store.claim_suspect(&Claimer::new(1)).await != Ok(None));
    }
}

#[tokio::test]
async fn a_take_over_is_told_and_counted_once() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 1).await;
        let claimer = Claimer::new(1);
        let claims = async || store.claim_copy(&claimer).await.expect("a claim");
        claims().await.expect("due");
        assert_eq!(claimer.takeovers(), 0, "{engine}: nobody held it");
        let_time_pass(&store).await;
        let second = claims().await.expect("its worker fell silent");
        assert_eq!(claimer.takeovers(), 1, "{engine}");
        let put_off = write(&store, Fence::of(&second), |tx, fence| {
            Box::pin(tx.postpone_copy(fence, Reason::Internal, 60_000))
        });
        assert_eq!(put_off.await, Ok(Fenced::Written), "{engine}");
        let_time_pass(&store).await;
        let third = claims().await.expect("due again");
        assert_eq!(third.deaths(), 1, "{engine}: it is not forgotten");
        assert_eq!(claimer.takeovers(), 0, "{engine}: it was put off");
        let told = read(
            &store,
            (scope(SPOKE), third.token.clone()),
            |tx, (scope, token)| Box::pin(tx.list_copy_events(scope, token, 0, 100)),
        );
        let told = told.await.expect("events");
        let kinds: Vec<_> = told.iter().map(|told| told.event.kind()).collect();
        let expected = ["ACCEPTED", "CLAIMED", "TAKEN_OVER", "POSTPONED", "CLAIMED"];
        assert_eq!(kinds, expected, "{engine}");
    }
}

#[tokio::test]
async fn suspects_that_were_running_keep_their_places_when_the_limit_was_lowered() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 5).await;
        for _ in 0..4 {
            claim(&store, 4).await.expect("due");
        }
        let died = "UPDATE copy SET attempts = 2 WHERE state = 'RUNNING'";
        assert_eq!(execute(&store, died).await, 4, "{engine}");
        let_time_pass(&store).await;
        let lowered = Claimer::new(2);
        for _ in 0..4 {
            assert_eq!(store.has_suspects(&lowered).await, Ok(true), "{engine}");
            let suspect = store.claim_suspect(&lowered).await.expect("a claim");
            finish(&store, &suspect.expect("it was running")).await;
        }
        let last = store.claim_copy(&lowered).await.expect("a claim");
        assert!(last.is_some(), "{engine}: there is room again");
    }
}

#[tokio::test]
async fn a_suspect_without_a_place_calls_for_no_node() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 2).await;
        claim(&store, 1).await.expect("due");
        let died = "UPDATE copy SET attempts = 2 WHERE state = 'QUEUED'";
        assert_eq!(execute(&store, died).await, 1, "{engine}");
        let at_its_limit = Claimer::new(1);
        assert_eq!(
            store.has_suspects(&at_its_limit).await,
            Ok(false),
            "{engine}"
        );
        assert_eq!(
            store.claim_suspect(&at_its_limit).await,
            Ok(None),
            "{engine}"
        );
        assert_eq!(
            store.has_suspects(&Claimer::new(2)).await,
            Ok(true),
            "{engine}"
        );
    }
}

#[tokio::test]
async fn after_a_standstill_accounts_at_their_limit_hide_no_other() {
    for (engine, store) in stores().await {
        for number in 0..20 {
            let who: &'static str = format!("7000000000{number:02}").leak();
            queue(&store, who, 1).await;
            claim(&store, 1).await.expect("due");
        }
        let_time_pass(&store).await;
        queue(&store, SPOKE, 1).await;
        let claimer = after_a_standstill(1);
        let mut waiting = None;
        for _ in 0..2 {
            waiting = waiting.or(store.claim_copy(&claimer).await.expect("a claim"));
        }
        let waiting = waiting.unwrap_or_else(|| panic!("{engine}: hidden"));
        assert_eq!(waiting.caller.account.as_str(), SPOKE, "{engine}");
    }
}
