//! Test-time control: what a test may do to an open server of its own, and nobody to a verified one.

use std::time::{Duration, Instant};

use mimeo_server::Running;
use mimeo_server::config::{Config, Data};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::client::{HUB, Request, open, start, verified};

const SPOKE: &str = "222222222222";

async fn control(server: &Running, method: &'static str, path: &str, body: Value) -> (u16, Value) {
    let request = Request::to(method, &format!("/_mimeo/{path}"));
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = request.body(body).send(server).await;
    (answer.status, answer.json())
}

async fn does(server: &Running, method: &'static str, path: &str, body: Value) -> Value {
    let (status, told) = control(server, method, path, body).await;
    assert_eq!(status, 200, "{method} {path}: {told}");
    told
}

async fn call_as(server: &Running, who: &str, operation: &str, body: Value) -> (u16, Value) {
    let call = Request::call(operation, &body.to_string()).with_key(who, "eu-west-1");
    let answer = call.send(server).await;
    (answer.status, answer.json())
}

async fn call(server: &Running, operation: &str, body: Value) -> Value {
    let (status, told) = call_as(server, HUB, operation, body).await;
    assert_eq!(status, 200, "{operation}: {told}");
    told
}

/// Makes a product, and answers its id and its ARN.
async fn product(server: &Running, name: &str) -> (Value, Value) {
    let put = Request::to("PUT", "/_mimeo/templates/q.json")
        .with_key(HUB, "eu-west-1")
        .body(r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#);
    let url = put.send(server).await.json()["Url"].clone();
    let made = json!({
        "Name": name, "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "IdempotencyToken": name, "ProvisioningArtifactParameters": {
            "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": url},
        },
    });
    let made = call(server, "CreateProduct", made).await;
    let view = &made["ProductViewDetail"];
    (
        view["ProductViewSummary"]["ProductId"].clone(),
        view["ProductARN"].clone(),
    )
}

async fn copy(server: &Running, arn: &Value, token: &str) -> Value {
    let asked = json!({"SourceProductArn": arn, "IdempotencyToken": token});
    call(server, "CopyProduct", asked).await["CopyProductToken"].clone()
}

async fn status(server: &Running, token: &Value) -> Value {
    call(
        server,
        "DescribeCopyProductStatus",
        json!({"CopyProductToken": token}),
    )
    .await
}

async fn products_count(server: &Running) -> usize {
    let found = call(server, "SearchProductsAsAdmin", json!({})).await;
    found["ProductViewDetails"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn verified_mode_has_no_control_and_says_what_it_says_of_any_path() {
    let server = start(verified()).await;
    let nowhere = Request::to("POST", "/_mimeo/nothing")
        .signed(&server)
        .send(&server)
        .await;
    for (method, path) in [
        ("POST", "/_mimeo/reset"),
        ("PUT", "/_mimeo/ids"),
        ("PUT", "/_mimeo/clock"),
        ("GET", "/_mimeo/transitions"),
        ("GET", "/_mimeo/requests"),
    ] {
        let answer = Request::to(method, path)
            .signed(&server)
            .send(&server)
            .await;
        assert_eq!(answer.refusal(), nowhere.refusal(), "{path}");
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_reset_forgets_one_account_or_all_and_takes_milliseconds() {
    let server = start(open()).await;
    for name in ["a", "b", "c"] {
        product(&server, name).await;
    }
    let made = json!({"DisplayName": "p", "ProviderName": "p", "IdempotencyToken": "t"});
    call_as(&server, SPOKE, "CreatePortfolio", made).await;
    let portfolios = |told: &Value| told["PortfolioDetails"].as_array().map_or(0, Vec::len);
    does(
        &server,
        "POST",
        "reset",
        json!({"account": HUB, "region": "us-east-1"}),
    )
    .await;
    assert_eq!(products_count(&server).await, 3, "another Region");
    #[expect(clippy::disallowed_methods, reason = "a test measures a duration")]
    let begun = Instant::now();
    does(&server, "POST", "reset", json!({"account": HUB})).await;
    let took = begun.elapsed();
    assert_eq!(products_count(&server).await, 0);
    let (_, listed) = call_as(&server, SPOKE, "ListPortfolios", json!({})).await;
    assert_eq!(portfolios(&listed), 1, "another account");
    does(&server, "POST", "reset", Value::Null).await;
    let (_, listed) = call_as(&server, SPOKE, "ListPortfolios", json!({})).await;
    assert_eq!(portfolios(&listed), 0);
    // Generous, as other tests run beside this one: it is about 1 ms.
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[tokio::test]
async fn a_copy_that_was_reset_lands_never() {
    let server = start(open()).await;
    does(&server, "PUT", "ids", json!({"seed": 7})).await;
    does(&server, "PUT", "clock", json!({"frozen": true})).await;
    for round in 0..20 {
        let (_, arn) = product(&server, "a").await;
        for number in 0..5 {
            copy(&server, &arn, &format!("c{number}")).await;
        }
        does(&server, "POST", "reset", json!({})).await;
        assert_eq!(products_count(&server).await, 0, "round {round}");
    }
    sleep(Duration::from_millis(200)).await;
    assert_eq!(products_count(&server).await, 0);
}

#[tokio::test]
async fn seeded_ids_come_again_after_a_reset_and_on_another_server() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let server = start(open()).await;
        does(
            &server,
            "PUT",
            "clock",
            json!({"now": "2026-01-15T08:00:00Z", "frozen": true}),
        )
        .await;
        let told = does(&server, "PUT", "ids", json!({"seed": 42})).await;
        assert_eq!(told, json!({"seed": 42}));
        for _ in 0..2 {
            let (first, arn) = product(&server, "a").await;
            // Reading draws no ids, however often it is done.
            products_count(&server).await;
            let (second, _) = product(&server, "b").await;
            runs.push((first, second, copy(&server, &arn, "c").await));
            does(&server, "POST", "reset", json!({})).await;
        }
    }
    assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
    assert_ne!(runs[0].0, runs[0].1);
    let server = start(open()).await;
    does(&server, "PUT", "ids", json!({"seed": 42})).await;
    assert_eq!(
        does(&server, "DELETE", "ids", Value::Null).await,
        json!({"seed": null})
    );
    assert_ne!(product(&server, "a").await.0, runs[0].0);
}

#[tokio::test]
async fn requests_are_stamped_by_the_clock_that_was_set() {
    let server = start(open()).await;
    let made =
        |name: &str| json!({"DisplayName": name, "ProviderName": "p", "IdempotencyToken": name});
    let created = |told: &Value| told["PortfolioDetail"]["CreatedTime"].as_f64().unwrap();
    let set = json!({"now": "2031-05-06T07:08:09Z", "frozen": true});
    let told = does(&server, "PUT", "clock", set).await;
    assert_eq!(told["now"], "2031-05-06T07:08:09Z");
    assert_eq!(told["frozen"], true);
    let first = call(&server, "CreatePortfolio", made("a")).await;
    assert!((created(&first) - 1_935_817_689.0).abs() < 0.01);
    does(&server, "PUT", "clock", json!({"advance_seconds": 90})).await;
    let second = call(&server, "CreatePortfolio", made("b")).await;
    assert!((created(&second) - created(&first) - 90.0).abs() < 0.01);
    // What a copy makes is stamped alike.
    let (_, arn) = product(&server, "c").await;
    does(
        &server,
        "PUT",
        "transitions",
        json!({"copy_product": {"succeeds_after": {"describes": 0}}}),
    )
    .await;
    let token = copy(&server, &arn, "copy").await;
    let target = status(&server, &token).await["TargetProductId"].clone();
    let copied = call(&server, "DescribeProductAsAdmin", json!({"Id": target})).await;
    let time = copied["ProductViewDetail"]["CreatedTime"].as_f64().unwrap();
    assert!((time - 1_935_817_779.0).abs() < 0.01, "{copied}");
    let thawed = does(&server, "PUT", "clock", json!({"frozen": false})).await;
    assert_eq!(thawed["frozen"], false);
    assert!(
        thawed["now"]
            .as_str()
            .unwrap()
            .starts_with("2031-05-06T07:09:"),
        "{thawed}"
    );
    let real = does(&server, "DELETE", "clock", Value::Null).await;
    assert_eq!(real["now"], real["real_now"]);
}

#[tokio::test]
async fn at_the_last_instant_of_the_clock_the_end_of_a_session_can_be_told() {
    let server = start(open()).await;
    let late = json!({"now": "9999-01-01T00:00:00.001Z"});
    let (status, told) = control(&server, "PUT", "clock", late).await;
    assert_eq!(status, 400, "{told}");
    let last = json!({"now": "9999-01-01T00:00:00Z", "frozen": true});
    does(&server, "PUT", "clock", last).await;
    let begin = Request::to("POST", "/")
        .with("content-type", "application/x-www-form-urlencoded")
        .body("Action=GetSessionToken&Version=2011-06-15");
    let answer = begin.send(&server).await;
    let told = answer.text();
    assert!(
        told.contains("<Expiration>9999-01-01T01:00:00Z</Expiration>"),
        "{told}"
    );
}

#[tokio::test]
async fn a_copy_is_held_for_as_many_questions_as_were_chosen() {
    let server = start(open()).await;
    let (_, arn) = product(&server, "a").await;
    let rule = json!({"copy_product": {"succeeds_after": {"describes": 2}}});
    let told = does(&server, "PUT", "transitions", rule.clone()).await;
    assert_eq!(told, json!({"transitions": [rule]}));
    // More of them than an account may have running: what is held takes no worker.
    let mut tokens = Vec::new();
    for number in 0..6 {
        tokens.push(copy(&server, &arn, &format!("c{number}")).await);
    }
    sleep(Duration::from_millis(100)).await;
    for (at, token) in tokens.iter().enumerate() {
        assert_eq!(products_count(&server).await, 1 + at);
        for _ in 0..2 {
            assert_eq!(
                status(&server, token).await["CopyProductStatus"],
                "IN_PROGRESS"
            );
        }
        let ended = status(&server, token).await;
        assert_eq!(ended["CopyProductStatus"], "SUCCEEDED");
        assert_eq!(status(&server, token).await, ended);
    }
}

#[tokio::test]
async fn a_copy_fails_with_the_chosen_words_and_makes_nothing() {
    let server = start(open()).await;
    let (_, arn) = product(&server, "a").await;
    let rule = json!({"account": HUB, "copy_product": {"fails_with": "Out of luck \"today\"."}});
    does(&server, "PUT", "transitions", rule).await;
    let token = copy(&server, &arn, "c").await;
    // The course was settled when the copy was accepted.
    let told = does(&server, "DELETE", "transitions", Value::Null).await;
    assert_eq!(told, json!({"transitions": []}));
    let wanted = json!({"CopyProductStatus": "FAILED", "StatusDetail": "Out of luck \"today\"."});
    assert_eq!(status(&server, &token).await, wanted);
    assert_eq!(products_count(&server).await, 1);
    let token = copy(&server, &arn, "d").await;
    while status(&server, &token).await["CopyProductStatus"] == "IN_PROGRESS" {}
    assert_eq!(products_count(&server).await, 2);
}

#[tokio::test]
async fn a_copy_is_held_until_the_clock_is_advanced_and_then_needs_no_question() {
    let server = start(open()).await;
    let (_, arn) = product(&server, "a").await;
    does(&server, "PUT", "clock", json!({"frozen": true})).await;
    let rule = json!({"copy_product": {"succeeds_after": {"seconds": 60}}});
    does(&server, "PUT", "transitions", rule).await;
    let token = copy(&server, &arn, "c").await;
    does(&server, "PUT", "clock", json!({"advance_seconds": 59})).await;
    for _ in 0..5 {
        assert_eq!(
            status(&server, &token).await["CopyProductStatus"],
            "IN_PROGRESS"
        );
    }
    does(&server, "PUT", "clock", json!({"advance_seconds": 1})).await;
    for _ in 0..500 {
        if products_count(&server).await == 2 {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        status(&server, &token).await["CopyProductStatus"],
        "SUCCEEDED"
    );
    // With a clock that runs, the time passes by itself.
    does(&server, "DELETE", "clock", Value::Null).await;
    let rule = json!({"copy_product": {"succeeds_after": {"seconds": 0}}});
    does(&server, "PUT", "transitions", rule).await;
    copy(&server, &arn, "d").await;
    for _ in 0..500 {
        if products_count(&server).await == 3 {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the copy is held on");
}

#[tokio::test]
async fn held_copies_go_on_when_their_rule_is_dropped_or_the_server_starts_anew() {
    let folder = TempDir::new().unwrap();
    let config = || Config {
        data: Data::Folder(folder.path().join("data")),
        ..open()
    };
    let server = start(config()).await;
    let (_, arn) = product(&server, "a").await;
    let rule = json!({"copy_product": {"succeeds_after": {"describes": 1000}}});
    does(&server, "PUT", "transitions", rule.clone()).await;
    let released = copy(&server, &arn, "c").await;
    does(
        &server,
        "DELETE",
        &format!("transitions?account={SPOKE}"),
        Value::Null,
    )
    .await;
    assert_eq!(
        status(&server, &released).await["CopyProductStatus"],
        "IN_PROGRESS"
    );
    does(&server, "DELETE", "transitions", Value::Null).await;
    assert_eq!(
        status(&server, &released).await["CopyProductStatus"],
        "SUCCEEDED"
    );
    does(&server, "PUT", "transitions", rule).await;
    let held = copy(&server, &arn, "d").await;
    server.stop().await;
    let server = start(config()).await;
    assert_eq!(
        status(&server, &held).await["CopyProductStatus"],
        "SUCCEEDED"
    );
    server.stop().await;
}

#[tokio::test]
async fn calls_are_listed_as_they_came_and_were_answered() {
    let server = start(open()).await;
    does(
        &server,
        "PUT",
        "clock",
        json!({"now": "2026-01-15T08:00:00.5Z", "frozen": true}),
    )
    .await;
    let wanted = json!({"Id": "port-none", "AcceptLanguage": "jp"});
    let described = Request::call("DescribePortfolio", &wanted.to_string());
    let described = described.with_key(SPOKE, "eu-west-1").send(&server).await;
    call(&server, "ListPortfolios", json!({})).await;
    Request::call("NoSuchOperation", "{}").send(&server).await;
    let told = does(&server, "GET", "requests", Value::Null).await;
    let told = told["requests"].as_array().unwrap().clone();
    assert_eq!(told.len(), 3);
    let first = json!({
        "time": "2026-01-15T08:00:00.5Z",
        "request_id": described.header("x-amzn-requestid"),
        "operation": "DescribePortfolio",
        "account": SPOKE,
        "region": "eu-west-1",
        "principal": format!("arn:aws:iam::{SPOKE}:root"),
        "status": 400,
        "error": "ResourceNotFoundException",
        "input": wanted,
        "input_bytes": wanted.to_string().len(),
    });
    assert_eq!(told[0], first);
    assert_eq!(told[2]["operation"], "-");
    for (query, count) in [
        (format!("account={SPOKE}"), 1),
        ("operation=ListPortfolios".to_owned(), 1),
        ("region=us-east-1&operation=ListPortfolios".to_owned(), 0),
        ("limit=2".to_owned(), 2),
    ] {
        let told = does(&server, "GET", &format!("requests?{query}"), Value::Null).await;
        assert_eq!(
            told["requests"].as_array().map(Vec::len),
            Some(count),
            "{query}"
        );
    }
    does(&server, "DELETE", "requests", Value::Null).await;
    let told = does(&server, "GET", "requests", Value::Null).await;
    assert_eq!(told, json!({"requests": []}));
}

#[tokio::test]
async fn no_more_calls_are_kept_than_there_is_room_for_and_no_long_inputs() {
    let server = start(open()).await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    for _ in 0..1_005 {
        let call = Request::call("ListPortfolios", "{}").with_key(HUB, "eu-west-1");
        call.send_on(&mut stream, &server).await;
    }
    let long = json!({"Id": "x".repeat(20_000)}).to_string();
    Request::call("DescribePortfolio", &long)
        .send_on(&mut stream, &server)
        .await;
    let told = does(&server, "GET", "requests?limit=1000", Value::Null).await;
    let told = told["requests"].as_array().unwrap();
    assert_eq!(told.len(), 1_000);
    assert_eq!(told[999]["input"], Value::Null);
    assert_eq!(told[999]["input_bytes"], long.len());
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_name_and_changes_nothing() {
    let server = start(open()).await;
    for (method, path, body, wanted) in [
        (
            "POST",
            "reset",
            json!({"accout": HUB}),
            "`accout` does not exist",
        ),
        (
            "POST",
            "reset",
            json!({"account": "12"}),
            "`account` cannot be read",
        ),
        (
            "POST",
            "reset",
            json!({"region": 1}),
            "`region` must be a text",
        ),
        ("PUT", "ids", json!({}), "`seed` is needed"),
        (
            "PUT",
            "ids",
            json!({"seed": "1"}),
            "`seed` must be a whole number",
        ),
        ("PUT", "clock", json!({}), "`now` is needed, or"),
        (
            "PUT",
            "clock",
            json!({"now": "yesterday"}),
            "`now` cannot be read",
        ),
        (
            "PUT",
            "clock",
            json!({"now": "1969-01-01T00:00:00Z"}),
            "`now` leads to",
        ),
        (
            "PUT",
            "clock",
            json!({"now": "2026-01-01T00:00:00Z", "advance_seconds": 1}),
            "`advance_seconds` cannot stand",
        ),
        (
            "PUT",
            "clock",
            json!({"advance_seconds": -1}),
            "`advance_seconds` must be a whole number",
        ),
        (
            "PUT",
            "clock",
            json!({"frozen": "yes"}),
            "`frozen` must be true or false",
        ),
        ("PUT", "transitions", json!({}), "`copy_product` is needed"),
        (
            "PUT",
            "transitions",
            json!({"copy_product": {}}),
            "`copy_product.succeeds_after` or `fails_with`",
        ),
        (
            "PUT",
            "transitions",
            json!({"copy_product": {"succeeds_after": {"describes": 1, "seconds": 1}}}),
            "`copy_product.succeeds_after.describes` or `seconds`",
        ),
        (
            "PUT",
            "transitions",
            json!({"copy_product": {"succeeds_after": {"describes": 1, "x": 1}}}),
            "`copy_product.succeeds_after.x` does not exist",
        ),
        (
            "PUT",
            "transitions",
            json!({"copy_product": {"fails_with": ""}}),
            "`copy_product.fails_with` must be",
        ),
        (
            "GET",
            "requests?limit=0",
            Value::Null,
            "`limit` must be a whole number from 1",
        ),
        (
            "GET",
            "requests?operation=Nothing",
            Value::Null,
            "`operation` must be",
        ),
        ("GET", "requests?x=1", Value::Null, "`x` does not exist"),
        ("PUT", "clock", json!([]), "not a JSON object"),
    ] {
        let (status, told) = control(&server, method, path, body).await;
        assert_eq!(
            (status, &told["__type"]),
            (400, &json!("ValidationException")),
            "{told}"
        );
        let message = told["message"].as_str().unwrap();
        assert!(message.contains(wanted), "{wanted} in {message}");
    }
    let (status, told) = control(&server, "GET", "reset", Value::Null).await;
    assert_eq!(status, 405, "{told}");
    let long = json!({"copy_product": {"fails_with": "x".repeat(70_000)}});
    assert_eq!(control(&server, "PUT", "transitions", long).await.0, 413);
    let evil = Request::to("POST", "/_mimeo/reset").with("Origin", "http://evil.test");
    assert_eq!(evil.send(&server).await.status, 403);
    assert_eq!(
        does(&server, "GET", "ids", Value::Null).await,
        json!({"seed": null})
    );
    assert_eq!(
        does(&server, "GET", "clock", Value::Null).await["frozen"],
        false
    );
    let told = does(&server, "GET", "transitions", Value::Null).await;
    assert_eq!(told, json!({"transitions": []}));
}
