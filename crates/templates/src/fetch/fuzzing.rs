//! The judgement of a URL, opened to fuzzers.

use url::Host;

use super::address::Trust;
use super::rules::FetchRules;
use super::target::{Target, Transport};

/// Where the fetcher would connect to, and what it would ask there.
#[derive(Debug)]
pub struct Judged {
    pub host: Host<String>,
    pub port: u16,
    pub is_tls: bool,
    pub trust: Trust,
    pub shown: String,
    pub host_header: String,
    pub path_and_query: String,
}

/// Judges a URL before any look-up; `None` if it is refused.
pub fn judge(text: &str, rules: &FetchRules) -> Option<Judged> {
    let target = match Target::read(text, rules) {
        Ok(target) => target,
        Err(refused) => {
            assert!(!refused.to_string().is_empty(), "a refusal says why");
            return None;
        }
    };
    Some(Judged {
        port: target.port,
        is_tls: target.transport == Transport::Tls,
        trust: target.trust,
        host_header: target.host_header().to_owned(),
        path_and_query: target.path_and_query().to_owned(),
        shown: target.shown,
        host: target.host,
    })
}
