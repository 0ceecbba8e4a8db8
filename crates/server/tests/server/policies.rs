//! Users and what their policies let them do.

use mimeo_sigv4::Identity;

use crate::client::{Answer, HUB, Request, described, start};

/// A reader, a publisher through a group with one explicit deny, and somebody without policies.
pub(crate) const PEOPLE: &str = r#"
regions = ["eu-west-1"]
[[account]]
id = "111111111111"
key = [
    { id = "AKIAREADER", secret = "secret", user = "reader" },
    { id = "AKIAPUBLISHER", secret = "secret", user = "publisher" },
    { id = "AKIANOTHING", secret = "secret", user = "nothing" },
    { id = "AKIAROOT", secret = "secret" },
]
user = [
    { name = "reader", policies = ["AWSServiceCatalogAdminReadOnlyAccess"] },
    { name = "publisher", path = "/ci/", groups = ["publishers"], policies = ["keep"] },
    { name = "nothing" },
]
group = [{ name = "publishers", policies = ["AWSServiceCatalogAdminFullAccess"] }]
[[account.policy]]
name = "keep"
document = '''{"Version": "2012-10-17", "Statement":
    {"Effect": "Deny", "Action": "servicecatalog:Delete*", "Resource": "*"}}'''
"#;

const PORTFOLIO: &str = r#"{"DisplayName":"p","ProviderName":"p","IdempotencyToken":"t"}"#;

fn key(access_key_id: &str) -> Identity<'_> {
    Identity {
        access_key_id,
        secret_access_key: "secret",
        region: "eu-west-1",
        service: "servicecatalog",
    }
}

async fn call(server: &mimeo_server::Running, who: &str, operation: &str, body: &str) -> Answer {
    let call = Request::call(operation, body).signed_by(server, &key(who), 0);
    call.send(server).await
}

#[tokio::test]
async fn a_user_may_do_what_its_policies_and_its_groups_allow() {
    let server = start(described(PEOPLE)).await;
    let denied = (400, "AccessDeniedException".to_owned());
    let by_reader = call(&server, "AKIAREADER", "CreatePortfolio", PORTFOLIO).await;
    assert_eq!(by_reader.refusal(), denied);
    assert_eq!(
        by_reader.json()["Message"],
        "User: arn:aws:iam::111111111111:user/reader is not authorized to perform: \
         servicecatalog:CreatePortfolio on resource: arn:aws:catalog:eu-west-1:111111111111:* \
         because no identity-based policy allows the servicecatalog:CreatePortfolio action"
    );
    let made = call(&server, "AKIAPUBLISHER", "CreatePortfolio", PORTFOLIO).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json()["PortfolioDetail"]["Id"]
        .as_str()
        .unwrap()
        .to_owned();
    let named = format!(r#"{{"Id":"{id}"}}"#);
    assert_eq!(
        call(&server, "AKIAREADER", "DescribePortfolio", &named)
            .await
            .status,
        200
    );
    let nothing = call(&server, "AKIANOTHING", "DescribePortfolio", &named).await;
    assert_eq!(nothing.refusal(), denied);
    let kept = call(&server, "AKIAPUBLISHER", "DeletePortfolio", &named).await;
    assert_eq!(kept.refusal(), denied);
    assert!(
        kept.message()
            .ends_with("with an explicit deny in an identity-based policy"),
        "{}",
        kept.message()
    );
    assert!(
        kept.message().contains(":user/ci/publisher "),
        "{}",
        kept.message()
    );
    assert_eq!(
        call(&server, "AKIAROOT", "DeletePortfolio", &named)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_a_denied_request_is_about_does_not_matter_but_its_form_does() {
    let server = start(described(PEOPLE)).await;
    for body in [r#"{"Id":"port-none"}"#, r#"{"Id":"port-other"}"#] {
        let denied = call(&server, "AKIANOTHING", "DescribePortfolio", body).await;
        assert_eq!(denied.refusal(), (400, "AccessDeniedException".into()));
    }
    let malformed = call(&server, "AKIANOTHING", "DescribePortfolio", "{}").await;
    assert_eq!(malformed.refusal(), (400, "ValidationException".into()));
}

#[tokio::test]
async fn templates_are_put_by_those_who_make_versions_and_read_by_those_who_see_them() {
    let server = start(described(PEOPLE)).await;
    let put = |who: &'static str| {
        let put = Request::to("PUT", "/_mimeo/templates/x.json").body("{}");
        put.signed_by(&server, &key(who), 0)
    };
    let denied = put("AKIAREADER").send(&server).await;
    assert_eq!(denied.refusal(), (400, "AccessDeniedException".into()));
    assert!(
        denied
            .message()
            .contains("servicecatalog:CreateProvisioningArtifact"),
        "{}",
        denied.message()
    );
    assert_eq!(put("AKIAPUBLISHER").send(&server).await.status, 201);
    let path = format!("/_mimeo/templates/eu-west-1/{HUB}/x.json");
    for (who, status) in [("AKIAREADER", 200), ("AKIANOTHING", 400)] {
        let get = Request::to("GET", &path).signed_by(&server, &key(who), 0);
        assert_eq!(get.send(&server).await.status, status, "{who}");
    }
}

#[tokio::test]
async fn conditions_ask_who_asks_and_from_where() {
    let condition = |condition: &str| {
        let document = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}}}"#
        );
        format!(
            "regions = [\"eu-west-1\"]\n[[account]]\nid = \"{HUB}\"\n\
             [[account.key]]\nid = \"AKIAX\"\nsecret = \"secret\"\nuser = \"x\"\n\
             [[account.user]]\nname = \"x\"\npath = \"/ci/\"\npolicies = [\"p\"]\n\
             [[account.policy]]\nname = \"p\"\ndocument = '''{document}'''\n\
             [organization]\nid = \"o-exampleorg1\"\nmanagement_account = \"{HUB}\"\n"
        )
    };
    for (asked, status) in [
        (r#"{"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}"#, 200),
        (r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, 400),
        (r#"{"StringEquals": {"aws:username": "x"}}"#, 200),
        (r#"{"StringEquals": {"aws:username": "y"}}"#, 400),
        (
            r#"{"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}"#,
            200,
        ),
        (
            r#"{"StringEquals": {"aws:PrincipalAccount": "222222222222"}}"#,
            400,
        ),
        (r#"{"StringEquals": {"aws:PrincipalType": "User"}}"#, 200),
        (
            r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/ci/*"}}"#,
            200,
        ),
        (r#"{"StringLike": {"aws:userid": "AIDA*"}}"#, 200),
        (r#"{"StringLike": {"aws:UserAgent": "story*"}}"#, 200),
        (r#"{"Bool": {"aws:SecureTransport": "true"}}"#, 400),
        (r#"{"Null": {"aws:TokenIssueTime": "true"}}"#, 200),
    ] {
        let server = start(described(&condition(asked))).await;
        let call = Request::call("ListPortfolios", "{}").with("User-Agent", "story/1");
        let answer = call
            .signed_by(&server, &key("AKIAX"), 0)
            .send(&server)
            .await;
        assert_eq!(answer.status, status, "{asked}: {}", answer.text());
    }
}
