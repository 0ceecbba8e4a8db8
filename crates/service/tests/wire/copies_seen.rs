//! Copies as their owners see them, and what others see of them.

use std::sync::atomic::{AtomicU64, Ordering};

use mimeo_domain::{Caller, Timestamp};
use mimeo_service::copies::{CopiesAsked, Whose};
use mimeo_service::workflows::tidy::tidy;
use mimeo_service::workflows::{Gate, Point, Verdict};
use mimeo_service::{Service, Stop, Trail};
use mimeo_store::{StoreError, Tx, Work};
use mimeo_testkit::{Account, Portfolio, Product, World};
use serde_json::{Value, json};

use crate::copies_retried::retried;

const ALL: CopiesAsked = CopiesAsked {
    whose: Whose::Own,
    state: None,
    source: None,
    target: None,
    since: None,
    limit: None,
    page: None,
};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_768_464_000_000);

/// Of a request of its own each time.
pub(crate) fn trail() -> Trail<'static> {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    World::trail(REQUESTS.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn of(account: &Account) -> (Service, Caller) {
    (account.world().service().clone(), account.caller())
}

async fn listed(account: &Account, asked: &CopiesAsked) -> Value {
    let (service, caller) = of(account);
    let page = service.list_copies(&caller, asked).await.expect("a page");
    serde_json::to_value(page).expect("JSON")
}

fn tokens(page: &Value) -> Vec<&str> {
    let copies = page["copies"].as_array().expect("copies");
    copies
        .iter()
        .filter_map(|copy| copy["token"].as_str())
        .collect()
}

pub(crate) async fn described(account: &Account, token: &str) -> Result<Value, Stop> {
    let (service, caller) = of(account);
    let copy = service.describe_copy(&caller, &token.into()).await?;
    Ok(serde_json::to_value(copy).expect("JSON"))
}

async fn kinds(account: &Account, token: &str) -> Vec<String> {
    let (service, caller) = of(account);
    let events = service.copy_events(&caller, &token.into(), 0, 100).await;
    let (events, _) = events.expect("events");
    events
        .iter()
        .map(|told| told.event.kind().to_owned())
        .collect()
}

pub(crate) async fn shared(world: &World) -> (Account, Account, Product, Portfolio) {
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await.versions(3).await;
    let golden = hub.portfolio("golden").await.holds(&vpc).await;
    let golden = golden.shared_with(&spoke).await;
    (hub, spoke, vpc, golden)
}

#[tokio::test]
async fn a_copy_tells_its_steps_its_tries_and_its_versions() {
    for world in World::on_each_engine().await {
        let (_, spoke, vpc, _) = shared(&world).await;
        let token = spoke.copies(&vpc).await;
        let copy = described(&spoke, &token).await.expect("a copy");
        assert_eq!(copy["state"], "QUEUED");
        assert_eq!(copy["versions"], json!([]), "nothing is planned yet");
        assert_eq!(copy["tries"], json!([]));
        world.settle().await;
        let copy = described(&spoke, &token).await.expect("a copy");
        assert_eq!(copy["state"], "SUCCEEDED");
        assert_eq!(copy["sourceArn"], json!(vpc.arn));
        for step in [
            "accepted", "claimed", "planned", "brought", "landed", "ended",
        ] {
            assert!(copy["steps"][step].is_i64(), "{step}: {copy}");
        }
        assert_eq!(copy["tries"][0]["outcome"], "SUCCEEDED");
        assert_eq!(copy["tries"][0]["attempt"], 1);
        let versions = copy["versions"].as_array().expect("versions");
        assert_eq!(versions.len(), 3);
        assert!(
            versions.iter().all(|version| version["state"] == "LANDED"),
            "{copy}"
        );
        assert_eq!(copy["moved"]["bodiesMovedCount"], 0, "one shelf for both");
        let told = ["ACCEPTED", "CLAIMED", "PLANNED", "BROUGHT", "SUCCEEDED"];
        assert_eq!(kinds(&spoke, &token).await, told);
    }
}

#[tokio::test]
async fn a_try_that_failed_tells_why_in_a_word() {
    for world in World::on_each_engine().await {
        let (_, spoke, vpc, _) = shared(&world).await;
        for (point, reason) in [
            (Point::ReadSource, "SOURCE_UNAVAILABLE"),
            (Point::VerifyTemplates, "TEMPLATES_UNAVAILABLE"),
        ] {
            let token = spoke.copies(&vpc).await;
            let refuse = move |at| {
                if at == point {
                    Verdict::Refuse
                } else {
                    Verdict::Pass
                }
            };
            let broken = world.with(|world| world.gate = Some(Gate::new(refuse)));
            let claimed = broken.claims().await.expect("it is due");
            broken.drives(claimed).await;
            let copy = described(&spoke, &token).await.expect("a copy");
            assert_eq!(copy["state"], "QUEUED");
            assert_eq!(copy["tries"][0]["outcome"], "POSTPONED");
            assert_eq!(copy["tries"][0]["reason"], reason);
            while world.settle().await.is_empty() {}
            let copy = described(&spoke, &token).await.expect("a copy");
            assert_eq!(copy["state"], "SUCCEEDED", "{copy}");
            assert_eq!(copy["failures"], 1);
        }
    }
}

#[tokio::test]
async fn a_list_has_pages_and_filters() {
    for world in World::on_each_engine().await {
        let (hub, spoke, vpc, golden) = shared(&world).await;
        let other = hub.product("other").await.versions(1).await;
        golden.holds(&other).await;
        let mut made = Vec::new();
        for number in 0..5 {
            world.advance(1_000);
            made.push(spoke.copies(if number == 2 { &other } else { &vpc }).await);
        }
        made.reverse();
        assert_eq!(
            tokens(&listed(&spoke, &ALL).await),
            made,
            "the newest first"
        );
        let mut asked = CopiesAsked {
            limit: Some(2),
            ..ALL
        };
        let mut read = Vec::new();
        loop {
            let page = listed(&spoke, &asked).await;
            let tokens = tokens(&page);
            assert!((1..=2).contains(&tokens.len()), "{page}");
            read.extend(tokens.into_iter().map(str::to_owned));
            asked.page = page["nextPage"].as_str().map(str::to_owned);
            if asked.page.is_none() {
                break;
            }
        }
        assert_eq!(read, made);
        let since = Timestamp::from_millis(world.now().millis() - 1_000);
        let asked = CopiesAsked {
            since: Some(since),
            ..ALL
        };
        assert_eq!(tokens(&listed(&spoke, &asked).await), made[..2]);
        let asked = CopiesAsked {
            source: Some(other.id.as_str().into()),
            ..ALL
        };
        assert_eq!(tokens(&listed(&spoke, &asked).await), made[2..3]);
        let copy = described(&spoke, &made[1]).await.expect("a copy");
        let target = copy["targetProductId"].as_str().expect("an id");
        let asked = CopiesAsked {
            target: Some(target.into()),
            ..ALL
        };
        assert_eq!(tokens(&listed(&spoke, &asked).await), made[1..2]);
        let waiting = CopiesAsked {
            state: Some("QUEUED"),
            ..ALL
        };
        assert_eq!(tokens(&listed(&spoke, &waiting).await).len(), 5);
        world.settle().await;
        assert_eq!(listed(&spoke, &waiting).await, json!({"copies": []}));
        let done = CopiesAsked {
            state: Some("SUCCEEDED"),
            ..ALL
        };
        assert_eq!(tokens(&listed(&spoke, &done).await).len(), 5);
    }
}

#[tokio::test]
async fn a_page_token_opens_only_for_the_list_that_gave_it() {
    let world = World::new().await;
    let (hub, spoke, vpc, _) = shared(&world).await;
    for _ in 0..2 {
        spoke.copies(&vpc).await;
    }
    let first = CopiesAsked {
        limit: Some(1),
        ..ALL
    };
    let page = listed(&spoke, &first).await["nextPage"]
        .as_str()
        .map(str::to_owned);
    assert!(page.is_some());
    for (account, asked) in [
        (
            &hub,
            CopiesAsked {
                page: page.clone(),
                ..ALL
            },
        ),
        (
            &spoke,
            CopiesAsked {
                page: page.clone(),
                state: Some("QUEUED"),
                ..ALL
            },
        ),
        (
            &spoke,
            CopiesAsked {
                page: page.clone(),
                whose: Whose::OfProducts,
                ..ALL
            },
        ),
    ] {
        let (service, caller) = of(account);
        assert!(
            service.list_copies(&caller, &asked).await.is_err(),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn the_owner_of_the_source_sees_who_copies_it_and_no_more() {
    for world in World::on_each_engine().await {
        let (hub, spoke, vpc, _) = shared(&world).await;
        let members = json!({"TargetProductName": "a secret project"});
        let token = spoke.copies_with(&vpc, members).await;
        world.settle().await;
        let asked = CopiesAsked {
            whose: Whose::OfProducts,
            ..ALL
        };
        let seen = listed(&hub, &asked).await;
        let copy = &seen["copies"][0];
        assert_eq!(copy["state"], "SUCCEEDED");
        assert_eq!(copy["sourceProductId"], json!(vpc.id));
        assert_eq!(copy["targetAccountId"], spoke.id());
        let text = seen.to_string();
        let own = described(&spoke, &token).await.expect("a copy");
        let target = own["targetProductId"].as_str().expect("an id");
        for secret in [token.as_str(), target, "secret", "statusDetail"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert_eq!(listed(&spoke, &asked).await, json!({"copies": []}));
        assert_eq!(listed(&hub, &ALL).await, json!({"copies": []}));
    }
}

#[tokio::test]
async fn a_foreign_copy_answers_as_one_that_does_not_exist() {
    let world = World::new().await;
    let (hub, spoke, vpc, _) = shared(&world).await;
    let foreign = spoke.copies(&vpc).await;
    let absent = "copyproduct-aaaaaaaaaaaaa";
    let elsewhere = spoke.in_region("eu-west-1");
    for stranger in [&hub, &elsewhere] {
        let (service, caller) = of(stranger);
        for token in [foreign.as_str(), absent] {
            let expected = format!("Copy operation {token} not found.");
            let asked = token.into();
            let told = [
                described(stranger, token).await.map(drop),
                retried(stranger, token).await.map(drop),
                service
                    .cancel_copy((&caller, &trail()), &asked, NOW)
                    .await
                    .map(drop),
                service.copy_events(&caller, &asked, 0, 9).await.map(drop),
            ];
            for told in told {
                assert_eq!(told.expect_err("refused").to_string(), expected);
            }
        }
    }
    world.settle().await;
    assert_eq!(
        described(&spoke, &foreign).await.expect("a copy")["state"],
        "SUCCEEDED"
    );
}

#[tokio::test]
async fn copies_are_forgotten_when_their_time_is_over_with_their_answers() {
    for world in World::on_each_engine().await {
        let (_, spoke, vpc, _) = shared(&world).await;
        let members = json!({"IdempotencyToken": "once"});
        let done = spoke.copies_with(&vpc, members.clone()).await;
        world.settle().await;
        let waiting = spoke.copies(&vpc).await;
        let store = world.service().world().directory.stores().remove(0);
        while tidy(&store, Some(30)).await.expect("tidied") {}
        assert!(described(&spoke, &done).await.is_ok(), "not old enough");
        assert_eq!(spoke.copies_with(&vpc, members.clone()).await, done);
        store.write(Age).await.expect("aged");
        while tidy(&store, None).await.expect("tidied") {}
        assert!(described(&spoke, &done).await.is_ok(), "kept for ever");
        while tidy(&store, Some(30)).await.expect("tidied") {}
        assert!(described(&spoke, &done).await.is_err());
        assert!(
            described(&spoke, &waiting).await.is_ok(),
            "it has not ended"
        );
        assert_ne!(spoke.copies_with(&vpc, members).await, done, "a new one");
    }
}

/// Lets all ends lie long ago.
struct Age;

impl Work for Age {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        let sql = "UPDATE copy SET finished = 1 WHERE unfinished = 0";
        tx.execute(sql, &[]).await
    }
}
