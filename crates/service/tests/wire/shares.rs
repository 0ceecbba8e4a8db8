//! Portfolio shares: offered, accepted, left, ended; and shares with the organization's nodes.

use mimeo_testkit::{Account, World, id_of, merged};
use serde_json::{Value, json};

use crate::organizations::UNSUPPORTED;
use crate::told::{INVALID, LIMIT, MILLIS, NOT_FOUND, Told, refused};

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let golden = hub.portfolio("golden").await;
    let id = golden.id.as_str();
    let share = json!({"AccountId": spoke.id(), "PortfolioId": id});
    for _ in ["first", "again"] {
        told.empty(&hub, "CreatePortfolioShare", share.clone())
            .await;
    }
    let details = |accepted: bool| {
        json!({"PortfolioShareDetails": [{
            "Accepted": accepted,
            "PrincipalId": "222222222222",
            "SharePrincipals": false,
            "ShareTagOptions": false,
            "Type": "ACCOUNT",
        }]})
    };
    let shares = json!({"PortfolioId": id, "Type": "ACCOUNT"});
    told.answer(&hub, "DescribePortfolioShares", shares.clone(), |_| {
        details(false)
    })
    .await;
    let portfolio = json!({"PortfolioId": id});
    told.answer(
        &hub,
        "ListPortfolioAccess",
        portfolio.clone(),
        |_| json!({"AccountIds": ["222222222222"]}),
    )
    .await;
    for _ in ["first", "again"] {
        told.empty(&spoke, "AcceptPortfolioShare", portfolio.clone())
            .await;
    }
    told.answer(&hub, "DescribePortfolioShares", shares.clone(), |_| {
        details(true)
    })
    .await;
    told.answer(&spoke, "ListAcceptedPortfolioShares", json!({}), |_| {
        json!({"PortfolioDetails": [{
            "ARN": format!("arn:aws:catalog:us-east-1:111111111111:portfolio/{id}"),
            "CreatedTime": MILLIS,
            "DisplayName": "golden",
            "Id": id,
            "ProviderName": "Platform",
        }]})
    })
    .await;
    told.empty(&spoke, "RejectPortfolioShare", portfolio.clone())
        .await;
    told.answer(
        &spoke,
        "ListAcceptedPortfolioShares",
        json!({}),
        |_| json!({"PortfolioDetails": []}),
    )
    .await;
    told.empty(&spoke, "AcceptPortfolioShare", portfolio).await;
    told.empty(&hub, "DeletePortfolioShare", share).await;
    told.answer(
        &hub,
        "DescribePortfolioShares",
        shares,
        |_| json!({"PortfolioShareDetails": []}),
    )
    .await;
    told_of_nodes(told).await;
}

/// What the real service answers to a share with a member account is recorded; the rest follows it.
async fn told_of_nodes(told: &mut Told) {
    let world = World::new().await;
    let [hub, shop, bank] = world.accounts(["hub", "shop", "bank"]);
    let organization = world.organization(&hub, &[("dev", &[&shop, &bank])]).await;
    let golden = hub.portfolio("golden").await;
    let id = golden.id.as_str();
    for (node, kind, reached) in [
        (
            organization.unit("dev"),
            "ORGANIZATIONAL_UNIT",
            vec![shop.id(), bank.id()],
        ),
        (
            organization.whole(),
            "ORGANIZATION",
            vec![shop.id(), bank.id()],
        ),
        (
            organization.member(&bank),
            "ORGANIZATION_MEMBER_ACCOUNT",
            vec![bank.id()],
        ),
    ] {
        let input = json!({"OrganizationNode": node, "PortfolioId": id});
        let create = "CreatePortfolioShare";
        let token = |answer: &Value| json!({"PortfolioShareToken": answer["PortfolioShareToken"]});
        let first = told.answer(&hub, create, input.clone(), token).await;
        let again = told.answer(&hub, create, input.clone(), token).await;
        assert_ne!(first, again);
        for made in [first, again] {
            told.answer(&hub, "DescribePortfolioShareStatus", made.clone(), |_| {
                json!({
                    "OrganizationNodeValue": node["Value"],
                    "PortfolioId": id,
                    "PortfolioShareToken": made["PortfolioShareToken"],
                    "ShareDetails": {"ShareErrors": [], "SuccessfulShares": reached},
                    "Status": "COMPLETED",
                })
            })
            .await;
        }
        let nodes = json!({"OrganizationNodeType": node["Type"], "PortfolioId": id});
        told.answer(
            &hub,
            "ListOrganizationPortfolioAccess",
            nodes,
            |_| json!({"OrganizationNodes": [node]}),
        )
        .await;
        let shares = json!({"PortfolioId": id, "Type": kind});
        told.answer(&hub, "DescribePortfolioShares", shares, |_| {
            json!({"PortfolioShareDetails": [{
                "Accepted": true,
                "PrincipalId": node["Value"],
                "SharePrincipals": false,
                "ShareTagOptions": false,
                "Type": kind,
            }]})
        })
        .await;
        told.answer(&hub, "UpdatePortfolioShare", input.clone(), |answer| {
            json!({
                "PortfolioShareToken": answer["PortfolioShareToken"],
                "Status": "IN_PROGRESS",
            })
        })
        .await;
        told.answer(&hub, "DeletePortfolioShare", input, token)
            .await;
    }
}

/// The token of an update of some share of the account's.
pub(crate) async fn updated(account: &Account) -> String {
    let shared = account.portfolio("shared").await;
    let share = json!({"AccountId": "999999999999", "PortfolioId": shared.id});
    account.does("CreatePortfolioShare", share.clone()).await;
    let updated = account.does("UpdatePortfolioShare", share).await;
    id_of(&updated, "/PortfolioShareToken")
}

#[tokio::test]
async fn a_share_is_seen_once_it_is_accepted_and_no_longer_when_it_ended() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let input = json!({"Id": vpc.id});
        let sees = async || spoke.raw("DescribeProductAsAdmin", input.clone()).await.0;
        assert_eq!(sees().await, 400);
        let golden = golden.offered_to(&spoke).await;
        assert_eq!(sees().await, 400);
        spoke.accepts(&golden).await;
        assert_eq!(sees().await, 200);
        let reject = json!({"PortfolioId": golden.id});
        spoke.does("RejectPortfolioShare", reject).await;
        assert_eq!(sees().await, 400);
        spoke.accepts(&golden).await;
        golden.unshared_from(&spoke).await;
        assert_eq!(sees().await, 400);
    }
}

#[tokio::test]
async fn a_share_that_cannot_be_made_is_refused_with_its_reason() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let golden = hub.portfolio("golden").await;
    let id = golden.id.as_str();
    let node = json!({"Type": "ORGANIZATIONAL_UNIT", "Value": "ou-abcd-12345678"});
    let one = "Give exactly one of AccountId and OrganizationNode.";
    for operation in [
        "CreatePortfolioShare",
        "UpdatePortfolioShare",
        "DeletePortfolioShare",
    ] {
        for (input, code, message) in [
            (json!({"PortfolioId": id}), INVALID, one),
            (
                json!({"PortfolioId": id, "AccountId": spoke.id(), "OrganizationNode": node}),
                INVALID,
                one,
            ),
            (
                json!({"PortfolioId": "port-aaaaaaaaaaaaa", "AccountId": spoke.id()}),
                NOT_FOUND,
                "Portfolio port-aaaaaaaaaaaaa not found.",
            ),
        ] {
            refused(&hub, operation, input, code, message).await;
        }
    }
    let with_owner = json!({"PortfolioId": id, "AccountId": hub.id()});
    let owns = "Account 111111111111 already owns the portfolio.";
    refused(&hub, "CreatePortfolioShare", with_owner, INVALID, owns).await;
    let principals = json!({"PortfolioId": id, "AccountId": spoke.id(), "SharePrincipals": true});
    let nodes_only =
        "SharePrincipals can be used with organizations and organizational units only.";
    for operation in ["CreatePortfolioShare", "UpdatePortfolioShare"] {
        refused(&hub, operation, principals.clone(), INVALID, nodes_only).await;
    }
    let message = format!("Portfolio {id} is not shared with 222222222222.");
    for operation in ["UpdatePortfolioShare", "DeletePortfolioShare"] {
        let unshared = json!({"PortfolioId": id, "AccountId": spoke.id()});
        refused(&hub, operation, unshared, NOT_FOUND, &message).await;
    }
    world.organization(&hub, &[("dev", &[&spoke])]).await;
    let principals = json!({
        "OrganizationNode": {"Type": "ACCOUNT", "Value": spoke.id()},
        "PortfolioId": id,
        "SharePrincipals": true,
    });
    refused(
        &hub,
        "CreatePortfolioShare",
        principals,
        INVALID,
        nodes_only,
    )
    .await;
    let message = format!("Portfolio {id} is not shared with ou-abcd-12345678.");
    for operation in ["UpdatePortfolioShare", "DeletePortfolioShare"] {
        let unshared = json!({"OrganizationNode": node, "PortfolioId": id});
        refused(&hub, operation, unshared, NOT_FOUND, &message).await;
    }
}

#[tokio::test]
async fn foreign_products_are_not_shared_on() {
    let world = World::new().await;
    let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    golden.shared_with(&spoke).await;
    let local = spoke.portfolio("local").await.holds(&vpc).await;
    let message = format!(
        "Portfolio {} holds products that are shared with you; it cannot be shared on.",
        local.id
    );
    let input = json!({"AccountId": third.id(), "PortfolioId": local.id});
    refused(&spoke, "CreatePortfolioShare", input, INVALID, &message).await;

    let shared = spoke.portfolio("shared").await.shared_with(&third).await;
    let message = message.replace(&local.id, &shared.id);
    let input = json!({"PortfolioId": shared.id, "ProductId": vpc.id});
    refused(
        &spoke,
        "AssociateProductWithPortfolio",
        input,
        INVALID,
        &message,
    )
    .await;
    assert_eq!(
        third
            .raw("DescribeProductAsAdmin", json!({"Id": vpc.id}))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn only_an_offer_of_the_right_kind_can_be_accepted() {
    let world = World::new().await;
    let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
    let golden = hub.portfolio("golden").await.offered_to(&spoke).await;
    let message = format!("Portfolio not found: {}", golden.id);
    for operation in ["AcceptPortfolioShare", "RejectPortfolioShare"] {
        let plain = json!({"PortfolioId": golden.id});
        refused(&third, operation, plain, NOT_FOUND, &message).await;
        for kind in ["AWS_ORGANIZATIONS", "AWS_SERVICECATALOG"] {
            let input = json!({"PortfolioId": golden.id, "PortfolioShareType": kind});
            refused(&spoke, operation, input, NOT_FOUND, &message).await;
        }
        let unknown = json!({"PortfolioId": "port-aaaaaaaaaaaaa"});
        let message = "Portfolio not found: port-aaaaaaaaaaaaa";
        refused(&spoke, operation, unknown, NOT_FOUND, message).await;
    }
    let imported = json!({"PortfolioId": golden.id, "PortfolioShareType": "IMPORTED"});
    spoke.does("AcceptPortfolioShare", imported).await;
    for kind in ["AWS_ORGANIZATIONS", "AWS_SERVICECATALOG"] {
        let input = json!({"PortfolioShareType": kind});
        let listed = spoke.pages("ListAcceptedPortfolioShares", input).await;
        assert_eq!(listed, Vec::<Value>::new(), "{kind}");
    }
}

#[tokio::test]
async fn a_share_is_of_one_region() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let golden = hub.portfolio("golden").await.shared_with(&spoke).await;
    let elsewhere = spoke.in_region("eu-west-1");
    let listed = elsewhere
        .does("ListAcceptedPortfolioShares", json!({}))
        .await;
    assert_eq!(listed, json!({"PortfolioDetails": []}));
    let message = format!("Portfolio not found: {}", golden.id);
    let input = json!({"PortfolioId": golden.id});
    refused(
        &elsewhere,
        "AcceptPortfolioShare",
        input,
        NOT_FOUND,
        &message,
    )
    .await;
}

#[tokio::test]
async fn tag_options_shared_or_not_are_shown_as_asked() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let golden = hub.portfolio("golden").await;
    let input = json!({"AccountId": spoke.id(), "PortfolioId": golden.id, "ShareTagOptions": true, "SharePrincipals": false});
    hub.does("CreatePortfolioShare", input).await;
    let shares = json!({"PortfolioId": golden.id, "Type": "ACCOUNT"});
    let shares = hub.pages("DescribePortfolioShares", shares).await;
    assert_eq!(shares[0]["ShareTagOptions"], true);
    for kind in [
        "ORGANIZATION",
        "ORGANIZATIONAL_UNIT",
        "ORGANIZATION_MEMBER_ACCOUNT",
    ] {
        let of_nodes = json!({"PortfolioId": golden.id, "Type": kind});
        assert_eq!(
            hub.pages("DescribePortfolioShares", of_nodes).await,
            Vec::<Value>::new()
        );
    }
}

#[tokio::test]
async fn what_travels_with_a_share_is_shown_and_changes_as_asked() {
    for world in World::on_each_engine().await {
        let [hub, shop] = world.accounts(["hub", "shop"]);
        let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
        let golden = hub.portfolio("golden").await;
        let golden = golden.offered_to(&shop).await;
        let unit = organization.unit("dev");
        let both = json!({"SharePrincipals": true, "ShareTagOptions": true});
        golden.shares_with_node(&unit, both).await;
        // Sharing again changes nothing.
        golden.shares_with_node(&unit, json!({})).await;
        let flags = async |kind: &str| {
            let shares = json!({"PortfolioId": golden.id, "Type": kind});
            let shares = hub.pages("DescribePortfolioShares", shares).await;
            [&shares[0]["ShareTagOptions"], &shares[0]["SharePrincipals"]].map(|flag| flag == true)
        };
        assert_eq!(flags("ORGANIZATIONAL_UNIT").await, [true, true]);
        assert_eq!(flags("ACCOUNT").await, [false, false]);
        let update = async |whom: Value, change: Value| {
            let input = merged(merged(json!({"PortfolioId": golden.id}), whom), change);
            let updated = hub.does("UpdatePortfolioShare", input).await;
            let token = json!({"PortfolioShareToken": updated["PortfolioShareToken"]});
            let status = hub.does("DescribePortfolioShareStatus", token).await;
            assert_eq!(status["Status"], "COMPLETED");
        };
        let (unit, account) = (
            json!({"OrganizationNode": unit}),
            json!({"AccountId": shop.id()}),
        );
        update(unit.clone(), json!({"ShareTagOptions": false})).await;
        assert_eq!(flags("ORGANIZATIONAL_UNIT").await, [false, true]);
        update(unit, json!({"SharePrincipals": false})).await;
        assert_eq!(flags("ORGANIZATIONAL_UNIT").await, [false, false]);
        update(
            account,
            json!({"ShareTagOptions": true, "SharePrincipals": false}),
        )
        .await;
        assert_eq!(flags("ACCOUNT").await, [true, false]);
    }
}

#[tokio::test]
async fn what_comes_through_the_organization_is_accepted_as_such_and_never_left() {
    let world = World::new().await;
    let [hub, shop, third] = world.accounts(["hub", "shop", "third"]);
    let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
    let golden = hub.portfolio("golden").await;
    let golden = golden.shared_with_node(&organization.unit("dev")).await;
    let plain = json!({"PortfolioId": golden.id});
    let through = merged(
        plain.clone(),
        json!({"PortfolioShareType": "AWS_ORGANIZATIONS"}),
    );
    shop.does("AcceptPortfolioShare", through.clone()).await;
    let message = format!("Portfolio not found: {}", golden.id);
    for operation in ["AcceptPortfolioShare", "RejectPortfolioShare"] {
        refused(&shop, operation, plain.clone(), NOT_FOUND, &message).await;
        for account in [&hub, &third] {
            refused(account, operation, through.clone(), NOT_FOUND, &message).await;
        }
    }
    let message = format!(
        "Portfolio {} is shared through the organization; only its owner can end that.",
        golden.id
    );
    refused(&shop, "RejectPortfolioShare", through, NOT_FOUND, &message).await;
    let imported = shop.pages("ListAcceptedPortfolioShares", json!({})).await;
    assert_eq!(imported, Vec::<Value>::new());
}

#[tokio::test]
async fn access_below_a_node_is_what_its_accounts_inherit() {
    for world in World::on_each_engine().await {
        let [hub, shop, bank, third] = world.accounts(["hub", "shop", "bank", "third"]);
        let units: &[(&str, &[&Account])] =
            &[("dev", &[&shop]), ("web", &[&bank]), ("ops", &[&third])];
        let organization = world.organization(&hub, units).await;
        organization.nests("web", "dev").await;
        let golden = hub.portfolio("golden").await;
        let golden = golden.shared_with_node(&organization.unit("dev")).await;
        let golden = golden.offered_to(&third).await;
        let below = async |parent: &str| {
            let input = json!({"OrganizationParentId": parent, "PortfolioId": golden.id});
            hub.pages("ListPortfolioAccess", input).await
        };
        let both = [json!(shop.id()), json!(bank.id())];
        assert_eq!(below(organization.id()).await, both);
        assert_eq!(below(&organization.unit_id("dev")).await, both);
        assert_eq!(
            below(&organization.unit_id("web")).await,
            [json!(bank.id())]
        );
        assert_eq!(
            below(&organization.unit_id("ops")).await,
            Vec::<Value>::new()
        );
        let offered = json!({"PortfolioId": golden.id});
        let offered = hub.pages("ListPortfolioAccess", offered).await;
        assert_eq!(offered, [json!(third.id())]);

        for parent in [
            "o-bbbbbbbbbb",
            "ou-root-00000000nowhere",
            shop.id(),
            "r-root",
        ] {
            let input = json!({"OrganizationParentId": parent, "PortfolioId": golden.id});
            let message = format!("Organization node {parent} not found.");
            refused(&hub, "ListPortfolioAccess", input, NOT_FOUND, &message).await;
        }
        // For those who do not administer the organization it has no nodes.
        let own = shop.portfolio("own").await;
        let input = json!({"OrganizationParentId": organization.id(), "PortfolioId": own.id});
        let message = format!("Organization node {} not found.", organization.id());
        refused(&shop, "ListPortfolioAccess", input, NOT_FOUND, &message).await;
    }
}

#[tokio::test]
async fn share_operations_are_watched_by_who_asked_for_them_and_the_last_ones_only() {
    let world = World::new().await;
    let [hub, shop] = world.accounts(["hub", "shop"]);
    let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
    organization.delegates_to(&[&shop]).await;
    let golden = hub.portfolio("golden").await;
    let unit = organization.unit("dev");
    let token = golden.shares_with_node(&unit, json!({})).await;
    let watch = |token: &str| json!({"PortfolioShareToken": token});
    let describe = "DescribePortfolioShareStatus";
    hub.does(describe, watch(&token)).await;
    for (account, token) in [(&shop, token.as_str()), (&hub, "share-aaaaaaaaaaaaa")] {
        let message = format!("Portfolio share operation {token} not found.");
        refused(account, describe, watch(token), NOT_FOUND, &message).await;
    }
    let silver = shop.portfolio("silver").await;
    let office = silver
        .shares_with_node(&organization.whole(), json!({}))
        .await;
    organization.delegates_to(&[]).await;
    let (code, _) = shop.is_refused(describe, watch(&office)).await;
    assert_eq!(code, UNSUPPORTED);

    world.advance(1);
    for _ in 0..mimeo_store::SHARE_OPERATIONS_MAX {
        golden.shares_with_node(&unit, json!({})).await;
    }
    let message = format!("Portfolio share operation {token} not found.");
    refused(&hub, describe, watch(&token), NOT_FOUND, &message).await;
}

#[tokio::test]
async fn nodes_take_places_in_the_quota_of_shares() {
    let world = World::new().await;
    let world = world.with(|world| world.quotas.shares_per_portfolio = 2);
    let [hub, shop] = world.accounts(["hub", "shop"]);
    let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
    let golden = hub.portfolio("golden").await.offered_to(&shop).await;
    let golden = golden.shared_with_node(&organization.unit("dev")).await;
    let input = json!({"OrganizationNode": organization.whole(), "PortfolioId": golden.id});
    let message = format!(
        "Portfolio {} is already shared with 2 accounts, the quota.",
        golden.id
    );
    refused(&hub, "CreatePortfolioShare", input, LIMIT, &message).await;
}
