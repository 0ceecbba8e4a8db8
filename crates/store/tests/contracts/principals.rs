//! Portfolio principals: an account's own, and patterns that travel with a share.

use mimeo_domain::principals::{Counts, Kind, Principal};
use mimeo_domain::{PortfolioId, ProductId};
use mimeo_store::Store;
use mimeo_store::testing::stores;

use crate::cast::*;

pub(crate) fn iam(owner: &str, role: &str) -> Principal {
    Principal {
        kind: Kind::Iam,
        arn: format!("arn:aws:iam::{owner}:role/{role}"),
    }
}

pub(crate) fn pattern(role: &str) -> Principal {
    Principal {
        kind: Kind::Pattern,
        arn: format!("arn:aws:iam:::role/{role}"),
    }
}

pub(crate) async fn let_in(store: &Store, who: &str, portfolio: &str, new: Principal) -> u64 {
    let with = (scope(who), PortfolioId::from(portfolio), new);
    write(store, with, |tx, (scope, portfolio, new)| {
        Box::pin(tx.insert_principal(scope, portfolio, new, at(7)))
    })
    .await
    .expect("a principal")
}

/// All pages of two, of a portfolio of the hub's.
async fn listed(store: &Store, who: &str, portfolio: &str) -> Vec<Principal> {
    let mut walked: Vec<Principal> = Vec::new();
    loop {
        let with = (
            scope(who),
            PortfolioId::from(portfolio),
            walked.last().cloned(),
        );
        let page = read(store, with, |tx, (scope, portfolio, after)| {
            Box::pin(async move {
                let of = (&*portfolio, &account(HUB));
                tx.page_principals(scope, of, after.as_ref(), 2).await
            })
        });
        let page = page.await.expect("a page");
        if page.is_empty() {
            return walked;
        }
        walked.extend(page);
    }
}

#[tokio::test]
async fn a_principal_is_there_once_and_is_its_accounts_own() {
    for (engine, store) in stores().await {
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        assert_eq!(
            let_in(&store, HUB, "port-h", iam(HUB, "a")).await,
            1,
            "{engine}"
        );
        assert_eq!(
            let_in(&store, HUB, "port-h", iam(HUB, "a")).await,
            0,
            "{engine}"
        );
        let_in(&store, HUB, "port-h", pattern("a*")).await;
        let_in(&store, SPOKE, "port-h", iam(SPOKE, "s")).await;
        let remove = |who, principal| {
            let with = (scope(who), PortfolioId::from("port-h"), principal);
            write(&store, with, |tx, (scope, portfolio, principal)| {
                Box::pin(tx.remove_principal(scope, portfolio, principal))
            })
        };
        assert_eq!(remove(SPOKE, iam(HUB, "a")).await, Ok(0), "{engine}");
        let with = (scope(HUB), PortfolioId::from("port-h"));
        let counts = read(&store, with, |tx, (scope, portfolio)| {
            Box::pin(async move {
                let counts = tx.count_principals(scope, portfolio).await?;
                let all = tx.portfolio_holdings(scope, portfolio).await?;
                Ok((counts, all.principals_count))
            })
        });
        let expected = Counts {
            principals: 2,
            patterns: 1,
        };
        assert_eq!(counts.await, Ok((expected, 3)), "{engine}");
        assert_eq!(remove(HUB, iam(HUB, "a")).await, Ok(1), "{engine}");
        assert_eq!(
            listed(&store, HUB, "port-h").await,
            [pattern("a*")],
            "{engine}"
        );
    }
}

#[tokio::test]
async fn patterns_are_listed_to_recipients_of_a_share_with_principals_and_each_once() {
    for (engine, store) in stores().await {
        for id in ["port-h", "port-x"] {
            insert_portfolio(&store, portfolio(HUB, id, 1)).await;
            for role in ["e*", "c*", "a*"] {
                let_in(&store, HUB, id, pattern(role)).await;
            }
            let_in(&store, HUB, id, iam(HUB, "h")).await;
            let_in(&store, SPOKE, id, iam(SPOKE, "s")).await;
            for role in ["b*", "c*"] {
                let_in(&store, SPOKE, id, pattern(role)).await;
            }
        }
        let own = [iam(SPOKE, "s"), pattern("b*"), pattern("c*")];
        share(&store, "port-h", HUB, SPOKE).await;
        assert_eq!(
            listed(&store, SPOKE, "port-h").await,
            own,
            "{engine}: an offer"
        );
        accept(&store, "port-h", SPOKE).await;
        let all = ["a*", "b*", "c*", "e*"].map(pattern);
        let seen = listed(&store, SPOKE, "port-h").await;
        assert_eq!(seen[0], iam(SPOKE, "s"), "{engine}");
        assert_eq!(seen[1..], all, "{engine}");
        assert_eq!(listed(&store, SPOKE, "port-x").await, own, "{engine}");
        assert_eq!(listed(&store, HUB, "port-h").await.len(), 4, "{engine}");
    }
}

#[tokio::test]
async fn principals_go_with_the_last_share_of_their_account() {
    for (engine, store) in stores().await {
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        let_in(&store, HUB, "port-h", iam(HUB, "h")).await;
        for who in [SPOKE, OTHER] {
            share(&store, "port-h", HUB, who).await;
            accept(&store, "port-h", who).await;
            let_in(&store, who, "port-h", iam(who, "s")).await;
        }
        let drop_lost = |recipient: Option<&str>| {
            let with = (scope(HUB), recipient.map(account));
            write(&store, with, |tx, (scope, recipient)| {
                Box::pin(async move {
                    let owner = &scope.account;
                    let portfolio = "port-h".into();
                    tx.drop_lost_principals(scope, &portfolio, owner, recipient.as_ref())
                        .await
                })
            })
        };
        for recipient in [Some(SPOKE), None] {
            assert_eq!(drop_lost(recipient).await, Ok(0), "{engine}: all is shared");
        }
        unshare(&store, "port-h", HUB, SPOKE).await;
        assert_eq!(drop_lost(Some(OTHER)).await, Ok(0), "{engine}");
        assert_eq!(drop_lost(Some(SPOKE)).await, Ok(1), "{engine}");
        unshare(&store, "port-h", HUB, OTHER).await;
        assert_eq!(
            drop_lost(None).await,
            Ok(1),
            "{engine}: but not the owner's"
        );
        assert_eq!(listed(&store, HUB, "port-h").await.len(), 1, "{engine}");
    }
}

#[tokio::test]
async fn a_product_counts_each_principal_of_an_account_once() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        for id in ["port-1", "port-2", "port-3"] {
            insert_portfolio(&store, portfolio(HUB, id, 1)).await;
            let_in(&store, HUB, id, iam(HUB, "a")).await;
            let_in(&store, HUB, id, iam(HUB, id)).await;
        }
        for id in ["port-1", "port-2"] {
            associate(&store, portfolio(HUB, id, 1), "prod-a", HUB).await;
        }
        let_in(&store, SPOKE, "port-1", iam(SPOKE, "s")).await;
        let with = (scope(HUB), ProductId::from("prod-a"));
        let counted = read(&store, with, |tx, (scope, product)| {
            Box::pin(async move {
                let count = tx.count_principals_of_product(scope, product).await?;
                let six = tx.has_more_principals_than(scope, 5).await?;
                Ok((count, six, tx.has_more_principals_than(scope, 6).await?))
            })
        });
        assert_eq!(counted.await, Ok((3, true, false)), "{engine}");
    }
}
