//! TagOptions: an account's own, hung on what it sees, and dropped where it sees it no longer.

use mimeo_domain::ResourceId;
use mimeo_domain::organizations::{Member, Organization};
use mimeo_domain::products::Holdings;
use mimeo_domain::tag_options::{Filter, TagOption};
use mimeo_store::testing::stores;
use mimeo_store::{AuthScope, Store, StoreError};

use crate::cast::*;

fn option(owner: &str, id: &str, value: &str) -> TagOption {
    TagOption {
        id: id.into(),
        account: account(owner),
        key: "team".into(),
        value: value.into(),
        active: true,
    }
}

fn resource(id: &str) -> ResourceId {
    ResourceId::parse(id).expect("a portfolio or product")
}

async fn insert(store: &Store, owner: &str, new: TagOption) -> Result<(), StoreError> {
    write(store, (scope(owner), new), |tx, (scope, new)| {
        Box::pin(tx.insert_tag_option(scope, new))
    })
    .await
}

async fn find(store: &Store, scope: AuthScope, id: &str) -> Option<TagOption> {
    read(store, (scope, id.into()), |tx, (scope, id)| {
        Box::pin(tx.find_tag_option(scope, id))
    })
    .await
    .expect("an answer")
}

/// Hangs a TagOption of `owner` on `on`, and a budget of the same name beside it.
async fn hang(store: &Store, owner: &str, id: &str, on: &str) -> u64 {
    let with = (scope(owner), resource(on), id.to_owned());
    write(store, with, |tx, (scope, on, id)| {
        Box::pin(async move {
            tx.associate_budget(scope, on, id).await?;
            tx.associate_tag_option(scope, on, &id.as_str().into())
                .await
        })
    })
    .await
    .expect("an association")
}

async fn keeps(store: &Store, owner: &str, product: &str) -> Holdings {
    read(store, (scope(owner), product.into()), |tx, (scope, id)| {
        Box::pin(tx.product_holdings(scope, id))
    })
    .await
    .expect("counts")
}

/// How many TagOptions the account itself hung on a resource; its budgets must be as many.
async fn hung(store: &Store, owner: &str, on: &str) -> usize {
    let with = (scope(owner), resource(on));
    let (tag_options, budgets) = read(store, with, |tx, (scope, on)| {
        Box::pin(async move {
            let tag_options = tx.local_tag_options(scope, on).await?;
            Ok((tag_options, tx.count_budgets(scope, on).await?))
        })
    })
    .await
    .expect("an answer");
    assert_eq!(tag_options.len() as u64, budgets, "{owner} on {on}");
    tag_options.len()
}

async fn shared(store: &Store, portfolio: &str, recipient: &str) {
    share(store, portfolio, HUB, recipient).await;
    accept(store, portfolio, recipient).await;
}

/// The hub's organization, of these accounts.
async fn settle(store: &Store, accounts: &[&str]) {
    let member = |digits: &&str| Member {
        account: account(digits),
        name: String::new(),
        unit: None,
    };
    let organization = Organization {
        id: "o-abcdefghij".into(),
        management_account: account(HUB),
        units: Vec::new(),
        accounts: accounts.iter().map(member).collect(),
        delegated_administrators: Vec::new(),
    };
    write(store, organization, |tx, organization| {
        Box::pin(tx.settle_organization(organization))
    })
    .await
    .expect("an organization");
}

/// What follows the end of a share of the hub's portfolio.
async fn drop_lost(store: &Store, portfolio: &str, recipient: Option<&str>) {
    let with = (scope(HUB), portfolio.into(), recipient.map(account));
    write(store, with, |tx, (scope, portfolio, recipient)| {
        Box::pin(async move {
            let (owner, recipient) = (&scope.account, recipient.as_ref());
            tx.drop_lost_attached(scope, portfolio, owner, recipient)
                .await
        })
    })
    .await
    .expect("a clean-up");
}

#[tokio::test]
async fn a_tag_option_is_its_accounts_own_and_its_value_unique() {
    for (engine, store) in stores().await {
        let net = option(HUB, "tag-1", "net");
        assert_eq!(insert(&store, HUB, net.clone()).await, Ok(()), "{engine}");
        let twin = insert(&store, HUB, option(HUB, "tag-2", "net")).await;
        assert_eq!(twin, Err(StoreError::Duplicate), "{engine}");
        insert(&store, SPOKE, option(SPOKE, "tag-3", "net"))
            .await
            .expect("another account's");
        assert_eq!(
            find(&store, scope(HUB), "tag-1").await,
            Some(net),
            "{engine}"
        );
        assert_eq!(find(&store, scope(SPOKE), "tag-1").await, None, "{engine}");
        assert_eq!(find(&store, abroad(HUB), "tag-1").await, None, "{engine}");
        assert_eq!(find(&store, scope(HUB), "tag-\0").await, None, "{engine}");
    }
}

#[tokio::test]
async fn pages_walk_what_a_filter_leaves() {
    for (engine, store) in stores().await {
        for number in 0..6 {
            let id = format!("tag-{number}");
            let mut new = option(HUB, &id, &format!("v{number}"));
            new.active = number % 2 == 0;
            insert(&store, HUB, new).await.expect("a new one");
        }
        let page = async |filter: Filter, after: Option<&str>| {
            let with = (scope(HUB), filter, after.map(Into::into));
            let found = read(&store, with, |tx, (scope, filter, after)| {
                Box::pin(tx.page_tag_options(scope, filter, after.as_ref(), 2))
            });
            let found = found.await.expect("a page");
            let ids = found.iter().map(|one| one.id.to_string());
            ids.collect::<Vec<_>>()
        };
        let active = Filter {
            active: Some(true),
            ..Filter::default()
        };
        let keyed = Filter {
            key: Some("team".into()),
            ..active.clone()
        };
        for filter in [active, keyed] {
            assert_eq!(page(filter.clone(), None).await, ["tag-0", "tag-2"]);
            assert_eq!(page(filter, Some("tag-2")).await, ["tag-4"], "{engine}");
        }
        let valued = Filter {
            value: Some("v3".into()),
            ..Filter::default()
        };
        assert_eq!(page(valued, None).await, ["tag-3"], "{engine}");
    }
}

#[tokio::test]
async fn what_recipients_hung_stays_as_long_as_they_see_it() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        for id in ["port-1", "port-2"] {
            insert_portfolio(&store, portfolio(HUB, id, 1)).await;
            associate(&store, portfolio(HUB, id, 1), "prod-a", HUB).await;
            shared(&store, id, SPOKE).await;
            shared(&store, id, OTHER).await;
        }
        for (owner, id) in [(HUB, "tag-1"), (SPOKE, "tag-2"), (OTHER, "tag-3")] {
            let new = option(owner, id, "net");
            insert(&store, owner, new).await.expect("a new one");
            for on in ["port-1", "port-2", "prod-a"] {
                assert_eq!(hang(&store, owner, id, on).await, 1, "{engine}");
                assert_eq!(hang(&store, owner, id, on).await, 0, "{engine}");
            }
        }
        let counts = async |owner| {
            let on = ["port-1", "port-2", "prod-a"];
            let [one, two, product] = on.map(|on| hung(&store, owner, on));
            (one.await, two.await, product.await)
        };
        // Only what the ended share alone showed goes, and of its recipient only.
        unshare(&store, "port-1", HUB, SPOKE).await;
        unshare(&store, "port-1", HUB, OTHER).await;
        drop_lost(&store, "port-1", Some(SPOKE)).await;
        assert_eq!(counts(SPOKE).await, (0, 1, 1), "{engine}");
        assert_eq!(counts(OTHER).await, (1, 1, 1), "{engine}");
        drop_lost(&store, "port-1", None).await;
        assert_eq!(counts(OTHER).await, (0, 1, 1), "{engine}");
        unshare(&store, "port-2", HUB, SPOKE).await;
        drop_lost(&store, "port-2", None).await;
        assert_eq!(counts(SPOKE).await, (0, 0, 0), "{engine}");
        assert_eq!(counts(OTHER).await, (0, 1, 1), "{engine}");
        assert_eq!(counts(HUB).await, (1, 1, 1), "{engine}");
    }
}

#[tokio::test]
async fn a_launch_heeds_active_tag_options_that_the_account_sees() {
    for (engine, store) in stores().await {
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        insert_portfolio(&store, portfolio(HUB, "port-1", 1)).await;
        associate(&store, portfolio(HUB, "port-1", 1), "prod-a", HUB).await;
        shared(&store, "port-1", SPOKE).await;
        let off = TagOption {
            active: false,
            ..option(HUB, "tag-2", "off")
        };
        for new in [option(HUB, "tag-1", "net"), off] {
            let id = new.id.to_string();
            insert(&store, HUB, new).await.expect("a new one");
            hang(&store, HUB, &id, "port-1").await;
            hang(&store, HUB, &id, "prod-a").await;
        }
        let active = async |account, on| {
            let found = read(&store, (scope(account), resource(on)), |tx, (scope, on)| {
                Box::pin(tx.active_tag_options(scope, on))
            });
            found.await.expect("an answer").len()
        };
        for on in ["port-1", "prod-a"] {
            assert_eq!(active(HUB, on).await, 1, "{engine} {on}");
            assert_eq!(active(SPOKE, on).await, 0, "{engine} {on}");
        }
        execute(&store, "UPDATE portfolio_share SET tag_options = 1").await;
        for on in ["port-1", "prod-a"] {
            assert_eq!(active(SPOKE, on).await, 1, "{engine} {on}");
        }
        // An owner whom its own share covers, as one with its organization, sees each once.
        execute(
            &store,
            "INSERT INTO membership (account, node) VALUES ('111111111111', '222222222222')",
        )
        .await;
        assert_eq!(active(HUB, "port-1").await, 1, "{engine}");
        assert_eq!(active(HUB, "prod-a").await, 1, "{engine}");
    }
}

#[tokio::test]
async fn an_account_that_leaves_an_organization_takes_along_only_what_it_still_sees() {
    for (engine, store) in stores().await {
        insert_portfolio(&store, portfolio(HUB, "port-1", 1)).await;
        insert_product(&store, product(HUB, "prod-a", "vpc", 1)).await;
        associate(&store, portfolio(HUB, "port-1", 1), "prod-a", HUB).await;
        insert_portfolio(&store, portfolio(HUB, "port-2", 1)).await;
        shared(&store, "port-2", SPOKE).await;
        insert_portfolio(&store, portfolio(SPOKE, "port-3", 1)).await;
        insert_product(&store, product(SPOKE, "prod-b", "own", 1)).await;
        settle(&store, &[HUB, SPOKE]).await;
        execute(
            &store,
            "INSERT INTO portfolio_share (region, portfolio_id, recipient, owner, accepted, tag_options, principals, created) VALUES ('eu-west-1', 'port-1', 'o-abcdefghij', '111111111111', 1, 0, 0, 5)",
        )
        .await;
        insert(&store, SPOKE, option(SPOKE, "tag-1", "net"))
            .await
            .expect("a new one");
        let (lost, kept) = (["port-1", "prod-a"], ["port-2", "port-3", "prod-b"]);
        for on in lost.iter().chain(&kept) {
            hang(&store, SPOKE, "tag-1", on).await;
        }
        settle(&store, &[HUB]).await;
        for on in lost {
            assert_eq!(hung(&store, SPOKE, on).await, 0, "{engine} {on}");
        }
        for on in kept {
            assert_eq!(hung(&store, SPOKE, on).await, 1, "{engine} {on}");
        }
    }
}

#[tokio::test]
async fn what_keeps_a_product_is_every_portfolio_and_what_its_owner_hung_there() {
    for (engine, store) in stores().await {
        for id in ["prod-a", "prod-b"] {
            insert_product(&store, product(HUB, id, "vpc", 1)).await;
        }
        assert_eq!(keeps(&store, HUB, "prod-a").await, Holdings::default());
        for (owner, id) in [(HUB, "port-h"), (SPOKE, "port-s")] {
            let new = portfolio(owner, id, 1);
            insert_portfolio(&store, new.clone()).await;
            associate(&store, new, "prod-a", HUB).await;
        }
        for (owner, id) in [(HUB, "tag-h"), (SPOKE, "tag-s")] {
            let made = insert(&store, owner, option(owner, id, "net")).await;
            assert_eq!(made, Ok(()), "{engine}");
            hang(&store, owner, id, "prod-a").await;
        }
        let expected = Holdings {
            portfolios_count: 2,
            tag_options_count: 1,
            budgets_count: 1,
            service_actions_count: 0,
        };
        assert_eq!(keeps(&store, HUB, "prod-a").await, expected, "{engine}");
        let nothing = Holdings::default();
        assert_eq!(keeps(&store, HUB, "prod-b").await, nothing, "{engine}");
    }
}
