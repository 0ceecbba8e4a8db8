//! What is refused for its form: parts that are missing, malformed, too long or misplaced.

use mimeo_sigv4::{
    ACCESS_KEY_ID_BYTES_MAX, AUTHORIZATION_BYTES_MAX, PATH_BYTES_MAX, QUERY_BYTES_MAX,
    REGION_BYTES_MAX, Refused, SIGNED_HEADERS_MAX,
};

use crate::sdk::*;

#[test]
fn a_credential_without_five_good_elements_is_refused() {
    let long_key = "A".repeat(ACCESS_KEY_ID_BYTES_MAX + 1);
    let long_region = "r".repeat(REGION_BYTES_MAX + 1);
    let cases = [
        (
            "A/20240101/eu-west-1/servicecatalog".to_owned(),
            "IncompleteSignatureException",
        ),
        (
            "A/20240101/eu-west-1/servicecatalog/aws4_request/".to_owned(),
            "IncompleteSignatureException",
        ),
        (
            "/20240101/eu-west-1/servicecatalog/aws4_request".to_owned(),
            "IncompleteSignatureException",
        ),
        (
            "A/20240101//servicecatalog/aws4_request".to_owned(),
            "IncompleteSignatureException",
        ),
        (
            format!("{long_key}/20240101/eu-west-1/servicecatalog/aws4_request"),
            "IncompleteSignatureException",
        ),
        (
            format!("A/20240101/{long_region}/servicecatalog/aws4_request"),
            "InvalidSignatureException",
        ),
        (
            "A/20240101/EU/servicecatalog/aws4_request".to_owned(),
            "InvalidSignatureException",
        ),
        (
            "A/20240101/eu-west-1/servicecatalog/aws3_request".to_owned(),
            "InvalidSignatureException",
        ),
    ];
    for (credential, code) in cases {
        let mut request = signed(describe_product());
        let good = "ASIAEXAMPLE/20240101/eu-west-1/servicecatalog/aws4_request";
        request.replace("authorization", good, &credential);
        assert_eq!(answer(&request).0, code, "{credential}");
    }
}

#[test]
fn a_request_without_a_signature_is_refused() {
    let (code, message) = answer(&describe_product());
    assert_eq!(code, "MissingAuthenticationTokenException");
    assert_eq!(message, "Missing Authentication Token");
}

#[test]
fn a_signature_in_the_query_is_refused_with_and_without_a_header() {
    for query in [
        "X-Amz-Signature=0",
        "a=b&X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "x%2Damz-credential",
    ] {
        let mut request = describe_product();
        request.query = query.to_owned();
        assert_eq!(verdict(&request), Err(Refused::SignedInQuery));
        assert_eq!(verdict(&signed(request)), Err(Refused::SignedInQuery));
    }
}

#[test]
fn each_missing_part_of_the_signature_is_named() {
    let (code, message) = answer(&with_authorization("AWS4-HMAC-SHA256"));
    assert_eq!(code, "IncompleteSignatureException");
    assert_eq!(
        message,
        "Authorization header requires 'Credential' parameter. \
         Authorization header requires 'Signature' parameter. \
         Authorization header requires 'SignedHeaders' parameter."
    );
    let (_, message) = answer(&with_authorization(
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=",
    ));
    assert_eq!(
        message,
        "Authorization header requires 'Signature' parameter. \
         Authorization header requires 'SignedHeaders' parameter."
    );
    let mut undated = signed(describe_product());
    undated.remove("x-amz-date");
    let (code, message) = answer(&undated);
    assert_eq!(code, "IncompleteSignatureException");
    assert_eq!(
        message,
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    );
}

#[test]
fn another_scheme_or_algorithm_is_refused() {
    for value in [
        "Basic dXNlcjpwdw==",
        "Bearer x",
        "AWS4-ECDSA-P256-SHA256 Credential=a",
        "",
        "aws4-hmac-sha256 ",
    ] {
        let (code, message) = answer(&with_authorization(value));
        assert_eq!(code, "IncompleteSignatureException", "{value}");
        assert!(
            message.starts_with("Unsupported AWS 'algorithm'"),
            "{message}"
        );
    }
}

#[test]
fn a_malformed_authorization_is_refused() {
    for (before, after) in [
        ("Credential=", "Credential:"),
        ("Credential=", "Credentials="),
        ("SignedHeaders=", "Credential="),
        (", Signature=", ", Signature=x, Signature="),
        ("host;", "Host;"),
        ("content-type;host", "host;content-type"),
        ("host;", "host;host;"),
        ("host;", "host;;"),
        ("host;", "ho\u{df}t;"),
    ] {
        let mut request = signed(describe_product());
        request.replace("authorization", before, after);
        assert_eq!(
            answer(&request).0,
            "IncompleteSignatureException",
            "{before} -> {after}"
        );
    }
}

#[test]
fn separators_of_any_usual_kind_are_read() {
    for (before, after) in [(", ", ","), (", ", " , "), (", Signature", ",  Signature")] {
        let mut request = signed(describe_product());
        request.replace("authorization", before, after);
        assert_eq!(verdict(&request), Ok(()), "{before} -> {after}");
    }
}

#[test]
fn heads_beyond_the_limits_are_refused() {
    let mut long_path = signed(describe_product());
    long_path.path = "/a".repeat(PATH_BYTES_MAX);
    let mut long_query = signed(describe_product());
    long_query.query = "&".repeat(QUERY_BYTES_MAX + 1);
    let mut long_header = signed(describe_product());
    long_header
        .value_mut("authorization")
        .resize(AUTHORIZATION_BYTES_MAX + 1, b',');
    for request in [long_path, long_query, long_header] {
        assert!(matches!(verdict(&request), Err(Refused::TooLong { .. })));
    }
    let mut request = describe_product();
    let names_before = 5;
    for number in names_before..SIGNED_HEADERS_MAX {
        request.add(&format!("x-extra-{number:02}"), "1");
    }
    assert_eq!(verdict(&signed(request.clone())), Ok(()));
    let mut one_more = signed(request);
    one_more.replace("authorization", "x-extra-63", "x-extra-63;x-extra-64");
    assert_eq!(
        answer(&one_more),
        (
            "IncompleteSignatureException",
            "SignedHeaders is longer than 64 names.".to_owned()
        )
    );
}

#[test]
fn a_method_with_a_line_break_is_refused() {
    let mut request = describe_product();
    request.method = "POST\n/".to_owned();
    assert!(matches!(
        verdict(&signed(request)),
        Err(Refused::Malformed(_))
    ));
}
