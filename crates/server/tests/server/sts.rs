//! STS: who one is, and sessions of roles, also in other accounts.

use std::fmt::Write;

use mimeo_server::Running;
use mimeo_server::config::{Config, Data};
use mimeo_sigv4::Identity;
use serde_json::json;

use crate::client::{Answer, HUB, Request, described, open, start};

const SPOKE: &str = "222222222222";

/// The hub's people, and roles of both accounts.
const ACCOUNTS: &str = r#"
regions = ["eu-west-1"]
[[account]]
id = "111111111111"
key = [
    { id = "AKIADEV", secret = "secret", user = "dev" },
    { id = "AKIANOTHING", secret = "secret", user = "nothing" },
    { id = "AKIAROOT", secret = "secret" },
]
user = [
    { name = "dev", path = "/ci/", policies = ["assume", "AWSServiceCatalogAdminFullAccess"] },
    { name = "nothing" },
]
[[account.policy]]
name = "assume"
document = '''{"Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::222222222222:role/*"},
    {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::222222222222:role/Forbidden"}]}'''
[[account.role]]
name = "ForNothing"
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"AWS": "arn:aws:iam::111111111111:user/nothing"}}}'''

[[account]]
id = "222222222222"
[[account.role]]
name = "Spoke"
path = "/catalog/"
max_session_seconds = 7200
policies = ["AWSServiceCatalogAdminFullAccess", "assume"]
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}}'''
[[account.policy]]
name = "assume"
document = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}'''
[[account.role]]
name = "Launcher"
path = "/people/"
policies = ["AWSServiceCatalogEndUserFullAccess"]
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}}'''
[[account.role]]
name = "Other"
policies = ["AWSServiceCatalogEndUserFullAccess"]
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}}'''
[[account.role]]
name = "Chained"
max_session_seconds = 7200
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"AWS": "arn:aws:iam::222222222222:role/catalog/Spoke"}}}'''
[[account.role]]
name = "Forbidden"
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}}'''
[[account.role]]
name = "Shut"
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "333333333333"}}}'''
[[account.role]]
name = "Vendor"
policies = ["AWSServiceCatalogAdminReadOnlyAccess"]
trust = '''{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"},
    "Condition": {"StringEquals": {"sts:ExternalId": "known-only-to-us"}}}}'''
"#;

const DEV: &str = "arn:aws:iam::111111111111:user/ci/dev";
const SPOKE_ROLE: &str = "arn:aws:iam::222222222222:role/catalog/Spoke";

/// Credentials, lasting or of a session.
#[derive(Debug, Clone)]
struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

impl Keys {
    fn lasting(id: &str) -> Self {
        Self {
            id: id.into(),
            secret: "secret".into(),
            token: None,
        }
    }

    /// Those that an answer of STS holds.
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self {
            id: element(answer, "AccessKeyId"),
            secret: element(answer, "SecretAccessKey"),
            token: Some(element(answer, "SessionToken")),
        }
    }

    fn sign(&self, server: &Running, service: &str, request: Request) -> Request {
        let request = match &self.token {
            Some(token) => request.with("X-Amz-Security-Token", token),
            None => request,
        };
        let identity = Identity {
            access_key_id: &self.id,
            secret_access_key: &self.secret,
            region: if service == "sts" {
                "us-east-1"
            } else {
                "eu-west-1"
            },
            service,
        };
        request.signed_by(server, &identity, 0)
    }

    /// Asks STS, at the global endpoint.
    async fn sts(&self, server: &Running, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let request = self.sign(server, "sts", query(action, parameters));
        request.send(server).await
    }

    async fn assume(&self, server: &Running, role: &str) -> Answer {
        let parameters = [("RoleArn", role), ("RoleSessionName", "story")];
        self.sts(server, "AssumeRole", &parameters).await
    }

    async fn call(&self, server: &Running, operation: &str, body: &str) -> Answer {
        let request = self.sign(server, "servicecatalog", Request::call(operation, body));
        request.send(server).await
    }
}

fn query(action: &str, parameters: &[(&str, &str)]) -> Request {
    let mut body = format!("Action={action}&Version=2011-06-15");
    for (name, value) in parameters {
        let value: String = value.bytes().fold(String::new(), |mut text, byte| {
            write!(text, "%{byte:02X}").unwrap();
            text
        });
        write!(body, "&{name}={value}").unwrap();
    }
    Request::to("POST", "/")
        .with(
            "Content-Type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body(body)
}

/// The text of an element of an answer.
fn element(answer: &Answer, name: &str) -> String {
    let text = answer.text();
    let (_, rest) = text
        .split_once(&format!("<{name}>"))
        .unwrap_or_else(|| panic!("{text}"));
    rest.split_once("</").unwrap().0.to_owned()
}

fn error(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("text/xml"));
    let id = element(answer, "RequestId");
    assert_eq!(answer.header("x-amzn-requestid"), Some(id.as_str()));
    (answer.status, element(answer, "Code"))
}

#[tokio::test]
async fn everybody_may_ask_who_they_are() {
    let server = start(described(ACCOUNTS)).await;
    let told = Keys::lasting("AKIADEV")
        .sts(&server, "GetCallerIdentity", &[])
        .await;
    assert_eq!(told.header("content-type"), Some("text/xml"));
    assert_eq!(element(&told, "Arn"), DEV);
    assert_eq!(element(&told, "Account"), HUB);
    assert!(element(&told, "UserId").starts_with("AIDA"));
    assert!(told.text().starts_with(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult>"
    ));
    let root = Keys::lasting("AKIAROOT")
        .sts(&server, "GetCallerIdentity", &[])
        .await;
    assert_eq!(element(&root, "Arn"), "arn:aws:iam::111111111111:root");
    assert_eq!(element(&root, "UserId"), HUB);
}

#[tokio::test]
async fn a_role_of_another_account_is_assumed_and_acts_there() {
    let server = start(described(ACCOUNTS)).await;
    let answer = Keys::lasting("AKIADEV").assume(&server, SPOKE_ROLE).await;
    let shown = "arn:aws:sts::222222222222:assumed-role/Spoke/story";
    assert_eq!(element(&answer, "Arn"), shown);
    let session = Keys::of(&answer);
    assert!(session.id.starts_with("ASIA") && session.id.len() == 20);
    let told = session.sts(&server, "GetCallerIdentity", &[]).await;
    assert_eq!(element(&told, "Arn"), shown);
    assert_eq!(element(&told, "UserId"), element(&answer, "AssumedRoleId"));
    let body = r#"{"DisplayName":"p","ProviderName":"p","IdempotencyToken":"t"}"#;
    // The second comes with the cached key.
    for _ in 0..2 {
        let made = session.call(&server, "CreatePortfolio", body).await;
        assert_eq!(made.status, 200, "{}", made.text());
        assert!(made.text().contains(&format!(":{SPOKE}:portfolio/")));
    }
}

#[tokio::test]
async fn who_may_not_assume_a_role_is_not_told_whether_it_exists() {
    let server = start(described(ACCOUNTS)).await;
    for (who, role) in [
        ("AKIADEV", "arn:aws:iam::222222222222:role/Shut"),
        ("AKIADEV", "arn:aws:iam::222222222222:role/None"),
        ("AKIADEV", "arn:aws:iam::999999999999:role/None"),
        ("AKIADEV", "arn:aws-cn:iam::222222222222:role/catalog/Spoke"),
        // The path belongs to the name.
        ("AKIADEV", "arn:aws:iam::222222222222:role/Spoke"),
        ("AKIADEV", "arn:aws:iam::222222222222:role/Forbidden"),
        ("AKIADEV", "arn:aws:iam::111111111111:role/ForNothing"),
        // Trusted through its account, but without a policy of its own.
        ("AKIANOTHING", SPOKE_ROLE),
    ] {
        let answer = Keys::lasting(who).assume(&server, role).await;
        assert_eq!(error(&answer), (403, "AccessDenied".into()), "{role}");
        let user = if who == "AKIADEV" {
            DEV
        } else {
            "arn:aws:iam::111111111111:user/nothing"
        };
        assert_eq!(
            element(&answer, "Message"),
            format!(
                "User: {user} is not authorized to perform: sts:AssumeRole on resource: {role}"
            )
        );
    }
    let root = Keys::lasting("AKIAROOT").assume(&server, SPOKE_ROLE).await;
    assert_eq!(
        element(&root, "Message"),
        "Roles may not be assumed by root accounts."
    );
}

#[tokio::test]
async fn who_is_named_in_a_role_of_its_own_account_needs_no_policy() {
    let server = start(described(ACCOUNTS)).await;
    let role = "arn:aws:iam::111111111111:role/ForNothing";
    let session = Keys::of(&Keys::lasting("AKIANOTHING").assume(&server, role).await);
    let denied = session.call(&server, "ListPortfolios", "{}").await;
    assert_eq!(denied.refusal(), (400, "AccessDeniedException".into()));
    assert!(
        denied
            .message()
            .starts_with("User: arn:aws:sts::111111111111:assumed-role/ForNothing/story is not"),
        "{}",
        denied.message()
    );
}

#[tokio::test]
async fn an_external_id_must_be_the_one_that_the_role_asks_for() {
    let server = start(described(ACCOUNTS)).await;
    let dev = Keys::lasting("AKIADEV");
    let role = "arn:aws:iam::222222222222:role/Vendor";
    let assume = async |external_id: Option<&str>| {
        let mut parameters = vec![("RoleArn", role), ("RoleSessionName", "story")];
        parameters.extend(external_id.map(|id| ("ExternalId", id)));
        dev.sts(&server, "AssumeRole", &parameters).await
    };
    assert_eq!(error(&assume(None).await), (403, "AccessDenied".into()));
    assert_eq!(
        error(&assume(Some("guessed")).await),
        (403, "AccessDenied".into())
    );
    let session = Keys::of(&assume(Some("known-only-to-us")).await);
    assert_eq!(
        session.call(&server, "ListPortfolios", "{}").await.status,
        200
    );
    let body = r#"{"DisplayName":"p","ProviderName":"p","IdempotencyToken":"t"}"#;
    let denied = session.call(&server, "CreatePortfolio", body).await;
    assert_eq!(denied.refusal(), (400, "AccessDeniedException".into()));
}

#[tokio::test]
async fn a_session_policy_narrows_what_the_session_may_do() {
    let server = start(described(ACCOUNTS)).await;
    let dev = Keys::lasting("AKIADEV");
    let policy =
        r#"{"Statement": {"Effect": "Allow", "Action": "servicecatalog:List*", "Resource": "*"}}"#;
    let parameters = [
        ("RoleArn", SPOKE_ROLE),
        ("RoleSessionName", "story"),
        ("Policy", policy),
    ];
    let session = Keys::of(&dev.sts(&server, "AssumeRole", &parameters).await);
    assert_eq!(
        session.call(&server, "ListPortfolios", "{}").await.status,
        200
    );
    let denied = session
        .call(&server, "DescribePortfolio", r#"{"Id":"port-x"}"#)
        .await;
    assert!(
        denied.message().ends_with(
            "because no session policy allows the servicecatalog:DescribePortfolio action"
        ),
        "{}",
        denied.message()
    );
    let parameters = [
        ("RoleArn", SPOKE_ROLE),
        ("RoleSessionName", "story"),
        ("Policy", "{"),
    ];
    let malformed = dev.sts(&server, "AssumeRole", &parameters).await;
    assert_eq!(error(&malformed), (400, "MalformedPolicyDocument".into()));
}

#[tokio::test]
async fn sessions_last_no_longer_than_their_role_lets_them() {
    let server = start(described(ACCOUNTS)).await;
    let dev = Keys::lasting("AKIADEV");
    let assume = async |keys: &Keys, role: &str, seconds: &str| {
        let parameters = [
            ("RoleArn", role),
            ("RoleSessionName", "story"),
            ("DurationSeconds", seconds),
        ];
        keys.sts(&server, "AssumeRole", &parameters).await
    };
    let session = Keys::of(&assume(&dev, SPOKE_ROLE, "7200").await);
    let longer = assume(&dev, SPOKE_ROLE, "7201").await;
    assert_eq!(error(&longer), (400, "ValidationError".into()));
    assert!(element(&longer, "Message").contains("exceeds the MaxSessionDuration"));
    let chained = "arn:aws:iam::222222222222:role/Chained";
    assert_eq!(assume(&session, chained, "3600").await.status, 200);
    let longer = assume(&session, chained, "3601").await;
    assert_eq!(error(&longer), (400, "ValidationError".into()));
    assert!(element(&longer, "Message").contains("1 hour session limit"));
}

#[tokio::test]
async fn a_users_own_session_may_do_what_the_user_may() {
    let server = start(described(ACCOUNTS)).await;
    let dev = Keys::lasting("AKIADEV");
    let session = Keys::of(&dev.sts(&server, "GetSessionToken", &[]).await);
    let told = session.sts(&server, "GetCallerIdentity", &[]).await;
    assert_eq!(element(&told, "Arn"), DEV);
    assert_eq!(
        session.call(&server, "ListPortfolios", "{}").await.status,
        200
    );
    assert_eq!(session.assume(&server, SPOKE_ROLE).await.status, 200);
    let again = session.sts(&server, "GetSessionToken", &[]).await;
    assert_eq!(error(&again), (403, "AccessDenied".into()));
    let root = Keys::lasting("AKIAROOT")
        .sts(&server, "GetSessionToken", &[])
        .await;
    assert_eq!(
        Keys::of(&root)
            .call(&server, "ListPortfolios", "{}")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_token_that_is_not_the_keys_own_is_refused() {
    let server = start(described(ACCOUNTS)).await;
    let dev = Keys::lasting("AKIADEV");
    let session = Keys::of(&dev.assume(&server, SPOKE_ROLE).await);
    let other = Keys::of(&dev.sts(&server, "GetSessionToken", &[]).await);
    let mut bent = session.token.clone().unwrap();
    let last = if bent.pop() == Some('0') { '1' } else { '0' };
    bent.push(last);
    let elsewhere = start(described(ACCOUNTS)).await;
    let foreign = Keys::of(&dev.assume(&elsewhere, SPOKE_ROLE).await);
    for keys in [
        Keys {
            token: Some(bent),
            ..session.clone()
        },
        Keys {
            token: other.token.clone(),
            ..session.clone()
        },
        Keys {
            token: None,
            ..session.clone()
        },
        Keys {
            token: Some("AQoDYXdzEJr".into()),
            ..session.clone()
        },
        Keys {
            token: session.token.clone(),
            ..dev.clone()
        },
        Keys {
            id: other.id.clone(),
            ..session.clone()
        },
        foreign,
    ] {
        let refused = keys.call(&server, "ListPortfolios", "{}").await;
        assert_eq!(
            refused.refusal(),
            (400, "UnrecognizedClientException".into())
        );
        let refused = keys.sts(&server, "GetCallerIdentity", &[]).await;
        assert_eq!(error(&refused), (403, "InvalidClientTokenId".into()));
    }
    let guessed = Keys {
        secret: other.secret,
        ..session
    };
    let refused = guessed.call(&server, "ListPortfolios", "{}").await;
    assert_eq!(refused.refusal(), (400, "InvalidSignatureException".into()));
    let refused = guessed.sts(&server, "GetCallerIdentity", &[]).await;
    assert_eq!(error(&refused), (403, "SignatureDoesNotMatch".into()));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_request_is_said_in_the_words_of_sts() {
    let server = start(described(ACCOUNTS)).await;
    let dev = Keys::lasting("AKIADEV");
    let parameters = [("RoleSessionName", "a b"), ("DurationSeconds", "60")];
    let invalid = dev.sts(&server, "AssumeRole", &parameters).await;
    assert_eq!(error(&invalid), (400, "ValidationError".into()));
    assert_eq!(
        element(&invalid, "Message"),
        "3 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must \
         not be null; Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [\\w+=,.@-]*; Value '60' at 'durationSeconds' failed to satisfy \
         constraint: Member must have value greater than or equal to 900"
    );
    let parameters = [
        ("RoleArn", "arn:aws:iam::1:user/x"),
        ("RoleSessionName", "story"),
    ];
    let invalid = dev.sts(&server, "AssumeRole", &parameters).await;
    assert_eq!(
        element(&invalid, "Message"),
        "arn:aws:iam::1:user/x is invalid"
    );
    let tagged = [
        ("RoleArn", SPOKE_ROLE),
        ("RoleSessionName", "story"),
        ("Tags.member.1.Key", "team"),
    ];
    let refused = dev.sts(&server, "AssumeRole", &tagged).await;
    assert_eq!(
        element(&refused, "Message"),
        "AssumeRole has no Tags.member.1.Key in Mimeo."
    );
    let unknown = dev.sts(&server, "GetFederationToken", &[]).await;
    assert_eq!(error(&unknown), (400, "InvalidAction".into()));
    let unsigned = query("GetCallerIdentity", &[]).send(&server).await;
    assert_eq!(error(&unsigned), (403, "MissingAuthenticationToken".into()));
}

#[tokio::test]
async fn in_open_mode_any_role_may_be_played() {
    let server = start(open()).await;
    let hub = Keys::lasting(HUB);
    let told = hub.sts(&server, "GetCallerIdentity", &[]).await;
    assert_eq!(element(&told, "Account"), HUB);
    let session = Keys::of(&hub.assume(&server, SPOKE_ROLE).await);
    let told = session.sts(&server, "GetCallerIdentity", &[]).await;
    assert_eq!(
        element(&told, "Arn"),
        "arn:aws:sts::222222222222:assumed-role/Spoke/story"
    );
    let body = r#"{"DisplayName":"p","ProviderName":"p","IdempotencyToken":"t"}"#;
    let made = session.call(&server, "CreatePortfolio", body).await;
    assert!(
        made.text().contains(&format!(":{SPOKE}:portfolio/")),
        "{}",
        made.text()
    );
    // A token of ours that is bent is refused; one of AWS's says nothing here.
    let mut bent = session.clone();
    bent.token = bent.token.map(|token| token.replace("mimeo-", "mimeo-00"));
    let refused = bent.call(&server, "ListPortfolios", "{}").await;
    assert_eq!(
        refused.refusal(),
        (400, "UnrecognizedClientException".into())
    );
    let foreign = Keys {
        token: Some("AQoDYXdzEJr".into()),
        ..hub
    };
    assert_eq!(
        foreign.call(&server, "ListPortfolios", "{}").await.status,
        200
    );
}

#[tokio::test]
async fn a_session_sees_the_products_that_are_open_to_its_role() {
    let server = start(described(ACCOUNTS)).await;
    let dev = Keys::lasting("AKIADEV");
    let admin = Keys::of(&dev.assume(&server, SPOKE_ROLE).await);
    let put =
        Request::to("PUT", "/_mimeo/templates/x.json").body(r#"{"Resources":{"A":{"Type":"T"}}}"#);
    let put = admin
        .sign(&server, "servicecatalog", put)
        .send(&server)
        .await;
    let url = put.json()["Url"].as_str().unwrap().to_owned();
    let product = json!({
        "Name": "vpc", "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE", "IdempotencyToken": "t",
        "ProvisioningArtifactParameters":
            {"Info": {"LoadTemplateFromURL": url}, "Type": "CLOUD_FORMATION_TEMPLATE"},
    });
    let product = admin
        .call(&server, "CreateProduct", &product.to_string())
        .await;
    assert_eq!(product.status, 200, "{}", product.text());
    let product = product.json()["ProductViewDetail"]["ProductViewSummary"]["ProductId"].clone();
    let portfolio = json!({"DisplayName": "p", "ProviderName": "p", "IdempotencyToken": "t"});
    let portfolio = admin
        .call(&server, "CreatePortfolio", &portfolio.to_string())
        .await;
    let portfolio = portfolio.json()["PortfolioDetail"]["Id"].clone();
    let role = "arn:aws:iam::222222222222:role/people/Launcher";
    for (operation, input) in [
        (
            "AssociateProductWithPortfolio",
            json!({"ProductId": product, "PortfolioId": portfolio}),
        ),
        (
            "AssociatePrincipalWithPortfolio",
            json!({"PortfolioId": portfolio, "PrincipalARN": role, "PrincipalType": "IAM"}),
        ),
    ] {
        let done = admin.call(&server, operation, &input.to_string()).await;
        assert_eq!(done.status, 200, "{}", done.text());
    }
    for (role, seen) in [(role, 1), ("arn:aws:iam::222222222222:role/Other", 0)] {
        let session = Keys::of(&dev.assume(&server, role).await);
        let found = session.call(&server, "SearchProducts", "{}").await;
        assert_eq!(found.status, 200, "{}", found.text());
        let summaries = found.json()["ProductViewSummaries"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(summaries, seen, "{role}");
    }
}

#[tokio::test]
async fn a_session_of_open_mode_is_none_in_verified_mode() {
    let folder = tempfile::TempDir::new().unwrap();
    let on_folder = |config: Config| Config {
        data: Data::Folder(folder.path().to_owned()),
        ..config
    };
    let server = start(on_folder(open())).await;
    let played = Keys::of(&Keys::lasting(HUB).assume(&server, SPOKE_ROLE).await);
    let root = Keys::of(
        &Keys::lasting(SPOKE)
            .sts(&server, "GetSessionToken", &[])
            .await,
    );
    server.stop().await;
    let server = start(on_folder(described(ACCOUNTS))).await;
    for keys in [played, root] {
        let refused = keys.call(&server, "ListPortfolios", "{}").await;
        assert_eq!(
            refused.refusal(),
            (400, "UnrecognizedClientException".into())
        );
    }
    let session = Keys::of(&Keys::lasting("AKIADEV").assume(&server, SPOKE_ROLE).await);
    server.stop().await;
    // Sessions outlive the server that began them.
    let server = start(on_folder(described(ACCOUNTS))).await;
    assert_eq!(
        session.call(&server, "ListPortfolios", "{}").await.status,
        200
    );
}
