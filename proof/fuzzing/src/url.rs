//! URLs of templates: whom the fetcher would connect to, and what it would say there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mimeo_service::UploadedAt;
use mimeo_templates::fetch::fuzzing::{Judged, judge};
use mimeo_templates::fetch::{AllowedOrigin, FetchRules, Trust, is_global_unicast};
use url::{Host, Url};

const S3_ENDPOINT: &str = "http://minio:9000/base/";

pub(crate) fn run(bytes: &[u8]) {
    address(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let strict = FetchRules::default();
    if let Some(judged) = judge(text, &strict) {
        assert!(
            judged.is_tls && matches!(judged.port, 80 | 443),
            "{judged:?}"
        );
        assert_eq!(judged.trust, Trust::Stranger);
        says_nothing_else(&judged);
    }
    let with_s3 = FetchRules {
        s3_endpoint: Url::parse(S3_ENDPOINT).ok(),
        ..FetchRules::default()
    };
    if let Some(judged) = judge(text, &with_s3) {
        says_nothing_else(&judged);
        // Whoever names the endpoint itself may, as the operator trusts it.
        let names_it = Url::parse(text).is_ok_and(|url| url.host_str() == Some("minio"));
        if judged.trust == Trust::Named && !names_it {
            is_within_s3(&judged);
        }
    }
    if let Some(at) = UploadedAt::of_path(text) {
        let again = format!("/_mimeo/templates/{}/{}/{}", at.region, at.account, at.name);
        assert_eq!(again, text);
        assert!(!at.name.contains('/') && !at.name.starts_with('.'));
    }
    let _ = text.parse::<AllowedOrigin>();
}

/// The request's head is one line and one host, and no text that is shown has the query in it.
fn says_nothing_else(judged: &Judged) {
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(is_plain(&judged.path_and_query), "{judged:?}");
    assert!(judged.path_and_query.starts_with('/'), "{judged:?}");
    assert!(is_plain(&judged.host_header), "{judged:?}");
    assert!(
        !judged.host_header.contains(['/', '@', '?', '#', '\\']),
        "{judged:?}"
    );
    assert!(!judged.shown.contains(['?', '#']), "{judged:?}");
    if let Host::Domain(name) = &judged.host {
        // A name of digits would be read as an address by some resolvers.
        assert!(name.parse::<IpAddr>().is_err(), "{judged:?}");
    }
}

fn is_within_s3(judged: &Judged) {
    assert_eq!(judged.host_header, "minio:9000", "{judged:?}");
    let path = judged.path_and_query.split('?').next().unwrap_or_default();
    let rest = path.strip_prefix("/base/");
    let rest = rest.unwrap_or_else(|| panic!("outside of the endpoint: {judged:?}"));
    assert!(
        rest.split('/').all(|part| part != "." && part != ".."),
        "{judged:?}"
    );
    assert!(
        rest.split_once('/')
            .is_some_and(|(bucket, _)| bucket.len() >= 3)
    );
}

/// The standard library's predicates, which know less, never contradict a yes.
fn address(bytes: &[u8]) {
    let v4 = |octets: [u8; 4]| {
        let ip = Ipv4Addr::from(octets);
        let inside = ip.is_private()
            || ip.is_loopback()
            || ip.is_link_local()
            || ip.is_multicast()
            || ip.is_broadcast()
            || ip.is_documentation()
            || ip.is_unspecified();
        let verdict = is_global_unicast(IpAddr::V4(ip));
        assert!(!(inside && verdict), "{ip}");
        for mapped in [ip.to_ipv6_mapped(), ip.to_ipv6_compatible()] {
            let as_mapped = is_global_unicast(IpAddr::V6(mapped));
            assert!(verdict || !as_mapped, "{mapped}");
        }
    };
    if let Some(octets) = bytes.first_chunk::<4>() {
        v4(*octets);
    }
    if let Some(octets) = bytes.first_chunk::<16>() {
        let ip = Ipv6Addr::from(*octets);
        let inside = ip.is_loopback()
            || ip.is_unspecified()
            || ip.is_multicast()
            || ip.is_unicast_link_local()
            || ip.is_unique_local();
        assert!(!(inside && is_global_unicast(IpAddr::V6(ip))), "{ip}");
    }
}
