//! What is refused though its arithmetic may be right, and in which words.

use mimeo_sigv4::{Claim, Identity, PathForm, Refused, Rules, sha256};

use crate::sdk::*;

#[test]
fn a_signed_request_is_verified() {
    assert_eq!(verdict(&signed(describe_product())), Ok(()));
}

#[test]
fn an_unsigned_x_amz_header_is_refused() {
    let names = [
        "x-amz-target",
        "x-amz-security-token",
        "x-amz-date",
        "X-Amz-Content-Sha256",
        "X-Amz-New",
    ];
    for name in names {
        let mut request = describe_product();
        let hash = hex(&sha256(&request.body));
        match name {
            "X-Amz-Content-Sha256" => request.add(name, &hash),
            "X-Amz-New" => request.add(name, "1"),
            _ => {}
        }
        assert_eq!(verdict(&signed(request.clone())), Ok(()), "{name} signed");
        let request = if name == "x-amz-date" {
            let mut request = signed(request);
            request.replace("authorization", "x-amz-date;", "");
            request
        } else {
            signed_without(&[name], request)
        };
        let expected = format!(
            "'{}' must be a 'SignedHeader' in the AWS Authorization.",
            name.to_lowercase()
        );
        assert_eq!(answer(&request), ("InvalidSignatureException", expected));
    }
}

#[test]
fn what_real_clients_leave_unsigned_is_accepted() {
    let mut request = describe_product();
    request.add("x-amz-user-agent", "aws-sdk-js/2.1.0");
    request.add("x-amz-cf-id", "added-by-cloudfront");
    request.add(
        "amz-sdk-invocation-id",
        "d4aa1a52-1e1c-4a5c-9b4a-0a4b6a8f0d9e",
    );
    request.add("amz-sdk-request", "attempt=1; max=3");
    request.add(
        "x-amzn-trace-id",
        "Root=1-5759e988-bd862e3fe1be46a994272793",
    );
    request.add("content-length", "27");
    let unsigned = [
        "content-type",
        "x-amz-user-agent",
        "x-amz-cf-id",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "content-length",
    ];
    assert_eq!(verdict(&signed(request.clone())), Ok(()));
    assert_eq!(verdict(&signed_without(&unsigned, request)), Ok(()));
}

#[test]
fn an_unsigned_content_type_that_is_not_ours_is_refused() {
    let mut request = describe_product();
    *request.value_mut("content-type") = b"application/cbor".to_vec();
    assert_eq!(verdict(&signed(request.clone())), Ok(()));
    let refused = verdict(&signed_without(&["content-type"], request));
    assert_eq!(refused, Err(Refused::Unsigned("content-type".to_owned())));
}

#[test]
fn an_unsigned_host_is_refused() {
    let (code, message) = answer(&signed_without(&["host"], describe_product()));
    assert_eq!(code, "InvalidSignatureException");
    assert_eq!(
        message,
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    );
}

#[test]
fn a_repeated_header_that_decides_is_refused() {
    for name in [
        "Host",
        "Content-Type",
        "X-Amz-Date",
        "X-Amz-Target",
        "X-Amz-Security-Token",
    ] {
        let mut request = describe_product();
        let value = String::from_utf8(request.value_mut(name).clone()).unwrap();
        request.add(name, &value);
        let (code, message) = answer(&signed(request));
        assert_eq!(code, "InvalidSignatureException");
        assert_eq!(
            message,
            format!("The header '{name}' must not be repeated.")
        );
    }
    let mut request = signed(describe_product());
    let value = request.value_mut("authorization").clone();
    request.headers.push(("authorization".to_owned(), value));
    assert_eq!(verdict(&request), Err(Refused::Repeated("Authorization")));
}

#[test]
fn a_clock_five_minutes_off_is_accepted_and_a_second_more_is_not() {
    let request = signed(describe_product());
    assert_eq!(verdict_at(&request, NOW_MS + 300_999), Ok(()));
    assert_eq!(verdict_at(&request, NOW_MS - 300_000), Ok(()));
    let expired = verdict_at(&request, NOW_MS + 600_000).unwrap_err();
    assert_eq!(expired.code(), "InvalidSignatureException");
    assert_eq!(
        expired.to_string(),
        "Signature expired: 20240101T000000Z is now earlier than 20240101T000500Z (20240101T001000Z - 5 min.)"
    );
    assert!(matches!(
        verdict_at(&request, NOW_MS + 301_000),
        Err(Refused::Expired { minutes: 5, .. })
    ));
    let early = verdict_at(&request, NOW_MS - 600_000).unwrap_err();
    assert_eq!(
        early.to_string(),
        "Signature not yet current: 20240101T000000Z is still later than 20231231T235500Z (20231231T235000Z + 5 min.)"
    );
    assert!(matches!(
        verdict_at(&request, NOW_MS - 300_001),
        Err(Refused::NotYetCurrent { minutes: 5, .. })
    ));
}

#[test]
fn no_rule_permits_more_than_fifteen_minutes_of_skew() {
    let rules = Rules {
        skew_minutes: u32::MAX,
        ..Rules::SERVICE_CATALOG
    };
    let request = signed(describe_product());
    let known = (IDENTITY.access_key_id, IDENTITY.secret_access_key);
    assert_eq!(request.verdict(known, &rules, NOW_MS + 900_000), Ok(()));
    assert!(request.verdict(known, &rules, NOW_MS + 901_000).is_err());
}

#[test]
fn a_credential_for_another_service_is_refused() {
    let mut request = describe_product();
    request.sign(
        &Identity {
            service: "s3",
            ..IDENTITY
        },
        PathForm::Normalized,
    );
    let (code, message) = answer(&request);
    assert_eq!(code, "InvalidSignatureException");
    assert_eq!(
        message,
        "Credential should be scoped to correct service: 'servicecatalog'."
    );
}

#[test]
fn a_credential_of_another_day_is_refused() {
    let mut request = signed(describe_product());
    request.replace("authorization", "/20240101/", "/20231231/");
    let (code, message) = answer(&request);
    assert_eq!(code, "InvalidSignatureException");
    assert_eq!(
        message,
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20231231' != '20240101', from '20240101T000000Z'."
    );
}

#[test]
fn a_date_header_serves_where_there_is_no_x_amz_date() {
    for date in ["Mon, 01 Jan 2024 00:00:00 GMT", "20240101T000000Z"] {
        let mut request = describe_product();
        request.remove("x-amz-date");
        request.add("date", date);
        assert_eq!(verdict(&signed(request.clone())), Ok(()), "{date}");
        let mut unsigned = signed(request);
        unsigned.replace("authorization", "date;", "");
        assert_eq!(
            verdict(&unsigned),
            Err(Refused::Unsigned("date".to_owned()))
        );
    }
    let mut request = signed(describe_product());
    *request.value_mut("x-amz-date") = b"2024-01-01T00:00:00Z".to_vec();
    assert_eq!(
        answer(&request).1,
        "Date must be in ISO-8601 'basic format'."
    );
}

#[test]
fn a_content_hash_must_be_that_of_the_body() {
    let mut request = describe_product();
    let hash = hex(&sha256(&request.body));
    request.add("x-amz-content-sha256", &hash);
    assert_eq!(verdict(&signed(request.clone())), Ok(()));
    for claimed in [
        "UNSIGNED-PAYLOAD".to_owned(),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned(),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned(),
        hex(&sha256(b"another body")),
        hash.to_uppercase(),
        String::new(),
    ] {
        *request.value_mut("x-amz-content-sha256") = claimed.clone().into_bytes();
        let (code, message) = answer(&signed(request.clone()));
        assert_eq!(code, "InvalidSignatureException");
        assert_eq!(
            message, "The provided 'x-amz-content-sha256' header does not match what was computed.",
            "{claimed}"
        );
    }
}

#[test]
fn an_unsigned_payload_is_refused_before_the_body_is_read() {
    let mut request = describe_product();
    request.add("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    let read = signed(request)
        .with_head(|head| Claim::read(head, &Rules::SERVICE_CATALOG, NOW_MS).map(drop));
    assert_eq!(read, Err(Refused::BodyHash));
}

#[test]
fn an_altered_body_is_a_mismatch() {
    let mut request = signed(describe_product());
    request.body[7] ^= 1;
    let (code, message) = answer(&request);
    assert_eq!(code, "InvalidSignatureException");
    assert_eq!(
        message,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    );
}

#[test]
fn codes_for_the_caller_are_awss() {
    for (refused, code) in [
        (Refused::UnrecognizedClient, "UnrecognizedClientException"),
        (Refused::ExpiredToken, "ExpiredTokenException"),
        (Refused::ScopeRegion, "InvalidSignatureException"),
    ] {
        assert_eq!(refused.code(), code);
    }
}

#[test]
fn what_is_secret_is_not_in_any_debug_form() {
    let request = signed(describe_product());
    let signature = request.clone().value_mut("authorization").split_off(200);
    let signature = String::from_utf8(signature).unwrap();
    request.with_head(|head| {
        let claim = Claim::read(head, &Rules::SERVICE_CATALOG, NOW_MS).unwrap();
        let shown = format!("{head:?} {claim:?}");
        assert!(!shown.contains(&signature), "{shown}");
        assert!(!shown.contains("token-of-a-session"), "{shown}");
        assert_eq!(claim.security_token(), Some(&b"token-of-a-session"[..]));
        assert_eq!(claim.signed_at().as_str(), SIGNED_AT);
    });
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
