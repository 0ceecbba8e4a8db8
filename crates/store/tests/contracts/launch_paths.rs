//! Launch paths: which grants of which portfolios may let a caller in.

use mimeo_domain::{PortfolioId, ProductId, Standing};
use mimeo_store::Store;
use mimeo_store::testing::stores;

use crate::cast::*;
use crate::principals::{iam, let_in, pattern};

/// Portfolios and the last parts of the ARNs that open them, sorted.
async fn grants(store: &Store, who: &str, standing: Standing, product: &str) -> Vec<String> {
    let product = (!product.is_empty()).then(|| ProductId::from(product));
    let with = (scope(who), standing, product);
    let found = read(store, with, |tx, (scope, standing, product)| {
        Box::pin(tx.grants(scope, standing, product.as_ref()))
    });
    let found = found.await.expect("grants");
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let mut told: Vec<String> = found
        .iter()
        .map(|grant| format!("{} {}", grant.portfolio, name(&grant.principal.arn)))
        .collect();
    told.sort();
    told
}

fn acting(owner: &str, roles: &[&str]) -> Standing {
    Standing::As(roles.iter().map(|role| iam(owner, role).arn).collect())
}

#[tokio::test]
async fn grants_are_the_callers_own_and_every_pattern_in_force() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        for id in ["port-1", "port-2"] {
            insert_portfolio(&store, portfolio(HUB, id, 1)).await;
            let_in(&store, HUB, id, iam(HUB, "a")).await;
            let_in(&store, HUB, id, pattern("p*")).await;
            let_in(&store, SPOKE, id, iam(SPOKE, "s")).await;
        }
        let_in(&store, HUB, "port-2", iam(HUB, "b")).await;
        associate(&store, portfolio(HUB, "port-2", 1), "prod-a", HUB).await;
        let a = || acting(HUB, &["a", "x"]);
        assert!(
            grants(&store, HUB, Standing::Root, "").await.is_empty(),
            "{engine}"
        );
        assert_eq!(
            grants(&store, HUB, a(), "").await,
            ["port-1 a", "port-1 p*", "port-2 a", "port-2 p*"],
            "{engine}"
        );
        assert_eq!(
            grants(&store, HUB, a(), "prod-a").await,
            ["port-2 a", "port-2 p*"],
            "{engine}"
        );
        assert_eq!(
            grants(&store, HUB, Standing::Anyone, "prod-a").await,
            ["port-2 a", "port-2 b", "port-2 p*"],
            "{engine}"
        );
        // The share carries principals: patterns reach the recipient once it has accepted.
        share(&store, "port-2", HUB, SPOKE).await;
        let s = || acting(SPOKE, &["s"]);
        assert_eq!(
            grants(&store, SPOKE, s(), "").await,
            ["port-1 s", "port-2 s"],
            "{engine}"
        );
        accept(&store, "port-2", SPOKE).await;
        assert_eq!(
            grants(&store, SPOKE, s(), "prod-a").await,
            ["port-2 p*", "port-2 s"],
            "{engine}"
        );
        let other = acting(SPOKE, &["other"]);
        assert_eq!(
            grants(&store, SPOKE, other, "").await,
            ["port-2 p*"],
            "{engine}"
        );
        assert!(
            grants(&store, OTHER, Standing::Anyone, "").await.is_empty(),
            "{engine}"
        );
        execute(&store, "UPDATE portfolio_share SET principals = 0").await;
        let anyone = grants(&store, SPOKE, Standing::Anyone, "prod-a").await;
        assert_eq!(anyone, ["port-2 s"], "{engine}");
    }
}

#[tokio::test]
async fn products_are_found_in_the_portfolio_that_holds_them() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "Vpc", 1)).await;
        insert_product(&store, product(HUB, "prod-b", "vpc", 1)).await;
        insert_product(&store, product(HUB, "prod-c", "Vpc", 1)).await;
        insert_portfolio(&store, portfolio(HUB, "port-1", 1)).await;
        for id in ["prod-a", "prod-b"] {
            associate(&store, portfolio(HUB, "port-1", 1), id, HUB).await;
        }
        let with = (scope(HUB), PortfolioId::from("port-1"));
        let found = read(&store, with, |tx, (scope, portfolio)| {
            Box::pin(async move {
                let mut found = tx.held_products_named(scope, portfolio, "Vpc").await?;
                for id in ["prod-b", "prod-c"] {
                    found.extend(tx.find_held_product(scope, portfolio, &id.into()).await?);
                }
                let id = |one: mimeo_store::FoundProduct| one.product.id.to_string();
                Ok(found.into_iter().map(id).collect::<Vec<_>>())
            })
        });
        let expected = ["prod-a", "prod-b"].map(str::to_owned).to_vec();
        assert_eq!(found.await, Ok(expected), "{engine}");
    }
}
