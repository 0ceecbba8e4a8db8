//! The way in to our own API.

use crate::client::{JSON, Request, open, start, verified};

const DOCUMENT: &str = "/_mimeo/v1/openapi.json";

/// The status and the code of an error of our own API.
pub(crate) fn refusal(answer: &crate::client::Answer) -> (u16, String) {
    let code = answer.json()["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status, code)
}

#[tokio::test]
async fn our_own_api_is_signed_like_everything_else() {
    let server = start(verified()).await;
    let unsigned = Request::to("GET", DOCUMENT).send(&server).await;
    assert_eq!(
        refusal(&unsigned),
        (403, "MissingAuthenticationTokenException".into())
    );
    assert_eq!(unsigned.header("content-type"), Some("application/json"));
    let signed = Request::to("GET", DOCUMENT)
        .signed(&server)
        .send(&server)
        .await;
    assert_eq!(signed.status, 200, "{}", signed.text());
    assert_eq!(signed.json()["openapi"], "3.1.0");
    let mut bent = Request::to("GET", DOCUMENT).signed(&server);
    bent.path = format!("{DOCUMENT}?unsigned=1");
    assert_eq!(
        refusal(&bent.send(&server).await),
        (403, "InvalidSignatureException".into())
    );
    let with_query = Request::to("GET", &format!("{DOCUMENT}?a=1")).signed(&server);
    assert_eq!(with_query.send(&server).await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_told_in_json() {
    let server = start(open()).await;
    for path in ["", "x", "openapi.json/", "openapi.json/x", "copies//events"] {
        let answer = Request::to("GET", &format!("/_mimeo/v1/{path}"))
            .send(&server)
            .await;
        assert_eq!(
            refusal(&answer),
            (404, "UnknownOperationException".into()),
            "{path}"
        );
    }
    let answer = Request::to("DELETE", DOCUMENT)
        .with("Content-Type", JSON)
        .send(&server)
        .await;
    assert_eq!(refusal(&answer), (405, "MethodNotAllowedException".into()));
    let message = format!("{DOCUMENT} takes GET, not DELETE.");
    assert_eq!(answer.json()["message"], message);
}
