//! The organization: who may share with its nodes, and whom such a share reaches.

use mimeo_testkit::{Account, Product, World};
use serde_json::{Value, json};

use crate::told::{INVALID, NOT_FOUND, Told, refused};

pub(crate) const UNSUPPORTED: &str = "OperationNotSupportedException";
const STATE: &str = "InvalidStateException";

const NO_ORGANIZATION: &str = "This server knows of no organization. Describe one to it first: its id, its \
                               management account, its units and its accounts.";
const NOT_ENABLED: &str = "Access to the organization is not enabled. Its management account enables it with \
                           EnableAWSOrganizationsAccess.";

fn not_administrator(account: &Account) -> String {
    format!(
        "Account {} is neither the management account nor a delegated administrator of the organization.",
        account.id()
    )
}

fn not_management(account: &Account) -> String {
    format!(
        "Account {} is not the management account of the organization.",
        account.id()
    )
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    world.organization_without_access(&hub, &[]).await;
    let status = |status: &str| json!({"AccessStatus": status});
    let get = "GetAWSOrganizationsAccessStatus";
    told.answer(&hub, get, json!({}), |_| status("DISABLED"))
        .await;
    for _ in ["first", "again"] {
        told.empty(&hub, "EnableAWSOrganizationsAccess", json!({}))
            .await;
        told.answer(&hub, get, json!({}), |_| status("ENABLED"))
            .await;
    }
    for _ in ["first", "again"] {
        told.empty(&hub, "DisableAWSOrganizationsAccess", json!({}))
            .await;
        told.answer(&hub, get, json!({}), |_| status("DISABLED"))
            .await;
    }
}

async fn sees(account: &Account, product: &Product) -> bool {
    let input = json!({"Id": product.id});
    let is_there = account.raw("DescribeProductAsAdmin", input).await.0 == 200;
    let through = json!({"PortfolioShareType": "AWS_ORGANIZATIONS"});
    let listed = account.pages("ListAcceptedPortfolioShares", through).await;
    assert_eq!(listed.is_empty(), !is_there);
    is_there
}

#[tokio::test]
async fn a_unit_that_a_portfolio_is_shared_with_sees_it_without_accepting() {
    for world in World::on_each_engine().await {
        let [hub, shop, bank, third, outsider] =
            world.accounts(["hub", "shop", "bank", "third", "outsider"]);
        let units: &[(&str, &[&Account])] =
            &[("dev", &[&shop]), ("web", &[&bank]), ("ops", &[&third])];
        let organization = world.organization(&hub, units).await;
        organization.nests("web", "dev").await;
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with_node(&organization.unit("dev")).await;
        for account in [&shop, &bank] {
            assert!(sees(account, &vpc).await, "{}", account.name());
        }
        for account in [&third, &outsider] {
            assert!(!sees(account, &vpc).await, "{}", account.name());
        }
        assert!(!sees(&shop.in_region("eu-west-1"), &vpc).await);
        let own = json!({"PortfolioShareType": "AWS_ORGANIZATIONS"});
        assert_eq!(
            hub.pages("ListAcceptedPortfolioShares", own).await,
            Vec::<Value>::new()
        );

        golden.unshared_from_node(&organization.unit("dev")).await;
        for account in [&shop, &bank] {
            assert!(!sees(account, &vpc).await, "{}", account.name());
        }
    }
}

#[tokio::test]
async fn whoever_moves_sees_what_is_shared_with_where_it_is_now_and_at_once() {
    for world in World::on_each_engine().await {
        let [hub, shop] = world.accounts(["hub", "shop"]);
        let units: &[(&str, &[&Account])] = &[("dev", &[]), ("ops", &[&shop])];
        let organization = world.organization(&hub, units).await;
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        golden.shared_with_node(&organization.unit("dev")).await;
        assert!(!sees(&shop, &vpc).await);
        organization.moves(&shop, Some("dev")).await;
        assert!(sees(&shop, &vpc).await);
        // What it took over into a portfolio of its own goes with the right to see it.
        let local = shop.portfolio("local").await.holds(&vpc).await;
        organization.moves(&shop, Some("ops")).await;
        assert!(!sees(&shop, &vpc).await);
        organization.moves(&shop, Some("dev")).await;
        assert!(sees(&shop, &vpc).await);
        let held = json!({"PortfolioId": local.id});
        let held = shop.pages("SearchProductsAsAdmin", held).await;
        assert_eq!(held, Vec::<Value>::new());
        organization.releases(&shop).await;
        assert!(!sees(&shop, &vpc).await);
    }
}

#[tokio::test]
async fn a_share_reaches_the_whole_organization_or_one_member() {
    let world = World::new().await;
    let [hub, shop, bank] = world.accounts(["hub", "shop", "bank"]);
    let organization = world.organization(&hub, &[("dev", &[&shop, &bank])]).await;
    let (vpc, bucket) = (hub.product("vpc").await, hub.product("bucket").await);
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    golden.shared_with_node(&organization.member(&shop)).await;
    assert!(sees(&shop, &vpc).await);
    assert!(!sees(&bank, &vpc).await);
    let silver = hub.portfolio("silver").await.holds(&bucket).await;
    silver.shared_with_node(&organization.whole()).await;
    assert!(sees(&shop, &bucket).await);
    assert!(sees(&bank, &bucket).await);
}

#[tokio::test]
async fn what_is_lost_with_one_share_may_still_be_seen_through_another() {
    let world = World::new().await;
    let [hub, shop] = world.accounts(["hub", "shop"]);
    let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.shared_with_node(&organization.unit("dev")).await;
    let golden = golden.shared_with(&shop).await;
    let local = shop.portfolio("local").await.holds(&vpc).await;
    let held = json!({"PortfolioId": local.id});
    golden.unshared_from_node(&organization.unit("dev")).await;
    assert_eq!(
        shop.pages("SearchProductsAsAdmin", held.clone())
            .await
            .len(),
        1
    );
    golden.unshared_from(&shop).await;
    assert_eq!(shop.pages("SearchProductsAsAdmin", held).await.len(), 0);
}

#[tokio::test]
async fn members_copy_what_reaches_them_for_as_long_as_it_does() {
    for world in World::on_each_engine().await {
        let [hub, shop] = world.accounts(["hub", "shop"]);
        let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
        let vpc = hub.product("vpc").await.versions(2).await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with_node(&organization.unit("dev")).await;
        let copied = shop.has_copied(&vpc, json!({})).await;
        assert_eq!(copied.version_ids().await.len(), 2);
        for ends in ["the share", "the membership"] {
            let token = shop.copies(&vpc).await;
            let claimed = world.claims().await.expect("it is due");
            if ends == "the share" {
                golden.unshared_from_node(&organization.unit("dev")).await;
            } else {
                organization.moves(&shop, None).await;
            }
            world.drives(claimed).await;
            let status = shop.copy_status(&token).await;
            assert_eq!(status["CopyProductStatus"], "FAILED", "{ends}: {status}");
            let golden = golden.clone();
            golden.shared_with_node(&organization.unit("dev")).await;
        }
    }
}

#[tokio::test]
async fn only_those_who_administer_the_organization_share_with_its_nodes() {
    let world = World::new().await;
    let [hub, shop, stranger] = world.accounts(["hub", "shop", "stranger"]);
    let golden = shop.portfolio("golden").await;
    let id = golden.id.as_str();
    let node = json!({"Type": "ORGANIZATION", "Value": "o-aaaaaaaaaa"});
    let inputs = [
        (
            "CreatePortfolioShare",
            json!({"OrganizationNode": node, "PortfolioId": id}),
        ),
        (
            "UpdatePortfolioShare",
            json!({"OrganizationNode": node, "PortfolioId": id}),
        ),
        (
            "DeletePortfolioShare",
            json!({"OrganizationNode": node, "PortfolioId": id}),
        ),
        (
            "ListOrganizationPortfolioAccess",
            json!({"OrganizationNodeType": "ORGANIZATION", "PortfolioId": id}),
        ),
        ("GetAWSOrganizationsAccessStatus", json!({})),
    ];
    for (operation, input) in &inputs {
        let input = input.clone();
        refused(&shop, operation, input, UNSUPPORTED, NO_ORGANIZATION).await;
    }
    let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
    let message = not_administrator(&shop);
    for (operation, input) in &inputs {
        refused(&shop, operation, input.clone(), UNSUPPORTED, &message).await;
    }
    let get = "GetAWSOrganizationsAccessStatus";
    let message = not_administrator(&stranger);
    refused(&stranger, get, json!({}), UNSUPPORTED, &message).await;
    organization.delegates_to(&[&shop]).await;
    shop.does(get, json!({})).await;
    golden.shared_with_node(&organization.whole()).await;
}

#[tokio::test]
async fn only_the_management_account_enables_and_disables_access() {
    let world = World::new().await;
    let [hub, shop] = world.accounts(["hub", "shop"]);
    let both = [
        "EnableAWSOrganizationsAccess",
        "DisableAWSOrganizationsAccess",
    ];
    for operation in both {
        refused(&hub, operation, json!({}), UNSUPPORTED, NO_ORGANIZATION).await;
    }
    let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
    organization.delegates_to(&[&shop]).await;
    let message = not_management(&shop);
    for operation in both {
        refused(&shop, operation, json!({}), UNSUPPORTED, &message).await;
    }
    let disable = "DisableAWSOrganizationsAccess";
    let message =
        "Access to the organization cannot be disabled while it has delegated administrators (1).";
    refused(&hub, disable, json!({}), STATE, message).await;
    organization.delegates_to(&[]).await;
    hub.does(disable, json!({})).await;
}

#[tokio::test]
async fn disabled_access_ends_no_share_and_begins_none() {
    let world = World::new().await;
    let [hub, shop] = world.accounts(["hub", "shop"]);
    let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let unit = organization.unit("dev");
    let golden = golden.shared_with_node(&unit).await;
    hub.does("DisableAWSOrganizationsAccess", json!({})).await;
    assert!(sees(&shop, &vpc).await);
    let input = json!({"OrganizationNode": unit, "PortfolioId": golden.id});
    for operation in ["CreatePortfolioShare", "UpdatePortfolioShare"] {
        refused(&hub, operation, input.clone(), STATE, NOT_ENABLED).await;
    }
    golden.unshared_from_node(&unit).await;
    assert!(!sees(&shop, &vpc).await);
}

#[tokio::test]
async fn a_delegated_administrator_takes_its_shares_with_nodes_along() {
    for world in World::on_each_engine().await {
        let [hub, shop, bank] = world.accounts(["hub", "shop", "bank"]);
        let organization = world.organization(&hub, &[("dev", &[&shop, &bank])]).await;
        organization.delegates_to(&[&shop]).await;
        let vpc = shop.product("vpc").await;
        let golden = shop.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with_node(&organization.whole()).await;
        let silver = shop.portfolio("silver").await.offered_to(&bank).await;
        let local = bank.portfolio("local").await.holds(&vpc).await;
        assert!(sees(&bank, &vpc).await);
        organization.delegates_to(&[]).await;
        assert!(!sees(&bank, &vpc).await);
        let held = json!({"PortfolioId": local.id});
        assert_eq!(bank.pages("SearchProductsAsAdmin", held).await.len(), 0);
        let shares = json!({"PortfolioId": golden.id, "Type": "ORGANIZATION"});
        assert_eq!(shop.pages("DescribePortfolioShares", shares).await.len(), 0);
        // A share with an account needs no office.
        bank.accepts(&silver).await;
    }
}

#[tokio::test]
async fn a_node_is_named_in_full_and_is_of_this_organization() {
    let world = World::new().await;
    let [hub, shop] = world.accounts(["hub", "shop"]);
    let organization = world.organization(&hub, &[("dev", &[&shop])]).await;
    let golden = hub.portfolio("golden").await;
    let input = |node: Value| json!({"OrganizationNode": node, "PortfolioId": golden.id});
    let half = "OrganizationNode must hold Type and Value.";
    for node in [
        json!({}),
        json!({"Type": "ACCOUNT"}),
        json!({"Value": "o-aaaaaaaaaa"}),
    ] {
        refused(&hub, "CreatePortfolioShare", input(node), INVALID, half).await;
    }
    for (kind, value) in [
        ("ORGANIZATION", organization.unit_id("dev").as_str()),
        ("ORGANIZATIONAL_UNIT", organization.id()),
        ("ACCOUNT", organization.id()),
    ] {
        let message = format!("{value:?} is not the Value of an OrganizationNode of Type {kind}.");
        let node = json!({"Type": kind, "Value": value});
        refused(&hub, "CreatePortfolioShare", input(node), INVALID, &message).await;
    }
    let arns = "arn:aws:organizations";
    let foreign = [
        ("ORGANIZATION", "o-bbbbbbbbbb".to_owned()),
        ("ORGANIZATIONAL_UNIT", organization.unit_id("ops")),
        ("ACCOUNT", "999999999999".to_owned()),
        (
            "ORGANIZATION",
            format!("{arns}::999999999999:organization/o-aaaaaaaaaa"),
        ),
        (
            "ORGANIZATIONAL_UNIT",
            format!(
                "{arns}::111111111111:ou/o-bbbbbbbbbb/{}",
                organization.unit_id("dev")
            ),
        ),
    ];
    for (kind, value) in foreign {
        let node = json!({"Type": kind, "Value": value});
        let message = format!("Organization node {value} not found.");
        refused(
            &hub,
            "CreatePortfolioShare",
            input(node),
            NOT_FOUND,
            &message,
        )
        .await;
    }
    let itself = input(organization.member(&hub));
    let owns = "Account 111111111111 already owns the portfolio.";
    refused(&hub, "CreatePortfolioShare", itself, INVALID, owns).await;
    for (kind, arn) in [
        ("ORGANIZATION", "organization/o-aaaaaaaaaa".to_owned()),
        (
            "ORGANIZATIONAL_UNIT",
            format!("ou/o-aaaaaaaaaa/{}", organization.unit_id("dev")),
        ),
    ] {
        let node = json!({"Type": kind, "Value": format!("{arns}::111111111111:{arn}")});
        golden.shares_with_node(&node, json!({})).await;
        let shares = json!({"PortfolioId": golden.id, "Type": kind});
        let shares = hub.pages("DescribePortfolioShares", shares).await;
        let bare = arn.rsplit('/').next();
        assert_eq!(shares[0]["PrincipalId"].as_str(), bare);
    }
}
