//! AWS's published vectors, and forgeries of each.

use std::{collections::BTreeMap, fs, path::Path};

use mimeo_sigv4::{
    AmzDate, Identity, PathForm, Refused, Rules, canonical_request, sha256, string_to_sign,
};

use crate::request::Request;

const NOW_MS: i64 = 1_440_938_160_000;
const SCOPE: &str = "20150830/us-east-1/service/aws4_request";
const IDENTITY: Identity<'static> = Identity {
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region: "us-east-1",
    service: "service",
};

/// The one vector that sends its token unsigned: correct by arithmetic, refused by our rule.
const TOKEN_UNSIGNED: &str = "post-sts-header-after";

struct Vector {
    name: String,
    request: Request,
    path: PathForm,
    canonical_request: Vec<u8>,
    string_to_sign: Vec<u8>,
    signature: String,
}

impl Vector {
    fn verdict(&self, request: &Request, now_ms: i64) -> Result<(), Refused> {
        let rules = Rules {
            service: "service",
            path: self.path,
            ..Rules::SERVICE_CATALOG
        };
        let known = (IDENTITY.access_key_id, IDENTITY.secret_access_key);
        request.verdict(known, &rules, now_ms)
    }

    fn signed_headers(&self) -> &str {
        let canonical = str::from_utf8(&self.canonical_request).unwrap();
        canonical.lines().nth_back(1).unwrap()
    }
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files.iter().map(|file| vector(file)).collect()
}

fn vector(file: &Path) -> Vector {
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(file).unwrap();
    let text = text
        .strip_prefix("== ")
        .unwrap()
        .strip_suffix('\n')
        .unwrap();
    let sections: BTreeMap<&str, &str> = text
        .split("\n== ")
        .map(|section| section.split_once('\n').unwrap())
        .collect();
    Vector {
        name,
        request: request(sections["request"]),
        path: match sections["path"] {
            "Normalized" => PathForm::Normalized,
            "AsSent" => PathForm::AsSent,
            other => panic!("path form {other}"),
        },
        canonical_request: sections["canonical request"].into(),
        string_to_sign: sections["string to sign"].into(),
        signature: sections["signature"].to_owned(),
    }
}

fn request(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap();
    let (line, header_lines) = head.split_once('\n').unwrap();
    let (method, target) = line
        .strip_suffix(" HTTP/1.1")
        .unwrap()
        .split_once(' ')
        .unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for line in header_lines.split('\n') {
        if line.starts_with(' ') {
            let value = &mut headers.last_mut().unwrap().1;
            value.push(b'\n');
            value.extend_from_slice(line.as_bytes());
        } else {
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_lowercase(), value.into()));
        }
    }
    let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
    Request {
        method,
        path,
        query,
        headers,
        body: body.into(),
    }
}

#[test]
fn each_vector_is_canonicalised_byte_by_byte_as_aws_does() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 38);
    for vector in vectors {
        let name = &vector.name;
        let body = sha256(&vector.request.body);
        let canonical = vector
            .request
            .with_head(|head| canonical_request(head, vector.signed_headers(), &body, vector.path));
        let (ours, theirs) = (
            String::from_utf8_lossy(&canonical),
            String::from_utf8_lossy(&vector.canonical_request),
        );
        assert_eq!(ours, theirs, "{name}");
        let to_sign = string_to_sign(&AmzDate::at(NOW_MS), SCOPE, &canonical);
        assert_eq!(to_sign, vector.string_to_sign, "{name}");
    }
}

#[test]
fn each_vector_is_signed_as_aws_does() {
    for vector in vectors() {
        let mut request = vector.request.clone();
        let theirs = request.value_mut("authorization").clone();
        request.remove("authorization");
        if vector.name == TOKEN_UNSIGNED {
            request.remove("x-amz-security-token");
        }
        request.sign(&IDENTITY, vector.path);
        assert_eq!(
            *request.value_mut("authorization"),
            theirs,
            "{}",
            vector.name
        );
        assert!(
            theirs.ends_with(vector.signature.as_bytes()),
            "{}",
            vector.name
        );
    }
}

#[test]
fn each_vector_is_verified_but_the_one_with_an_unsigned_token() {
    for vector in vectors() {
        let verdict = vector.verdict(&vector.request, NOW_MS);
        if vector.name == TOKEN_UNSIGNED {
            assert_eq!(
                verdict,
                Err(Refused::Unsigned("x-amz-security-token".to_owned()))
            );
            let mut request = vector.request.clone();
            request.remove("x-amz-security-token");
            assert_eq!(vector.verdict(&request, NOW_MS), Ok(()));
        } else {
            assert_eq!(verdict, Ok(()), "{}", vector.name);
        }
    }
}

/// An alteration of a signed request and the kind of refusal that it must meet.
type Forgery = (&'static str, fn(&mut Request), fn(&Refused) -> bool);

const AUTHORIZATION: &str = "authorization";

const FORGERIES: [Forgery; 24] = [
    ("method", |r| "PUT".clone_into(&mut r.method), is_mismatch),
    ("path", |r| r.path.push_str("/more"), is_mismatch),
    ("query", |r| r.query.push_str("&more=1"), is_mismatch),
    ("body, byte more", |r| r.body.push(b'.'), is_body_refused),
    (
        "host",
        |r| r.replace("host", "example", "examples"),
        is_mismatch,
    ),
    ("header bit", |r| r.value_mut("host")[0] ^= 1, is_mismatch),
    (
        "second later",
        |r| r.replace("x-amz-date", "3600Z", "3601Z"),
        is_mismatch,
    ),
    (
        "day of scope",
        |r| r.replace(AUTHORIZATION, "/20150830/", "/20150829/"),
        |why| matches!(why, Refused::ScopeDate { .. }),
    ),
    (
        "region",
        |r| r.replace(AUTHORIZATION, "/us-east-1/", "/us-east-2/"),
        is_mismatch,
    ),
    (
        "service",
        |r| r.replace(AUTHORIZATION, "/service/", "/services/"),
        |why| matches!(why, Refused::ScopeService(_)),
    ),
    (
        "terminator",
        |r| r.replace(AUTHORIZATION, "aws4_request", "aws4_requests"),
        |why| *why == Refused::ScopeTerminator,
    ),
    (
        "access key",
        |r| r.replace(AUTHORIZATION, "AKIDEXAMPLE", "AKIDEXAMPLF"),
        is_mismatch,
    ),
    (
        "algorithm",
        |r| r.replace(AUTHORIZATION, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        |why| *why == Refused::Algorithm,
    ),
    (
        "signature, last bit",
        |r| *r.value_mut(AUTHORIZATION).last_mut().unwrap() ^= 1,
        is_mismatch,
    ),
    ("signature, shorter", shorten_signature, is_mismatch),
    (
        "signature, longer",
        |r| r.value_mut(AUTHORIZATION).push(b'0'),
        is_mismatch,
    ),
    ("signature, empty", without_signature, |why| {
        matches!(why, Refused::Incomplete(_))
    }),
    (
        "host no longer signed",
        |r| r.replace(AUTHORIZATION, "host;", ""),
        is_unsigned,
    ),
    (
        "date no longer signed",
        |r| r.replace(AUTHORIZATION, ";x-amz-date", ""),
        is_unsigned,
    ),
    (
        "absent header signed",
        |r| r.replace(AUTHORIZATION, "x-amz-date", "x-amz-date;x-zzz"),
        |why| matches!(why, Refused::Absent(_) | Refused::Malformed(_)),
    ),
    (
        "target added",
        |r| r.add("X-Amz-Target", "Service.Delete"),
        is_unsigned,
    ),
    (
        "second host",
        |r| r.add("Host", "other"),
        |why| *why == Refused::Repeated("Host"),
    ),
    (
        "second signature",
        |r| {
            let value = r.value_mut(AUTHORIZATION).clone();
            r.headers.push(("Authorization".to_owned(), value));
        },
        |why| *why == Refused::Repeated("Authorization"),
    ),
    (
        "no signature",
        |r| r.remove(AUTHORIZATION),
        |why| *why == Refused::NoAuthorization,
    ),
];

fn is_mismatch(why: &Refused) -> bool {
    *why == Refused::Mismatch
}

fn is_body_refused(why: &Refused) -> bool {
    matches!(why, Refused::Mismatch | Refused::BodyHash)
}

fn is_unsigned(why: &Refused) -> bool {
    matches!(why, Refused::Unsigned(_) | Refused::HostUnsigned)
}

fn shorten_signature(request: &mut Request) {
    request.value_mut(AUTHORIZATION).pop();
}

fn without_signature(request: &mut Request) {
    let value = request.value_mut(AUTHORIZATION);
    value.truncate(value.len() - 64);
}

#[test]
fn each_forgery_of_each_vector_is_refused() {
    let mut refused = 0;
    for vector in vectors()
        .iter()
        .filter(|vector| vector.name != TOKEN_UNSIGNED)
    {
        for (what, alter, is_expected) in FORGERIES {
            let mut request = vector.request.clone();
            alter(&mut request);
            let why = vector.verdict(&request, NOW_MS).expect_err(what);
            assert!(is_expected(&why), "{}: {what}: {why:?}", vector.name);
            refused += 1;
        }
        for skewed_ms in [NOW_MS + 301_000, NOW_MS - 301_000] {
            assert!(
                vector.verdict(&vector.request, skewed_ms).is_err(),
                "{}",
                vector.name
            );
            refused += 1;
        }
        for name in vector.signed_headers().split(';') {
            let mut request = vector.request.clone();
            request.value_mut(name).push(b'x');
            assert!(
                vector.verdict(&request, NOW_MS).is_err(),
                "{}: {name}",
                vector.name
            );
            refused += 1;
        }
    }
    assert!(refused >= 37 * 28, "{refused} forgeries");
}
