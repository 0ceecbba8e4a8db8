//! The `Authorization` header: who claims to have signed, what, and how.

use std::fmt;

use crate::{ALGORITHM, Refused, TERMINATOR};

/// The longest `Authorization` header that is read, in bytes.
pub const AUTHORIZATION_BYTES_MAX: usize = 8 * 1024;

/// The most names that `SignedHeaders` may hold.
pub const SIGNED_HEADERS_MAX: usize = 64;

/// The longest access key id, in bytes, as IAM has it.
pub const ACCESS_KEY_ID_BYTES_MAX: usize = 128;

/// The longest name of a Region, in bytes.
pub const REGION_BYTES_MAX: usize = 64;

const NO_CREDENTIAL: &str = "Authorization header requires 'Credential' parameter.";
const NO_SIGNATURE: &str = "Authorization header requires 'Signature' parameter.";
const NO_SIGNED_HEADERS: &str = "Authorization header requires 'SignedHeaders' parameter.";
const NOT_A_PAIR: &str =
    "Invalid key=value pair (missing equal-sign, unknown or repeated key) in Authorization header.";
const NOT_A_CREDENTIAL: &str =
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.";
const NOT_SIGNED_HEADERS: &str = "SignedHeaders must be names of headers in lower case, sorted, without repeats, separated by ';'.";

/// Whose key signed, and for what it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    text: &'a str,
    /// The access key id: public, names the secret.
    pub access_key_id: &'a str,
    /// The day of the signature, `YYYYMMDD` in UTC.
    pub date: &'a str,
    /// The Region, such as `eu-west-1`.
    pub region: &'a str,
    /// The service, such as `servicecatalog`.
    pub service: &'a str,
}

/// A parsed `Authorization` header.
#[derive(Clone, Copy)]
pub(crate) struct Authorization<'a> {
    pub(crate) credential: Credential<'a>,
    pub(crate) signed_headers: SignedHeaders<'a>,
    pub(crate) signature: [u8; 32],
}

/// The names of signed headers: lower-case, ascending, unique, at most [`SIGNED_HEADERS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignedHeaders<'a>(&'a str);

impl<'a> Credential<'a> {
    /// Reads `keyid/date/region/service/aws4_request`.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Refused> {
        let mut parts = text.split('/');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let (Some(access_key_id), Some(date), Some(region), Some(service), Some(terminator), None) =
            (part(), part(), part(), part(), part(), parts.next())
        else {
            return Err(Refused::Malformed(NOT_A_CREDENTIAL));
        };
        if access_key_id.len() > ACCESS_KEY_ID_BYTES_MAX {
            return Err(Refused::TooLong {
                part: "Access key id",
                limit: "128 bytes",
            });
        }
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if region.len() > REGION_BYTES_MAX || !region.bytes().all(is_name) {
            return Err(Refused::ScopeRegion);
        }
        if terminator != TERMINATOR {
            return Err(Refused::ScopeTerminator);
        }
        Ok(Self {
            text,
            access_key_id,
            date,
            region,
            service,
        })
    }

    /// The whole credential as sent: access key id and scope.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The scope: the credential without its access key id.
    pub fn scope(&self) -> &'a str {
        &self.text[self.access_key_id.len() + 1..]
    }
}

impl<'a> SignedHeaders<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Refused> {
        let mut before = "";
        for (index, name) in text.split(';').enumerate() {
            if index == SIGNED_HEADERS_MAX {
                return Err(Refused::TooLong {
                    part: "SignedHeaders",
                    limit: "64 names",
                });
            }
            if !name.bytes().all(is_header_name) || name <= before {
                return Err(Refused::Malformed(NOT_SIGNED_HEADERS));
            }
            before = name;
        }
        Ok(Self(text))
    }

    pub(crate) fn as_str(&self) -> &'a str {
        self.0
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.0.split(';')
    }

    pub(crate) fn contains(&self, header: &str) -> bool {
        self.names().any(|name| name.eq_ignore_ascii_case(header))
    }
}

impl<'a> Authorization<'a> {
    /// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
    pub(crate) fn parse(value: &'a [u8]) -> Result<Self, Refused> {
        if value.len() > AUTHORIZATION_BYTES_MAX {
            return Err(Refused::TooLong {
                part: "Authorization header",
                limit: "8192 bytes",
            });
        }
        let printable = value.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        let (true, Ok(text)) = (printable, str::from_utf8(value)) else {
            return Err(Refused::Malformed(NOT_A_PAIR));
        };
        let text = text.trim();
        let (algorithm, rest) = text.split_once(' ').unwrap_or((text, ""));
        if algorithm != ALGORITHM {
            return Err(Refused::Algorithm);
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for pair in rest
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
        {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(Refused::Malformed(NOT_A_PAIR));
            };
            let place = match key {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(Refused::Malformed(NOT_A_PAIR)),
            };
            if place.replace(value).is_some() {
                return Err(Refused::Malformed(NOT_A_PAIR));
            }
        }
        let present = |value: Option<&'a str>| value.filter(|value| !value.is_empty());
        match (
            present(credential),
            present(signature),
            present(signed_headers),
        ) {
            (Some(credential), Some(signature), Some(signed_headers)) => Ok(Self {
                credential: Credential::parse(credential)?,
                signed_headers: SignedHeaders::parse(signed_headers)?,
                signature: parse_signature(signature).ok_or(Refused::Mismatch)?,
            }),
            (credential, signature, signed_headers) => Err(Refused::Incomplete(
                [
                    (credential, NO_CREDENTIAL),
                    (signature, NO_SIGNATURE),
                    (signed_headers, NO_SIGNED_HEADERS),
                ]
                .into_iter()
                .filter(|(value, _)| value.is_none())
                .map(|(_, sentence)| sentence)
                .collect(),
            )),
        }
    }
}

impl fmt::Debug for Authorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("credential", &self.credential.text)
            .field("signed_headers", &self.signed_headers.0)
            .finish_non_exhaustive()
    }
}

/// Whether a byte may stand in a lower-case name of a header (RFC 9110, `tchar`).
pub(crate) fn is_header_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

// AWS compares text, so a signature in upper case is not one either.
fn parse_signature(text: &str) -> Option<[u8; 32]> {
    let mut signature = [0; 32];
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    hex::decode_to_slice(text, &mut signature)
        .ok()
        .map(|()| signature)
}
