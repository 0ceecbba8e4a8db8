//! TagOptions: made, changed, hung on portfolios and products, and seen through shares.

use mimeo_testkit::{Account, Portfolio, World, id_of, merged};
use serde_json::{Value, json};

use crate::told::{DUPLICATE, IN_USE, INVALID, LIMIT, MILLIS, NOT_FOUND, SECONDS, Told, refused};

const ASSOCIATE: &str = "AssociateTagOptionWithResource";
const DISASSOCIATE: &str = "DisassociateTagOptionFromResource";

fn detail(id: &str, members: Value) -> Value {
    let all = json!({
        "Active": true,
        "Id": id,
        "Key": "team",
        "Owner": "111111111111",
        "Value": "net",
    });
    merged(all, members)
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let input = json!({"Key": "team", "Value": "net"});
    let made = told
        .answer(
            &hub,
            "CreateTagOption",
            input,
            |it| json!({"TagOptionDetail": detail(&id_of(it, "/TagOptionDetail/Id"), json!({}))}),
        )
        .await;
    let id = id_of(&made, "/TagOptionDetail/Id");
    let by_id = json!({"Id": id});
    told.answer(
        &hub,
        "DescribeTagOption",
        by_id.clone(),
        |_| json!({"TagOptionDetail": detail(&id, json!({}))}),
    )
    .await;
    let wanted = json!({"Active": false, "Value": "ops"});
    let changed = detail(&id, wanted.clone());
    told.answer(
        &hub,
        "UpdateTagOption",
        merged(by_id.clone(), wanted),
        |_| json!({"TagOptionDetail": changed}),
    )
    .await;
    told.answer(
        &hub,
        "ListTagOptions",
        json!({}),
        |_| json!({"TagOptionDetails": [changed]}),
    )
    .await;
    hung(told, &hub, &changed).await;
    told.empty(&hub, "DeleteTagOption", by_id).await;
}

/// Hangs the TagOption on a portfolio and a product, and takes it off.
async fn hung(told: &mut Told, hub: &Account, shown: &Value) {
    let id = id_of(shown, "/Id");
    let vpc = hub.product("vpc").await;
    let golden = hub.portfolio("golden").await;
    let both = [&golden.id, &vpc.id]
        .map(|resource| json!({"ResourceId": resource, "TagOptionId": id.clone()}));
    for input in &both {
        told.empty(hub, ASSOCIATE, input.clone()).await;
    }
    let of_it = json!({"TagOptionId": id.clone()});
    told.answer(hub, "ListResourcesForTagOption", of_it, |_| {
        json!({"ResourceDetails": [
            {
                "ARN": format!("arn:aws:catalog:us-east-1:111111111111:portfolio/{}", golden.id),
                "CreatedTime": MILLIS,
                "Id": golden.id,
                "Name": "golden",
            },
            {"ARN": vpc.arn, "CreatedTime": SECONDS, "Id": vpc.id, "Name": "vpc"},
        ]})
    })
    .await;
    let described = hub
        .does("DescribePortfolio", json!({"Id": golden.id}))
        .await;
    assert_eq!(described["TagOptions"], json!([shown]));
    assert_eq!(vpc.described().await["TagOptions"], json!([shown]));
    for input in both {
        told.empty(hub, DISASSOCIATE, input).await;
    }
}

/// Shares a portfolio and the TagOptions on it and its products; the recipient accepts.
async fn shared_with_tag_options(golden: &Portfolio, recipient: &Account) {
    let input = json!({
        "AccountId": recipient.id(),
        "PortfolioId": golden.id,
        "ShareTagOptions": true,
    });
    golden.owner.does("CreatePortfolioShare", input).await;
    recipient.accepts(golden).await;
}

/// Values of the TagOptions that an answer shows.
async fn values(account: &Account, operation: &str, input: Value) -> Vec<String> {
    let answer = account.does(operation, input).await;
    let shown = answer["TagOptions"].as_array().expect("a list");
    shown.iter().map(|one| id_of(one, "/Value")).collect()
}

/// Ids of what a TagOption hangs on.
async fn resources(account: &Account, input: Value) -> Vec<String> {
    let listed = account.pages("ListResourcesForTagOption", input).await;
    listed.iter().map(|one| id_of(one, "/Id")).collect()
}

#[tokio::test]
async fn a_key_has_each_value_once_in_an_account_and_region() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        hub.tag_option("team", "net").await;
        let ops = hub.tag_option("team", "ops").await;
        let net = json!({"Key": "team", "Value": "net"});
        let message = r#"A TagOption with key "team" and value "net" already exists."#;
        refused(&hub, "CreateTagOption", net.clone(), DUPLICATE, message).await;
        let into_net = json!({"Active": false, "Id": ops, "Value": "net"});
        refused(&hub, "UpdateTagOption", into_net, DUPLICATE, message).await;
        // Its own value is no clash, and neither is another's.
        let same = json!({"Id": ops, "Value": "ops"});
        let kept = hub.does("UpdateTagOption", same).await;
        assert_eq!(kept["TagOptionDetail"]["Active"], json!(true));
        for elsewhere in [spoke, hub.in_region("eu-west-1")] {
            elsewhere.does("CreateTagOption", net.clone()).await;
        }
    }
}

#[tokio::test]
async fn filters_narrow_the_list_together() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        for (key, value) in [
            ("team", "net"),
            ("team", "ops"),
            ("cost", "net"),
            ("cost", "1"),
        ] {
            let id = hub.tag_option(key, value).await;
            if key == "cost" {
                let off = json!({"Active": false, "Id": id});
                hub.does("UpdateTagOption", off).await;
            }
        }
        for (filters, count) in [
            (json!({}), 4),
            (json!({"Key": "team"}), 2),
            (json!({"Value": "net"}), 2),
            (json!({"Active": false}), 2),
            (json!({"Active": true, "Key": "team", "Value": "net"}), 1),
            (json!({"Active": true, "Key": "cost"}), 0),
            (json!({"Key": "Team"}), 0),
        ] {
            let input = json!({"Filters": filters, "PageSize": 1});
            let found = hub.pages("ListTagOptions", input).await;
            assert_eq!(found.len(), count, "{filters}");
        }
    }
}

#[tokio::test]
async fn a_tag_option_that_hangs_on_something_stays() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let vpc = hub.product("vpc").await;
    let net = hub.tag_option("team", "net").await;
    hub.tags(&vpc.id, &net).await;
    let input = json!({"Id": net});
    let message = format!("TagOption {net} is still associated with a portfolio or product.");
    refused(&hub, "DeleteTagOption", input.clone(), IN_USE, &message).await;
    let pair = json!({"ResourceId": vpc.id, "TagOptionId": net});
    hub.does(DISASSOCIATE, pair).await;
    hub.does("DeleteTagOption", input.clone()).await;
    let gone = format!("TagOption {net} not found.");
    for operation in ["DeleteTagOption", "DescribeTagOption", "UpdateTagOption"] {
        refused(&hub, operation, input.clone(), NOT_FOUND, &gone).await;
    }
    let of_it = json!({"TagOptionId": net});
    refused(&hub, "ListResourcesForTagOption", of_it, NOT_FOUND, &gone).await;
}

#[tokio::test]
async fn an_association_is_of_what_exists_and_made_once() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let vpc = hub.product("vpc").await;
        let net = hub.tag_option("team", "net").await;
        let before = hub.catalogue().await;
        for (resource, message) in [
            (
                "port-aaaaaaaaaaaaa",
                "Portfolio port-aaaaaaaaaaaaa not found.",
            ),
            (
                "prod-aaaaaaaaaaaaa",
                "prod-aaaaaaaaaaaaa does not exist or access was denied",
            ),
            ("pa-aaaaaaaaaaaaa", "Resource pa-aaaaaaaaaaaaa not found."),
            ("prod-\0", "Resource prod-\0 not found."),
            ("", "Resource  not found."),
        ] {
            for operation in [ASSOCIATE, DISASSOCIATE] {
                let input = json!({"ResourceId": resource, "TagOptionId": net});
                refused(&hub, operation, input, NOT_FOUND, message).await;
            }
        }
        for option in ["tag-aaaaaaaaaaaaa", "tag-\0", &vpc.id] {
            for operation in [ASSOCIATE, DISASSOCIATE] {
                let input = json!({"ResourceId": vpc.id, "TagOptionId": option});
                let message = format!("TagOption {option} not found.");
                refused(&hub, operation, input, NOT_FOUND, &message).await;
            }
        }
        let pair = json!({"ResourceId": vpc.id, "TagOptionId": net});
        let apart = format!("TagOption {net} is not associated with {}.", vpc.id);
        refused(&hub, DISASSOCIATE, pair.clone(), NOT_FOUND, &apart).await;
        assert_eq!(hub.catalogue().await, before);
        hub.does(ASSOCIATE, pair.clone()).await;
        let there = format!("TagOption {net} is already associated with {}.", vpc.id);
        refused(&hub, ASSOCIATE, pair, DUPLICATE, &there).await;
    }
}

#[tokio::test]
async fn resources_are_told_apart_by_their_type() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let (vpc, golden) = (hub.product("vpc").await, hub.portfolio("golden").await);
    let net = hub.tag_option("team", "net").await;
    hub.tags(&vpc.id, &net).await;
    hub.tags(&golden.id, &net).await;
    let of_type = |named: &str| json!({"ResourceType": named, "TagOptionId": net});
    assert_eq!(resources(&hub, of_type("Portfolio")).await, [golden.id]);
    assert_eq!(resources(&hub, of_type("Product")).await, [vpc.id]);
    let message = r#"ResourceType must be Portfolio or Product, not "product"."#;
    let input = of_type("product");
    refused(&hub, "ListResourcesForTagOption", input, INVALID, message).await;
}

#[tokio::test]
async fn the_owners_tag_options_are_seen_only_through_a_share_that_has_them() {
    for world in World::on_each_engine().await {
        let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let silver = hub.portfolio("silver").await.holds(&vpc).await;
        let net = hub.tag_option("team", "net").await;
        let (on_golden, on_vpc) = (json!({"Id": golden.id}), json!({"Id": vpc.id}));
        let through = |portfolio: &str| json!({"Id": vpc.id, "SourcePortfolioId": portfolio});
        hub.tags(&golden.id, &net).await;
        hub.tags(&vpc.id, &net).await;
        shared_with_tag_options(&golden, &spoke).await;
        let silver = silver.shared_with(&spoke).await;
        let golden = golden.shared_with(&third).await;
        let local = spoke.tag_option("team", "local").await;
        spoke.tags(&golden.id, &local).await;
        spoke.tags(&vpc.id, &local).await;

        let (portfolio, product) = ("DescribePortfolio", "DescribeProductAsAdmin");
        for (account, operation, input, seen) in [
            (&hub, portfolio, &on_golden, &["net"] as &[&str]),
            (&hub, product, &on_vpc, &["net"]),
            (&hub, product, &through(&golden.id), &["net"]),
            (&spoke, portfolio, &on_golden, &["local", "net"]),
            (&spoke, product, &on_vpc, &["local"]),
            (&spoke, product, &through(&golden.id), &["local", "net"]),
            (&spoke, product, &through(&silver.id), &["local"]),
            (&third, portfolio, &on_golden, &[]),
            (&third, product, &through(&golden.id), &[]),
        ] {
            let told = format!("{} {operation} {input}", account.name());
            let found = values(account, operation, input.clone()).await;
            assert_eq!(found, seen, "{told}");
        }
        // What is seen so is not the recipient's to look up or to hang elsewhere.
        let gone = format!("TagOption {net} not found.");
        let input = json!({"Id": net});
        refused(&spoke, "DescribeTagOption", input, NOT_FOUND, &gone).await;
        let off = json!({"ResourceId": golden.id, "TagOptionId": net});
        refused(&spoke, DISASSOCIATE, off, NOT_FOUND, &gone).await;
    }
}

#[tokio::test]
async fn what_a_recipient_hung_goes_with_the_last_share_that_showed_it() {
    for world in World::on_each_engine().await {
        let [hub, spoke, third] = world.accounts(["hub", "spoke", "third"]);
        let vpc = hub.product("vpc").await;
        let golden = hub.portfolio("golden").await.holds(&vpc).await;
        let silver = hub.portfolio("silver").await.holds(&vpc).await;
        let golden = golden.shared_with(&spoke).await.shared_with(&third).await;
        let silver = silver.shared_with(&spoke).await;
        let local = spoke.tag_option("team", "local").await;
        let theirs = third.tag_option("team", "local").await;
        let own = hub.tag_option("team", "net").await;
        let (of_local, of_theirs) = (
            json!({"TagOptionId": local}),
            json!({"TagOptionId": theirs}),
        );
        for (account, tag_option) in [(&spoke, &local), (&third, &theirs), (&hub, &own)] {
            account.tags(&golden.id, tag_option).await;
            account.tags(&vpc.id, tag_option).await;
        }
        spoke.tags(&silver.id, &local).await;
        let mut all = vec![golden.id.clone(), silver.id.clone(), vpc.id.clone()];
        all.sort();
        assert_eq!(resources(&spoke, of_local.clone()).await, all);

        golden.unshared_from(&spoke).await;
        let rest = [silver.id.clone(), vpc.id.clone()];
        assert_eq!(resources(&spoke, of_local.clone()).await, rest);
        let reject = json!({"PortfolioId": silver.id});
        spoke.does("RejectPortfolioShare", reject).await;
        let nothing: [&str; 0] = [];
        assert_eq!(resources(&spoke, of_local.clone()).await, nothing);
        // A new share begins without what was hung before.
        spoke.accepts(&silver).await;
        golden.clone().shared_with(&spoke).await;
        assert_eq!(resources(&spoke, of_local).await, nothing);
        spoke.does("DeleteTagOption", json!({"Id": local})).await;

        let still = [golden.id.clone(), vpc.id.clone()];
        assert_eq!(resources(&third, of_theirs.clone()).await, still);
        golden.drops(&vpc).await;
        assert_eq!(resources(&third, of_theirs).await, [golden.id.as_str()]);
        let of_own = json!({"TagOptionId": own});
        assert_eq!(resources(&hub, of_own).await, still, "the owner loses none");
    }
}

#[tokio::test]
async fn what_hung_on_a_removed_portfolio_is_free() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let golden = hub.portfolio("golden").await;
        let net = hub.tag_option("team", "net").await;
        hub.tags(&golden.id, &net).await;
        hub.does("DeletePortfolio", json!({"Id": golden.id})).await;
        hub.does("DeleteTagOption", json!({"Id": net})).await;
    }
}

#[tokio::test]
async fn values_of_a_key_and_tag_options_of_a_resource_have_their_quotas() {
    for world in World::on_each_engine().await {
        let world = world.with(|world| {
            world.quotas.values_per_tag_option = 2;
            world.quotas.tag_options_per_resource = 2;
        });
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let golden = hub.portfolio("golden").await.shared_with(&spoke).await;
        let id = golden.id.as_str();
        let mut options = vec![hub.tag_option("cost", "1").await];
        for value in ["net", "ops"] {
            options.push(hub.tag_option("team", value).await);
        }
        let third = json!({"Key": "team", "Value": "dev"});
        let message = r#"TagOption key "team" already has 2 values, the quota."#;
        refused(&hub, "CreateTagOption", third.clone(), LIMIT, message).await;
        for option in &options[1..] {
            hub.tags(id, option).await;
        }
        let pair = json!({"ResourceId": id, "TagOptionId": options[0]});
        let message = format!("{id} already has 2 TagOptions, the quota.");
        refused(&hub, ASSOCIATE, pair.clone(), LIMIT, &message).await;
        // A recipient has room of its own, and so has the owner once something went.
        let local = spoke.tag_option("team", "local").await;
        spoke.tags(id, &local).await;
        let off = json!({"ResourceId": id, "TagOptionId": options[1]});
        hub.does(DISASSOCIATE, off).await;
        hub.does(ASSOCIATE, pair).await;
        hub.does("DeleteTagOption", json!({"Id": options[1]})).await;
        hub.does("CreateTagOption", third).await;
    }
}
