//! A signed read as an SDK sends it, and what the server answers.

use mimeo_sigv4::{Identity, PathForm, Refused, Rules};

use crate::request::Request;

pub(crate) const NOW_MS: i64 = 1_704_067_200_000; // 20240101T000000Z
pub(crate) const SIGNED_AT: &str = "20240101T000000Z";
pub(crate) const IDENTITY: Identity<'static> = Identity {
    access_key_id: "ASIAEXAMPLE",
    secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region: "eu-west-1",
    service: "servicecatalog",
};

/// A request as an SDK makes it, before it is signed.
pub(crate) fn describe_product() -> Request {
    let mut request = Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: Vec::new(),
        body: br#"{"Id":"prod-abcdefghijklm"}"#.to_vec(),
    };
    request.add("host", "localhost:8080");
    request.add("content-type", "application/x-amz-json-1.1");
    request.add("x-amz-date", SIGNED_AT);
    request.add(
        "x-amz-target",
        "AWS242ServiceCatalogService.DescribeProduct",
    );
    request.add("x-amz-security-token", "token-of-a-session");
    request.add("user-agent", "aws-sdk-rust/1.3 os/linux");
    request
}

pub(crate) fn signed(mut request: Request) -> Request {
    request.sign(&IDENTITY, PathForm::Normalized);
    request
}

/// Signs the request without these headers, then sends them along.
pub(crate) fn signed_without(names: &[&str], mut request: Request) -> Request {
    let is_left_out = |name: &str| {
        names
            .iter()
            .any(|left_out| left_out.eq_ignore_ascii_case(name))
    };
    let all = request.headers.clone();
    request.headers.retain(|(name, _)| !is_left_out(name));
    request.sign(&IDENTITY, PathForm::Normalized);
    request
        .headers
        .extend(all.into_iter().filter(|(name, _)| is_left_out(name)));
    request
}

pub(crate) fn verdict_at(request: &Request, now_ms: i64) -> Result<(), Refused> {
    let known = (IDENTITY.access_key_id, IDENTITY.secret_access_key);
    request.verdict(known, &Rules::SERVICE_CATALOG, now_ms)
}

pub(crate) fn verdict(request: &Request) -> Result<(), Refused> {
    verdict_at(request, NOW_MS)
}

/// The code and the message that a client sees.
pub(crate) fn answer(request: &Request) -> (&'static str, String) {
    let refused = verdict(request).expect_err("this request is to be refused");
    (refused.code(), refused.to_string())
}

pub(crate) fn with_authorization(value: &str) -> Request {
    let mut request = describe_product();
    request.add("authorization", value);
    request
}
