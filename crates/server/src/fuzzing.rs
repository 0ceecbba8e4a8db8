//! The parsers of what strangers send, opened to fuzzers. Each panics where one breaks its word.

use std::sync::LazyLock;

use crate::front::{Session, SessionKey};

static KEY: LazyLock<SessionKey> = LazyLock::new(|| SessionKey::new(b"of a fuzzer"));

/// The access key under which what is sealed here opens.
const CHANCE: [u8; 32] = [7; 32];

/// Session tokens: none opens but those that were issued, and those open as they were.
pub fn session_token(bytes: &[u8]) {
    for token in [bytes.to_vec(), [b"mimeo-", bytes].concat()] {
        for access_key_id in ["ASIAEXAMPLE", ""] {
            assert!(KEY.open(access_key_id, &token).is_err(), "a forged token");
        }
        let _ = KEY.secret_of(&token);
    }
    let Ok(session) = serde_json::from_slice::<Session>(bytes) else {
        return;
    };
    let issued = KEY.issue(&session, &CHANCE);
    let token = issued.token.as_bytes();
    match KEY.open(&issued.access_key_id, token) {
        Ok(opened) => assert_eq!(opened, session),
        Err(_) => assert!(token.len() > 12 * 1024, "a token of ours does not open"),
    }
    assert!(
        KEY.open(&issued.access_key_id, &token[..token.len() - 2])
            .is_err()
    );
}

/// Forms of STS: what is wrong with one is told in XML that nobody else wrote.
pub fn sts_form(bytes: &[u8]) {
    let Some(xml) = crate::sts::judge(bytes) else {
        return;
    };
    let xml = String::from_utf8(xml).expect("XML is text");
    assert_eq!(xml.matches('<').count(), 12, "{xml}");
    let fits = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(fits), "{xml:?}");
    assert!(xml.len() < 1 << 20, "{} bytes of answer", xml.len());
}

/// The text of a configuration file.
pub fn configuration(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let problems = crate::config::judge(text);
        assert!(
            problems
                .iter()
                .all(|problem| problem.starts_with("mimeo.toml"))
        );
    }
}
