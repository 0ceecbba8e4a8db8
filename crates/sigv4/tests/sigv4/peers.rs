//! Random requests: AWS's signer against our verifier, ours against ours, and noise.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity as AwsIdentity;
use mimeo_sigv4::{Identity, PathForm, Rules};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    test_runner::RngSeed,
};

use crate::request::Request;

const SECONDS: u64 = 1_704_067_200;
const NOW_MS: i64 = 1_704_067_200_000;
const IDENTITY: Identity<'static> = Identity {
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region: "eu-west-1",
    service: "servicecatalog",
};
const KNOWN: (&str, &str) = (IDENTITY.access_key_id, IDENTITY.secret_access_key);

fn config() -> ProptestConfig {
    // A fixed seed, so that a run today and a run tomorrow are one run.
    ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x4157_5334),
        ..ProptestConfig::default()
    }
}

/// Percent-encodes as clients do before they send.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |sent, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            sent + &char::from(byte).to_string()
        }
        _ => sent + &format!("%{byte:02X}"),
    })
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just(String::new()),
        Just(".".to_owned()),
        Just("..".to_owned()),
        "[a-z:@=+,;!$&'()*-]{1,8}",
        any::<String>().prop_map(|text| encoded(&text)),
    ];
    vec(segment, 0..6).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn query() -> impl Strategy<Value = String> {
    let pair = ("[a-zA-Z]{1,3}", any::<String>(), any::<bool>()).prop_map(|(key, value, bare)| {
        if bare {
            key
        } else {
            format!("{key}={}", encoded(&value))
        }
    });
    vec(pair, 0..5).prop_map(|pairs| pairs.join("&"))
}

fn request(header_value: &'static str) -> impl Strategy<Value = Request> {
    (
        prop_oneof![Just("POST"), Just("GET"), Just("PUT"), Just("M-SEARCH")],
        path(),
        query(),
        btree_map(
            "(my|x-amz-m)-[a-z0-9_-]{1,10}",
            vec(header_value, 1..4),
            0..6,
        ),
        vec(any::<u8>(), 0..200),
    )
        .prop_map(|(method, path, query, headers, body)| {
            let mut request = Request {
                method: method.to_owned(),
                path,
                query,
                headers: Vec::new(),
                body,
            };
            request.add("host", "catalog.example:8443");
            request.add("content-type", "application/x-amz-json-1.1");
            request.add("user-agent", "peer/1");
            for (name, values) in headers {
                for value in values {
                    request.add(&name, &value);
                }
            }
            request
        })
}

fn sign_with_aws(request: &mut Request, token: Option<String>) {
    let (id, secret) = KNOWN;
    let identity: AwsIdentity = Credentials::new(id, secret, token, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(IDENTITY.region)
        .name(IDENTITY.service)
        .time(UNIX_EPOCH + Duration::from_secs(SECONDS))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let uri = format!(
        "https://catalog.example:8443{}?{}",
        request.path, request.query
    );
    let uri = if request.query.is_empty() {
        uri.trim_end_matches('?')
    } else {
        &uri
    };
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), str::from_utf8(value).unwrap()));
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(&request.method, uri, headers, body).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let added: Vec<_> = instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in added {
        request.add(&name, &value);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_awss_signer_signs_is_verified(
        mut request in request("[ -~]{0,20}"),
        token in option::of("[A-Za-z0-9/+=]{1,100}"),
    ) {
        sign_with_aws(&mut request, token);
        let verdict = request.verdict(KNOWN, &Rules::SERVICE_CATALOG, NOW_MS);
        prop_assert_eq!(verdict, Ok(()));
    }

    #[test]
    fn what_we_sign_is_verified(mut request in request("[ \t\\PC]{0,20}"), as_sent: bool) {
        let path = if as_sent { PathForm::AsSent } else { PathForm::Normalized };
        request.add("x-amz-date", "20240101T000000Z");
        request.sign(&IDENTITY, path);
        let rules = Rules { path, ..Rules::SERVICE_CATALOG };
        prop_assert_eq!(request.verdict(KNOWN, &rules, NOW_MS), Ok(()));
    }

    #[test]
    fn a_flipped_bit_anywhere_that_is_signed_is_refused(
        mut request in request("[!-~]{1,20}"),
        place: proptest::sample::Index,
        bit in 0_u8..8,
    ) {
        request.remove("user-agent");
        sign_with_aws(&mut request, None);
        let count = request.headers.len();
        let index = place.index(count + 1);
        let bytes = match request.headers.get_mut(index) {
            Some((_, value)) => value,
            None => &mut request.body,
        };
        prop_assume!(!bytes.is_empty());
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // Commas and spaces between the parts of the header carry nothing.
        let flipped = bytes[at];
        let separator = index < count
            && request.headers[index].0 == "authorization"
            && (b", ".contains(&flipped) || b", ".contains(&(flipped ^ (1 << bit))));
        prop_assume!(!separator);
        let verdict = request.verdict(KNOWN, &Rules::SERVICE_CATALOG, NOW_MS);
        prop_assert!(verdict.is_err());
    }

    #[test]
    fn noise_is_refused_without_a_panic(
        method: String,
        path: String,
        query: String,
        headers in vec(("[aA]uthorization|x-amz-date|date|host|\\PC{0,9}", vec(any::<u8>(), 0..99)), 0..9),
        body in vec(any::<u8>(), 0..20),
        now_ms: i64,
    ) {
        let request = Request { method, path, query, headers, body };
        prop_assert!(request.verdict(KNOWN, &Rules::SERVICE_CATALOG, now_ms).is_err());
    }

    #[test]
    fn a_noisy_authorization_is_refused_without_a_panic(
        value in "(AWS4-HMAC-SHA256 )?((Credential|SignedHeaders|Signature|\\PC)=[a-z0-9/;=é]{0,40}[, ]{0,2}){0,4}",
        date in "(20240101T0000[0-9]{2}Z|[ -~]{0,30})",
    ) {
        let mut request = Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        request.add("host", "localhost");
        request.add("x-amz-date", &date);
        request.add("authorization", &value);
        prop_assert!(request.verdict(KNOWN, &Rules::SERVICE_CATALOG, NOW_MS).is_err());
    }
}
