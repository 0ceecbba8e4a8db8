//! Shares: offered once, accepted by the recipient alone, ended by the owner.

use mimeo_domain::shares::{Acceptance, PortfolioShare, Recipient, RecipientKind, ShareOperation};
use mimeo_store::Store;
use mimeo_store::testing::stores;

use crate::cast::*;

const NODES: [&str; 3] = ["member/222222222222", "o-aaaaaaaaaa", "ou-root-workloads"];

async fn find(store: &Store, recipient: &str) -> Option<PortfolioShare> {
    read(
        store,
        (
            scope(HUB),
            "port-h".into(),
            Recipient::Account(account(recipient)),
        ),
        |tx, (scope, portfolio, recipient)| Box::pin(tx.find_share(scope, portfolio, recipient)),
    )
    .await
    .expect("an answer")
}

#[tokio::test]
async fn a_share_is_offered_once_and_keeps_its_answer() {
    for (engine, store) in stores().await {
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        assert_eq!(
            accept(&store, "port-h", SPOKE).await,
            0,
            "{engine}: no offer"
        );
        assert_eq!(share(&store, "port-h", HUB, SPOKE).await, 1, "{engine}");
        let offered = offer("port-h", HUB, SPOKE);
        assert_eq!(find(&store, SPOKE).await, Some(offered.clone()), "{engine}");
        assert_eq!(
            accept(&store, "port-h", OTHER).await,
            0,
            "{engine}: another's"
        );
        assert_eq!(accept(&store, "port-h", SPOKE).await, 1, "{engine}");
        assert_eq!(share(&store, "port-h", HUB, SPOKE).await, 0, "{engine}");
        let accepted = PortfolioShare {
            acceptance: Acceptance::Accepted,
            ..offered.clone()
        };
        assert_eq!(find(&store, SPOKE).await, Some(accepted), "{engine}");
        assert_eq!(reject(&store, "port-h", SPOKE).await, 1, "{engine}");
        assert_eq!(find(&store, SPOKE).await, Some(offered), "{engine}");
        assert_eq!(unshare(&store, "port-h", HUB, SPOKE).await, 1, "{engine}");
        assert_eq!(unshare(&store, "port-h", HUB, SPOKE).await, 0, "{engine}");
        assert_eq!(find(&store, SPOKE).await, None, "{engine}");
    }
}

#[tokio::test]
async fn pages_walk_the_recipients_of_a_portfolio() {
    for (engine, store) in stores().await {
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        insert_portfolio(&store, portfolio(HUB, "port-x", 1)).await;
        share(&store, "port-x", HUB, OTHER).await;
        for node in NODES {
            share(&store, "port-h", HUB, node).await;
        }
        for number in 0..7 {
            share(&store, "port-h", HUB, &format!("{:012}", (number * 3) % 7)).await;
        }
        let mut walked: Vec<String> = Vec::new();
        loop {
            let page = read(
                &store,
                (scope(HUB), "port-h".into(), walked.last().cloned()),
                |tx, (scope, portfolio, after)| {
                    let kind = RecipientKind::Account;
                    Box::pin(tx.page_shares(scope, portfolio, kind, after.as_ref(), 3))
                },
            );
            let page = page.await.expect("a page");
            if page.is_empty() {
                break;
            }
            walked.extend(page.into_iter().map(|share| share.recipient.node()));
        }
        assert_eq!(walked.len(), 7, "{engine}");
        assert!(walked.is_sorted_by(|a, b| a < b), "{engine}");
        let count = read(&store, (scope(HUB), "port-h".into()), |tx, (scope, id)| {
            Box::pin(tx.count_shares(scope, id))
        });
        assert_eq!(count.await, Ok(10), "{engine}");
    }
}

#[tokio::test]
async fn a_recipient_lists_the_portfolios_that_it_accepted() {
    for (engine, store) in stores().await {
        for number in 0..7 {
            let id = format!("port-{number}");
            insert_portfolio(&store, portfolio(HUB, &id, 9 - number)).await;
            share(&store, &id, HUB, SPOKE).await;
            if number != 3 {
                accept(&store, &id, SPOKE).await;
            }
        }
        let mut walked: Vec<String> = Vec::new();
        loop {
            let after = walked.last().map(|last| last.as_str().into());
            let page = read(&store, (scope(SPOKE), after), |tx, (scope, after)| {
                Box::pin(tx.page_accepted_portfolios(scope, after.as_ref(), 2))
            });
            let page = page.await.expect("a page");
            if page.is_empty() {
                break;
            }
            walked.extend(page.into_iter().map(|found| found.id.to_string()));
        }
        let accepted = ["port-0", "port-1", "port-2", "port-4", "port-5", "port-6"];
        assert_eq!(walked, accepted, "{engine}");
    }
}

#[tokio::test]
async fn nodes_of_a_kind_are_paged_apart_from_all_others() {
    for (engine, store) in stores().await {
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        for node in NODES.into_iter().chain([SPOKE]) {
            share(&store, "port-h", HUB, node).await;
        }
        for (kind, node) in [
            (RecipientKind::Account, SPOKE),
            (RecipientKind::Member, NODES[0]),
            (RecipientKind::Organization, NODES[1]),
            (RecipientKind::Unit, NODES[2]),
        ] {
            let page = async |after: Option<String>| {
                let with = (scope(HUB), "port-h".into(), after);
                let page = read(&store, with, move |tx, (scope, portfolio, after)| {
                    Box::pin(tx.page_shares(scope, portfolio, kind, after.as_ref(), 9))
                });
                page.await.expect("a page")
            };
            assert_eq!(page(None).await, [offer("port-h", HUB, node)], "{engine}");
            assert_eq!(page(Some(node.to_owned())).await, [], "{engine}");
        }
    }
}

#[tokio::test]
async fn what_travels_with_a_share_can_change() {
    for (engine, store) in stores().await {
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        share(&store, "port-h", HUB, SPOKE).await;
        let changed = PortfolioShare {
            tag_options: true.into(),
            principals: false.into(),
            ..offer("port-h", HUB, SPOKE)
        };
        write(
            &store,
            (scope(HUB), changed.clone()),
            |tx, (scope, share)| Box::pin(tx.update_share(scope, share)),
        )
        .await
        .expect("a change");
        assert_eq!(find(&store, SPOKE).await, Some(changed), "{engine}");
    }
}

#[tokio::test]
async fn a_share_operation_is_kept_for_the_account_that_asked() {
    for (engine, store) in stores().await {
        let operation = ShareOperation {
            token: "share-a".into(),
            portfolio: "port-h".into(),
            recipient: NODES[2].parse().expect("a unit"),
            created: at(5),
        };
        write(
            &store,
            (scope(HUB), operation.clone()),
            |tx, (scope, new)| Box::pin(tx.insert_share_operation(scope, new)),
        )
        .await
        .expect("an operation");
        for (scope, expected) in [
            (scope(HUB), Some(operation)),
            (scope(SPOKE), None),
            (abroad(HUB), None),
        ] {
            let found = read(&store, scope, |tx, scope| {
                Box::pin(async move { tx.find_share_operation(scope, &"share-a".into()).await })
            });
            assert_eq!(found.await, Ok(expected), "{engine}");
        }
    }
}
