//! Shares: offered once, accepted by the recipient alone, ended by the owner.

use mimeo_domain::AccountId;
use mimeo_domain::shares::{Acceptance, PortfolioShare};
use mimeo_store::Store;
use mimeo_store::testing::stores;

use crate::cast::*;

async fn find(store: &Store, recipient: &str) -> Option<PortfolioShare> {
    read(
        store,
        (scope(HUB), "port-h".into(), account(recipient)),
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
        for number in 0..7 {
            share(&store, "port-h", HUB, &format!("{:012}", (number * 3) % 7)).await;
        }
        let mut walked: Vec<AccountId> = Vec::new();
        loop {
            let page = read(
                &store,
                (scope(HUB), "port-h".into(), walked.last().cloned()),
                |tx, (scope, portfolio, after)| {
                    Box::pin(tx.page_shares(scope, portfolio, after.as_ref(), 3))
                },
            );
            let page = page.await.expect("a page");
            if page.is_empty() {
                break;
            }
            walked.extend(page.into_iter().map(|share| share.recipient));
        }
        assert_eq!(walked.len(), 7, "{engine}");
        assert!(walked.is_sorted_by(|a, b| a < b), "{engine}");
        let count = read(&store, (scope(HUB), "port-h".into()), |tx, (scope, id)| {
            Box::pin(tx.count_shares(scope, id))
        });
        assert_eq!(count.await, Ok(7), "{engine}");
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
