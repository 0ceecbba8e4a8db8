//! Products: who sees them, how they are found, and pages that miss none.

use mimeo_domain::ProductId;
use mimeo_domain::artifacts::{Artifact, Lineage};
use mimeo_domain::search::{SortBy, SortOrder};
use mimeo_store::testing::stores;
use mimeo_store::{After, AuthScope, ListedProduct, Store, StoreError};

use crate::cast::*;

async fn sees(store: &Store, who: AuthScope, product: &str) -> bool {
    read(store, (who, product.into()), |tx, (scope, id)| {
        Box::pin(tx.find_visible_product(scope, id))
    })
    .await
    .expect("an answer")
    .is_some()
}

async fn owns(store: &Store, who: AuthScope, product: &str) -> bool {
    read(store, (who, product.into()), |tx, (scope, id)| {
        Box::pin(tx.find_product(scope, id))
    })
    .await
    .expect("an answer")
    .is_some()
}

async fn named(store: &Store, who: AuthScope, name: &str) -> Vec<String> {
    let found = read(store, (who, name.to_owned()), |tx, (scope, name)| {
        Box::pin(tx.products_named(scope, name))
    });
    let found = found.await.expect("an answer");
    let id = |found: mimeo_store::FoundProduct| found.product.id.to_string();
    found.into_iter().map(id).collect()
}

async fn page(
    store: &Store,
    sort: (SortBy, SortOrder),
    after: Option<After>,
    limit: usize,
) -> Vec<ListedProduct> {
    read(
        store,
        (scope(HUB), sort, after, limit),
        |tx, (scope, sort, after, limit)| {
            Box::pin(tx.page_products(scope, *sort, after.as_ref(), *limit))
        },
    )
    .await
    .expect("a page")
}

fn after(sort: SortBy, last: &ListedProduct) -> After {
    let id = last.id.clone();
    match sort {
        SortBy::NewestArtifact => After::Number(last.newest_artifact.millis(), id),
        SortBy::Title => After::Title(last.title.clone(), id),
        SortBy::VersionCount => {
            After::Number(i64::try_from(last.artifacts_count).expect("small"), id)
        }
        SortBy::CreationDate => After::Number(last.created.millis(), id),
    }
}

#[tokio::test]
async fn pages_walk_every_product_once_in_order_in_both_directions() {
    for (engine, store) in stores().await {
        let names = ["b", "a", "B", "Ä", "zz", "\u{10ffff}\u{10ffff}", ""];
        for number in 0_i64..23 {
            let id = format!("prod-{:02}", (number * 7) % 23);
            let name = names[usize::try_from(number % 7).expect("small")];
            insert_product(&store, product(HUB, &id, name, number % 3)).await;
            let versions = (0..number % 4)
                .map(|version| artifact(&id, &format!("pa-{number}-{version}"), 10 + number % 5));
            insert_artifacts(&store, HUB, &id, versions.collect()).await;
        }
        insert_product(&store, product(OTHER, "prod-foreign", "a", 1)).await;
        for by in [
            SortBy::NewestArtifact,
            SortBy::Title,
            SortBy::VersionCount,
            SortBy::CreationDate,
        ] {
            let forth = walk(&store, (by, SortOrder::Ascending), 3).await;
            let mut back = walk(&store, (by, SortOrder::Descending), 4).await;
            back.reverse();
            assert_eq!(forth, back, "{by:?} on {engine}");
            assert_eq!(forth.len(), 23, "{by:?} on {engine}");
        }
    }
}

/// All ids in pages of `limit`, having checked that they are in order.
async fn walk(store: &Store, sort: (SortBy, SortOrder), limit: usize) -> Vec<ProductId> {
    let mut walked: Vec<ListedProduct> = Vec::new();
    loop {
        let from = walked.last().map(|last| after(sort.0, last));
        let next = page(store, sort, from, limit).await;
        if next.is_empty() {
            break;
        }
        walked.extend(next);
        assert!(walked.len() <= 23, "a product came twice");
    }
    let key = |listed: &ListedProduct| {
        let number = match after(sort.0, listed) {
            After::Number(number, _) => number,
            After::Title(..) => 0,
        };
        let title = match sort.0 {
            SortBy::Title => listed.title.clone(),
            _ => String::new(),
        };
        (number, title, listed.id.clone())
    };
    match sort.1 {
        SortOrder::Ascending => assert!(walked.is_sorted_by(|a, b| key(a) < key(b))),
        SortOrder::Descending => assert!(walked.is_sorted_by(|a, b| key(a) > key(b))),
    }
    walked.into_iter().map(|listed| listed.id).collect()
}

#[tokio::test]
async fn a_product_arrives_with_its_versions_counted_dated_and_traced() {
    for (engine, store) in stores().await {
        let lineage = Lineage::Copied {
            product: "prod-source".into(),
            artifact: "pa-source".into(),
        };
        let copied = ["pa-1", "pa-2"].map(|id| Artifact {
            lineage: lineage.clone(),
            ..artifact("prod-a", id, 7)
        });
        let arriving = (product(HUB, "prod-a", "vpc", 1), copied);
        write(&store, arriving, |tx, (product, artifacts)| {
            Box::pin(tx.insert_product(product, artifacts))
        })
        .await
        .expect("it arrives");
        let listed = read(&store, (), |tx, ()| {
            Box::pin(async move {
                let sort = (SortBy::default(), SortOrder::default());
                let products = tx.page_products(&scope(HUB), sort, None, 10).await?;
                let versions = tx.list_artifacts(&scope(HUB), &"prod-a".into()).await?;
                Ok((products, versions))
            })
        })
        .await
        .expect("it is listed");
        let ([only], versions) = (listed.0.as_slice(), listed.1) else {
            panic!("{engine}: one product");
        };
        assert_eq!(only.artifacts_count, 2, "{engine}");
        assert_eq!(only.newest_artifact, at(7), "{engine}");
        assert_eq!(only.sources, "prod-source", "{engine}: named once");
        let ids: Vec<&str> = versions.iter().map(|version| version.id.as_str()).collect();
        assert_eq!(ids, ["pa-1", "pa-2"], "{engine}: in the order given");
    }
}

#[tokio::test]
async fn a_share_shows_a_product_only_while_it_is_accepted() {
    for (engine, store) in stores().await {
        let shelf = portfolio(HUB, "port-h", 1);
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        insert_portfolio(&store, shelf.clone()).await;
        let seen = async || sees(&store, scope(SPOKE), "prod-a").await;

        assert!(
            sees(&store, scope(HUB), "prod-a").await,
            "{engine}: its own"
        );
        assert!(!sees(&store, abroad(HUB), "prod-a").await, "{engine}");
        assert!(!owns(&store, scope(SPOKE), "prod-a").await, "{engine}");
        assert!(!seen().await, "{engine}: nothing is shared");
        share(&store, "port-h", HUB, SPOKE).await;
        accept(&store, "port-h", SPOKE).await;
        assert!(!seen().await, "{engine}: it is not in the portfolio");
        associate(&store, shelf.clone(), "prod-a", HUB).await;
        assert!(seen().await, "{engine}: accepted");
        assert!(!owns(&store, scope(SPOKE), "prod-a").await, "{engine}");
        assert!(!sees(&store, abroad(SPOKE), "prod-a").await, "{engine}");
        assert!(!sees(&store, scope(OTHER), "prod-a").await, "{engine}");
        reject(&store, "port-h", SPOKE).await;
        assert!(!seen().await, "{engine}: rejected");
        accept(&store, "port-h", SPOKE).await;
        assert!(seen().await, "{engine}: accepted again");
        unshare(&store, "port-h", HUB, SPOKE).await;
        assert!(!seen().await, "{engine}: revoked");
        share(&store, "port-h", HUB, SPOKE).await;
        assert!(!seen().await, "{engine}: offered anew, not accepted");
    }
}

#[tokio::test]
async fn a_product_of_somebody_else_does_not_travel_with_a_portfolio() {
    for (engine, store) in stores().await {
        let (hubs, spokes) = (portfolio(HUB, "port-h", 1), portfolio(SPOKE, "port-s", 2));
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        insert_portfolio(&store, hubs.clone()).await;
        insert_portfolio(&store, spokes.clone()).await;
        associate(&store, hubs, "prod-a", HUB).await;
        share(&store, "port-h", HUB, SPOKE).await;
        accept(&store, "port-h", SPOKE).await;
        associate(&store, spokes, "prod-a", HUB).await;
        share(&store, "port-s", SPOKE, OTHER).await;
        accept(&store, "port-s", OTHER).await;
        assert!(sees(&store, scope(SPOKE), "prod-a").await, "{engine}");
        assert!(!sees(&store, scope(OTHER), "prod-a").await, "{engine}");
    }
}

#[tokio::test]
async fn a_name_of_any_length_and_content_is_found_exactly() {
    let prefix = "é".repeat(128);
    let names = [
        "vpc".to_owned(),
        "VPC".to_owned(),
        prefix.clone(),
        format!("{prefix}1"),
        format!("{prefix}2"),
        "𝄞".repeat(8191),
        "a\0b".to_owned(),
        "a\u{fffd}b".to_owned(),
    ];
    for (engine, store) in stores().await {
        for (number, name) in names.iter().enumerate() {
            insert_product(&store, product(HUB, &format!("prod-{number}"), name, 1)).await;
        }
        for (number, name) in names.iter().enumerate() {
            let ids = named(&store, scope(HUB), name).await;
            assert_eq!(ids, [format!("prod-{number}")], "{engine}: {number}");
            assert!(
                named(&store, scope(OTHER), name).await.is_empty(),
                "{engine}"
            );
        }
        insert_product(&store, product(HUB, "prod-x", "vpc", 1)).await;
        assert_eq!(
            named(&store, scope(HUB), "vpc").await,
            ["prod-0", "prod-x"],
            "{engine}"
        );
    }
}

#[tokio::test]
async fn only_its_owner_changes_or_removes_a_product() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        insert_artifacts(&store, HUB, "prod-a", vec![artifact("prod-a", "pa-1", 1)]).await;
        let taken = write(&store, product(OTHER, "prod-a", "x", 1), |tx, new| {
            Box::pin(tx.insert_product(new, &[]))
        });
        assert_eq!(taken.await, Err(StoreError::Duplicate), "{engine}");
        let theft = product(OTHER, "prod-a", "stolen", 1);
        let update = |new| write(&store, new, |tx, new| Box::pin(tx.update_product(new)));
        update(theft).await.expect("nothing to change");
        assert_eq!(
            named(&store, scope(HUB), "vpc").await,
            ["prod-a"],
            "{engine}"
        );
        update(product(HUB, "prod-a", "lan", 1))
            .await
            .expect("changed");
        assert_eq!(
            named(&store, scope(HUB), "lan").await,
            ["prod-a"],
            "{engine}"
        );
        let remove = |who| {
            write(&store, (who, "prod-a".into()), |tx, (scope, id)| {
                Box::pin(tx.remove_product(scope, id))
            })
        };
        remove(scope(OTHER)).await.expect("nothing to remove");
        assert!(owns(&store, scope(HUB), "prod-a").await, "{engine}");
        remove(scope(HUB)).await.expect("removed");
        assert!(!owns(&store, scope(HUB), "prod-a").await, "{engine}");
        let left = execute(&store, "DELETE FROM artifact").await;
        assert_eq!(left, 0, "{engine}: its versions went with it");
    }
}

#[tokio::test]
async fn a_source_is_noted_once() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        for source in ["prod-s", "prod-so", "prod-s", "od-s", "prod-so"] {
            let with = (scope(HUB), "prod-a".into(), source.into());
            let noted = write(&store, with, |tx, (scope, product, source)| {
                Box::pin(tx.note_source(scope, product, source))
            });
            noted.await.expect("noted");
        }
        let sort = (SortBy::Title, SortOrder::Ascending);
        let listed = page(&store, sort, None, 9).await;
        assert_eq!(listed[0].sources, "prod-s prod-so od-s", "{engine}");
        assert_eq!(
            listed[0].searchable, "vpc\nnetwork team\nprod-a",
            "{engine}"
        );
        let product = listed[0].product().expect("a product");
        assert_eq!(product.details.name, "vpc", "{engine}");
    }
}

#[tokio::test]
async fn a_name_finds_own_products_and_those_that_are_shared() {
    for (engine, store) in stores().await {
        let seen = async |who: &str| {
            let with = (scope(who), "vpc".to_owned());
            let found = read(&store, with, |tx, (scope, name)| {
                Box::pin(tx.visible_products_named(scope, name))
            });
            let found = found.await.expect("an answer").into_iter();
            let ids: Vec<String> = found.map(|found| found.product.id.to_string()).collect();
            ids
        };
        insert_product(&store, product(HUB, "prod-h", "vpc", 1)).await;
        insert_product(&store, product(SPOKE, "prod-s", "vpc", 2)).await;
        insert_product(&store, product(HUB, "prod-x", "vpc", 3)).await;
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        associate(&store, portfolio(HUB, "port-h", 1), "prod-h", HUB).await;
        share(&store, "port-h", HUB, SPOKE).await;
        assert_eq!(seen(SPOKE).await, ["prod-s"], "{engine}: not accepted");
        accept(&store, "port-h", SPOKE).await;
        assert_eq!(seen(SPOKE).await, ["prod-s", "prod-h"], "{engine}");
        assert_eq!(seen(HUB).await, ["prod-h", "prod-x"], "{engine}");
        assert_eq!(seen(OTHER).await, [""; 0], "{engine}");
        unshare(&store, "port-h", HUB, SPOKE).await;
        assert_eq!(seen(SPOKE).await, ["prod-s"], "{engine}: unshared");
    }
}

#[tokio::test]
async fn a_name_is_found_among_any_number_that_differ_in_case_only() {
    for (engine, store) in stores().await {
        for number in 0..100 {
            let id = format!("prod-a{number:02}");
            insert_product(&store, product(HUB, &id, "VPC", number)).await;
        }
        insert_product(&store, product(HUB, "prod-b", "vpc", 100)).await;
        let named = read(&store, scope(HUB), |tx, scope| {
            Box::pin(tx.visible_products_named(scope, "vpc"))
        });
        let found = named.await.expect("an answer");
        let ids: Vec<_> = found
            .iter()
            .map(|found| found.product.id.as_str())
            .collect();
        assert_eq!(ids, ["prod-b"], "{engine}");
    }
}
