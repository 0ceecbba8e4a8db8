//! Which addresses may be connected to: pure functions of an address and the rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::rules::{FetchRules, Loopback};

/// How far the origin of a URL is trusted, before its address is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The operator named this very host and port: any address will do.
    Named,
    /// Anyone's: the address must be public, or a loopback one where those are allowed.
    Stranger,
}

/// The ports that a stranger's URL may name on a public host.
pub(super) const PUBLIC_PORTS: [u16; 2] = [80, 443];

// Special-purpose ranges of IPv4: IANA's registry, and one public-looking address that is a cloud's inside.
const REFUSED_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Azure's platform services, reachable from every virtual machine.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

// All of IPv6 that is public lies in 2000::/3; these are its special parts.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const REFUSED_V6: [(Ipv6Addr, u32); 4] = [
    // IETF protocols: Teredo (which wraps IPv4), benchmarks, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 wraps IPv4 and is long retired.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

// IPv4 inside IPv6 that a resolver may well answer: mapped addresses, and NAT64 in networks without IPv4.
const MAPPED_V4: (Ipv6Addr, u32) = (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether the fetcher may open a connection to this address for an origin of this trust.
pub fn may_connect(address: SocketAddr, trust: Trust, rules: &FetchRules) -> bool {
    if rules.own.contains(&address) {
        return false;
    }
    let ip = address.ip();
    match trust {
        Trust::Named => true,
        Trust::Stranger if is_loopback(ip) => rules.loopback == Loopback::Allowed,
        Trust::Stranger => is_global_unicast(ip) && PUBLIC_PORTS.contains(&address.port()),
    }
}

/// The addresses of one look-up if all of them may be connected to; IPv4 comes first.
pub(super) fn admit(
    mut answers: Vec<SocketAddr>,
    trust: Trust,
    rules: &FetchRules,
) -> Option<Vec<SocketAddr>> {
    // One bad answer spoils the rest: a name that also points inside is up to something.
    let all = answers
        .iter()
        .all(|address| may_connect(*address, trust, rules));
    answers.sort_by_key(SocketAddr::is_ipv6);
    all.then_some(answers)
}

/// Whether an address belongs to the public Internet, IPv4 inside IPv6 unpacked.
pub fn is_global_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    !REFUSED_V4
        .iter()
        .any(|(range, bits)| (u32::from(ip) ^ u32::from(*range)) >> (32 - bits) == 0)
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    if is_within(ip, MAPPED_V4) || is_within(ip, NAT64) {
        let [.., a, b, c, d] = ip.octets();
        return is_global_v4(Ipv4Addr::new(a, b, c, d));
    }
    is_within(ip, PUBLIC_V6) && !REFUSED_V6.iter().any(|range| is_within(ip, *range))
}

fn is_within(ip: Ipv6Addr, (range, bits): (Ipv6Addr, u32)) -> bool {
    (u128::from(ip) ^ u128::from(range)) >> (128 - bits) == 0
}

// Only the plain forms: 127.0.0.1 wrapped in IPv6 is no way that an honest name resolves.
fn is_loopback(ip: IpAddr) -> bool {
    ip.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_public(text: &str) -> bool {
        is_global_unicast(text.parse().unwrap())
    }

    #[test]
    fn each_edge_of_each_special_range_is_refused() {
        let refused = "0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 \
            100.100.100.200 127.0.0.0 127.255.255.255 168.63.129.16 169.254.0.0 169.254.169.254 \
            169.254.170.2 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255 \
            192.0.2.0 192.0.2.255 192.88.99.0 192.88.99.255 192.168.0.0 192.168.255.255 \
            198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 \
            224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255 \
            :: ::1 ::2 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 \
            ::ffff:0:8.8.8.8 64:ff9b::127.0.0.1 64:ff9b::a00:1 64:ff9b::169.254.169.254 \
            64:ff9b:1::1 64:ff9b:1::8.8.8.8 100::1 100::ffff:ffff:ffff:ffff 2001::1 2001:0:7f00:1:: \
            2001:2::1 2001:10::1 2001:20::1 2001:1ff:ffff::1 2001:db8::1 \
            2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:7f00:1:: 2002:a00:1::1 2002:808:808::1 \
            3fff::1 3fff:fff:ffff::1 5f00::1 fc00:: fdff:ffff::1 fd00:ec2::254 fe80::1 febf::1 \
            fec0::1 feff::1 ff00::1 ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 4000::1 1fff::1";
        for text in refused.split_whitespace() {
            assert!(!is_public(text), "{text}");
        }
    }

    #[test]
    fn the_neighbours_of_each_special_range_are_public() {
        let public = "1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 \
            126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 \
            172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.88.98.255 \
            192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 \
            198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 \
            2000::1 2001:200::1 2001:4860:4860::8888 2001:db7:ffff::1 2001:db9::1 2003::1 \
            2600:1f18::1 2a00:1450::1 3ffe::1 3fff:1000::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8";
        for text in public.split_whitespace() {
            assert!(is_public(text), "{text}");
        }
    }

    #[test]
    fn one_bad_answer_spoils_the_look_up() {
        let rules = FetchRules::default();
        let answers = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let good = answers(&["[2600::1]:443", "8.8.8.8:443"]);
        let admitted = admit(good, Trust::Stranger, &rules).unwrap();
        assert_eq!(admitted, answers(&["8.8.8.8:443", "[2600::1]:443"]));
        let mixed = answers(&["8.8.8.8:443", "10.0.0.1:443"]);
        assert_eq!(admit(mixed.clone(), Trust::Stranger, &rules), None);
        assert_eq!(
            admit(mixed, Trust::Named, &rules).map(|all| all.len()),
            Some(2)
        );
    }

    #[test]
    fn allowing_loopback_allows_no_other_inside() {
        let rules = FetchRules {
            loopback: Loopback::Allowed,
            ..FetchRules::default()
        };
        let may = |text: &str| may_connect(text.parse().unwrap(), Trust::Stranger, &rules);
        for text in [
            "127.0.0.1:9000",
            "127.8.9.1:80",
            "[::1]:4000",
            "8.8.8.8:443",
        ] {
            assert!(may(text), "{text}");
        }
        for text in [
            "0.0.0.0:9000",
            "10.0.0.1:80",
            "169.254.169.254:80",
            "[::ffff:127.0.0.1]:80",
            "[::]:80",
            "8.8.8.8:22",
        ] {
            assert!(!may(text), "{text}");
        }
    }

    #[test]
    fn our_own_endpoints_are_refused_even_when_named() {
        let own: SocketAddr = "127.0.0.1:5432".parse().unwrap();
        let rules = FetchRules {
            loopback: Loopback::Allowed,
            own: vec![own],
            ..FetchRules::default()
        };
        assert!(!may_connect(own, Trust::Stranger, &rules));
        assert!(!may_connect(own, Trust::Named, &rules));
        assert!(may_connect(
            "127.0.0.1:5433".parse().unwrap(),
            Trust::Stranger,
            &rules
        ));
    }
}
