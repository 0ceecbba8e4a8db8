//! Copies between two servers, each with a Region, accounts and a database of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mimeo_server::Running;
use mimeo_sigv4::Identity;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::client::{Answer, Request, described, start};
use crate::relay::{Deed, Relay};

pub(crate) const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(crate) const FAR: &str = "us-east-1";
pub(crate) const NEAR: &str = "eu-west-1";
const TEMPLATE: &str = r#"{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}"#;

/// The hub publishes; the spoke has a reader who may read, and a stranger who may not.
const FAR_ACCOUNTS: &str = r#"
[[account]]
id = "111111111111"
key = [{ id = "AKIAHUB", secret = "secret" }]
[[account]]
id = "222222222222"
key = [
    { id = "AKIASPOKE", secret = "secret" },
    { id = "AKIABRIDGE", secret = "secret", user = "bridge" },
]
user = [
    { name = "reader", policies = ["AWSServiceCatalogAdminReadOnlyAccess"] },
    { name = "stranger" },
    { name = "bridge", policies = ["assume"] },
]
policy = [{ name = "assume", document = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}''' }]
[[account.role]]
name = "Reader"
policies = ["AWSServiceCatalogAdminReadOnlyAccess"]
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "222222222222"},
    "Condition": {"StringEquals": {"sts:ExternalId": "between-us"}}}}'''
[[account]]
id = "333333333333"
key = [{ id = "AKIAOTHER", secret = "secret" }]
"#;

/// Here everybody may do everything, also an account that the other server has never heard of.
const NEAR_ACCOUNTS: &str = r#"
[[account]]
id = "222222222222"
key = [
    { id = "AKIASPOKE", secret = "secret" },
    { id = "AKIAREADER", secret = "secret", user = "reader" },
    { id = "AKIASTRANGER", secret = "secret", user = "stranger" },
    { id = "AKIANOBODY", secret = "secret", user = "nobody" },
]
user = [
    { name = "reader", policies = ["AdministratorAccess"] },
    { name = "stranger", policies = ["AdministratorAccess"] },
    { name = "nobody", policies = ["AdministratorAccess"] },
]
[[account]]
id = "333333333333"
key = [{ id = "AKIAOTHER", secret = "secret" }]
[[account]]
id = "444444444444"
key = [{ id = "AKIAUNKNOWN", secret = "secret" }]
"#;

async fn far() -> Running {
    let toml = format!("regions = [\"{FAR}\"]\npeers.key = \"{KEY}\"\n{FAR_ACCOUNTS}");
    start(described(&toml)).await
}

async fn near(endpoint: &str, region_more: &str) -> Running {
    let toml = format!(
        "regions = [\"{NEAR}\"]\npeers.key = \"{KEY}\"\n{NEAR_ACCOUNTS}\n\
         [[region]]\nname = \"{FAR}\"\nendpoint = \"{endpoint}\"\n{region_more}"
    );
    start(described(&toml)).await
}

fn sign(server: &Running, who: &str, region: &str, request: Request) -> Request {
    let identity = Identity {
        access_key_id: who,
        secret_access_key: "secret",
        region,
        service: "servicecatalog",
    };
    request.signed_by(server, &identity, 0)
}

pub(crate) async fn ask(
    server: &Running,
    (who, region): (&str, &str),
    operation: &str,
    input: Value,
) -> Answer {
    let request = Request::call(operation, &input.to_string());
    sign(server, who, region, request).send(server).await
}

pub(crate) async fn call(
    server: &Running,
    who: (&str, &str),
    operation: &str,
    input: Value,
) -> Value {
    let answer = ask(server, who, operation, input).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

pub(crate) const HUB: (&str, &str) = ("AKIAHUB", FAR);
const SPOKE_FAR: (&str, &str) = ("AKIASPOKE", FAR);
const SPOKE: (&str, &str) = ("AKIASPOKE", NEAR);

pub(crate) struct Published {
    pub arn: String,
    pub id: String,
    pub portfolio: String,
}

/// A product whose templates lie on the server itself.
pub(crate) async fn publish(far: &Running) -> Published {
    let mut urls = Vec::new();
    for (name, body) in [
        ("a.json", TEMPLATE.to_owned()),
        ("b.json", format!("{TEMPLATE}\n")),
    ] {
        let put = Request::to("PUT", &format!("/_mimeo/templates/{name}")).body(body);
        let put = sign(far, HUB.0, FAR, put).send(far).await;
        urls.push(put.json()["Url"].clone());
    }
    publish_from(far, &urls).await
}

/// A product of two versions, of which the second is deprecated, shared with the spoke.
async fn publish_from(far: &Running, urls: &[Value]) -> Published {
    let version = |name: &str, url: &Value| {
        json!({"Name": name, "Type": "CLOUD_FORMATION_TEMPLATE",
               "Info": {"LoadTemplateFromURL": url}})
    };
    let made = json!({
        "Name": "queue", "Owner": "platform", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "Tags": [{"Key": "team", "Value": "blue"}], "SupportEmail": "help@example.com",
        "ProvisioningArtifactParameters": version("v1", &urls[0]), "IdempotencyToken": "t",
    });
    let made = call(far, HUB, "CreateProduct", made).await;
    let id = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"].clone();
    let second = json!({"ProductId": id, "IdempotencyToken": "t2",
        "Parameters": version("v2", &urls[1])});
    let second = call(far, HUB, "CreateProvisioningArtifact", second).await;
    let second = second["ProvisioningArtifactDetail"]["Id"].clone();
    let deprecated = json!({"ProductId": id, "ProvisioningArtifactId": second,
        "Guidance": "DEPRECATED"});
    call(far, HUB, "UpdateProvisioningArtifact", deprecated).await;
    let portfolio = json!({"DisplayName": "p", "ProviderName": "p", "IdempotencyToken": "t"});
    let portfolio = call(far, HUB, "CreatePortfolio", portfolio).await;
    let portfolio = portfolio["PortfolioDetail"]["Id"].clone();
    let held = json!({"ProductId": id, "PortfolioId": portfolio});
    call(far, HUB, "AssociateProductWithPortfolio", held).await;
    let share = json!({"PortfolioId": portfolio, "AccountId": "222222222222"});
    call(far, HUB, "CreatePortfolioShare", share).await;
    let accept = json!({"PortfolioId": portfolio});
    call(far, SPOKE_FAR, "AcceptPortfolioShare", accept).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Published {
        arn: text(&made["ProductViewDetail"]["ProductARN"]),
        id: text(&id),
        portfolio: text(&portfolio),
    }
}

async fn copy(near: &Running, who: (&str, &str), arn: &str) -> Answer {
    let asked = json!({"SourceProductArn": arn, "IdempotencyToken": "c",
        "CopyOptions": ["CopyTags"]});
    ask(near, who, "CopyProduct", asked).await
}

async fn status(near: &Running, token: &Value) -> Value {
    let asked = json!({"CopyProductToken": token});
    call(near, SPOKE, "DescribeCopyProductStatus", asked).await
}

async fn ended(near: &Running, token: &Value) -> Value {
    for _ in 0..2_000 {
        let status = status(near, token).await;
        if status["CopyProductStatus"] != "IN_PROGRESS" {
            return status;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the copy does not end");
}

/// What a product is, but for ids and times.
pub(crate) async fn looks(server: &Running, who: (&str, &str), product: &str) -> Value {
    let shown = call(
        server,
        who,
        "DescribeProductAsAdmin",
        json!({"Id": product}),
    )
    .await;
    let summary = &shown["ProductViewDetail"]["ProductViewSummary"];
    let listed = json!({"ProductId": product});
    let listed = call(server, who, "ListProvisioningArtifacts", listed).await;
    let mut versions = Vec::new();
    for version in listed["ProvisioningArtifactDetails"].as_array().unwrap() {
        let asked = json!({"ProductId": product, "ProvisioningArtifactId": version["Id"],
            "Verbose": true});
        let told = call(server, who, "DescribeProvisioningArtifact", asked).await;
        versions.push(json!([
            version["Name"],
            version["Active"],
            version["Guidance"],
            version["Type"],
            told["Info"]
        ]));
    }
    json!([
        summary["Name"],
        summary["Owner"],
        summary["SupportEmail"],
        shown["Tags"],
        versions
    ])
}

#[tokio::test]
async fn a_product_is_copied_from_another_server_as_it_is_there() {
    let far = far().await;
    let published = publish(&far).await;
    let near = near(&far.url(), "").await;
    for who in ["AKIASPOKE", "AKIAREADER"] {
        let accepted = copy(&near, (who, NEAR), &published.arn).await;
        assert_eq!(accepted.status, 200, "{who}: {}", accepted.text());
        let status = ended(&near, &accepted.json()["CopyProductToken"]).await;
        assert_eq!(status["CopyProductStatus"], "SUCCEEDED", "{status}");
        let target = status["TargetProductId"].as_str().unwrap();
        assert_eq!(
            looks(&near, SPOKE, target).await,
            looks(&far, HUB, &published.id).await
        );
    }
    let figures = Request::to("GET", "/metrics").send(&near).await;
    let counted = r#"mimeo_peer_calls_total{region="us-east-1",operation="GetArtifactTemplate",outcome="answered"} 2"#;
    assert!(figures.text().contains(counted), "{}", figures.text());
    // The Region is the other server's, here as unknown as any.
    let elsewhere = ask(&near, SPOKE_FAR, "ListPortfolios", json!({})).await;
    let nowhere = ask(
        &near,
        ("AKIASPOKE", "sa-east-1"),
        "ListPortfolios",
        json!({}),
    )
    .await;
    assert_eq!(elsewhere.refusal(), nowhere.refusal());
}

#[tokio::test]
async fn whoever_sees_nothing_there_gets_the_answer_for_what_does_not_exist() {
    let far = far().await;
    let published = publish(&far).await;
    let near = near(&far.url(), "").await;
    let made_up = published.arn.replace(&published.id, "prod-aaaaaaaaaaaaa");
    let of_another = published.arn.replace("111111111111", "333333333333");
    // No share, no policy, no such user and no such account there.
    for who in ["AKIAOTHER", "AKIASTRANGER", "AKIANOBODY", "AKIAUNKNOWN"] {
        let hidden = copy(&near, (who, NEAR), &published.arn).await;
        let absent = copy(&near, (who, NEAR), &made_up).await;
        assert_eq!(
            hidden.refusal(),
            (400, "ResourceNotFoundException".into()),
            "{who}"
        );
        let hidden = hidden.text().replace(&published.id, "ID");
        assert_eq!(
            hidden,
            absent.text().replace("prod-aaaaaaaaaaaaa", "ID"),
            "{who}"
        );
    }
    let absent = copy(&near, SPOKE, &of_another).await;
    assert_eq!(absent.refusal().1, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_share_that_ends_while_templates_are_on_their_way_fails_the_copy() {
    let far = far().await;
    let published = publish(&far).await;
    let until = Arc::new(Notify::new());
    let waits = Arc::clone(&until);
    let relay = Relay::to(far.address, move |operation| match operation {
        "GET" => Deed::Wait(Arc::clone(&waits)),
        _ => Deed::Pass,
    });
    let relay = relay.await;
    let near = near(&format!("http://{}", relay.address), "").await;
    let accepted = copy(&near, SPOKE, &published.arn).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    while relay.count("GET") < 2 {
        sleep(Duration::from_millis(5)).await;
    }
    let share = json!({"PortfolioId": published.portfolio, "AccountId": "222222222222"});
    call(&far, HUB, "DeletePortfolioShare", share).await;
    until.notify_one();
    until.notify_one();
    until.notify_waiters();
    let status = ended(&near, &accepted.json()["CopyProductToken"]).await;
    assert_eq!(status["CopyProductStatus"], "FAILED", "{status}");
    let detail = status["StatusDetail"].as_str().unwrap();
    let removed = format!("Access to the source product {} was removed", published.id);
    assert!(detail.starts_with(&removed), "{detail}");
    let all = call(&near, SPOKE, "SearchProductsAsAdmin", json!({})).await;
    assert_eq!(all["ProductViewDetails"], json!([]));
}

/// Copies through a relay on which the first requests of an operation go wrong.
async fn copied_in_spite_of(operation: &'static str, deeds: Vec<Deed>) {
    let far = far().await;
    let published = publish(&far).await;
    let on = Arc::new(AtomicUsize::new(0));
    let armed = Arc::clone(&on);
    let left = Mutex::new(deeds.into_iter());
    let relay = Relay::to(far.address, move |asked| {
        let applies = armed.load(Ordering::SeqCst) > 0 && asked == operation;
        let deed = applies.then(|| left.lock().unwrap().next()).flatten();
        deed.unwrap_or(Deed::Pass)
    });
    let relay = relay.await;
    let near = near(&format!("http://{}", relay.address), "").await;
    on.store(1, Ordering::SeqCst);
    let accepted = copy(&near, SPOKE, &published.arn).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    let status = ended(&near, &accepted.json()["CopyProductToken"]).await;
    assert_eq!(status["CopyProductStatus"], "SUCCEEDED", "{status}");
    let target = status["TargetProductId"].as_str().unwrap();
    assert_eq!(
        looks(&near, SPOKE, target).await,
        looks(&far, HUB, &published.id).await
    );
}

#[tokio::test]
async fn throttles_and_errors_are_waited_out() {
    let deeds = vec![
        Deed::Answer(400, "ThrottlingException"),
        Deed::Answer(503, "ServiceUnavailableException"),
        Deed::Pass,
        Deed::Answer(500, "InternalFailure"),
    ];
    copied_in_spite_of("describeproductasadmin", deeds).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    copied_in_spite_of("listprovisioningartifacts", vec![Deed::Cut]).await;
}

#[tokio::test]
async fn a_template_that_breaks_off_comes_late_or_wrong_is_taken_again() {
    let deeds = vec![
        Deed::Cut,
        Deed::Bend,
        Deed::Answer(503, "ServiceUnavailableException"),
        Deed::Late(Duration::from_millis(300)),
    ];
    copied_in_spite_of("GET", deeds).await;
}

#[tokio::test]
async fn a_server_that_is_away_is_told_as_retryable_and_copied_from_when_it_is_back() {
    let far = far().await;
    let published = publish(&far).await;
    let away = Arc::new(AtomicUsize::new(0));
    let is_away = Arc::clone(&away);
    let relay = Relay::to(far.address, move |_| match is_away.load(Ordering::SeqCst) {
        1 => Deed::Answer(503, "ServiceUnavailableException"),
        _ => Deed::Pass,
    });
    let relay = relay.await;
    let near = near(&format!("http://{}", relay.address), "").await;
    away.store(1, Ordering::SeqCst);
    let refused = copy(&near, SPOKE, &published.arn).await;
    assert!(refused.status >= 500, "{}", refused.text());
    away.store(0, Ordering::SeqCst);
    let accepted = copy(&near, SPOKE, &published.arn).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    away.store(1, Ordering::SeqCst);
    sleep(Duration::from_millis(200)).await;
    away.store(0, Ordering::SeqCst);
    let status = ended(&near, &accepted.json()["CopyProductToken"]).await;
    assert_eq!(status["CopyProductStatus"], "SUCCEEDED", "{status}");
}

#[tokio::test]
async fn a_server_with_another_key_lets_nobody_in() {
    let far = far().await;
    let published = publish(&far).await;
    let toml = format!(
        "regions = [\"{NEAR}\"]\npeers.key = \"{}\"\n{NEAR_ACCOUNTS}\n\
         [[region]]\nname = \"{FAR}\"\nendpoint = \"{}\"\n",
        KEY.replace("1f", "2f"),
        far.url()
    );
    let near = start(described(&toml)).await;
    let refused = copy(&near, SPOKE, &published.arn).await;
    assert!(refused.status >= 500, "{}", refused.text());
    assert!(!refused.text().contains(FAR) && !refused.text().contains("token"));
}

/// Answers every request with the same template, as a bucket would.
async fn bucket() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let read = stream.read(&mut head).await.unwrap_or_default();
                let length = TEMPLATE.len();
                let answer =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{TEMPLATE}");
                if read > 0 {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    address.to_string()
}

#[tokio::test]
async fn in_a_role_as_at_aws_only_the_accounts_that_are_named_copy() {
    let bucket = bucket().await;
    let templates = format!("[templates]\nplain_http = true\nallow = [\"{bucket}\"]\n");
    let toml = format!("regions = [\"{FAR}\"]\n{FAR_ACCOUNTS}\n{templates}");
    let far = start(described(&toml)).await;
    let url = json!(format!("http://{bucket}/queue.json?X-Amz-Signature=ab"));
    let published = publish_from(&far, &[url.clone(), url]).await;
    let forgets = Relay::to(far.address, |operation| match operation {
        "describeprovisioningartifact" => Deed::Forget,
        _ => Deed::Pass,
    });
    let relay = forgets.await;
    let more = |external_id: &str| {
        format!(
            "kind = \"aws\"\nrole = \"arn:aws:iam::222222222222:role/Reader\"\n\
             external_id = \"{external_id}\"\naccounts = [\"222222222222\"]\n\
             access_key_id = \"AKIABRIDGE\"\nsecret = \"secret\"\n\
             sts_endpoint = \"http://{}\"\n{templates}",
            far.address
        )
    };
    let endpoint = format!("http://{}", relay.address);
    let server = near(&endpoint, &more("between-us")).await;
    let accepted = copy(&server, SPOKE, &published.arn).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    let status = ended(&server, &accepted.json()["CopyProductToken"]).await;
    assert_eq!(status["CopyProductStatus"], "SUCCEEDED", "{status}");
    let target = status["TargetProductId"].as_str().unwrap();
    let (there, here) = (
        looks(&far, HUB, &published.id).await.to_string(),
        looks(&server, SPOKE, target).await.to_string(),
    );
    // Digests too, which nobody told. Signatures of URLs are not kept.
    assert_eq!(here, there.replace("?X-Amz-Signature=ab", ""));
    assert!(here.contains("sha256:"), "{here}");
    for who in ["AKIAOTHER", "AKIAUNKNOWN"] {
        let refused = copy(&server, (who, NEAR), &published.arn).await;
        assert_eq!(refused.refusal().1, "ResourceNotFoundException", "{who}");
    }
    let server = near(&endpoint, &more("somebody-else")).await;
    let refused = copy(&server, SPOKE, &published.arn).await;
    assert!(refused.status >= 500, "{}", refused.text());
}

#[tokio::test]
async fn what_a_peer_vouches_with_opens_nothing_but_sources() {
    let toml = format!("peers.key = \"{KEY}\"");
    let far = start(described(&toml)).await;
    let relay = Relay::to(far.address, |_| Deed::Pass).await;
    let endpoint = format!("http://{}", relay.address);
    let toml = format!("{toml}\n[[region]]\nname = \"{FAR}\"\nendpoint = \"{endpoint}\"");
    let near = start(described(&toml)).await;
    let made = json!({"DisplayName": "p", "ProviderName": "p", "IdempotencyToken": "t"});
    let by_key = |operation: &str, input: &Value| {
        Request::call(operation, &input.to_string()).with_key("222222222222", FAR)
    };
    let put = Request::to("PUT", "/_mimeo/templates/q.json").body(TEMPLATE);
    let put = put.with_key("222222222222", FAR).send(&far).await;
    let product = json!({
        "Name": "queue", "Owner": "platform", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": {"Type": "CLOUD_FORMATION_TEMPLATE",
            "Info": {"LoadTemplateFromURL": put.json()["Url"]}}, "IdempotencyToken": "t",
    });
    let product = by_key("CreateProduct", &product).send(&far).await.json();
    let product = &product["ProductViewDetail"];
    let asked = json!({"SourceProductArn": product["ProductARN"], "IdempotencyToken": "c"});
    let asked = Request::call("CopyProduct", &asked.to_string()).with_key("222222222222", NEAR);
    let accepted = asked.send(&near).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());

    let token = relay.last_header("x-amz-security-token");
    assert!(token.starts_with("mimeo-peer-"), "{token}");
    let authorization = relay.last_header("authorization");
    let stolen = |request: Request| {
        let request = request.with("X-Amz-Security-Token", &token);
        request.with("Authorization", &authorization)
    };
    let shown = json!({"Id": product["ProductViewSummary"]["ProductId"]}).to_string();
    let reads = stolen(Request::call("DescribeProductAsAdmin", &shown));
    assert_eq!(reads.send(&far).await.status, 200);
    let denied = (400, "AccessDeniedException".to_owned());
    for (operation, input) in [
        ("CreatePortfolio", made.to_string()),
        ("ListPortfolios", "{}".to_owned()),
        (
            "CopyProduct",
            json!({"SourceProductArn": product["ProductARN"]}).to_string(),
        ),
    ] {
        let refused = stolen(Request::call(operation, &input)).send(&far).await;
        assert_eq!(refused.refusal(), denied, "{operation}");
    }
    let put = stolen(Request::to("PUT", "/_mimeo/templates/r.json").body(TEMPLATE));
    assert_eq!(put.send(&far).await.refusal(), denied);
    let form = "Action=GetSessionToken&Version=2011-06-15";
    let sts = Request::to("POST", "/").body(form);
    let sts = sts.with("Content-Type", "application/x-www-form-urlencoded");
    let sts = sts.with("X-Amz-Security-Token", &token).with(
        "Authorization",
        &authorization.replace("/servicecatalog/", "/sts/"),
    );
    let sts = sts.send(&far).await;
    assert_eq!(sts.status, 403, "{}", sts.text());
    assert!(!sts.text().contains("SecretAccessKey"), "{}", sts.text());

    // As another account's, with a bit flipped, or at a server without the key, it opens nothing.
    let unknown = (400, "UnrecognizedClientException".to_owned());
    let as_another = Request::call("DescribeProductAsAdmin", &shown)
        .with("X-Amz-Security-Token", &token)
        .with_key("333333333333", FAR);
    assert_eq!(as_another.send(&far).await.refusal(), unknown);
    let last = if token.ends_with('0') { "1" } else { "0" };
    let bent = format!("{}{last}", &token[..token.len() - 1]);
    let bent = Request::call("DescribeProductAsAdmin", &shown)
        .with("X-Amz-Security-Token", &bent)
        .with("Authorization", &authorization);
    assert_eq!(bent.send(&far).await.refusal(), unknown);
    let without = start(described("")).await;
    let elsewhere = stolen(Request::call("DescribeProductAsAdmin", &shown));
    assert_eq!(elsewhere.send(&without).await.refusal(), unknown);
}
