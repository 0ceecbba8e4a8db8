//! Constraints: whose they are, their pages, and what an imported product brings along.

use mimeo_domain::constraints::{Constraint, ConstraintParameters, ConstraintType};
use mimeo_domain::shares::Recipient;
use mimeo_domain::{ConstraintId, ProductId};
use mimeo_store::testing::stores;
use mimeo_store::{AuthScope, Store};

use crate::cast::*;

const ROLE: &str = r#"{"LocalRoleName": "launch"}"#;
const RULES: &str = r#"{"Rules": {"r": {"Assertions": [{"Assert": {"Fn::Equals": [1, 1]}}]}}}"#;
const TAGS: &str = r#"{"Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}}"#;

fn constraint(owner: &str, portfolio: &str, product: &str, id: &str, text: &str) -> Constraint {
    let constraint_type = match text {
        ROLE => ConstraintType::Launch,
        RULES => ConstraintType::Template,
        _ => ConstraintType::ResourceUpdate,
    };
    Constraint {
        id: id.into(),
        account: account(owner),
        region: scope(owner).region,
        portfolio: portfolio.into(),
        product: product.into(),
        description: None,
        parameters: ConstraintParameters::parse(constraint_type, text).expect(text),
        text: text.to_owned(),
        created: at(4),
    }
}

async fn insert(store: &Store, new: Constraint) {
    write(store, new, |tx, new| Box::pin(tx.insert_constraint(new)))
        .await
        .expect("a new constraint");
}

async fn find(store: &Store, who: AuthScope, id: &str) -> Option<Constraint> {
    read(store, (who, id.into()), |tx, (scope, id)| {
        Box::pin(tx.find_visible_constraint(scope, id))
    })
    .await
    .expect("an answer")
}

async fn in_force(store: &Store, who: &str, portfolio: &str, product: &str) -> Vec<String> {
    let with = (scope(who), portfolio.into(), product.into());
    let found = read(store, with, |tx, (scope, portfolio, product)| {
        Box::pin(tx.constraints_in_force(scope, portfolio, product))
    });
    let found = found.await.expect("an answer");
    found.iter().map(|one| one.id.to_string()).collect()
}

/// `product/constraint`, two a page.
async fn walk(store: &Store, who: &str, portfolio: &str) -> Vec<String> {
    let mut walked: Vec<(ProductId, ConstraintId)> = Vec::new();
    loop {
        let with = (scope(who), portfolio.into(), walked.last().cloned());
        let page = read(store, with, |tx, (scope, portfolio, after)| {
            Box::pin(tx.page_constraints(scope, portfolio, None, after.as_ref(), 2))
        });
        let page = page.await.expect("a page");
        if page.is_empty() {
            break;
        }
        walked.extend(page.into_iter().map(|one| (one.product, one.id)));
    }
    let shown = |(product, id): &(ProductId, ConstraintId)| format!("{product}/{id}");
    walked.iter().map(shown).collect()
}

/// The hub's two portfolios hold `prod-a` and `prod-b` and are offered to the spoke, in whose own
/// one both products stand.
async fn offered_twice(store: &Store) {
    for id in ["prod-a", "prod-b"] {
        insert_product(store, product(HUB, id, "vpc", 1)).await;
    }
    for (who, id) in [(HUB, "port-1"), (HUB, "port-2"), (SPOKE, "port-s")] {
        insert_portfolio(store, portfolio(who, id, 1)).await;
        for held in ["prod-a", "prod-b"] {
            associate(store, portfolio(who, id, 1), held, HUB).await;
        }
    }
    for id in ["port-1", "port-2"] {
        share(store, id, HUB, SPOKE).await;
    }
}

#[tokio::test]
async fn only_whoever_sees_the_portfolio_sees_its_constraints_and_only_the_owner_changes_them() {
    for (engine, store) in stores().await {
        offered_twice(&store).await;
        let made = constraint(HUB, "port-1", "prod-a", "cons-1", ROLE);
        insert(&store, made.clone()).await;
        assert_eq!(
            find(&store, scope(HUB), "cons-1").await,
            Some(made.clone()),
            "{engine}"
        );
        for (who, why) in [
            (abroad(HUB), "elsewhere"),
            (scope(SPOKE), "offered"),
            (scope(OTHER), "a stranger"),
        ] {
            assert_eq!(find(&store, who, "cons-1").await, None, "{engine}: {why}");
        }
        assert!(in_force(&store, SPOKE, "port-1", "prod-a").await.is_empty());
        accept(&store, "port-1", SPOKE).await;
        let seen = find(&store, scope(SPOKE), "cons-1").await;
        assert_eq!(seen, Some(made.clone()), "{engine}: accepted");
        assert_eq!(
            in_force(&store, SPOKE, "port-1", "prod-a").await,
            ["cons-1"]
        );

        let theft = constraint(SPOKE, "port-1", "prod-a", "cons-1", RULES);
        let update = write(&store, theft, |tx, new| Box::pin(tx.update_constraint(new)));
        update.await.expect("nothing to change");
        let removal = |who| {
            write(
                &store,
                (scope(who), ConstraintId::from("cons-1")),
                |tx, (scope, id)| Box::pin(tx.remove_constraint(scope, id)),
            )
        };
        removal(SPOKE).await.expect("nothing to remove");
        assert_eq!(find(&store, scope(HUB), "cons-1").await, Some(made.clone()));
        let changed = Constraint {
            description: Some("why".into()),
            ..made
        };
        let update = write(&store, changed.clone(), |tx, new| {
            Box::pin(tx.update_constraint(new))
        });
        update.await.expect("a change");
        let found = find(&store, scope(HUB), "cons-1").await;
        assert_eq!(found, Some(changed), "{engine}");
        removal(HUB).await.expect("a removal");
        assert_eq!(find(&store, scope(HUB), "cons-1").await, None, "{engine}");
    }
}

#[tokio::test]
async fn an_imported_product_brings_rules_and_role_of_the_first_portfolio_that_shows_it() {
    for (engine, store) in stores().await {
        offered_twice(&store).await;
        for (portfolio, id, text) in [
            ("port-1", "cons-1-role", ROLE),
            ("port-1", "cons-1-rules", RULES),
            ("port-1", "cons-1-tags", TAGS),
            ("port-2", "cons-2-rules", RULES),
        ] {
            insert(&store, constraint(HUB, portfolio, "prod-a", id, text)).await;
        }
        let here = || in_force(&store, SPOKE, "port-s", "prod-a");
        assert_eq!(here().await, [""; 0], "{engine}: nothing is accepted");
        accept(&store, "port-2", SPOKE).await;
        assert_eq!(here().await, ["cons-2-rules"], "{engine}");
        accept(&store, "port-1", SPOKE).await;
        assert_eq!(here().await, ["cons-1-role", "cons-1-rules"], "{engine}");
        let own = constraint(SPOKE, "port-s", "prod-a", "cons-0-tags", TAGS);
        insert(&store, own).await;
        let all = ["cons-0-tags", "cons-1-role", "cons-1-rules"];
        assert_eq!(here().await, all, "{engine}");
        let own = constraint(SPOKE, "port-s", "prod-a", "cons-9-role", ROLE);
        insert(&store, own).await;
        let all = ["cons-0-tags", "cons-1-rules", "cons-9-role"];
        assert_eq!(here().await, all, "{engine}: the own role goes before");
        let of_hub = in_force(&store, HUB, "port-s", "prod-a").await;
        assert_eq!(of_hub, [""; 0], "{engine}: the spoke's are not the hub's");
        let types = read(
            &store,
            (scope(SPOKE), "port-s".into(), "prod-a".into()),
            |tx, (scope, portfolio, product)| {
                Box::pin(tx.constraint_types(scope, portfolio, product))
            },
        );
        let mut types = types.await.expect("an answer");
        types.sort_by_key(|one| one.as_str());
        let made_here = [ConstraintType::Launch, ConstraintType::ResourceUpdate];
        assert_eq!(types, made_here, "{engine}");
    }
}

#[tokio::test]
async fn pages_walk_what_was_made_here_and_what_came_along_by_product() {
    for (engine, store) in stores().await {
        offered_twice(&store).await;
        accept(&store, "port-1", SPOKE).await;
        for (number, held) in ["prod-a", "prod-b"].into_iter().enumerate() {
            for place in 0..3 {
                let id = format!("cons-{}-hub{number}", 2 * place);
                insert(&store, constraint(HUB, "port-1", held, &id, RULES)).await;
                let id = format!("cons-{}-spoke{number}", 2 * place + 1);
                insert(&store, constraint(SPOKE, "port-s", held, &id, RULES)).await;
            }
        }
        let walked = walk(&store, SPOKE, "port-s").await;
        assert_eq!(walked.len(), 12, "{engine}: {walked:?}");
        assert!(walked.is_sorted_by(|a, b| a < b), "{engine}: {walked:?}");
        let of_hub = walk(&store, HUB, "port-1").await;
        assert_eq!(of_hub.len(), 6, "{engine}");
        assert_eq!(walk(&store, SPOKE, "port-1").await, of_hub, "{engine}");
        assert!(walk(&store, OTHER, "port-1").await.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn constraints_go_with_what_they_are_about() {
    for (engine, store) in stores().await {
        offered_twice(&store).await;
        accept(&store, "port-1", SPOKE).await;
        let own = constraint(SPOKE, "port-s", "prod-a", "cons-s", ROLE);
        insert(&store, own).await;
        unshare(&store, "port-1", HUB, SPOKE).await;
        let drop_lost = write(
            &store,
            (scope(HUB), Recipient::Account(account(SPOKE)), account(HUB)),
            |tx, (scope, recipient, owner)| {
                Box::pin(tx.drop_lost_products(scope, recipient, owner))
            },
        );
        assert_eq!(drop_lost.await, Ok(2), "{engine}");
        assert_eq!(find(&store, scope(SPOKE), "cons-s").await, None, "{engine}");
    }
}
