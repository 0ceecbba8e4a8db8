//! The table of URLs: what is refused at sight, what by its address, what goes on to the resolver.

use super::super::address::may_connect;
use super::*;

// The verdict in one word; a host that is an address is judged on to the end.
fn verdict(text: &str, rules: &FetchRules) -> &'static str {
    let target = match Target::read(text, rules) {
        Ok(target) => target,
        Err(FetchRefused::NotAUrl { .. }) => return "no-url",
        Err(FetchRefused::TooLong { .. }) => return "too-long",
        Err(FetchRefused::Scheme { .. }) => return "scheme",
        Err(FetchRefused::Userinfo { .. }) => return "userinfo",
        Err(FetchRefused::Fragment { .. }) => return "fragment",
        Err(FetchRefused::Port { .. }) => return "port",
        Err(other) => panic!("{text}: {other:?}"),
    };
    let ip: std::net::IpAddr = match target.host {
        Host::Domain(_) => return "resolves",
        Host::Ipv4(ip) => ip.into(),
        Host::Ipv6(ip) => ip.into(),
    };
    let admitted = may_connect((ip, target.port).into(), target.trust, rules);
    if admitted { "connects" } else { "address" }
}

fn check(rules: &FetchRules, table: &str) -> usize {
    let rows = table.lines().map(str::trim).filter(|line| !line.is_empty());
    rows.inspect(|row| {
        let (expected, text) = row.split_once(' ').expect("a verdict and a URL");
        assert_eq!(verdict(text, rules), expected, "{text}");
    })
    .count()
}

const STRANGERS: &str = "
    resolves https://example.com/template.yaml
    resolves https://example.com
    resolves https://example.com:443/t
    resolves https://example.com:80/t
    resolves https://EXAMPLE.com/t
    resolves https://example.com./t
    resolves http://example.com/t
    resolves http://example.com:80/t
    resolves https://example.com/t?X-Amz-Signature=secret
    resolves https://bücher.example/t
    resolves https://xn--bcher-kva.example/t
    resolves https://exa%6dple.com/t
    resolves https://localhost/t
    resolves https://127.0.0.1.nip.io/t
    resolves https://metadata.google.internal/t
    resolves https:example.com/t
    resolves https:///example.com/t
    resolves https:\\\\example.com\\t
    resolves https://example.com/@evil
    resolves https://example.com/a/../../etc/passwd
    connects https://8.8.8.8/t
    connects http://8.8.8.8/t
    connects https://134744072/t
    connects https://0x08080808/t
    connects https://8.8.2056/t
    connects https://[2606:4700::1111]/t
    connects https://[::ffff:8.8.8.8]/t
    connects https://[64:ff9b::8.8.8.8]/t
    address http://127.0.0.1/
    address https://127.0.0.1/
    address http://127.1/
    address http://127.0.1/
    address http://127.255.255.254/
    address http://0177.1/
    address http://0177.0.0.1/
    address http://0177.0.0.01/
    address http://0x7f.1/
    address http://0x7f.0x0.0x0.0x1/
    address http://0x7f000001/
    address http://0X7F000001/
    address http://017700000001/
    address http://2130706433/
    address http://2130706433./
    address http://127.0.0.1./
    address http://127.0.0.1:80/
    address http://127.0.0.1:443/
    address http://%31%32%37.0.0.1/
    address http://127%2e0%2e0%2e1/
    address http://127。0。0。1/
    address http://127．0．0．1/
    address http://①②⑦.⓪.⓪.①/
    address http://１２７.0.0.1/
    address http://127.0.0.1\\@example.com/
    address http:127.0.0.1/
    address http:/127.0.0.1/
    address http:\\\\127.0.0.1/
    address http://0/
    address http://0.0.0.0/
    address http://00/
    address http://0x0/
    address http://0.1/
    address http://10.0.0.1/
    address http://10.1/
    address http://012.1/
    address http://0xa.1/
    address http://167772161/
    address http://100.64.0.1/
    address http://100.100.100.200/
    address http://168.63.129.16/
    address http://169.254.169.254/latest/meta-data/
    address http://169.254.170.2/
    address http://2852039166/
    address http://0xa9fea9fe/
    address http://0xA9.0xFE.0xA9.0xFE/
    address http://0251.0376.0251.0376/
    address http://169.254.43518/
    address http://169.16689662/
    address http://172.16.0.1/
    address http://172.31.255.255/
    address http://192.0.0.1/
    address http://192.0.0.192/
    address http://192.0.2.1/
    address http://192.88.99.1/
    address http://192.168.0.1/
    address http://192.168.257/
    address http://3232235521/
    address http://198.18.0.1/
    address http://198.51.100.1/
    address http://203.0.113.1/
    address http://224.0.0.1/
    address http://239.255.255.250/
    address http://240.0.0.1/
    address http://255.255.255.255/
    address http://4294967295/
    address http://0xffffffff/
    address http://[::]/
    address http://[::1]/
    address http://[0:0:0:0:0:0:0:1]/
    address http://[0000:0000:0000:0000:0000:0000:0000:0001]/
    address http://[::127.0.0.1]/
    address http://[::7f00:1]/
    address http://[::ffff:127.0.0.1]/
    address http://[::ffff:7f00:1]/
    address http://[0:0:0:0:0:ffff:127.0.0.1]/
    address http://[::ffff:10.0.0.1]/
    address http://[::ffff:169.254.169.254]/
    address http://[::ffff:a9fe:a9fe]/
    address http://[::ffff:0:127.0.0.1]/
    address http://[::8.8.8.8]/
    address http://[64:ff9b::127.0.0.1]/
    address http://[64:ff9b::a9fe:a9fe]/
    address http://[64:ff9b:1::8.8.8.8]/
    address http://[100::1]/
    address http://[2001::1]/
    address http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/
    address http://[2001:db8::1]/
    address http://[2002:7f00:1::]/
    address http://[2002:a9fe:a9fe::1]/
    address http://[2002:808:808::]/
    address http://[3fff::1]/
    address http://[fc00::1]/
    address http://[fd00:ec2::254]/
    address http://[fdff::1]/
    address http://[fe80::1]/
    address http://[fec0::1]/
    address http://[ff02::1]/
    scheme ftp://example.com/t
    scheme file:///etc/passwd
    scheme file://localhost/etc/passwd
    scheme gopher://127.0.0.1:70/_GET
    scheme dict://127.0.0.1:11211/stats
    scheme ldap://127.0.0.1/
    scheme s3://bucket/key
    scheme ws://example.com/
    scheme data:text/plain,Resources
    scheme javascript:alert(1)
    scheme mailto:a@example.com
    scheme blob:https://example.com/1
    scheme jar:https://example.com/x!/y
    scheme unix:/var/run/docker.sock
    scheme httpx://example.com/
    scheme localhost:80/t
    userinfo https://user@example.com/t
    userinfo https://user:password@example.com/t
    userinfo https://:password@example.com/t
    userinfo https://example.com@127.0.0.1/
    userinfo https://example.com:443@127.0.0.1/
    userinfo https://a@b@127.0.0.1/
    userinfo https://127.0.0.1%20@example.com/
    fragment https://example.com/t#part
    fragment https://example.com/t#
    fragment https://example.com#@127.0.0.1/
    port https://example.com:8443/t
    port http://example.com:8080/t
    port http://127.0.0.1:8080/
    port http://127.0.0.1:22/
    port http://[::1]:5432/
    port http://169.254.169.254:8080/
    port https://example.com:0/
    port https://example.com:65535/
    no-url example.com/t
    no-url /etc/passwd
    no-url //example.com/t
    no-url https://
    no-url https://:443/
    no-url https://example.com:99999/
    no-url https://example.com:port/
    no-url https://[::1/
    no-url https://[::1%25eth0]/
    no-url https://[127.0.0.1]/
    no-url https://exa mple.com/
    no-url https://a<b/
    no-url https://256.256.256.256/
    no-url https://1.2.3.4.5/
    no-url https://0x100000000/
    no-url https://4294967296/
    no-url https://08.1/
    no-url https://%00/
    no-url https://%/
";

#[test]
fn a_strangers_url_is_judged_by_its_parsed_host() {
    let rules = FetchRules {
        http: PlainHttp::Allowed,
        ..FetchRules::default()
    };
    assert!(check(&rules, STRANGERS) >= 150);
}

#[test]
fn by_default_a_public_host_needs_tls() {
    check(
        &FetchRules::default(),
        "scheme http://example.com/t
         scheme http://8.8.8.8/t
         scheme http://127.0.0.1/t
         resolves https://example.com/t",
    );
}

#[test]
fn open_mode_adds_loopback_on_any_port_and_nothing_else() {
    let rules = FetchRules {
        loopback: Loopback::Allowed,
        ..FetchRules::default()
    };
    check(
        &rules,
        "connects http://127.0.0.1:9000/t
         connects http://127.1:9000/t
         connects http://[::1]:9000/t
         connects http://8.8.8.8/t
         resolves http://localhost:9000/t
         address http://0.0.0.0:9000/t
         address http://[::ffff:127.0.0.1]:9000/t
         address http://10.0.0.1:9000/t
         address http://10.0.0.1/t
         address http://169.254.169.254/t
         address http://8.8.8.8:9000/t
         userinfo http://user@127.0.0.1:9000/t",
    );
}

#[test]
fn an_allowed_origin_is_that_host_on_that_port() {
    let rules = FetchRules {
        allow: vec![
            "10.0.0.5:8080".parse().unwrap(),
            "git.corp:443".parse().unwrap(),
        ],
        ..FetchRules::default()
    };
    check(
        &rules,
        "connects http://10.0.0.5:8080/t
         connects http://10.5:8080/t
         port https://10.0.0.6:8080/t
         port https://10.0.0.5:8081/t
         address https://10.0.0.5/t
         resolves https://git.corp/t
         port https://git.corp:444/t
         userinfo http://user@10.0.0.5:8080/t",
    );
}

#[test]
fn an_s3_url_goes_to_the_operators_endpoint() {
    let rules = FetchRules {
        s3_endpoint: Some(Url::parse("http://10.0.0.9:9000").unwrap()),
        ..FetchRules::default()
    };
    check(
        &rules,
        "connects https://bucket.s3.eu-west-1.amazonaws.com/key
         connects http://10.0.0.9:9000/bucket/key
         port https://10.0.0.9:9001/bucket/key
         resolves https://bucket.s3-website-us-east-1.amazonaws.com/key",
    );
    let given = "https://bucket.s3.amazonaws.com/a%20key?versionId=7&sig=secret";
    let target = Target::read(given, &rules).unwrap();
    assert_eq!(target.host_header(), "10.0.0.9:9000");
    assert_eq!(target.path_and_query(), "/bucket/a%20key?versionId=7");
    assert_eq!(target.shown, "https://bucket.s3.amazonaws.com/a%20key");
}

#[test]
fn a_url_has_two_thousand_and_forty_eight_characters_at_most() {
    let base = "https://example.com/";
    let fits = format!("{base}{}", "a".repeat(URL_BYTES_MAX - base.len()));
    assert_eq!(verdict(&fits, &FetchRules::default()), "resolves");
    assert_eq!(
        verdict(&format!("{fits}a"), &FetchRules::default()),
        "too-long"
    );
}

#[test]
fn a_url_that_another_server_signed_may_be_longer() {
    let rules = FetchRules::default();
    let base = "https://example.com/t?X-Amz-Security-Token=";
    let fits = format!("{base}{}", "a".repeat(SIGNED_URL_BYTES_MAX - base.len()));
    let read = |text: &str| Target::read_within(SIGNED_URL_BYTES_MAX, text, &rules);
    assert_eq!(read(&fits).unwrap().shown, "https://example.com/t");
    let refused = read(&format!("{fits}a")).unwrap_err().to_string();
    assert_eq!(refused, "A template URL has at most 8192 characters.");
    let refused = Target::read(&fits, &rules).unwrap_err().to_string();
    assert_eq!(refused, "A template URL has at most 2048 characters.");
}

#[test]
fn no_refusal_repeats_a_secret() {
    for text in [
        "https://user:secret@example.com/t",
        "https://example.com:99/t?token=secret",
        "https://example.com/t?token=secret#secret",
        "ftp://user:secret@example.com/t?token=secret",
        "https://user:secret@exa mple.com/",
        "https://exa mple.com/?token=secret",
        "mailto:secret@example.com",
    ] {
        let refused = Target::read(text, &FetchRules::default()).unwrap_err();
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}

#[test]
fn the_target_keeps_the_name_and_the_port_of_the_url() {
    let rules = FetchRules {
        loopback: Loopback::Allowed,
        ..FetchRules::default()
    };
    for (text, host, path) in [
        ("https://example.com", "example.com", "/"),
        ("https://example.com:443/a?b=c", "example.com", "/a?b=c"),
        ("http://localhost:90/a b", "localhost:90", "/a%20b"),
        ("http://[::1]:90/", "[::1]:90", "/"),
    ] {
        let target = Target::read(text, &rules).unwrap();
        assert_eq!(
            (target.host_header(), target.path_and_query()),
            (host, path),
            "{text}"
        );
    }
}
