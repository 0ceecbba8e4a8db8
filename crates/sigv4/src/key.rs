//! The signing key: what a secret becomes for one day, Region and service.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::TERMINATOR;

/// A derived key, as the state of an HMAC that has already taken it in.
///
/// Whoever holds it signs for that day, Region and service, but learns nothing of the secret.
/// Clones are a plain copy of some 200 bytes, and are wiped when dropped.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Derives the key of a secret for a day (`YYYYMMDD` in UTC), a Region and a service.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        let secret = Zeroizing::new([b"AWS4", secret.as_bytes()].concat());
        let mut key = hmac(&secret);
        for element in [date, region, service, TERMINATOR] {
            key.update(element.as_bytes());
            let derived = Zeroizing::new(<[u8; 32]>::from(key.finalize().into_bytes()));
            key = hmac(&*derived);
        }
        Self(key)
    }

    /// Signs what `feed` puts in.
    pub(crate) fn sign(&self, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> [u8; 32] {
        let mut state = self.0.clone();
        feed(&mut |bytes| state.update(bytes));
        state.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_of_a_key_says_nothing() {
        let key = SigningKey::derive("secret", "20150830", "us-east-1", "iam");
        assert_eq!(format!("{key:?}"), "SigningKey(redacted)");
    }
}
