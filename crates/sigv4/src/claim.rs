//! A request's claim to be signed: read from its head, then verified with body and key.

use subtle::ConstantTimeEq;

use crate::{
    AmzDate, Credential, Head, PATH_BYTES_MAX, PathForm, QUERY_BYTES_MAX, Refused, SigningKey,
    authorization::{Authorization, is_header_name},
    canonical::{percent_decoded, signature},
};

/// How far a client's clock may be off, in minutes, as AWS has it for JSON services.
pub const SKEW_MINUTES: u32 = 5;

/// The most skew that [`Rules`] can permit, in minutes; more counts as this.
pub const SKEW_MINUTES_MAX: u32 = 15;

/// Headers that decide who asks for what, when and where; two of them would let two readers of
/// one request disagree.
const UNIQUE: [&str; 8] = [
    "Authorization",
    "Host",
    "Content-Type",
    "Date",
    "X-Amz-Date",
    "X-Amz-Target",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
];

/// The `x-amz-*` headers that may come unsigned, since nothing here acts upon them: early SDKs
/// for JavaScript leave their user agent unsigned, and AWS's proxies add a request id on the way.
const INFORMATIONAL: [&str; 2] = ["x-amz-user-agent", "x-amz-cf-id"];

const NO_DATE: &str =
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
const NOT_A_DATE: &str = "Date must be in ISO-8601 'basic format'.";

/// What a service asks of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules<'a> {
    /// The service that credentials must be scoped to.
    pub service: &'a str,
    /// The one content type that the service reads. It may come unsigned, as from the SDKs for
    /// PHP and JavaScript v2, since without it the service would read the same; any other must be
    /// signed.
    pub content_type: &'a str,
    /// How far the client's clock may be off, in minutes; at most [`SKEW_MINUTES_MAX`].
    pub skew_minutes: u32,
    /// How paths enter the canonical request.
    pub path: PathForm,
}

impl Rules<'static> {
    /// The rules of AWS Service Catalog.
    pub const SERVICE_CATALOG: Self = Self {
        service: "servicecatalog",
        content_type: "application/x-amz-json-1.1",
        skew_minutes: SKEW_MINUTES,
        path: PathForm::Normalized,
    };

    /// The rules of AWS's Security Token Service, which gives clocks more time.
    pub const STS: Self = Self {
        service: "sts",
        content_type: "application/x-www-form-urlencoded; charset=utf-8",
        skew_minutes: SKEW_MINUTES_MAX,
        path: PathForm::Normalized,
    };
}

/// A claim to be signed that keeps every rule which needs neither the key nor the body.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    head: Head<'a>,
    authorization: Authorization<'a>,
    signed_at: AmzDate,
    path: PathForm,
}

impl<'a> Claim<'a> {
    /// Reads the claim of a request; `now_ms` is the server's time in milliseconds since 1970.
    pub fn read(head: &Head<'a>, rules: &Rules<'_>, now_ms: i64) -> Result<Self, Refused> {
        check_shape(head)?;
        let Some(header) = head.value("authorization") else {
            return Err(Refused::NoAuthorization);
        };
        let authorization = Authorization::parse(header)?;
        let signed_at = signed_at(head)?;
        check_signed_headers(head, &authorization, rules)?;
        check_scope(&authorization.credential, &signed_at, rules)?;
        check_skew(
            &signed_at,
            AmzDate::at(now_ms),
            rules.skew_minutes.min(SKEW_MINUTES_MAX),
        )?;
        Ok(Self {
            head: *head,
            authorization,
            signed_at,
            path: rules.path,
        })
    }

    /// Whose key signed, if the claim is true.
    pub fn credential(&self) -> &Credential<'a> {
        &self.authorization.credential
    }

    /// When the client says that it signed.
    pub fn signed_at(&self) -> &AmzDate {
        &self.signed_at
    }

    /// The session token, signed like every other `x-amz-*` header.
    pub fn security_token(&self) -> Option<&'a [u8]> {
        self.head.value("x-amz-security-token")
    }

    /// Verifies the claim: this key signed this head and the body with this hash.
    ///
    /// `key` is the claimed credential's; see [`SigningKey::derive`].
    pub fn verify(&self, body_sha256: &[u8; 32], key: &SigningKey) -> Result<(), Refused> {
        if let Some(claimed) = self.head.value("x-amz-content-sha256")
            && claimed != hex::encode(body_sha256).as_bytes()
        {
            return Err(Refused::BodyHash);
        }
        let Authorization {
            credential,
            signed_headers,
            signature: claimed,
        } = &self.authorization;
        let when_and_who = (&self.signed_at, credential);
        let ours = signature(
            &self.head,
            *signed_headers,
            body_sha256,
            self.path,
            when_and_who,
            key,
        );
        if ours.ct_eq(claimed).into() {
            Ok(())
        } else {
            Err(Refused::Mismatch)
        }
    }
}

fn check_shape(head: &Head<'_>) -> Result<(), Refused> {
    if head.path.len() > PATH_BYTES_MAX {
        return Err(Refused::TooLong {
            part: "Path",
            limit: "8192 bytes",
        });
    }
    if head.query.len() > QUERY_BYTES_MAX {
        return Err(Refused::TooLong {
            part: "Query",
            limit: "8192 bytes",
        });
    }
    // HTTP parsers promise this; a line break in it would be a second line of what is signed.
    if !head
        .method
        .bytes()
        .all(|byte| is_header_name(byte.to_ascii_lowercase()))
    {
        return Err(Refused::Malformed("The method is not a token."));
    }
    if let Some(name) = UNIQUE
        .into_iter()
        .find(|name| head.values(name).nth(1).is_some())
    {
        return Err(Refused::Repeated(name));
    }
    // Neither UNSIGNED-PAYLOAD nor STREAMING-… is a hash.
    let is_hash = |value: &[u8]| {
        value.len() == 64
            && value
                .iter()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
    };
    if !head.values("x-amz-content-sha256").all(is_hash) {
        return Err(Refused::BodyHash);
    }
    let keys = head
        .query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or_default());
    for key in keys {
        let key = percent_decoded(key.as_bytes()).to_ascii_lowercase();
        if [
            &b"x-amz-signature"[..],
            b"x-amz-algorithm",
            b"x-amz-credential",
        ]
        .contains(&&*key)
        {
            return Err(Refused::SignedInQuery);
        }
    }
    Ok(())
}

pub(crate) fn signed_at(head: &Head<'_>) -> Result<AmzDate, Refused> {
    let date = match (head.value("x-amz-date"), head.value("date")) {
        (Some(value), _) => AmzDate::parse(value),
        (None, Some(value)) => AmzDate::parse_http(value),
        (None, None) => return Err(Refused::Incomplete(vec![NO_DATE])),
    };
    date.ok_or(Refused::Malformed(NOT_A_DATE))
}

// Checking only what is listed is not enough: in awsJson the operation itself is a header, so a
// captured read whose X-Amz-Target is unsigned could be sent again as a deletion.
fn check_signed_headers(
    head: &Head<'_>,
    authorization: &Authorization<'_>,
    rules: &Rules<'_>,
) -> Result<(), Refused> {
    let signed = &authorization.signed_headers;
    if !signed.contains("host") {
        return Err(Refused::HostUnsigned);
    }
    for (name, value) in head.headers {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let must_be_signed = if is("content-type") {
            *value != rules.content_type.as_bytes()
        } else if is("date") {
            head.value("x-amz-date").is_none()
        } else {
            let prefix = name.get(.."x-amz-".len()).unwrap_or_default();
            prefix.eq_ignore_ascii_case("x-amz-") && !INFORMATIONAL.into_iter().any(is)
        };
        if must_be_signed && !signed.contains(name) {
            return Err(Refused::Unsigned(name.to_ascii_lowercase()));
        }
    }
    match signed.names().find(|name| head.value(name).is_none()) {
        Some(name) => Err(Refused::Absent(name.to_owned())),
        None => Ok(()),
    }
}

fn check_scope(
    credential: &Credential<'_>,
    signed_at: &AmzDate,
    rules: &Rules<'_>,
) -> Result<(), Refused> {
    if credential.service != rules.service {
        return Err(Refused::ScopeService(rules.service.to_owned()));
    }
    if credential.date != signed_at.day() {
        return Err(Refused::ScopeDate {
            scope: credential.date.chars().take(8).collect(),
            day: signed_at.day().to_owned(),
            signed_at: *signed_at,
        });
    }
    Ok(())
}

fn check_skew(signed_at: &AmzDate, now: AmzDate, minutes: u32) -> Result<(), Refused> {
    let signed_at = *signed_at;
    let limit = now.plus_minutes(-i64::from(minutes));
    if signed_at.seconds() < limit.seconds() {
        return Err(Refused::Expired {
            signed_at,
            limit,
            now,
            minutes,
        });
    }
    let limit = now.plus_minutes(minutes.into());
    if signed_at.seconds() > limit.seconds() {
        return Err(Refused::NotYetCurrent {
            signed_at,
            limit,
            now,
            minutes,
        });
    }
    Ok(())
}
