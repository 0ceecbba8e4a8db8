//! The wire: headers, bodies and errors as AWS has them, in both forms.

use serde_json::json;
use tokio::net::TcpStream;

use crate::client::{HUB, JSON, Request, open, start};

const PORTFOLIO: &str =
    r#"{"DisplayName":"Networks","ProviderName":"Platform","IdempotencyToken":"t-1"}"#;

#[tokio::test]
async fn an_answer_has_aws_headers_and_no_others() {
    let server = start(open()).await;
    let answer = Request::call("CreatePortfolio", PORTFOLIO)
        .send(&server)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut names: Vec<&str> = answer
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["content-length", "content-type", "date", "x-amzn-requestid"]
    );
    assert_eq!(answer.header("content-type"), Some(JSON));
    let id = answer.header("x-amzn-requestid").unwrap();
    assert_eq!(
        (id.len(), &id[14..15]),
        (36, "4"),
        "{id} is a UUID of version 4"
    );
    assert_eq!(answer.json()["PortfolioDetail"]["DisplayName"], "Networks");
}

#[tokio::test]
async fn errors_carry_their_code_first_and_keep_the_connection() {
    let server = start(open()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let absent = Request::call("DescribePortfolio", r#"{"Id":"port-absent"}"#);
    let answer = absent.send_on(&mut stream, &server).await;
    assert_eq!(answer.refusal(), (400, "ResourceNotFoundException".into()));
    assert!(
        answer
            .text()
            .starts_with(r#"{"__type":"ResourceNotFoundException","Message":""#)
    );
    assert!(answer.header("x-amzn-errortype").is_none());
    let invalid = Request::call("DescribePortfolio", r"{}")
        .send_on(&mut stream, &server)
        .await;
    assert_eq!(invalid.refusal(), (400, "ValidationException".into()));
    assert_eq!(
        invalid.json()["message"],
        "1 validation error detected: Value null at 'id' failed to satisfy constraint: Member must not be null"
    );
}

#[tokio::test]
async fn a_target_that_names_no_operation_is_unknown() {
    let server = start(open()).await;
    let without = Request::call("ListPortfolios", "{}").without("X-Amz-Target");
    for request in [
        without.clone(),
        without
            .clone()
            .with("X-Amz-Target", "AWS242ServiceCatalogService.NoSuchThing"),
        without
            .clone()
            .with("X-Amz-Target", "AWS242ServiceCatalogService."),
        without.clone().with("X-Amz-Target", "ListPortfolios"),
        Request::call("NoSuchThing", "{"),
    ] {
        let answer = request.send(&server).await;
        assert_eq!(
            answer.refusal(),
            (400, "UnknownOperationException".into()),
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn calls_for_other_services_are_told_where_they_are() {
    let server = start(open()).await;
    let table = Request::to("POST", "/")
        .with("X-Amz-Target", "DynamoDB_20120810.ListTables")
        .with("Content-Type", "application/x-amz-json-1.0");
    let answer = table.send(&server).await;
    assert_eq!(answer.refusal(), (501, "NotImplementedException".into()));
    assert!(
        answer.message().contains("not DynamoDB_20120810"),
        "{}",
        answer.message()
    );
    let credential = "test/20260101/us-east-1/iam/aws4_request";
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
    let identity = Request::to("POST", "/")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .with("Authorization", &authorization)
        .body("Action=GetUser");
    assert_eq!(identity.send(&server).await.status, 501);
    let bucket = Request::to("GET", "/bucket").with("Authorization", &authorization);
    assert!(bucket.send(&server).await.message().contains("not iam"));
}

#[tokio::test]
async fn what_is_not_json_is_a_serialization_exception() {
    let server = start(open()).await;
    for body in ["{", "[]", "<xml/>", r#"{"Id":7}"#] {
        let answer = Request::call("DescribePortfolio", body).send(&server).await;
        assert_eq!(
            answer.refusal(),
            (400, "SerializationException".into()),
            "{body}"
        );
    }
    let empty = Request::call("ListPortfolios", "").send(&server).await;
    assert_eq!(empty.json(), json!({"PortfolioDetails": []}));
}

#[tokio::test]
async fn only_the_protocols_own_content_types_are_read() {
    let server = start(open()).await;
    let call = Request::call("ListPortfolios", "{}").without("Content-Type");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json",
        "",
    ] {
        let answer = call.clone().with("Content-Type", kind).send(&server).await;
        assert_eq!(
            answer.refusal(),
            (400, "SerializationException".into()),
            "{kind}"
        );
    }
    assert_eq!(call.send(&server).await.status, 400);
    let kind = "application/x-amz-json-1.1; charset=utf-8";
    assert_eq!(
        call.clone()
            .with("Content-Type", kind)
            .send(&server)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn an_operation_that_is_not_built_yet_says_so() {
    let server = start(open()).await;
    let body = r#"{"ProvisionedProductName":"a","ProvisionToken":"t"}"#;
    let answer = Request::call("ProvisionProduct", body).send(&server).await;
    assert_eq!(answer.status, 501);
    assert_eq!(
        answer.message(),
        "ProvisionProduct is not implemented by Mimeo yet"
    );
}

fn cbor(operation: &str) -> Request {
    let path = format!("/service/AWS242ServiceCatalogService/operation/{operation}");
    Request::to("POST", &path)
        .with("smithy-protocol", "rpc-v2-cbor")
        .with("Content-Type", "application/cbor")
}

#[tokio::test]
async fn cbor_is_spoken_as_smithy_has_it() {
    let server = start(open()).await;
    let answer = cbor("ListPortfolios").body([0xa0]).send(&server).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/cbor"));
    assert_eq!(answer.header("smithy-protocol"), Some("rpc-v2-cbor"));
    assert!(answer.header("x-amzn-requestid").is_some());
    assert!(
        answer
            .body
            .windows(16)
            .any(|window| window == b"PortfolioDetails")
    );

    for request in [
        cbor("DescribePortfolio").body([0xa0]),
        cbor("NoSuchThing").body([0xa0]),
        cbor("ListPortfolios").body([0xff]),
        cbor("ListPortfolios")
            .body([0xa0])
            .without("smithy-protocol"),
        cbor("ListPortfolios")
            .body("{}")
            .without("Content-Type")
            .with("Content-Type", JSON),
    ] {
        let answer = request.send(&server).await;
        assert_eq!(answer.status, 400, "{request:?}");
        assert_eq!(answer.header("content-type"), Some("application/cbor"));
        assert!(answer.body.windows(6).any(|window| window == b"__type"));
    }
}

#[tokio::test]
async fn an_uploaded_template_has_a_url_that_products_are_made_from() {
    let server = start(open()).await;
    let template = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}"#;
    let put = Request::to("PUT", "/_mimeo/templates/queue.json").body(template);
    let put = put.with_key(HUB, "eu-west-1").send(&server).await;
    assert_eq!(put.status, 201);
    let url = put.json()["Url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&server.url()).unwrap();
    assert_eq!(path, "/_mimeo/templates/eu-west-1/111111111111/queue.json");
    let got = Request::to("GET", path).send(&server).await;
    assert_eq!((got.status, got.text()), (200, template));
    assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
    let product = json!({
        "Name": "queue", "Owner": "platform", "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "IdempotencyToken": "t",
        "ProvisioningArtifactParameters": {
            "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": url},
        },
    });
    let made = Request::call("CreateProduct", &product.to_string()).with_key(HUB, "eu-west-1");
    assert_eq!(made.send(&server).await.status, 200);

    let absent = Request::to("GET", "/_mimeo/templates/eu-west-1/111111111111/other.json");
    assert_eq!(
        absent.send(&server).await.refusal(),
        (404, "ResourceNotFoundException".into())
    );
    let bad = Request::to("PUT", "/_mimeo/templates/..%2fx").body("{}");
    assert_eq!(
        bad.send(&server).await.refusal(),
        (400, "InvalidParametersException".into())
    );
    assert_eq!(
        Request::to("GET", "/elsewhere").send(&server).await.status,
        404
    );
}
