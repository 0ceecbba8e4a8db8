//! What travels with a share through the organization: the owner's patterns of principals and its
//! TagOptions, while the share has them and the account stands under its node.

use mimeo_testkit::{Account, Organization, Portfolio, Product, World, id_of, merged};
use serde_json::{Value, json};

use crate::launch_paths::launches;
use crate::principals::listed;

const PATTERN: &str = "arn:aws:iam:::role/Dev*";

/// The hub shares a product with a unit, below which the shop and, a level deeper, the bank stand.
struct Stage {
    organization: Organization,
    hub: Account,
    shop: Account,
    bank: Account,
    /// In a unit that nothing is shared with.
    third: Account,
    vpc: Product,
    golden: Portfolio,
}

impl Stage {
    async fn on(world: &World) -> Self {
        let [hub, shop, bank, third] = world.accounts(["hub", "shop", "bank", "third"]);
        let units: &[(&str, &[&Account])] =
            &[("dev", &[&shop]), ("web", &[&bank]), ("ops", &[&third])];
        let organization = world.organization(&hub, units).await;
        organization.nests("web", "dev").await;
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let golden = golden.shared_with_node(&organization.unit("dev")).await;
        Self {
            organization,
            hub,
            shop,
            bank,
            third,
            vpc,
            golden,
        }
    }

    async fn update(&self, change: Value) {
        let node = self.organization.unit("dev");
        let share = json!({"OrganizationNode": node, "PortfolioId": self.golden.id});
        let input = merged(share, change);
        self.hub.does("UpdatePortfolioShare", input).await;
    }

    /// States who among shop, bank and third is let in, as a developer of its own and as an account
    /// that names nobody, and to whom the pattern is shown.
    async fn lets_in(&self, expected: [bool; 3], told: &str) {
        for (account, is_let_in) in [&self.shop, &self.bank, &self.third].iter().zip(expected) {
            let told = format!("{told}: {}", account.name());
            let names: &[&str] = if is_let_in { &["vpc"] } else { &[] };
            let developer = account.acting_as(&[&account.role("Developer")]);
            for caller in [&developer, *account] {
                assert_eq!(launches(caller, &[&self.vpc]).await, names, "{told}");
            }
            let other = account.acting_as(&[&account.role("Other")]);
            assert!(launches(&other, &[&self.vpc]).await.is_empty(), "{told}");
        }
    }

    /// Values of the owner's TagOptions that an account sees on the portfolio and, through it, on
    /// the product; nothing where it sees neither.
    async fn tag_options(&self, account: &Account) -> Option<[Vec<String>; 2]> {
        let golden = json!({"Id": self.golden.id});
        let vpc = json!({"Id": self.vpc.id, "SourcePortfolioId": self.golden.id});
        let mut seen = [Vec::new(), Vec::new()];
        let looks = [
            ("DescribePortfolio", golden),
            ("DescribeProductAsAdmin", vpc),
        ];
        for ((operation, input), seen) in looks.into_iter().zip(&mut seen) {
            let (status, answer) = account.raw(operation, input).await;
            if status != 200 {
                return None;
            }
            let shown = answer["TagOptions"].as_array().expect("a list");
            seen.extend(shown.iter().map(|one| id_of(one, "/Value")));
        }
        Some(seen)
    }
}

#[tokio::test]
async fn the_owners_patterns_let_a_recipients_roles_in_while_the_share_has_principals() {
    for world in World::on_each_engine().await {
        let stage = Stage::on(&world).await;
        let (hub, golden) = (&stage.hub, &stage.golden);
        hub.lets_in(golden, PATTERN).await;
        hub.lets_in(golden, &hub.role("Developer")).await;
        stage.lets_in([false, false, false], "without").await;
        assert!(listed(&stage.shop, golden).await.is_empty());

        stage.update(json!({"SharePrincipals": true})).await;
        stage.lets_in([true, true, false], "on").await;
        // An ARN of the owner's account is nobody's elsewhere, and does not travel.
        for account in [&stage.shop, &stage.bank] {
            assert_eq!(listed(account, golden).await, [PATTERN]);
        }
        stage.update(json!({"ShareTagOptions": true})).await;
        stage.lets_in([true, true, false], "left as it is").await;

        stage.update(json!({"SharePrincipals": false})).await;
        stage.lets_in([false, false, false], "off").await;
        assert!(listed(&stage.shop, golden).await.is_empty());
        stage.update(json!({"SharePrincipals": true})).await;
        stage.lets_in([true, true, false], "on again").await;

        hub.shuts_out(golden, PATTERN).await;
        stage.lets_in([false, false, false], "no pattern").await;
        hub.lets_in(golden, PATTERN).await;
        stage.lets_in([true, true, false], "a pattern again").await;
        golden.drops(&stage.vpc).await;
        stage.lets_in([false, false, false], "no product").await;
        golden.clone().holds(&stage.vpc).await;
        let unit = stage.organization.unit("dev");
        golden.unshared_from_node(&unit).await;
        stage.lets_in([false, false, false], "no share").await;
    }
}

#[tokio::test]
async fn who_moves_between_units_is_let_in_where_it_is_now() {
    for world in World::on_each_engine().await {
        let stage = Stage::on(&world).await;
        let (organization, shop) = (&stage.organization, &stage.shop);
        stage.hub.lets_in(&stage.golden, PATTERN).await;
        stage.update(json!({"SharePrincipals": true})).await;
        for (unit, is_let_in) in [
            (Some("ops"), false),
            (Some("web"), true),
            (None, false),
            (Some("dev"), true),
        ] {
            organization.moves(shop, unit).await;
            let told = format!("the shop in {unit:?}");
            stage.lets_in([is_let_in, true, false], &told).await;
        }
        // A unit takes along all that is below it.
        organization.nests("web", "ops").await;
        stage.lets_in([true, false, false], "web below ops").await;
        organization.nests("ops", "dev").await;
        stage.lets_in([true, true, true], "ops below dev").await;
        organization.releases(shop).await;
        stage.lets_in([false, true, true], "released").await;
    }
}

#[tokio::test]
async fn of_several_shares_it_takes_one_that_has_principals() {
    for world in World::on_each_engine().await {
        let stage = Stage::on(&world).await;
        let golden = stage.golden.clone().shared_with(&stage.shop).await;
        stage.hub.lets_in(&golden, PATTERN).await;
        stage.lets_in([false, false, false], "neither").await;
        let whole = stage.organization.whole();
        let principals = json!({"SharePrincipals": true});
        golden.shares_with_node(&whole, principals).await;
        stage.lets_in([true, true, true], "the whole").await;
        golden.unshared_from_node(&whole).await;
        stage.lets_in([false, false, false], "neither again").await;
        let described = json!({"Id": golden.id});
        stage.shop.does("DescribePortfolio", described).await;
        // Whom the recipient itself lets in does not depend on what travels.
        let own = stage.shop.role("Developer");
        stage.shop.lets_in(&golden, &own).await;
        stage.lets_in([true, false, false], "its own").await;
    }
}

#[tokio::test]
async fn the_owners_tag_options_show_while_the_share_has_them_and_the_account_is_below_it() {
    for world in World::on_each_engine().await {
        let stage = Stage::on(&world).await;
        let net = stage.hub.tag_option("team", "net").await;
        let ops = stage.hub.tag_option("team", "ops").await;
        stage.hub.tags(&stage.golden.id, &net).await;
        stage.hub.tags(&stage.vpc.id, &ops).await;
        let all = || Some([vec!["net".to_owned()], vec!["ops".to_owned()]]);
        let none = || Some([vec![], vec![]]);
        let seen = async |expected: [Option<[Vec<String>; 2]>; 3], told: &str| {
            let accounts = [&stage.shop, &stage.bank, &stage.third];
            for (account, expected) in accounts.into_iter().zip(expected) {
                let found = stage.tag_options(account).await;
                assert_eq!(found, expected, "{told}: {}", account.name());
            }
        };
        seen([none(), none(), None], "without").await;
        stage.update(json!({"ShareTagOptions": true})).await;
        seen([all(), all(), None], "on").await;
        stage.update(json!({"SharePrincipals": true})).await;
        seen([all(), all(), None], "left as it is").await;
        stage.organization.moves(&stage.shop, Some("ops")).await;
        seen([None, all(), None], "moved away").await;
        stage.organization.moves(&stage.shop, Some("web")).await;
        seen([all(), all(), None], "moved below").await;
        stage.organization.nests("web", "ops").await;
        seen([None, None, None], "the unit moved").await;
        stage.organization.nests("web", "dev").await;
        stage.update(json!({"ShareTagOptions": false})).await;
        seen([none(), none(), None], "off").await;
        assert_eq!(stage.tag_options(&stage.hub).await, all(), "the owner's");
    }
}

#[tokio::test]
async fn a_launch_heeds_the_owners_tag_options_while_the_share_has_them() {
    let world = World::new().await;
    let stage = Stage::on(&world).await;
    stage.hub.lets_in(&stage.golden, PATTERN).await;
    stage.update(json!({"SharePrincipals": true})).await;
    let net = stage.hub.tag_option("team", "net").await;
    stage.hub.tags(&stage.golden.id, &net).await;
    let version = stage.vpc.version_ids().await.remove(0);
    let developer = stage.shop.acting_as(&[&stage.shop.role("Developer")]);
    let asked = json!({"ProductId": stage.vpc.id, "ProvisioningArtifactId": version});
    let team = json!([{"Key": "team", "Values": ["net"]}]);
    for (shares, expected) in [(true, &team), (false, &json!([])), (true, &team)] {
        stage.update(json!({"ShareTagOptions": shares})).await;
        let operation = "DescribeProvisioningParameters";
        let told = developer.does(operation, asked.clone()).await;
        assert_eq!(&told["TagOptions"], expected, "shared: {shares}");
    }
}
