//! Signed requests: noise is refused, what is signed verifies, and AWS's signer agrees.
//!
//! `METHOD TARGET` on a line, headers on lines, an empty line, the body.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as aws_sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity as AwsIdentity;
use mimeo_sigv4::{Claim, Head, Identity, PathForm, Refused, Rules, SigningKey, sha256, sign};

use crate::text::halves;

const SECONDS: u64 = 1_704_067_200;
const NOW_MS: i64 = 1_704_067_200_000;
const SIGNER: Identity<'static> = Identity {
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region: "eu-west-1",
    service: "servicecatalog",
};

/// A request as it came, or with further headers.
#[derive(Clone)]
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    body: &'a [u8],
}

pub(crate) fn run(bytes: &[u8]) {
    let Some(request) = Request::read(bytes) else {
        return;
    };
    for rules in [Rules::SERVICE_CATALOG, Rules::STS] {
        let _ = request.verdict(&rules);
    }
    signs_what_it_verifies(&request);
    agrees_with_aws(&request);
}

impl<'a> Request<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, body) = halves(bytes);
        let mut lines = head.split(|byte| *byte == b'\n');
        let (method, target) = str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Vec::new();
        for line in lines {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = str::from_utf8(&line[..colon]).ok()?;
            headers.push((name, line[colon + 1..].trim_ascii()));
        }
        Some(Self {
            method,
            path,
            query,
            headers,
            body,
        })
    }

    fn head(&self) -> Head<'_> {
        Head {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: &self.headers,
        }
    }

    fn verdict(&self, rules: &Rules<'_>) -> Result<(), Refused> {
        let head = self.head();
        let claim = Claim::read(&head, rules, NOW_MS)?;
        let credential = claim.credential();
        let key = SigningKey::derive(
            SIGNER.secret_access_key,
            credential.date,
            credential.region,
            credential.service,
        );
        claim.verify(&sha256(self.body), &key)
    }

    fn without(&self, names: &[&str]) -> Self {
        let mut rest = self.clone();
        let is = |name: &str| names.iter().any(|other| name.eq_ignore_ascii_case(other));
        rest.headers.retain(|(name, _)| !is(name));
        rest
    }
}

/// Whatever we can sign and would look at, we take; and with another body we do not.
fn signs_what_it_verifies(request: &Request<'_>) {
    let mut signed = request.without(&["authorization", "x-amz-content-sha256"]);
    for path in [PathForm::Normalized, PathForm::AsSent] {
        let rules = Rules {
            path,
            ..Rules::SERVICE_CATALOG
        };
        let hash = sha256(signed.body);
        let Ok(header) = sign(&signed.head(), &hash, &SIGNER, path) else {
            return;
        };
        let mut sent = signed.clone();
        sent.headers.push(("Authorization", header.as_bytes()));
        if Claim::read(&sent.head(), &rules, NOW_MS).is_err() {
            return;
        }
        assert_eq!(sent.verdict(&rules), Ok(()));
        sent.body = b"another body";
        assert!(sent.verdict(&rules).is_err() || signed.body == sent.body);
    }
    signed.headers.clear();
}

/// What AWS's signer makes of the same request is verified, where it is a request for it at all.
fn agrees_with_aws(request: &Request<'_>) {
    let of_signer = [
        "authorization",
        "x-amz-date",
        "x-amz-content-sha256",
        "date",
    ];
    let request = request.without(&of_signer);
    let is_text = |value: &[u8]| value.iter().all(|byte| (b' '..=b'~').contains(byte));
    let is_name = |name: &str| http_name(name);
    let fits = request
        .headers
        .iter()
        .all(|(name, value)| is_name(name) && is_text(value))
        && request.path.starts_with('/')
        && request.path.is_ascii()
        && request.query.is_ascii()
        // No client sends a fragment, and AWS's signer leaves it out.
        && !request.path.contains(['#', '?'])
        && !request.query.contains('#')
        && is_utf8_and_spelled_out(request.query);
    let uri = match request.query {
        "" => format!("https://catalog.example{}", request.path),
        query => format!("https://catalog.example{}?{query}", request.path),
    };
    if !fits {
        return;
    }
    let Some(added) = signed_by_aws(&request, &uri) else {
        return;
    };
    let mut sent = request.clone();
    let added = added
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    sent.headers.extend(added);
    if Claim::read(&sent.head(), &Rules::SERVICE_CATALOG, NOW_MS).is_ok() {
        assert_eq!(sent.verdict(&Rules::SERVICE_CATALOG), Ok(()), "{uri}");
    }
}

/// AWS's signer reads a query as a form: `+` is a space to it, and bytes that are no text are lost.
fn is_utf8_and_spelled_out(query: &str) -> bool {
    let pairs = || url::form_urlencoded::parse(query.as_bytes());
    let lost = |text: &str| text.contains('\u{fffd}');
    !query.contains('+') && !pairs().any(|(key, value)| lost(&key) || lost(&value))
}

fn http_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.bytes().all(fits)
}

fn signed_by_aws(request: &Request<'_>, uri: &str) -> Option<Vec<(String, String)>> {
    let (id, secret) = (SIGNER.access_key_id, SIGNER.secret_access_key);
    let identity: AwsIdentity = Credentials::new(id, secret, None, None, "fuzz").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(SIGNER.region)
        .name(SIGNER.service)
        .time(UNIX_EPOCH + Duration::from_secs(SECONDS))
        .settings(SigningSettings::default())
        .build()
        .ok()?
        .into();
    let headers = request.headers.iter();
    let headers = headers.map(|(name, value)| (*name, str::from_utf8(value).unwrap_or_default()));
    let body = SignableBody::Bytes(request.body);
    let signable = SignableRequest::new(request.method, uri, headers, body).ok()?;
    let (instructions, _) = aws_sign(signable, &parameters).ok()?.into_parts();
    let added = instructions.headers();
    Some(
        added
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    )
}
