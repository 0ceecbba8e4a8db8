//! Pages: sealed tokens, bound to account, Region and operation.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use mimeo_domain::{Caller, Refusal};

/// Items of a page when the caller names no size, or 0.
const PAGE_SIZE_DEFAULT: usize = 20;

/// Seals page tokens; all nodes on one store use the same.
pub struct PageKey {
    key: LessSafeKey,
    /// From which nonces are derived: a token is a function of what it holds.
    nonce_key: [u8; 32],
}

impl std::fmt::Debug for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageKey(..)")
    }
}

impl PageKey {
    pub fn new(secret: &[u8]) -> Self {
        let derive = |purpose: &str| -> [u8; 32] {
            Sha256::new()
                .chain_update(purpose)
                .chain_update(secret)
                .finalize()
                .into()
        };
        let unbound = UnboundKey::new(&AES_256_GCM, &derive("mimeo page seal"))
            .expect("SHA-256 has the length of an AES-256 key");
        Self {
            key: LessSafeKey::new(unbound),
            nonce_key: derive("mimeo page nonce"),
        }
    }

    fn seal(&self, bound_to: &str, plain: Vec<u8>) -> String {
        let digest = Sha256::new()
            .chain_update(self.nonce_key)
            .chain_update((bound_to.len() as u64).to_be_bytes())
            .chain_update(bound_to)
            .chain_update(&plain)
            .finalize();
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&digest[..NONCE_LEN]);
        let mut sealed = plain;
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_to),
                &mut sealed,
            )
            .expect("a cursor is far below the cipher's limit");
        hex::encode([&nonce[..], &sealed].concat())
    }

    fn open(&self, bound_to: &str, token: &str) -> Option<Vec<u8>> {
        let mut bytes = hex::decode(token).ok()?;
        if bytes.len() < NONCE_LEN {
            return None;
        }
        let mut sealed = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).ok()?;
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(bound_to), &mut sealed)
            .ok()?;
        Some(plain.to_vec())
    }
}

/// Opens and seals the page tokens of one request.
#[derive(Clone, Copy)]
pub(crate) struct Pages<'a> {
    pub key: &'a PageKey,
    pub caller: &'a Caller,
    pub operation: &'static str,
}

/// One page that was asked for: how many items, after which cursor.
pub(crate) struct Page<C> {
    pub limit: usize,
    pub after: Option<C>,
    bound_to: String,
}

impl Pages<'_> {
    /// Reads `PageSize` and `PageToken`. `about` is what else the token belongs to, such as the
    /// portfolio or the filters: with another one the token is refused.
    pub(crate) fn open<C: DeserializeOwned>(
        &self,
        size: Option<i64>,
        token: Option<&str>,
        about: &str,
    ) -> Result<Page<C>, Refusal> {
        let Caller {
            account, region, ..
        } = self.caller;
        let bound_to = format!("{account} {region} {} {about}", self.operation);
        let limit = match size.map(usize::try_from) {
            None | Some(Ok(0) | Err(_)) => PAGE_SIZE_DEFAULT,
            Some(Ok(size)) => size,
        };
        let open = |token| {
            let plain = self.key.open(&bound_to, token).ok_or(Refusal::PageToken)?;
            serde_json::from_slice(&plain).map_err(|_| Refusal::PageToken)
        };
        let after = token
            .filter(|token| !token.is_empty())
            .map(open)
            .transpose()?;
        Ok(Page {
            limit,
            after,
            bound_to,
        })
    }

    /// Cuts what was read, one item more than the page holds, to the page and the next token.
    pub(crate) fn cut<T, C: Serialize>(
        &self,
        page: &Page<C>,
        mut items: Vec<T>,
        cursor: impl Fn(&T) -> C,
    ) -> (Vec<T>, Option<String>) {
        if items.len() <= page.limit {
            return (items, None);
        }
        items.truncate(page.limit);
        let next = items.last().map(|last| self.seal(page, &cursor(last)));
        (items, next)
    }

    /// A token that holds any bytes, on the first page's binding.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn sealed(&self, plain: &[u8]) -> String {
        let page = self.open::<()>(None, None, "").expect("the first page");
        self.key.seal(&page.bound_to, plain.to_vec())
    }

    /// The token of the page that starts after `cursor`.
    pub(crate) fn seal<C: Serialize>(&self, page: &Page<C>, cursor: &C) -> String {
        let plain = serde_json::to_vec(cursor).expect("a cursor is plain data");
        self.key.seal(&page.bound_to, plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(account: &str, region: &str) -> Caller {
        Caller::root(
            account.parse().expect("an account"),
            region.parse().expect("a Region"),
        )
    }

    #[test]
    fn a_token_opens_only_where_it_was_given() {
        let key = PageKey::new(b"secret");
        let hub = caller("111111111111", "us-east-1");
        let pages = Pages {
            key: &key,
            caller: &hub,
            operation: "ListPortfolios",
        };
        let page = pages
            .open::<u64>(Some(2), None, "")
            .expect("the first page");
        let (items, token) = pages.cut(&page, vec![1_u64, 2, 3], |item| *item);
        assert_eq!(items, [1, 2]);
        let token = token.expect("there is more");
        let open = |pages: &Pages<'_>, about| {
            pages
                .open::<u64>(None, Some(&token), about)
                .map(|page| page.after)
        };
        assert_eq!(open(&pages, ""), Ok(Some(2)));
        assert_eq!(open(&pages, "other filters"), Err(Refusal::PageToken));
        assert_eq!(
            open(
                &Pages {
                    operation: "Other",
                    ..pages
                },
                ""
            ),
            Err(Refusal::PageToken)
        );
        for stranger in [
            caller("222222222222", "us-east-1"),
            caller("111111111111", "eu-west-1"),
        ] {
            assert_eq!(
                open(
                    &Pages {
                        caller: &stranger,
                        ..pages
                    },
                    ""
                ),
                Err(Refusal::PageToken)
            );
        }
        let other_key = PageKey::new(b"other");
        assert_eq!(
            open(
                &Pages {
                    key: &other_key,
                    ..pages
                },
                ""
            ),
            Err(Refusal::PageToken)
        );
    }

    #[test]
    fn a_token_with_any_bit_flipped_is_refused() {
        let key = PageKey::new(b"secret");
        let hub = caller("111111111111", "us-east-1");
        let pages = Pages {
            key: &key,
            caller: &hub,
            operation: "ListPortfolios",
        };
        let page = pages
            .open::<String>(None, None, "")
            .expect("the first page");
        let token = hex::decode(pages.seal(&page, &"cursor".to_owned())).expect("hex");
        for bit in 0..token.len() * 8 {
            let mut bent = token.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            let opened = pages.open::<String>(None, Some(&hex::encode(bent)), "");
            assert!(matches!(opened, Err(Refusal::PageToken)), "bit {bit}");
        }
        for text in ["x", "é", "00", &"ab".repeat(1000)] {
            assert!(
                pages.open::<String>(None, Some(text), "").is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn no_size_and_size_zero_mean_the_default() {
        let key = PageKey::new(b"secret");
        let hub = caller("111111111111", "us-east-1");
        let pages = Pages {
            key: &key,
            caller: &hub,
            operation: "ListPortfolios",
        };
        for (size, limit) in [(None, 20), (Some(0), 20), (Some(7), 7)] {
            assert_eq!(
                pages.open::<u64>(size, None, "").expect("a page").limit,
                limit
            );
        }
    }
}
