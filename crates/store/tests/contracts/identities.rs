//! Identities: read as a whole, replaced as a whole, and never on top of what another one wrote.

use mimeo_domain::organizations::Organization;
use mimeo_store::testing::stores;
use mimeo_store::{SealedKey, Store, StoredIdentities};

use crate::cast::*;

async fn stored(store: &Store) -> StoredIdentities {
    read(store, (), |tx, ()| Box::pin(tx.find_identities()))
        .await
        .expect("read")
}

async fn replace(store: &Store, after: &StoredIdentities) -> bool {
    write(store, after.clone(), |tx, after| {
        Box::pin(tx.replace_identities(after))
    })
    .await
    .expect("written")
}

fn key(account: &str, user: Option<&str>, secret: &str) -> SealedKey {
    SealedKey {
        account: account.into(),
        user: user.map(str::to_owned),
        secret: secret.into(),
    }
}

fn described(generation: i64) -> StoredIdentities {
    StoredIdentities {
        generation,
        organization: Some(Organization {
            id: "o-exampleorg1".into(),
            management_account: account(HUB),
            units: Vec::new(),
            accounts: Vec::new(),
            delegated_administrators: Vec::new(),
        }),
        key_check: Some("sealed".into()),
        accounts: [(HUB, "{}"), (SPOKE, r#"{"name":"spoke"}"#)]
            .map(|(id, body)| (id.to_owned(), body.to_owned()))
            .into(),
        keys: [
            ("AKIA1".to_owned(), key(HUB, None, "a")),
            ("AKIA2".to_owned(), key(SPOKE, Some("deploy"), "b")),
        ]
        .into(),
    }
}

#[tokio::test]
async fn what_is_put_is_found_and_each_change_raises_the_generation() {
    for (engine, store) in stores().await {
        assert_eq!(
            stored(&store).await,
            StoredIdentities::default(),
            "{engine}"
        );
        assert!(replace(&store, &described(0)).await, "{engine}");
        assert_eq!(stored(&store).await, described(1), "{engine}");

        let mut after = described(1);
        after.organization = None;
        after.accounts.remove(HUB);
        after.keys.remove("AKIA1");
        after.keys.insert("AKIA3".into(), key(SPOKE, None, "c"));
        after.keys.insert("AKIA2".into(), key(SPOKE, None, "d"));
        assert!(replace(&store, &after).await, "{engine}");
        after.generation = 2;
        assert_eq!(stored(&store).await, after, "{engine}");

        // A key that goes from one account to another, and its account away.
        let moved = StoredIdentities {
            accounts: [(OTHER.to_owned(), "{}".to_owned())].into(),
            keys: [("AKIA3".to_owned(), key(OTHER, None, "e"))].into(),
            ..after
        };
        assert!(replace(&store, &moved).await, "{engine}");
        let generation = read(&store, (), |tx, ()| {
            Box::pin(tx.find_identities_generation())
        });
        assert_eq!(generation.await, Ok(3), "{engine}");
        let found = stored(&store).await;
        assert_eq!(
            (&found.accounts, &found.keys),
            (&moved.accounts, &moved.keys)
        );
    }
}

#[tokio::test]
async fn whoever_read_an_earlier_generation_changes_nothing() {
    for (engine, store) in stores().await {
        assert!(replace(&store, &described(0)).await, "{engine}");
        let late = StoredIdentities::default();
        assert!(!replace(&store, &late).await, "{engine}");
        assert_eq!(stored(&store).await, described(1), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_those_who_change_the_same_generation_one_does() {
    for (engine, store) in stores().await {
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { replace(&store, &described(0)).await })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            won += u32::from(racer.await.expect("no panic"));
        }
        assert_eq!(won, 1, "{engine}");
        assert_eq!(stored(&store).await.generation, 1, "{engine}");
    }
}
