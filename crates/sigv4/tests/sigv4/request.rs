//! A request as a server receives it, to be signed, altered and judged.

use mimeo_sigv4::{Claim, Head, Identity, PathForm, Refused, Rules, SigningKey, sha256, sign};

/// A request that owns its parts.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Calls `ask` with the head of the request.
    pub(crate) fn with_head<T>(&self, ask: impl FnOnce(&Head<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        ask(&Head {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
        })
    }

    /// Appends a header.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.headers
            .push((name.to_owned(), value.as_bytes().to_vec()));
    }

    /// Removes each header of this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.headers
            .retain(|(header, _)| !header.eq_ignore_ascii_case(name));
    }

    /// The first value of a header, which must be there.
    pub(crate) fn value_mut(&mut self, name: &str) -> &mut Vec<u8> {
        let found = self
            .headers
            .iter_mut()
            .find(|(header, _)| header.eq_ignore_ascii_case(name));
        &mut found.unwrap_or_else(|| panic!("no header {name}")).1
    }

    /// Replaces a piece of a header's text, which must be in it.
    pub(crate) fn replace(&mut self, name: &str, before: &str, after: &str) {
        let value = self.value_mut(name);
        let text = String::from_utf8(value.clone()).unwrap();
        assert!(text.contains(before), "{before} in {text}");
        *value = text.replacen(before, after, 1).into_bytes();
    }

    /// Signs the request as it stands, with our signer.
    pub(crate) fn sign(&mut self, identity: &Identity<'_>, path: PathForm) {
        let body = sha256(&self.body);
        let authorization = self
            .with_head(|head| sign(head, &body, identity, path))
            .unwrap();
        self.add("Authorization", &authorization);
    }

    /// Judges the request as a server does, where one secret is known.
    pub(crate) fn verdict(
        &self,
        (access_key_id, secret): (&str, &str),
        rules: &Rules<'_>,
        now_ms: i64,
    ) -> Result<(), Refused> {
        self.with_head(|head| {
            let claim = Claim::read(head, rules, now_ms)?;
            let who = claim.credential();
            let secret = if who.access_key_id == access_key_id {
                secret
            } else {
                "dummy"
            };
            let key = SigningKey::derive(secret, who.date, who.region, who.service);
            claim.verify(&sha256(&self.body), &key)
        })
    }
}
