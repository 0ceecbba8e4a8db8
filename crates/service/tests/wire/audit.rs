//! Who did what is recorded with it, or it is not done; and nobody reads others' records.

use mimeo_api::{Effect, OPERATIONS};
use mimeo_service::{AuditAsked, DENIED_PER_MINUTE_MAX, HIDDEN, Stop};
use mimeo_store::{StoreError, Tx, Work};
use mimeo_testkit::{Account, World};
use serde_json::{Value, json};

use crate::shapes::{Members, valid};

const NOTHING: &str =
    r#"{"Statement":{"Effect":"Allow","Action":"servicecatalog:Nothing","Resource":"*"}}"#;

const MINUTE_MILLIS: i64 = 60_000;

/// The members that every record has.
const NEEDED: [&str; 15] = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "eventID",
    "readOnly",
    "eventType",
    "recipientAccountId",
    "eventCategory",
];

fn portfolio(name: &str, token: &str) -> Value {
    json!({"DisplayName": name, "ProviderName": "it", "IdempotencyToken": token})
}

async fn only(account: &Account, event: &str) -> Value {
    let mut records = account.records(event).await;
    assert_eq!(records.len(), 1, "{records:?}");
    records.remove(0)
}

#[tokio::test]
async fn a_mutation_is_recorded_in_the_shape_of_cloudtrail() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let made = hub.does("CreatePortfolio", portfolio("golden", "t")).await;
    let record = only(&hub, "CreatePortfolio").await;
    let detail = &made["PortfolioDetail"];
    let expected = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root", "principalId": "111111111111", "accountId": "111111111111",
            "arn": "arn:aws:iam::111111111111:root",
        },
        "eventTime": "2026-01-15T08:00:00Z",
        "eventSource": "servicecatalog.amazonaws.com",
        "eventName": "CreatePortfolio",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "127.0.0.1",
        "userAgent": "testkit",
        "requestParameters": {
            "displayName": "golden", "providerName": "it", "idempotencyToken": "t",
        },
        "responseElements": {"portfolioDetail": {
            "aRN": detail["ARN"], "createdTime": detail["CreatedTime"],
            "displayName": "golden", "id": detail["Id"], "providerName": "it",
        }},
        "requestID": record["requestID"],
        "eventID": record["eventID"],
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111111111111",
        "eventCategory": "Management",
    });
    assert_eq!(record, expected);
    assert_ne!(record["requestID"], record["eventID"]);
}

#[tokio::test]
async fn a_denied_attempt_is_recorded_whatever_was_asked_for() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    for operation in OPERATIONS {
        let input = valid(operation.input, Members::All);
        let (_, told) = hub.limited(&[NOTHING], operation.name, input).await;
        let record = only(&hub, operation.name).await;
        for member in NEEDED {
            assert!(record.get(member).is_some(), "no {member} in {record}");
        }
        assert_eq!(record["errorCode"], "AccessDenied");
        assert_eq!(record["errorMessage"], told["Message"]);
        assert_eq!(record["responseElements"], Value::Null);
        assert_eq!(record["readOnly"], operation.effect == Effect::Reads);
        world.advance(MINUTE_MILLIS);
    }
}

#[tokio::test]
async fn a_flood_of_denied_attempts_is_counted_and_hides_nobody_elses() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let try_it = async |who: &Account| {
        let (_, told) = who.limited(&[NOTHING], "ListPortfolios", json!({})).await;
        assert_eq!(told["__type"], "AccessDeniedException");
    };
    for _ in 0..DENIED_PER_MINUTE_MAX + 7 {
        try_it(&hub).await;
    }
    try_it(&spoke).await;
    let kept = hub.records("ListPortfolios").await;
    assert_eq!(kept.len(), DENIED_PER_MINUTE_MAX as usize);
    assert_eq!(spoke.records("").await.len(), 1);
    assert_eq!(hub.records("DeniedAttemptsLeftOut").await.len(), 0);
    world.advance(MINUTE_MILLIS);
    try_it(&hub).await;
    let left_out = only(&hub, "DeniedAttemptsLeftOut").await;
    assert_eq!(left_out["serviceEventDetails"]["count"], 7);
    // What is left out by somebody who does not come again is told by the server itself.
    for _ in 0..=DENIED_PER_MINUTE_MAX {
        try_it(&spoke).await;
    }
    world.advance(MINUTE_MILLIS);
    for _ in 0..2 {
        let (service, now) = (world.service(), world.now());
        service.record_left_out(now, now).await.expect("it is kept");
        let left_out = only(&spoke, "DeniedAttemptsLeftOut").await;
        assert_eq!(left_out["serviceEventDetails"]["count"], 1);
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let store = &world.service().world().directory.stores()[0];
        store
            .write(Sql("DROP TABLE audit"))
            .await
            .expect("the table goes");
        let (status, _) = hub.raw("CreatePortfolio", portfolio("p", "t")).await;
        assert_eq!(status, 500);
        let listed = hub.does("ListPortfolios", json!({})).await;
        assert_eq!(listed["PortfolioDetails"], json!([]));
        // Nor is it told that it is denied.
        let (status, _) = hub.limited(&[NOTHING], "ListPortfolios", json!({})).await;
        assert_eq!(status, 500);
    }
}

/// Each account's flood of a minute that is over, and a database that takes no records for a while.
#[tokio::test]
async fn no_count_of_denied_attempts_is_lost_while_records_cannot_be_kept() {
    for world in World::on_each_engine().await {
        let accounts = world.accounts(["hub", "spoke", "third"]);
        for account in &accounts {
            for _ in 0..DENIED_PER_MINUTE_MAX + 3 {
                let (_, told) = account
                    .limited(&[NOTHING], "ListPortfolios", json!({}))
                    .await;
                assert_eq!(told["__type"], "AccessDeniedException");
            }
        }
        world.advance(MINUTE_MILLIS);
        let store = &world.service().world().directory.stores()[0];
        let away = Sql("ALTER TABLE audit RENAME TO audit_away");
        store.write(away).await.expect("the table is hidden");
        let (service, now) = (world.service(), world.now());
        for _ in 0..2 {
            let kept = service.record_left_out(now, now).await;
            kept.expect_err("there is no table");
        }
        let back = Sql("ALTER TABLE audit_away RENAME TO audit");
        store.write(back).await.expect("it is there again");
        service.record_left_out(now, now).await.expect("it is kept");
        for account in &accounts {
            let left_out = only(account, "DeniedAttemptsLeftOut").await;
            assert_eq!(left_out["serviceEventDetails"]["count"], 3);
        }
    }
}

struct Sql(&'static str);

impl Work for Sql {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.execute(self.0, &[]).await.map(drop)
    }
}

#[tokio::test]
async fn where_records_are_off_nothing_is_recorded() {
    let world = World::new().await;
    let world = world.with(|world| world.audit = std::sync::Arc::new(mimeo_service::Audit::off()));
    let [hub] = world.accounts(["hub"]);
    hub.product("vpc").await;
    assert_eq!(hub.records("").await, Vec::<Value>::new());
}

#[tokio::test]
async fn secrets_never_appear() {
    const CANARY: &str = "c4n4ry";
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let world = world.with(|world| world.fetching = mimeo_service::Fetching::Off);
    let hub = hub.served_by(&world);
    let url = format!("https://me:{CANARY}@b.s3.amazonaws.com/t.yaml?X-Amz-Signature={CANARY}");
    let with_template = json!({
        "Name": "a", "Owner": "a", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "IdempotencyToken": "t", "SupportUrl": url, "Description": format!("see {url} twice: {url}"),
        "ProvisioningArtifactParameters": {
            "Info": {"LoadTemplateFromURL": url}, "Type": "CLOUD_FORMATION_TEMPLATE",
        },
    });
    hub.limited(&[NOTHING], "CreateProduct", with_template.clone())
        .await;
    let (status, told) = hub.raw("CreateProduct", with_template).await;
    let done = usize::from(status == 200);
    assert_eq!(hub.records("CreateProduct").await.len(), 1 + done, "{told}");
    for operation in ["ProvisionProduct", "UpdateProvisionedProduct"] {
        let input = json!({
            "ProvisionedProductName": "p", "ProvisionToken": "t", "UpdateToken": "t",
            "ProductId": "prod-x", "ProvisioningArtifactId": "pa-x",
            "ProvisioningParameters": [{"Key": "Password", "Value": CANARY}],
        });
        hub.limited(&[NOTHING], operation, input).await;
        let record = only(&hub, operation).await;
        let shown = &record["requestParameters"]["provisioningParameters"][0];
        assert_eq!(shown["key"], "Password");
        assert_eq!(shown["value"], HIDDEN);
    }
    let execute = json!({
        "ProvisionedProductId": "pp-x", "ServiceActionId": "act-x", "ExecuteToken": "t",
        "Parameters": {"Password": [CANARY]},
    });
    let operation = "ExecuteProvisionedProductServiceAction";
    hub.limited(&[NOTHING], operation, execute).await;
    for record in hub.records("").await {
        assert!(!record.to_string().contains(CANARY), "{record}");
        assert_ne!(record["requestParameters"], Value::Null);
    }
}

#[tokio::test]
async fn a_copy_is_recorded_when_it_is_accepted_and_when_it_ends() {
    let world = World::new().await;
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let vpc = hub.product("vpc").await;
    let portfolio = hub.portfolio("golden").await.holds(&vpc).await;
    let portfolio = portfolio.shared_with(&spoke).await;
    let token = spoke.copies(&vpc).await;
    world.settle().await;
    let accepted = only(&spoke, "CopyProduct").await;
    assert_eq!(accepted["responseElements"]["copyProductToken"], token);
    let landed = only(&spoke, "CopyProductCompleted").await;
    assert_eq!(landed["eventType"], "AwsServiceEvent");
    let details = &landed["serviceEventDetails"];
    assert_eq!(details["copyProductToken"], token);
    assert_eq!(details["sourceProductArn"], vpc.arn);
    assert_eq!(details["copyProductStatus"], "SUCCEEDED");

    let token = spoke.copies(&vpc).await;
    let unshare = json!({"PortfolioId": portfolio.id, "AccountId": spoke.id()});
    hub.does("DeletePortfolioShare", unshare).await;
    world.settle().await;
    let failed = only(&spoke, "CopyProductFailed").await;
    let details = &failed["serviceEventDetails"];
    assert_eq!(details["copyProductToken"], token);
    assert!(details["statusDetail"].is_string(), "{details}");
    assert_eq!(spoke.records("CopyProductCompleted").await.len(), 1);
}

#[tokio::test]
async fn records_are_read_in_pages_newest_first_and_only_by_their_account_in_its_region() {
    for world in World::on_each_engine().await {
        let [hub, spoke] = world.accounts(["hub", "spoke"]);
        let abroad = hub.in_region("eu-west-1");
        for number in 0..7 {
            let name = format!("p{number}");
            hub.does("CreatePortfolio", portfolio(&name, &name)).await;
            world.advance(1_000);
        }
        abroad.does("CreatePortfolio", portfolio("a", "a")).await;
        hub.does("CreateTagOption", json!({"Key": "k", "Value": "v"}))
            .await;
        assert_eq!(spoke.records("").await.len(), 0);
        assert_eq!(abroad.records("").await.len(), 1);
        assert_eq!(hub.records("").await.len(), 8);
        let service = world.service();
        let mut asked = AuditAsked {
            event: Some("CreatePortfolio".into()),
            max: Some(3),
            ..AuditAsked::default()
        };
        let mut names = Vec::new();
        loop {
            let page = service.audit(&hub.caller(), &asked).await.expect("a page");
            assert!(page.records.len() <= 3);
            for record in &page.records {
                let record: Value = serde_json::from_str(record).expect("JSON");
                names.push(record["requestParameters"]["displayName"].clone());
            }
            asked.next = page.next;
            if asked.next.is_none() {
                break;
            }
        }
        assert_eq!(names, ["p6", "p5", "p4", "p3", "p2", "p1", "p0"]);
        let second = |number: i64| {
            Some(mimeo_domain::Timestamp::from_millis(
                mimeo_testkit::NOW_MILLIS + number * 1_000,
            ))
        };
        let between = AuditAsked {
            since: second(2),
            until: second(4),
            user: Some("root".into()),
            ..AuditAsked::default()
        };
        let page = service
            .audit(&hub.caller(), &between)
            .await
            .expect("a page");
        assert_eq!(page.records.len(), 2);
        let nobody = AuditAsked {
            user: Some("nobody".into()),
            ..AuditAsked::default()
        };
        let page = service.audit(&hub.caller(), &nobody).await.expect("a page");
        assert_eq!((page.records.len(), page.next), (0, None));
        for next in ["", "x", "1", "1.", "1.\u{0}", "one.ab", "1.zz"] {
            let asked = AuditAsked {
                next: Some(next.into()),
                ..AuditAsked::default()
            };
            let refused = service.audit(&hub.caller(), &asked).await;
            assert!(matches!(refused, Err(Stop::Refusal(_))), "{next:?}");
        }
    }
}

#[tokio::test]
async fn old_records_go_and_the_others_stay() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        hub.does("CreatePortfolio", portfolio("old", "old")).await;
        world.advance(1_000);
        hub.does("CreatePortfolio", portfolio("new", "new")).await;
        let pruned = world.service().prune_audit(world.now()).await;
        assert_eq!(pruned, Ok(mimeo_service::Pruned::All));
        let record = only(&hub, "").await;
        assert_eq!(record["requestParameters"]["displayName"], "new");
    }
}
