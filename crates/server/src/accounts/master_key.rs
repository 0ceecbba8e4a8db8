//! The master key: what secrets in the store are sealed with.

use std::fmt;
use std::path::Path;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use crate::clock;
use crate::config::Secret;

const KEY_BYTES: usize = 32;

/// A file with a key is no longer than this, in bytes.
const FILE_BYTES_MAX: u64 = 1024;

const FORM: &str = "not a key of 64 hexadecimal digits or 32 bytes in Base64: openssl rand -hex 32";

/// What `key_check` seals, and what it is bound to.
const CHECK: &str = "mimeo master key";

/// Seals the secrets of access keys; lies in a file or a variable, never in the store.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

impl MasterKey {
    /// A key that nobody has yet.
    pub fn fresh() -> Self {
        Self(Zeroizing::new(clock::secret()))
    }

    /// Reads 64 hexadecimal digits, or 32 bytes in Base64. An error does not quote the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if hex::decode_to_slice(text, &mut *key).is_ok() || decode_base64(text, &mut key) {
            Ok(Self(key))
        } else {
            Err(FORM.to_owned())
        }
    }

    /// Reads the file of this name.
    pub fn read(path: &str) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{path}: {error}");
        let path_here = Path::new(path);
        if std::fs::metadata(path_here).map_err(told)?.len() > FILE_BYTES_MAX {
            return Err(format!("{path}: {FORM}"));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path_here).map_err(told)?);
        Self::parse(&text).map_err(|form| format!("{path}: {form}"))
    }

    /// What tells this key from others, for the store.
    pub(super) fn check(&self) -> String {
        self.seal(CHECK, &Secret::new(CHECK))
    }

    /// Whether it is the key that made this check.
    pub(super) fn made(&self, check: &str) -> bool {
        self.open(CHECK, check).is_some()
    }

    /// Seals the secret of an access key, so that it opens as no other's.
    pub(super) fn seal_secret(&self, account: &str, key_id: &str, secret: &Secret) -> String {
        self.seal(&of_key(account, key_id), secret)
    }

    pub(super) fn open_secret(&self, account: &str, key_id: &str, sealed: &str) -> Option<Secret> {
        self.open(&of_key(account, key_id), sealed)
    }

    /// A key that takes both this one and what the nodes on a store share, so that neither the store
    /// nor the file is enough.
    pub(crate) fn with_shared(&self, shared: &str) -> String {
        hex::encode(self.derive(&format!("mimeo with shared {shared}")))
    }

    /// What servers that share this key seal each other's sessions with, in one mode.
    pub(crate) fn of_peers(&self, mode: &str) -> String {
        hex::encode(self.derive(&format!("mimeo peers {mode}")))
    }

    fn seal(&self, bound_to: &str, secret: &Secret) -> String {
        let nonce: [u8; NONCE_LEN] = clock::random();
        let mut sealed = secret.reveal().as_bytes().to_vec();
        self.cipher()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_to),
                &mut sealed,
            )
            .expect("a secret is far below the cipher's limit");
        hex::encode([&nonce[..], &sealed].concat())
    }

    fn open(&self, bound_to: &str, sealed: &str) -> Option<Secret> {
        let mut bytes = hex::decode(sealed).ok()?;
        if bytes.len() < NONCE_LEN {
            return None;
        }
        let mut plain = Zeroizing::new(bytes.split_off(NONCE_LEN));
        let nonce = Nonce::try_assume_unique_for_key(&bytes).ok()?;
        let plain = self
            .cipher()
            .open_in_place(nonce, Aad::from(bound_to), &mut plain)
            .ok()?;
        std::str::from_utf8(plain).ok().map(Secret::new)
    }

    fn cipher(&self) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, self.derive("mimeo secret seal").as_ref())
            .expect("SHA-256 has the length of an AES-256 key");
        LessSafeKey::new(key)
    }

    fn derive(&self, purpose: &str) -> hmac::Tag {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.0);
        hmac::sign(&key, purpose.as_bytes())
    }
}

fn of_key(account: &str, key_id: &str) -> String {
    format!("access key {account} {key_id}")
}

/// Reads 43 letters of Base64, with or without the `=` after them.
fn decode_base64(text: &str, key: &mut [u8; KEY_BYTES]) -> bool {
    let letters = text.strip_suffix('=').unwrap_or(text).as_bytes();
    if letters.len() != 43 {
        return false;
    }
    let (mut bits, mut bits_count, mut at) = (0_u32, 0, 0);
    for letter in letters {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return false,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        bits_count += 6;
        if bits_count >= 8 {
            bits_count -= 8;
            key[at] = (bits >> bits_count & 0xff) as u8;
            at += 1;
        }
    }
    at == KEY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8=";

    #[test]
    fn a_key_is_read_from_both_forms() {
        let key = MasterKey::parse(HEX).unwrap();
        for text in [BASE64, &BASE64[..43], &format!(" {HEX}\n")] {
            assert_eq!(MasterKey::parse(text).unwrap().0, key.0, "{text}");
        }
        for text in [
            "",
            "hidden",
            &HEX[2..],
            &BASE64[1..],
            &format!("{HEX}00"),
            &HEX.replace('0', "g"),
        ] {
            let told = MasterKey::parse(text).unwrap_err();
            assert!(told.contains("openssl rand -hex 32"), "{told}");
            assert!(text.is_empty() || !told.contains(text), "{told}");
        }
    }

    #[test]
    fn a_secret_opens_with_its_key_as_its_own_only() {
        let key = MasterKey::parse(HEX).unwrap();
        let other = MasterKey::parse(&HEX.replace("ff", "fe")).unwrap();
        let sealed = key.seal_secret("111111111111", "AKIA1", &Secret::new("hidden-secret"));
        let open = |key: &MasterKey, account: &str, id: &str| {
            let opened = key.open_secret(account, id, &sealed);
            opened.map(|secret| secret.reveal().to_owned())
        };
        let opened = open(&key, "111111111111", "AKIA1");
        assert_eq!(opened.as_deref(), Some("hidden-secret"));
        assert_eq!(open(&key, "222222222222", "AKIA1"), None);
        assert_eq!(open(&key, "111111111111", "AKIA2"), None);
        assert_eq!(open(&other, "111111111111", "AKIA1"), None);
        let again = key.seal_secret("111111111111", "AKIA1", &Secret::new("hidden-secret"));
        assert_ne!(sealed, again, "each has a nonce of its own");
        assert!(key.made(&key.check()) && !other.made(&key.check()));
        for text in ["", "00", "zz", &sealed[2..], &sealed[..sealed.len() - 2]] {
            assert!(key.open_secret("111111111111", "AKIA1", text).is_none());
        }
        assert_eq!(format!("{key:?}"), "MasterKey(redacted)");
        let sessions =
            [(&key, "a"), (&key, "b"), (&other, "a")].map(|(key, of)| key.with_shared(of));
        let [one, of_another_store, of_another_key] = &sessions;
        assert!(
            one != of_another_store && one != of_another_key,
            "{sessions:?}"
        );
    }
}
