//! The parsers of what strangers send, opened to fuzzers. Each panics where one breaks its word.

use std::sync::LazyLock;

use mimeo_domain::{Caller, Refusal};
use serde::de::DeserializeOwned;

use crate::page::{PageKey, Pages};
use crate::uploads::UploadedAt;

static KEY: LazyLock<PageKey> = LazyLock::new(|| PageKey::new(b"of a fuzzer"));

/// Page tokens: none opens but those that were sealed, and what was sealed need not be a cursor.
/// The same bytes are read as an upload's URL.
pub fn page_token(bytes: &[u8]) {
    let caller = Caller::root(
        "111111111111".parse().expect("an account"),
        "eu-west-1".parse().expect("a Region"),
    );
    let pages = Pages {
        key: &KEY,
        caller: &caller,
        operation: "ListPortfolios",
    };
    if let Ok(text) = std::str::from_utf8(bytes) {
        let opened = pages.open::<String>(None, Some(text), "");
        assert!(text.is_empty() || opened.is_err(), "a forged token");
        let host = Some("127.0.0.1:4566");
        if let Some(at) = UploadedAt::read(text, host) {
            assert!(text.ends_with(&at.name) && !at.name.contains('/'));
        }
    }
    let sealed = pages.sealed(bytes);
    opens::<String>(&pages, &sealed);
    opens::<u64>(&pages, &sealed);
    opens::<(i64, String)>(&pages, &sealed);
    opens::<(String, Option<String>)>(&pages, &sealed);
    let elsewhere = pages.open::<serde_json::Value>(None, Some(&sealed), "another portfolio");
    assert_eq!(elsewhere.map(|_| ()), Err(Refusal::PageToken));
}

fn opens<C: DeserializeOwned>(pages: &Pages<'_>, sealed: &str) {
    match pages.open::<C>(Some(1), Some(sealed), "") {
        Ok(page) => assert!(page.after.is_some()),
        Err(refusal) => assert_eq!(refusal, Refusal::PageToken),
    }
}
