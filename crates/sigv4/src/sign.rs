//! Signing: the `Authorization` header of a request that we send.

use std::fmt;

use crate::{
    ALGORITHM, Credential, Head, PathForm, Refused, SigningKey, TERMINATOR,
    authorization::SignedHeaders, canonical::signature, claim::signed_at,
};

/// Headers that proxies and HTTP libraries change on the way, so that they cannot be signed.
const UNSIGNABLE: [&str; 6] = [
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

/// Who signs, and for what.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// The secret that belongs to it.
    pub secret_access_key: &'a str,
    /// The Region, such as `eu-west-1`.
    pub region: &'a str,
    /// The service, such as `servicecatalog`.
    pub service: &'a str,
}

/// Signs a request: gives the value of its `Authorization` header.
///
/// `head` holds all that is to be signed: `Host`, `X-Amz-Date` (see [`crate::AmzDate::at`]), and
/// `X-Amz-Security-Token` for temporary credentials. Refused if it has no date, or if the
/// identity or the headers do not fit the form of an `Authorization` header.
pub fn sign(
    head: &Head<'_>,
    body_sha256: &[u8; 32],
    identity: &Identity<'_>,
    path: PathForm,
) -> Result<String, Refused> {
    let Identity {
        access_key_id,
        secret_access_key,
        region,
        service,
    } = *identity;
    let signed_at = signed_at(head)?;
    let day = signed_at.day();
    let credential = format!("{access_key_id}/{day}/{region}/{service}/{TERMINATOR}");
    let credential = Credential::parse(&credential)?;
    let mut names: Vec<String> = head
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| !UNSIGNABLE.contains(&name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let signed_headers = names.join(";");
    let signed = SignedHeaders::parse(&signed_headers)?;
    let key = SigningKey::derive(secret_access_key, day, region, service);
    let signature = signature(
        head,
        signed,
        body_sha256,
        path,
        (&signed_at, &credential),
        &key,
    );
    let (credential, signature) = (credential.as_str(), hex::encode(signature));
    Ok(format!(
        "{ALGORITHM} Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}"
    ))
}

impl fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("access_key_id", &self.access_key_id)
            .field("region", &self.region)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_of_an_identity_hides_its_secret() {
        let (access_key_id, secret_access_key) = ("AKIDEXAMPLE", "hidden-secret");
        let identity = Identity {
            access_key_id,
            secret_access_key,
            region: "eu-west-1",
            service: "s",
        };
        assert!(!format!("{identity:?}").contains("hidden"));
    }
}
