//! Open mode: a caller is who it says, but only from this machine and not from a web page.

use std::collections::BTreeSet;
use std::net::IpAddr;

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use mimeo_domain::{AccountId, Caller, RegionName, Standing, Timestamp};
use mimeo_sigv4::{Head, Refused};

use super::identities::role_unique_id;
use super::known::{Actor, Began, Known, iam_arn, session_arn};
use super::session::{Reach, Session, SessionKey, SessionKeys, Who};
use crate::config::Config;

const ACCOUNT_DEFAULT: &str = "000000000000";
const REGION_DEFAULT: &str = "us-east-1";

/// Keeps browsers out: a page that any site serves can reach a loopback address, by DNS rebinding
/// even with readable answers, and there is no signature that it would lack.
#[derive(Debug)]
pub(crate) struct Open {
    hosts: Vec<String>,
    addresses: Addresses,
    /// Regions that other servers have.
    apart: BTreeSet<RegionName>,
}

/// Which addresses may stand in `Host`. A name can be rebound to another address, a literal cannot.
#[derive(Debug, Clone, Copy)]
enum Addresses {
    Loopback,
    All,
}

impl Open {
    pub(crate) fn of(config: &Config) -> Self {
        let hosts = config
            .hosts
            .iter()
            .map(|host| host.to_ascii_lowercase())
            .collect();
        let addresses = if config.allow_open_network {
            Addresses::All
        } else {
            Addresses::Loopback
        };
        let apart = config.apart().map(|(region, _)| region.clone());
        Self {
            hosts,
            addresses,
            apart: apart.collect(),
        }
    }

    /// Whether the request comes from no web page but our own, under a name that is ours; else why.
    pub(crate) fn admit(&self, parts: &Parts) -> Result<(), String> {
        let host = host(&parts.headers).ok_or("The request needs one Host header.")?;
        let named = parts.uri.authority().map(Authority::as_str);
        for host in [Some(host), named].into_iter().flatten() {
            if !self.is_ours(host) {
                return Err(format!(
                    "Open mode does not answer under the name {host:?}. Add it to `hosts` to allow it."
                ));
            }
        }
        for origin in parts.headers.get_all(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let of_origin = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            if of_origin.is_none_or(|of_origin| !of_origin.eq_ignore_ascii_case(host)) {
                return Err("Open mode does not answer to pages of other origins.".to_owned());
            }
        }
        let cross_site = |value: &http::HeaderValue| value.as_bytes() == b"cross-site";
        if parts
            .headers
            .get_all("sec-fetch-site")
            .iter()
            .any(cross_site)
        {
            return Err("Open mode does not answer to pages of other sites.".to_owned());
        }
        Ok(())
    }

    fn is_ours(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().to_ascii_lowercase();
        let literal = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        if let Ok(address) = literal.unwrap_or(&host).parse::<IpAddr>() {
            return match self.addresses {
                Addresses::Loopback => address.to_canonical().is_loopback(),
                Addresses::All => true,
            };
        }
        host == "localhost" || host.ends_with(".localhost") || self.hosts.contains(&host)
    }
}

/// The value of `Host`, if there is exactly one.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

/// A caller who is believed.
pub(crate) struct Asserted<'a> {
    pub(super) known: Known,
    pub(super) service: Option<&'a str>,
    pub(super) access_key_id: Option<&'a str>,
}

impl<'a> Asserted<'a> {
    pub(super) fn read(
        open: &Open,
        head: &Head<'a>,
        sessions: &SessionKeys,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let value = |wanted: &str| {
            let mut headers = head.headers.iter();
            let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| *value)
        };
        let scope = value("authorization").map(scope).transpose()?;
        let text = scope
            .as_ref()
            .map(|scope| scope.access_key_id)
            .unwrap_or_default();
        let account = text.parse::<AccountId>();
        let account = account
            .or_else(|_| ACCOUNT_DEFAULT.parse())
            .expect("twelve zeros");
        let region = scope.as_ref().map_or(REGION_DEFAULT, |scope| scope.region);
        let region = region.parse::<RegionName>();
        let region = region.map_err(|_| Refused::ScopeRegion)?;
        if open.apart.contains(&region) {
            return Err(Refused::ScopeRegion);
        }
        // A token of another server's says nothing here.
        let token = value("x-amz-security-token").filter(|token| SessionKey::is_ours(token));
        let known = match token {
            None => bare(account, region),
            Some(token) => {
                let session = sessions.open(text, token);
                let (session, reach) = session.map_err(|_| Refused::UnrecognizedClient)?;
                if session.is_over(now) {
                    return Err(Refused::ExpiredToken);
                }
                Known {
                    reach,
                    ..of_session(session, region)
                }
            }
        };
        Ok(Self {
            known,
            access_key_id: scope.as_ref().map(|scope| scope.access_key_id),
            service: scope.map(|scope| scope.service),
        })
    }
}

/// An account without a name: whichever principal of it there is.
fn bare(account: AccountId, region: RegionName) -> Known {
    Known {
        caller: Caller {
            standing: Standing::Anyone,
            ..Caller::root(account, region)
        },
        authority: mimeo_service::Authority::Whole,
        actor: Actor::Root,
        session: None,
        reach: Reach::Everything,
    }
}

/// The role of a session, which in open mode nobody has described.
fn of_session(session: Session, region: RegionName) -> Known {
    let began = Some(Began(session.began));
    let account = session.account;
    let Who::Role {
        resource,
        session_name,
    } = session.who
    else {
        let mut known = bare(account, region);
        known.caller.session_policy = session.policy;
        return Known {
            session: began,
            ..known
        };
    };
    let name = resource.rsplit('/').next().unwrap_or_default();
    let arn = iam_arn(&region, &account, &resource);
    Known {
        caller: Caller {
            principal: session_arn(&region, &account, name, &session_name),
            standing: Standing::As(vec![arn.clone()]),
            region,
            account: account.clone(),
            session_policy: session.policy,
        },
        authority: mimeo_service::Authority::Whole,
        actor: Actor::Role {
            arn,
            unique_id: role_unique_id(&account, &resource),
            session_name,
        },
        session: began,
        reach: Reach::Everything,
    }
}

struct Scope<'a> {
    access_key_id: &'a str,
    region: &'a str,
    service: &'a str,
}

/// Reads the credential and nothing else: there is no signature to check here.
fn scope(header: &[u8]) -> Result<Scope<'_>, Refused> {
    const NO_CREDENTIAL: &str = "Authorization header requires 'Credential' parameter.";
    const NOT_A_CREDENTIAL: &str = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.";
    let text = std::str::from_utf8(header).unwrap_or_default();
    let (_, rest) = text
        .split_once("Credential=")
        .ok_or(Refused::Incomplete(vec![NO_CREDENTIAL]))?;
    let credential = rest.split([',', ' ']).next().unwrap_or_default();
    let mut elements = credential.split('/');
    let mut element = || elements.next();
    match (
        element(),
        element(),
        element(),
        element(),
        element(),
        element(),
    ) {
        (Some(access_key_id), Some(_), Some(region), Some(service), Some(_), None) => Ok(Scope {
            access_key_id,
            region,
            service,
        }),
        _ => Err(Refused::Malformed(NOT_A_CREDENTIAL)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APART: &str = r#"
        peers.key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        [[region]]
        name = "ap-south-1"
        endpoint = "http://127.0.0.1:4567"
    "#;

    fn asserted(authorization: Option<&str>) -> Result<Caller, Refused> {
        let headers: Vec<(&str, &[u8])> = authorization
            .map(|value| ("Authorization", value.as_bytes()))
            .into_iter()
            .collect();
        let head = Head {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
        };
        let open = Open::of(&Config::of_toml(APART).unwrap());
        let sessions = SessionKeys::new(SessionKey::new(b"of this test"), None);
        let asserted = Asserted::read(&open, &head, &sessions, Timestamp::default());
        asserted.map(|asserted| asserted.known.caller)
    }

    fn of_key(key: &str, region: &str) -> Result<Caller, Refused> {
        asserted(Some(&format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/servicecatalog/aws4_request, \
             SignedHeaders=host, Signature=00"
        )))
    }

    #[test]
    fn twelve_digits_as_access_key_are_the_account() {
        let caller = of_key("123456789012", "eu-west-1").unwrap();
        assert_eq!(caller.account.as_str(), "123456789012");
        assert_eq!(caller.region.as_str(), "eu-west-1");
        assert_eq!(caller.principal, "arn:aws:iam::123456789012:root");
        for key in ["test", "AKIAIOSFODNN7EXAMPLE", "1234567890123", ""] {
            assert_eq!(
                of_key(key, "eu-west-1").unwrap().account.as_str(),
                ACCOUNT_DEFAULT
            );
        }
    }

    #[test]
    fn without_credentials_the_account_is_zeros_in_us_east_1() {
        let caller = asserted(None).unwrap();
        assert_eq!(
            (caller.account.as_str(), caller.region.as_str()),
            (ACCOUNT_DEFAULT, "us-east-1")
        );
    }

    #[test]
    fn a_scope_that_cannot_be_read_is_refused() {
        // Also that of a Region which another server has.
        for region in ["nowhere", "ap-south-1"] {
            assert_eq!(of_key("test", region).unwrap_err(), Refused::ScopeRegion);
        }
        for header in [
            "Basic dGVzdA==",
            "",
            "AWS4-HMAC-SHA256 Credential=test/eu-west-1, x",
        ] {
            assert!(asserted(Some(header)).is_err(), "{header}");
        }
    }

    fn admitted(open: &Open, headers: &[(&str, &str)]) -> bool {
        let mut request = http::Request::post("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        open.admit(&request.body(()).unwrap().into_parts().0)
            .is_ok()
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let hosts = vec!["Mimeo".to_owned()];
        let open = Open::of(&Config {
            hosts,
            ..Config::default()
        });
        for host in [
            "127.0.0.1:4566",
            "127.8.9.1",
            "[::1]:80",
            "localhost:1",
            "LOCALHOST",
            "a.localhost:5",
            "mimeo:4566",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(admitted(&open, &[("host", host)]), "{host}");
        }
        for host in [
            "evil.test",
            "evil.test:4566",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "10.0.0.1",
            "[fe80::1]",
            "",
            "127.0.0.1:4566@evil.test",
            "localhost@evil.test",
            "xlocalhost",
            "0.0.0.0",
        ] {
            assert!(!admitted(&open, &[("host", host)]), "{host}");
        }
        assert!(!admitted(&open, &[]));
        assert!(!admitted(
            &open,
            &[("host", "localhost"), ("host", "localhost")]
        ));
    }

    #[test]
    fn pages_of_other_origins_are_not_answered() {
        let open = Open::of(&Config::default());
        let host = ("host", "localhost:4566");
        assert!(admitted(
            &open,
            &[host, ("origin", "http://localhost:4566")]
        ));
        for origin in [
            "null",
            "http://evil.test",
            "http://localhost:8080",
            "localhost:4566",
            "",
        ] {
            assert!(!admitted(&open, &[host, ("origin", origin)]), "{origin}");
        }
        assert!(!admitted(&open, &[host, ("sec-fetch-site", "cross-site")]));
        assert!(admitted(&open, &[host, ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn an_open_network_is_reached_by_address_but_not_by_any_name() {
        let open = Open::of(&Config {
            allow_open_network: true,
            ..Config::default()
        });
        assert!(admitted(&open, &[("host", "10.0.0.1:4566")]));
        assert!(!admitted(&open, &[("host", "evil.test")]));
    }
}
