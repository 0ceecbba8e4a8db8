//! The organization: what settling one makes visible, and what it takes away.

use mimeo_domain::organizations::{Access, Member, Organization, Unit};
use mimeo_store::Store;
use mimeo_store::testing::stores;

use crate::cast::*;

const UNIT: &str = "ou-root-workloads";

/// The hub manages; the spoke is in a unit inside of `UNIT`, the other one right under the root.
fn organization() -> Organization {
    let unit = |id: &str, parent: Option<&str>| Unit {
        id: id.into(),
        name: String::new(),
        parent: parent.map(str::to_owned),
    };
    let member = |digits: &str, unit: Option<&str>| Member {
        account: account(digits),
        name: String::new(),
        unit: unit.map(str::to_owned),
    };
    Organization {
        id: "o-aaaaaaaaaa".into(),
        management_account: account(HUB),
        units: vec![unit(UNIT, None), unit("ou-root-production", Some(UNIT))],
        accounts: vec![
            member(HUB, None),
            member(SPOKE, Some("ou-root-production")),
            member(OTHER, None),
        ],
        delegated_administrators: Vec::new(),
    }
}

async fn settle(store: &Store, change: impl FnOnce(&mut Organization)) {
    let mut organization = organization();
    change(&mut organization);
    write(store, organization, |tx, organization| {
        Box::pin(tx.settle_organization(organization))
    })
    .await
    .expect("an organization");
}

async fn sees(store: &Store, account: &str, portfolio: &str) -> bool {
    read(
        store,
        (scope(account), portfolio.into()),
        |tx, (scope, id)| Box::pin(tx.find_visible_portfolio(scope, id)),
    )
    .await
    .expect("an answer")
    .is_some()
}

async fn holds_products(store: &Store, account: &str, portfolio: &str) -> u64 {
    let holdings = read(
        store,
        (scope(account), portfolio.into()),
        |tx, (scope, id)| Box::pin(tx.portfolio_holdings(scope, id)),
    );
    holdings.await.expect("an answer").products_count
}

#[tokio::test]
async fn what_was_settled_last_is_found_and_reaches_its_accounts() {
    for (engine, store) in stores().await {
        let find = async || read(&store, (), |tx, ()| Box::pin(tx.find_organization())).await;
        assert_eq!(find().await, Ok(None), "{engine}");
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        share(&store, "port-h", HUB, UNIT).await;
        assert!(
            !sees(&store, SPOKE, "port-h").await,
            "{engine}: nobody is in it"
        );
        for _ in ["first", "again"] {
            settle(&store, |_| ()).await;
            assert_eq!(find().await, Ok(Some(organization())), "{engine}");
            assert!(sees(&store, SPOKE, "port-h").await, "{engine}");
            assert!(!sees(&store, OTHER, "port-h").await, "{engine}");
        }
        settle(&store, |organization| organization.units[1].parent = None).await;
        assert!(!sees(&store, SPOKE, "port-h").await, "{engine}: moved away");
    }
}

#[tokio::test]
async fn an_account_that_leaves_loses_what_it_took_over_but_not_what_it_sees_otherwise() {
    for (engine, store) in stores().await {
        settle(&store, |_| ()).await;
        for (id, recipient) in [("port-unit", UNIT), ("port-account", SPOKE)] {
            let prod = id.replace("port", "prod");
            insert_portfolio(&store, portfolio(HUB, id, 1)).await;
            insert_product(&store, product(HUB, &prod, &prod, 1)).await;
            associate(&store, portfolio(HUB, id, 1), &prod, HUB).await;
            share(&store, id, HUB, recipient).await;
        }
        accept(&store, "port-account", SPOKE).await;
        insert_portfolio(&store, portfolio(SPOKE, "port-s", 1)).await;
        for prod in ["prod-unit", "prod-account"] {
            associate(&store, portfolio(SPOKE, "port-s", 1), prod, HUB).await;
        }
        assert_eq!(holds_products(&store, SPOKE, "port-s").await, 2, "{engine}");
        settle(&store, |organization| drop(organization.accounts.remove(1))).await;
        assert!(!sees(&store, SPOKE, "port-unit").await, "{engine}");
        assert!(sees(&store, SPOKE, "port-account").await, "{engine}");
        assert_eq!(holds_products(&store, SPOKE, "port-s").await, 1, "{engine}");
    }
}

#[tokio::test]
async fn a_former_administrator_shares_with_no_node() {
    for (engine, store) in stores().await {
        settle(&store, |organization| {
            organization.delegated_administrators = vec![account(OTHER)];
        })
        .await;
        insert_portfolio(&store, portfolio(OTHER, "port-o", 1)).await;
        insert_portfolio(&store, portfolio(HUB, "port-h", 1)).await;
        share(&store, "port-o", OTHER, UNIT).await;
        share(&store, "port-o", OTHER, HUB).await;
        share(&store, "port-h", HUB, UNIT).await;
        settle(&store, |_| ()).await;
        assert!(!sees(&store, SPOKE, "port-o").await, "{engine}");
        assert!(sees(&store, SPOKE, "port-h").await, "{engine}");
        assert_eq!(accept(&store, "port-o", HUB).await, 1, "{engine}");
    }
}

#[tokio::test]
async fn access_is_the_organizations_own_and_administration_is_seen_by_each_account() {
    for (engine, store) in stores().await {
        let look = async |digits: &str| {
            let found = read(&store, scope(digits), |tx, scope| {
                Box::pin(tx.find_administration(scope))
            });
            found.await.expect("an answer")
        };
        assert_eq!(look(HUB).await, None, "{engine}");
        let delegate = |organization: &mut Organization| {
            organization.delegated_administrators = vec![account(OTHER)];
        };
        settle(&store, delegate).await;
        let found = look(OTHER).await.expect("an organization");
        assert_eq!((found.access, found.is_delegate), (Access::Disabled, true));
        write(&store, (), |tx, ()| {
            Box::pin(tx.set_organizations_access(Access::Enabled))
        })
        .await
        .expect("access");
        settle(&store, |_| ()).await;
        let found = look(OTHER).await.expect("an organization");
        let kept = (found.access, found.is_delegate, found.delegates_count);
        assert_eq!(kept, (Access::Enabled, false, 0), "{engine}");
        settle(&store, |organization| {
            organization.id = "o-bbbbbbbbbb".into();
        })
        .await;
        let found = look(HUB).await.expect("an organization");
        let fresh = (found.access, found.organization.as_str());
        assert_eq!(fresh, (Access::Disabled, "o-bbbbbbbbbb"), "{engine}");
    }
}
