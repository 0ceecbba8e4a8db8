//! Portfolio shares: offered, accepted, left, ended.

use mimeo_testkit::World;
use serde_json::{Value, json};

use crate::told::{INVALID, MILLIS, NOT_FOUND, Told, refused};

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
    let not_yet = "Sharing with organization nodes is not implemented by Mimeo yet; share with an \
                   AccountId.";
    let unsupported = "OperationNotSupportedException";
    for operation in ["CreatePortfolioShare", "DeletePortfolioShare"] {
        for (input, code, message) in [
            (json!({"PortfolioId": id}), INVALID, one),
            (
                json!({"PortfolioId": id, "AccountId": spoke.id(), "OrganizationNode": node}),
                INVALID,
                one,
            ),
            (
                json!({"PortfolioId": id, "OrganizationNode": node}),
                unsupported,
                not_yet,
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
    let nodes_only = "SharePrincipals can be used with organization shares only.";
    refused(
        &hub,
        "CreatePortfolioShare",
        principals,
        INVALID,
        nodes_only,
    )
    .await;
    let unshared_text = format!("Portfolio {id} is not shared with account 222222222222.");
    let unshared = json!({"PortfolioId": id, "AccountId": spoke.id()});
    refused(
        &hub,
        "DeletePortfolioShare",
        unshared,
        NOT_FOUND,
        &unshared_text,
    )
    .await;
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
