//! Portfolios: their pages, what stands in them, and what falls out when a share ends.

use mimeo_domain::portfolios::{Holdings, Portfolio};
use mimeo_domain::shares::Recipient;
use mimeo_domain::{PortfolioId, Timestamp};
use mimeo_store::testing::stores;
use mimeo_store::{AuthScope, Store};

use crate::cast::*;

fn ids(portfolios: Vec<Portfolio>) -> Vec<String> {
    let id = |portfolio: Portfolio| portfolio.id.to_string();
    portfolios.into_iter().map(id).collect()
}

async fn sees(store: &Store, who: AuthScope, portfolio: &str) -> bool {
    read(store, (who, portfolio.into()), |tx, (scope, id)| {
        Box::pin(tx.find_visible_portfolio(scope, id))
    })
    .await
    .expect("an answer")
    .is_some()
}

async fn holders(store: &Store, who: &str, product: &str) -> Vec<String> {
    let mut walked = Vec::new();
    loop {
        let after: Option<PortfolioId> = walked.last().map(|last: &String| last.as_str().into());
        let page = read(
            store,
            (scope(who), product.into(), after),
            |tx, (scope, product, after)| {
                Box::pin(tx.page_portfolios_holding(scope, product, after.as_ref(), 2))
            },
        );
        let page = page.await.expect("a page");
        if page.is_empty() {
            return walked;
        }
        walked.extend(ids(page));
    }
}

#[tokio::test]
async fn pages_walk_the_accounts_portfolios_by_creation() {
    for (engine, store) in stores().await {
        for number in 0..11 {
            let id = format!("port-{:02}", (number * 5) % 11);
            insert_portfolio(&store, portfolio(HUB, &id, i64::from(number % 3))).await;
        }
        insert_portfolio(&store, portfolio(OTHER, "port-foreign", 1)).await;
        let mut walked: Vec<(Timestamp, PortfolioId)> = Vec::new();
        loop {
            let page = read(
                &store,
                (scope(HUB), walked.last().cloned()),
                |tx, (scope, after)| Box::pin(tx.page_portfolios(scope, after.as_ref(), 3)),
            );
            let page = page.await.expect("a page");
            if page.is_empty() {
                break;
            }
            walked.extend(page.into_iter().map(|found| (found.created, found.id)));
        }
        assert_eq!(walked.len(), 11, "{engine}");
        assert!(walked.is_sorted_by(|a, b| a < b), "{engine}");
    }
}

#[tokio::test]
async fn only_owner_and_accepted_recipients_see_a_portfolio() {
    for (engine, store) in stores().await {
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        assert!(sees(&store, scope(HUB), "port-h").await, "{engine}");
        assert!(!sees(&store, abroad(HUB), "port-h").await, "{engine}");
        share(&store, "port-h", HUB, SPOKE).await;
        assert!(
            !sees(&store, scope(SPOKE), "port-h").await,
            "{engine}: offered"
        );
        accept(&store, "port-h", SPOKE).await;
        assert!(
            sees(&store, scope(SPOKE), "port-h").await,
            "{engine}: accepted"
        );
        let own = read(
            &store,
            (scope(SPOKE), PortfolioId::from("port-h")),
            |tx, (scope, id)| Box::pin(tx.find_portfolio(scope, id)),
        );
        assert_eq!(own.await, Ok(None), "{engine}: seen, not owned");
        let theft = portfolio(SPOKE, "port-h", 9);
        let update = write(&store, theft, |tx, new| Box::pin(tx.update_portfolio(new)));
        update.await.expect("nothing to change");
        let removal = write(
            &store,
            (scope(SPOKE), PortfolioId::from("port-h")),
            |tx, (scope, id)| Box::pin(tx.remove_portfolio(scope, id)),
        );
        removal.await.expect("nothing to remove");
        let kept = read(
            &store,
            (scope(HUB), PortfolioId::from("port-h")),
            |tx, (scope, id)| Box::pin(tx.find_portfolio(scope, id)),
        );
        let kept = kept.await.expect("an answer").expect("the portfolio");
        assert_eq!(kept, portfolio(HUB, "port-h", 1), "{engine}");
        unshare(&store, "port-h", HUB, SPOKE).await;
        assert!(
            !sees(&store, scope(SPOKE), "port-h").await,
            "{engine}: revoked"
        );
    }
}

#[tokio::test]
async fn a_portfolio_counts_what_stands_in_it() {
    for (engine, store) in stores().await {
        let spokes = portfolio(SPOKE, "port-s", 1);
        insert_portfolio(&store, spokes.clone()).await;
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        insert_product(&store, product(SPOKE, "prod-b", "lan", 1)).await;
        assert_eq!(associate(&store, spokes.clone(), "prod-a", HUB).await, 1);
        assert_eq!(associate(&store, spokes.clone(), "prod-a", HUB).await, 0);
        assert_eq!(associate(&store, spokes, "prod-b", SPOKE).await, 1);
        share(&store, "port-s", SPOKE, OTHER).await;
        let counted = read(
            &store,
            (scope(SPOKE), PortfolioId::from("port-s")),
            |tx, (scope, id)| {
                Box::pin(async move {
                    let holdings = tx.portfolio_holdings(scope, id).await?;
                    Ok((holdings, tx.count_foreign_products(scope, id).await?))
                })
            },
        );
        let expected = Holdings {
            products_count: 2,
            principals_count: 0,
            shares_count: 1,
        };
        assert_eq!(counted.await, Ok((expected, 1)), "{engine}");
        let held = read(
            &store,
            (scope(SPOKE), PortfolioId::from("port-s")),
            |tx, (scope, id)| {
                Box::pin(async move {
                    let listed = tx.products_in_portfolio(scope, id).await?;
                    let ids: Vec<_> = listed.iter().map(|held| held.id.to_string()).collect();
                    let a = tx
                        .owner_of_held_product(scope, id, &"prod-a".into())
                        .await?;
                    let x = tx
                        .owner_of_held_product(scope, id, &"prod-x".into())
                        .await?;
                    Ok((ids, a, x))
                })
            },
        );
        let ids = vec!["prod-a".to_owned(), "prod-b".to_owned()];
        assert_eq!(held.await, Ok((ids, Some(account(HUB)), None)), "{engine}");
        let out = || {
            write(
                &store,
                (scope(SPOKE), PortfolioId::from("port-s")),
                |tx, (scope, id)| {
                    Box::pin(
                        async move { tx.disassociate_product(scope, id, &"prod-a".into()).await },
                    )
                },
            )
        };
        assert_eq!(out().await, Ok(1), "{engine}");
        assert_eq!(out().await, Ok(0), "{engine}");
    }
}

#[tokio::test]
async fn who_holds_a_product_is_told_of_visible_portfolios_alone() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        for id in ["port-1", "port-2", "port-3", "port-4", "port-5"] {
            let own = portfolio(HUB, id, 1);
            insert_portfolio(&store, own.clone()).await;
            associate(&store, own, "prod-a", HUB).await;
        }
        let spokes = portfolio(SPOKE, "port-s", 1);
        insert_portfolio(&store, spokes.clone()).await;
        associate(&store, spokes, "prod-a", HUB).await;
        for id in ["port-2", "port-4"] {
            share(&store, id, HUB, SPOKE).await;
        }
        accept(&store, "port-4", SPOKE).await;
        let hubs = ["port-1", "port-2", "port-3", "port-4", "port-5"];
        assert_eq!(holders(&store, HUB, "prod-a").await, hubs, "{engine}");
        let spokes = ["port-4", "port-s"];
        assert_eq!(holders(&store, SPOKE, "prod-a").await, spokes, "{engine}");
        assert!(
            holders(&store, OTHER, "prod-a").await.is_empty(),
            "{engine}"
        );
    }
}

/// Two portfolios of the hub's hold `prod-a`, and both are shared with spoke and other, who have
/// put it into portfolios of their own.
async fn imported_twice(store: &Store) {
    insert_product(store, product(HUB, "prod-a", "vpc", 1)).await;
    insert_product(store, product(SPOKE, "prod-s", "own", 1)).await;
    for id in ["port-1", "port-2"] {
        insert_portfolio(store, portfolio(HUB, id, 1)).await;
        associate(store, portfolio(HUB, id, 1), "prod-a", HUB).await;
        for recipient in [SPOKE, OTHER] {
            share(store, id, HUB, recipient).await;
            accept(store, id, recipient).await;
        }
    }
    for (who, id) in [(SPOKE, "port-s"), (OTHER, "port-o")] {
        insert_portfolio(store, portfolio(who, id, 1)).await;
        associate(store, portfolio(who, id, 1), "prod-a", HUB).await;
    }
    associate(store, portfolio(SPOKE, "port-s", 1), "prod-s", SPOKE).await;
}

#[tokio::test]
async fn the_last_share_that_ends_takes_its_imports_with_it() {
    for (engine, store) in stores().await {
        imported_twice(&store).await;
        let drop_lost = || {
            write(
                &store,
                (scope(HUB), Recipient::Account(account(SPOKE)), account(HUB)),
                |tx, (scope, recipient, owner)| {
                    Box::pin(tx.drop_lost_products(scope, recipient, owner))
                },
            )
        };
        assert_eq!(drop_lost().await, Ok(0), "{engine}: all is shared");
        unshare(&store, "port-1", HUB, SPOKE).await;
        assert_eq!(
            drop_lost().await,
            Ok(0),
            "{engine}: still seen through port-2"
        );
        reject(&store, "port-2", SPOKE).await;
        assert_eq!(
            drop_lost().await,
            Ok(1),
            "{engine}: nothing shows it any more"
        );
        assert_eq!(drop_lost().await, Ok(0), "{engine}");
        let left = holders(&store, SPOKE, "prod-s").await;
        assert_eq!(left, ["port-s"], "{engine}: its own product stays");
        let other = holders(&store, OTHER, "prod-a").await;
        assert_eq!(
            other,
            ["port-1", "port-2", "port-o"],
            "{engine}: others keep theirs"
        );
    }
}

#[tokio::test]
async fn a_product_taken_off_its_last_shared_portfolio_leaves_every_import() {
    for (engine, store) in stores().await {
        imported_twice(&store).await;
        let take_off = |portfolio: &str| {
            write(
                &store,
                (scope(HUB), PortfolioId::from(portfolio)),
                |tx, (scope, portfolio)| {
                    Box::pin(async move {
                        let product = "prod-a".into();
                        tx.disassociate_product(scope, portfolio, &product).await?;
                        tx.drop_lost_holders(scope, &product, &scope.account).await
                    })
                },
            )
        };
        assert_eq!(take_off("port-1").await, Ok(0), "{engine}");
        assert_eq!(take_off("port-2").await, Ok(2), "{engine}");
        assert!(holders(&store, HUB, "prod-a").await.is_empty(), "{engine}");
    }
}
