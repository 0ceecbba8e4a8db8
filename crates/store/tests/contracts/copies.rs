//! Copies: a stale fence writes nothing, and a final copy stays as it is.

use mimeo_domain::copying::{Copy, Plan, Progress, Reason, State, StatusDetail};
use mimeo_domain::products::{Details, ProductType};
use mimeo_store::testing::stores;
use mimeo_store::{Claimer, CopiesSought, Fence, Fenced, Store, Tx, Whose};

use crate::cast::*;

type FencedWrite = for<'a, 'c> fn(&'a mut Tx<'c>, &'a Fence) -> Acting<'a, Fenced>;

/// Every write that a worker does to a copy's row.
const FENCED: [(&str, FencedWrite); 7] = [
    ("renew", |tx, fence| Box::pin(tx.renew_lease(fence))),
    ("plan", |tx, fence| {
        Box::pin(async move { tx.store_plan(fence, &plan()).await })
    }),
    ("succeed", |tx, fence| {
        Box::pin(tx.succeed_copy(fence, at(9)))
    }),
    ("fail", |tx, fence| {
        Box::pin(tx.fail_copy(fence, &StatusDetail::Deadline, at(9)))
    }),
    ("postpone", |tx, fence| {
        Box::pin(tx.postpone_copy(fence, Reason::Internal, 0))
    }),
    ("give back", |tx, fence| Box::pin(tx.give_copy_back(fence))),
    ("hand back", |tx, fence| {
        Box::pin(tx.hand_copy_back(fence, Reason::SourceUnavailable, 0))
    }),
];

fn plan() -> Plan {
    Plan {
        product_type: ProductType::CloudFormationTemplate,
        details: Details::default(),
        tags: Vec::new(),
        artifacts: Vec::new(),
        read: at(4),
    }
}

async fn fenced(store: &Store, name: &str, fence: Fence) -> Fenced {
    let act = FENCED.iter().find(|(named, _)| *named == name);
    let act = act.expect("one of the writes").1;
    write(store, fence, act).await.expect(name)
}

async fn claimed(store: &Store, token: &str) -> Copy {
    insert_copy(store, SPOKE, token).await;
    let copy = claim(store, 9).await.expect("a due copy");
    assert_eq!(copy.token.as_str(), token);
    copy
}

async fn expire_leases(store: &Store) {
    let_time_pass(store).await;
}

#[tokio::test]
async fn a_copy_reads_back_as_it_was_written() {
    for (engine, store) in stores().await {
        insert_copy(&store, SPOKE, "copyproduct-1").await;
        let found = find_copy(&store, SPOKE, "copyproduct-1").await;
        let written = copy(SPOKE, "copyproduct-1");
        assert!(
            found.deadline > written.deadline,
            "{engine}: by the database's clock"
        );
        let deadline = found.deadline;
        assert_eq!(
            found,
            Copy {
                deadline,
                ..written
            },
            "{engine}"
        );
        for stranger in [scope(HUB), abroad(SPOKE)] {
            let found = read(
                &store,
                (stranger, "copyproduct-1".into()),
                |tx, (scope, token)| Box::pin(tx.find_copy(scope, token)),
            );
            assert_eq!(found.await, Ok(None), "{engine}");
        }
        let counts = read(&store, scope(SPOKE), |tx, scope| {
            Box::pin(async move {
                let own = tx.count_copies_under_way(scope).await?;
                let of_hub = tx.count_copies_under_way(&crate::cast::scope(HUB)).await?;
                Ok((own, of_hub, tx.count_unfinished_copies().await?))
            })
        });
        assert_eq!(counts.await, Ok((1, 0, 1)), "{engine}");
    }
}

#[tokio::test]
async fn a_stale_fence_writes_nothing() {
    for (engine, store) in stores().await {
        let late = claimed(&store, "copyproduct-1").await;
        expire_leases(&store).await;
        let holder = claim(&store, 9).await.expect("taken over");
        assert_eq!((late.fence, holder.fence), (1, 2), "{engine}");
        let before = find_copy(&store, SPOKE, "copyproduct-1").await;
        for (name, _) in FENCED {
            for number in [late.fence, holder.fence + 1] {
                let fence = Fence {
                    number,
                    ..Fence::of(&holder)
                };
                assert_eq!(
                    fenced(&store, name, fence).await,
                    Fenced::Stale,
                    "{engine}: {name}"
                );
            }
            let other = Fence {
                token: "copyproduct-2".into(),
                ..Fence::of(&holder)
            };
            assert_eq!(
                fenced(&store, name, other).await,
                Fenced::Stale,
                "{engine}: {name}"
            );
        }
        let after = find_copy(&store, SPOKE, "copyproduct-1").await;
        assert_eq!(before, after, "{engine}");
        let written = fenced(&store, "plan", Fence::of(&holder)).await;
        assert_eq!(written, Fenced::Written, "{engine}");
        let after = find_copy(&store, SPOKE, "copyproduct-1").await;
        assert_eq!(after.plan, Some(plan()), "{engine}");
    }
}

#[tokio::test]
async fn a_copy_that_is_final_or_waits_takes_no_write_from_its_last_holder() {
    let ends = [
        ("succeed", State::Succeeded),
        ("fail", State::Failed(StatusDetail::Deadline)),
        ("postpone", State::Queued),
        ("give back", State::Queued),
        ("hand back", State::Queued),
    ];
    for (engine, store) in stores().await {
        for (end, state) in &ends {
            let copy = claimed(&store, &format!("copyproduct-{end}")).await;
            assert_eq!(fenced(&store, end, Fence::of(&copy)).await, Fenced::Written);
            let before = find_copy(&store, SPOKE, copy.token.as_str()).await;
            assert_eq!(&before.state, state, "{engine}: {end}");
            for (name, _) in FENCED {
                let again = fenced(&store, name, Fence::of(&copy)).await;
                assert_eq!(again, Fenced::Stale, "{engine}: {name} after {end}");
            }
            let after = find_copy(&store, SPOKE, copy.token.as_str()).await;
            assert_eq!(before, after, "{engine}: {end}");
            execute(&store, "UPDATE copy SET due = 9999999999999").await;
        }
        let unfinished = read(&store, (), |tx, ()| Box::pin(tx.count_unfinished_copies()));
        assert_eq!(unfinished.await, Ok(3), "{engine}");
    }
}

#[tokio::test]
async fn a_postponed_try_counts_and_one_given_back_does_not() {
    for (engine, store) in stores().await {
        let copy = claimed(&store, "copyproduct-1").await;
        assert_eq!((copy.attempts, copy.failures), (1, 0), "{engine}");
        let _ = fenced(&store, "give back", Fence::of(&copy)).await;
        let copy = claim(&store, 9).await.expect("due at once");
        assert_eq!((copy.attempts, copy.failures), (1, 0), "{engine}");
        assert_eq!(copy.fence, 2, "{engine}: yet the fence goes up");
        let _ = fenced(&store, "postpone", Fence::of(&copy)).await;
        let copy = claim(&store, 9).await.expect("due at once");
        assert_eq!((copy.attempts, copy.failures), (2, 1), "{engine}");
        let _ = fenced(&store, "hand back", Fence::of(&copy)).await;
        let copy = claim(&store, 9).await.expect("due at once");
        assert_eq!((copy.attempts, copy.failures), (2, 1), "{engine}");
        assert_eq!(copy.fence, 4, "{engine}: each claim raised it");
    }
}

#[tokio::test]
async fn a_copy_that_waits_is_not_due_before_its_time() {
    let waits: [FencedWrite; 2] = [
        |tx, fence| Box::pin(tx.postpone_copy(fence, Reason::Internal, 60_000)),
        |tx, fence| Box::pin(tx.hand_copy_back(fence, Reason::SourceUnavailable, 60_000)),
    ];
    for (engine, store) in stores().await {
        for (number, wait) in waits.into_iter().enumerate() {
            let copy = claimed(&store, &format!("copyproduct-{number}")).await;
            let later = write(&store, Fence::of(&copy), wait);
            assert_eq!(later.await, Ok(Fenced::Written), "{engine}");
            assert_eq!(claim(&store, 9).await, None, "{engine}: not due yet");
        }
    }
}

#[tokio::test]
async fn what_grows_with_the_versions_is_read_of_one_copy_and_not_for_a_list() {
    let progress = Progress {
        bodies_there_count: 1,
        artifacts: ["pa-1".into()].into(),
        ..Progress::default()
    };
    for (engine, store) in stores().await {
        let copy = claimed(&store, "copyproduct-1").await;
        let _ = fenced(&store, "plan", Fence::of(&copy)).await;
        let with = (Fence::of(&copy), progress.clone());
        let told = write(&store, with, |tx, (fence, progress)| {
            Box::pin(tx.tell_progress(fence, progress))
        });
        assert_eq!(told.await, Ok(Fenced::Written), "{engine}");
        let one = read(&store, scope(SPOKE), |tx, scope| {
            Box::pin(async move { tx.see_copy(scope, &"copyproduct-1".into()).await })
        });
        let one = one.await.expect("an answer").expect("the copy");
        assert_eq!(one.progress.as_ref(), Some(&progress), "{engine}");
        assert_eq!(one.copy.plan, Some(plan()), "{engine}");
        for (whose, state, who) in [
            (Whose::Own, None, SPOKE),
            (Whose::Own, Some("RUNNING"), SPOKE),
            (Whose::OfProducts, None, HUB),
        ] {
            let sought = CopiesSought {
                whose,
                state,
                since: at(0),
                after: None,
            };
            let list = read(&store, (scope(who), sought), |tx, (scope, sought)| {
                Box::pin(tx.list_copies(scope, sought, 9))
            });
            let list = list.await.expect("a list");
            let listed: Vec<_> = list.iter().map(|listed| listed.token.as_str()).collect();
            assert_eq!(listed, ["copyproduct-1"], "{engine}: {whose:?}, {state:?}");
            let seen = list[0].seen.as_ref().expect("it reads");
            assert_eq!(seen.progress, None, "{engine}: {whose:?}, {state:?}");
            assert_eq!(seen.copy.plan, None, "{engine}: {whose:?}, {state:?}");
        }
    }
}

#[tokio::test]
async fn a_copy_that_does_not_read_has_failed_and_keeps_nobody_waiting() {
    for (engine, store) in stores().await {
        queue(&store, SPOKE, 3).await;
        let damage = "UPDATE copy SET body = '{' WHERE token LIKE '%-0000'";
        assert_eq!(execute(&store, damage).await, 1, "{engine}");
        let damage = "UPDATE copy SET plan = '{', attempts = 2 WHERE token LIKE '%-0001'";
        assert_eq!(execute(&store, damage).await, 1, "{engine}");
        let claimed = claim(&store, 9).await.expect("the one that reads");
        assert!(claimed.token.as_str().ends_with("-0002"), "{engine}");
        let suspect = store.claim_suspect(&Claimer::new(9)).await;
        assert_eq!(
            suspect,
            Ok(None),
            "{engine}: the suspect does not read either"
        );
        assert_eq!(claim(&store, 9).await, None, "{engine}");
        let failed =
            "UPDATE copy SET attempts = attempts WHERE state = 'FAILED' AND unfinished = 0";
        assert_eq!(execute(&store, failed).await, 2, "{engine}");
        let sought = CopiesSought {
            whose: Whose::Own,
            state: None,
            since: at(0),
            after: None,
        };
        let list = read(&store, (scope(SPOKE), sought), |tx, (scope, sought)| {
            Box::pin(tx.list_copies(scope, sought, 9))
        });
        let list = list.await.expect("a list");
        let reads: Vec<_> = list.iter().map(|listed| listed.seen.is_some()).collect();
        assert_eq!(list.len(), 3, "{engine}: each in its place");
        assert_eq!(reads.iter().filter(|reads| **reads).count(), 2, "{engine}");
    }
}
