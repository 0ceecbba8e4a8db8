//! Service actions: whose they are, their pages, and the versions that offer them.

use mimeo_domain::service_actions::{Definition, ServiceAction};
use mimeo_domain::{ArtifactId, ServiceActionId, Timestamp};
use mimeo_store::testing::stores;
use mimeo_store::{AuthScope, Store, StoreError};

use crate::cast::*;

fn action(owner: &str, id: &str, created: i64) -> ServiceAction {
    ServiceAction {
        id: id.into(),
        account: account(owner),
        region: scope(owner).region,
        name: id.to_owned(),
        description: None,
        definition: Definition {
            document: "AWS-RestartEC2Instance".into(),
            version: "1".into(),
            assume_role: None,
            parameters: None,
        },
        created: at(created),
    }
}

async fn insert(store: &Store, new: ServiceAction) {
    write(store, new, |tx, new| {
        Box::pin(tx.insert_service_action(new))
    })
    .await
    .expect("a new action");
}

async fn find(store: &Store, who: AuthScope, id: &str) -> Option<ServiceAction> {
    read(store, (who, id.into()), |tx, (scope, id)| {
        Box::pin(tx.find_service_action(scope, id))
    })
    .await
    .expect("an answer")
}

async fn remove(store: &Store, who: &str, id: &str) -> Result<(), StoreError> {
    write(store, (scope(who), id.into()), |tx, (scope, id)| {
        Box::pin(tx.remove_service_action(scope, id))
    })
    .await
}

async fn offer(store: &Store, artifact: &str, id: &str) {
    let with = (scope(HUB), artifact.into(), id.into());
    write(store, with, |tx, (scope, artifact, id)| {
        Box::pin(tx.associate_service_action(scope, artifact, id, at(9)))
    })
    .await
    .expect("an association");
}

async fn withdraw(store: &Store, who: &str, artifact: &str, id: &str) -> u64 {
    let with = (scope(who), artifact.into(), id.into());
    write(store, with, |tx, (scope, artifact, id)| {
        Box::pin(tx.disassociate_service_action(scope, artifact, id))
    })
    .await
    .expect("an answer")
}

/// Ids of the actions that a version offers, one a page.
async fn offers(store: &Store, artifact: &str) -> Vec<String> {
    let mut walked: Vec<ServiceActionId> = Vec::new();
    loop {
        let with = (scope(HUB), artifact.into(), walked.last().cloned());
        let page = read(store, with, |tx, (scope, artifact, after)| {
            Box::pin(tx.page_service_actions_of_artifact(scope, artifact, after.as_ref(), 1))
        });
        let Some(next) = page.await.expect("a page").pop() else {
            break;
        };
        walked.push(next.id);
    }
    let counted = read(store, (scope(HUB), artifact.into()), |tx, (scope, id)| {
        Box::pin(tx.count_service_actions_of_artifact(scope, id))
    });
    assert_eq!(counted.await, Ok(walked.len() as u64));
    walked.iter().map(ToString::to_string).collect()
}

/// Products and versions that offer an action, one a page, as an account is told.
async fn offering(store: &Store, who: &str, id: &str) -> Vec<(String, String)> {
    let mut walked: Vec<(String, ArtifactId)> = Vec::new();
    loop {
        let after = walked.last().map(|(_, artifact)| artifact.clone());
        let with = (scope(who), id.into(), after);
        let page = read(store, with, |tx, (scope, id, after)| {
            Box::pin(tx.page_artifacts_of_service_action(scope, id, after.as_ref(), 1))
        });
        let Some((product, artifact)) = page.await.expect("a page").pop() else {
            break;
        };
        walked.push((product.id.to_string(), artifact.id));
    }
    let counted = read(store, (scope(who), id.into()), |tx, (scope, id)| {
        Box::pin(tx.count_artifacts_of_service_action(scope, id))
    });
    assert_eq!(counted.await, Ok(walked.len() as u64));
    let text = |(product, artifact): (String, ArtifactId)| (product, artifact.to_string());
    walked.into_iter().map(text).collect()
}

async fn is_offered(store: &Store, who: &str, artifact: &str, id: &str) -> bool {
    let with = (scope(who), artifact.into(), id.into());
    read(store, with, |tx, (scope, artifact, id)| {
        Box::pin(tx.is_service_action_associated(scope, artifact, id))
    })
    .await
    .expect("an answer")
}

async fn two_products(store: &Store) {
    for (product_id, artifacts) in [("prod-a", ["pa-1", "pa-3"]), ("prod-b", ["pa-2", "pa-4"])] {
        insert_product(store, product(HUB, product_id, "vpc", 1)).await;
        let new = artifacts.map(|id| artifact(product_id, id, 5)).to_vec();
        insert_artifacts(store, HUB, product_id, new).await;
    }
    for id in ["act-1", "act-2"] {
        insert(store, action(HUB, id, 1)).await;
    }
    for (artifact, id) in [
        ("pa-1", "act-1"),
        ("pa-1", "act-2"),
        ("pa-2", "act-1"),
        ("pa-3", "act-1"),
    ] {
        offer(store, artifact, id).await;
    }
}

#[tokio::test]
async fn pages_walk_the_accounts_actions_by_creation() {
    for (engine, store) in stores().await {
        for number in 0..7 {
            let id = format!("act-{}", (number * 5) % 7);
            insert(&store, action(HUB, &id, i64::from(number % 3))).await;
        }
        insert(&store, action(OTHER, "act-foreign", 1)).await;
        let mut walked: Vec<(Timestamp, ServiceActionId)> = Vec::new();
        loop {
            let with = (scope(HUB), walked.last().cloned());
            let page = read(&store, with, |tx, (scope, after)| {
                Box::pin(tx.page_service_actions(scope, after.as_ref(), 3))
            });
            let page = page.await.expect("a page");
            if page.is_empty() {
                break;
            }
            walked.extend(page.into_iter().map(|found| (found.created, found.id)));
        }
        assert_eq!(walked.len(), 7, "{engine}");
        assert!(walked.is_sorted_by(|a, b| a < b), "{engine}");
    }
}

#[tokio::test]
async fn an_action_is_its_owners_alone() {
    for (engine, store) in stores().await {
        insert(&store, action(HUB, "act-1", 1)).await;
        for stranger in [scope(SPOKE), abroad(HUB)] {
            assert_eq!(find(&store, stranger, "act-1").await, None, "{engine}");
        }
        let theft = action(SPOKE, "act-1", 9);
        let update = write(&store, theft, |tx, new| {
            Box::pin(tx.update_service_action(new))
        });
        update.await.expect("nothing to change");
        remove(&store, SPOKE, "act-1")
            .await
            .expect("nothing to remove");
        let kept = find(&store, scope(HUB), "act-1").await;
        assert_eq!(kept, Some(action(HUB, "act-1", 1)), "{engine}");
        remove(&store, HUB, "act-1").await.expect("removed");
        assert_eq!(find(&store, scope(HUB), "act-1").await, None, "{engine}");
    }
}

#[tokio::test]
async fn associations_are_told_from_either_end() {
    for (engine, store) in stores().await {
        two_products(&store).await;
        assert_eq!(offers(&store, "pa-1").await, ["act-1", "act-2"], "{engine}");
        let all = [("prod-a", "pa-1"), ("prod-b", "pa-2"), ("prod-a", "pa-3")];
        let all = all.map(|(product, artifact)| (product.to_owned(), artifact.to_owned()));
        assert_eq!(offering(&store, HUB, "act-1").await, all, "{engine}");
        assert!(
            offering(&store, SPOKE, "act-1").await.is_empty(),
            "{engine}"
        );
        assert!(is_offered(&store, HUB, "pa-1", "act-1").await, "{engine}");
        assert!(
            !is_offered(&store, SPOKE, "pa-1", "act-1").await,
            "{engine}"
        );
        assert!(!is_offered(&store, HUB, "pa-4", "act-1").await, "{engine}");
        assert_eq!(
            withdraw(&store, SPOKE, "pa-1", "act-1").await,
            0,
            "{engine}"
        );
        assert_eq!(withdraw(&store, HUB, "pa-1", "act-1").await, 1, "{engine}");
        assert_eq!(withdraw(&store, HUB, "pa-1", "act-1").await, 0, "{engine}");
        assert_eq!(offers(&store, "pa-1").await, ["act-2"], "{engine}");
    }
}

#[tokio::test]
async fn an_association_goes_with_its_version_and_holds_its_action() {
    for (engine, store) in stores().await {
        two_products(&store).await;
        let kept = read(&store, (scope(HUB), "prod-a".into()), |tx, (scope, id)| {
            Box::pin(tx.product_holdings(scope, id))
        });
        let kept = kept.await.map(|kept| kept.service_actions_count);
        assert_eq!(kept, Ok(3), "{engine}: of all its versions");
        assert!(remove(&store, HUB, "act-1").await.is_err(), "{engine}");
        let with = (scope(HUB), "prod-a".into(), "pa-1".into());
        write(&store, with, |tx, (scope, product, id)| {
            Box::pin(tx.remove_artifact(scope, product, id))
        })
        .await
        .expect("a version less");
        assert_eq!(offering(&store, HUB, "act-1").await.len(), 2, "{engine}");
        remove(&store, HUB, "act-2")
            .await
            .expect("nobody offers it");
        for id in ["prod-a", "prod-b"] {
            write(&store, (scope(HUB), id.into()), |tx, (scope, id)| {
                Box::pin(tx.remove_product(scope, id))
            })
            .await
            .expect("a product less");
        }
        remove(&store, HUB, "act-1")
            .await
            .expect("nobody offers it");
    }
}
