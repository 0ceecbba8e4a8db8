//! A bounded cache of derived keys, so that a secret is decrypted and derived about once a day.

use std::{
    collections::HashMap,
    fmt, mem,
    sync::{Mutex, PoisonError},
};

use crate::{Credential, SigningKey};

/// The most keys that a [`KeyCache`] holds.
pub const KEYS_MAX: usize = 10_000;

const GENERATION_KEYS_MAX: usize = KEYS_MAX / 2;

/// Derived keys by credential: access key id, day, Region and service.
///
/// Keys live in two generations. A key that is used moves into the young one; when that is full,
/// or a new day begins, the young becomes the old and the old is forgotten. So the memory is
/// bounded, keys in use stay, and keys of past days go.
#[derive(Default)]
pub struct KeyCache {
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    day: String,
    young: HashMap<Box<str>, Entry>,
    old: HashMap<Box<str>, Entry>,
}

#[derive(Clone)]
struct Entry {
    secret_version: u64,
    key: SigningKey,
}

impl KeyCache {
    /// The key of a credential, if it was derived from this version of the secret.
    ///
    /// A caller that raises the version when a secret is rotated, disabled or deleted, never
    /// meets the key of an earlier one.
    pub fn find(&self, credential: &Credential<'_>, secret_version: u64) -> Option<SigningKey> {
        let name = credential.as_str();
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = generations.young.get(name) {
            return (entry.secret_version == secret_version).then(|| entry.key.clone());
        }
        let (name, entry) = generations.old.remove_entry(name)?;
        if entry.secret_version != secret_version {
            return None;
        }
        let key = entry.key.clone();
        generations.keep(name, entry);
        Some(key)
    }

    /// Keeps a key. Only for a credential whose signature has been verified, or else strangers
    /// could drive the keys in use out of the cache.
    pub fn insert(&self, credential: &Credential<'_>, secret_version: u64, key: SigningKey) {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if credential.date > generations.day.as_str() {
            credential.date.clone_into(&mut generations.day);
            generations.turn();
        }
        generations.keep(
            credential.as_str().into(),
            Entry {
                secret_version,
                key,
            },
        );
    }

    /// How many keys it holds, at most [`KEYS_MAX`].
    pub fn len(&self) -> usize {
        let generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        generations.young.len() + generations.old.len()
    }

    /// Whether it holds no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Generations {
    fn keep(&mut self, name: Box<str>, entry: Entry) {
        if self.young.len() >= GENERATION_KEYS_MAX {
            self.turn();
        }
        self.old.remove(&name);
        self.young.insert(name, entry);
    }

    fn turn(&mut self) {
        self.old = mem::take(&mut self.young);
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(text: &str) -> Credential<'_> {
        Credential::parse(text).unwrap()
    }

    fn key() -> SigningKey {
        SigningKey::derive("secret", "20150830", "eu-west-1", "servicecatalog")
    }

    fn text(number: usize, day: &str) -> String {
        format!("AKID{number}/{day}/eu-west-1/servicecatalog/aws4_request")
    }

    #[test]
    fn a_key_of_an_earlier_secret_is_never_found() {
        let cache = KeyCache::default();
        let text = text(1, "20150830");
        cache.insert(&credential(&text), 1, key());
        assert!(cache.find(&credential(&text), 1).is_some());
        assert!(cache.find(&credential(&text), 2).is_none());
        cache.insert(&credential(&text), 2, key());
        assert!(cache.find(&credential(&text), 1).is_none());
        assert!(cache.find(&credential(&text), 2).is_some());
        assert_eq!(cache.len(), 1);
    }

    #[test]
    fn another_region_or_access_key_is_another_key() {
        let cache = KeyCache::default();
        cache.insert(
            &credential("A/20150830/eu-west-1/servicecatalog/aws4_request"),
            1,
            key(),
        );
        for other in [
            "B/20150830/eu-west-1/servicecatalog/aws4_request",
            "A/20150831/eu-west-1/servicecatalog/aws4_request",
            "A/20150830/eu-west-2/servicecatalog/aws4_request",
            "A/20150830/eu-west-1/other/aws4_request",
        ] {
            assert!(cache.find(&credential(other), 1).is_none(), "{other}");
        }
    }

    #[test]
    fn a_full_cache_forgets_idle_keys_and_keeps_those_in_use() {
        let cache = KeyCache::default();
        let used = text(0, "20150830");
        cache.insert(&credential(&used), 1, key());
        for number in 1..=2 * KEYS_MAX {
            cache.insert(&credential(&text(number, "20150830")), 1, key());
            if number % 1000 == 0 {
                assert!(
                    cache.find(&credential(&used), 1).is_some(),
                    "after {number}"
                );
                assert!(cache.len() <= KEYS_MAX);
            }
        }
        assert!(cache.find(&credential(&text(1, "20150830")), 1).is_none());
    }

    #[test]
    fn keys_of_past_days_are_forgotten() {
        let cache = KeyCache::default();
        for day in ["20150830", "20150831", "20150901"] {
            for number in 0..10 {
                cache.insert(&credential(&text(number, day)), 1, key());
            }
        }
        assert_eq!(cache.len(), 20);
        assert!(cache.find(&credential(&text(1, "20150830")), 1).is_none());
        // About midnight clients of both days come.
        cache.insert(&credential(&text(11, "20150831")), 1, key());
        assert!(cache.find(&credential(&text(1, "20150831")), 1).is_some());
    }
}
