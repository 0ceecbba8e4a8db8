//! The Regions of other servers, made of what the configuration says of them.

use std::sync::Arc;
use std::time::Instant;

use mimeo_domain::arn::partition_of;
use mimeo_domain::{Caller, RegionName, Timestamp};
use mimeo_peers::{Acting, Called, Home, Peer, Role, There};
use mimeo_service::{Peers, Source};
use mimeo_templates::fetch::{FetchRules, Fetcher};
use url::Url;

use super::StartError;
use crate::clock;
use crate::config::{Apart, Assumed, Config, Kind};
use crate::front::{Session, SessionKey};
use crate::metrics::Metrics;

/// This process, as its peers know it.
#[derive(Debug)]
struct Process {
    /// Seals the sessions that other servers take our callers by.
    key: Option<SessionKey>,
    metrics: Arc<Metrics>,
}

impl Home for Process {
    fn vouch(&self, caller: &Caller) -> Option<aws_credential_types::Credentials> {
        let session = Session::for_peer(caller, clock::now());
        let issued = self.key.as_ref()?.issue(&session, &clock::secret());
        Some(aws_credential_types::Credentials::new(
            issued.access_key_id,
            issued.secret.reveal(),
            Some(issued.token),
            None,
            "peer session",
        ))
    }

    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn instant(&self) -> Instant {
        clock::instant()
    }

    fn called(&self, region: &RegionName, called: Called) {
        let Called {
            operation,
            outcome,
            took,
        } = called;
        self.metrics
            .called(region.as_str(), operation, outcome.as_str(), took);
    }
}

/// All of them. `rules` are those for URLs that users gave.
pub(super) fn peers(
    config: &Config,
    rules: &FetchRules,
    metrics: &Arc<Metrics>,
) -> Result<Peers, StartError> {
    let key = config.peers.key();
    let home = Arc::new(Process {
        key: key.map(|key| SessionKey::of_peers(key, config.is_verified())),
        metrics: Arc::clone(metrics),
    });
    let mut peers = Peers::new();
    for (region, Apart { endpoint, kind }) in config.apart() {
        let acting = match kind {
            Kind::Mimeo => Acting::AsCaller,
            Kind::Aws(assumed) => {
                let Some(role) = role(region, assumed, Fetcher::new(rules.clone())?) else {
                    continue;
                };
                Acting::InRole(Box::new(role))
            }
        };
        let peer = Peer {
            region: region.clone(),
            endpoint: endpoint.clone(),
            acting,
        };
        let there: Arc<dyn Source> = Arc::new(There::new(peer, home.clone()));
        peers.insert(region.clone(), there);
    }
    Ok(peers)
}

/// `None` without credentials, which the configuration refuses.
fn role(region: &RegionName, assumed: &Assumed, fetcher: Fetcher) -> Option<Role> {
    let credentials = assumed.credentials.as_ref()?;
    let token = credentials.session_token.as_ref();
    Some(Role {
        arn: assumed.role.clone(),
        external_id: assumed.external_id.clone(),
        sts_endpoint: match &assumed.sts_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => sts(region)?,
        },
        credentials: aws_credential_types::Credentials::new(
            &credentials.access_key_id,
            credentials.secret.reveal(),
            token.map(|token| token.reveal().to_owned()),
            None,
            "configuration",
        ),
        accounts: assumed.accounts.clone(),
        fetcher,
    })
}

/// STS of a Region, as AWS has it.
fn sts(region: &RegionName) -> Option<Url> {
    let domain = match partition_of(region) {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    };
    format!("https://sts.{region}.{domain}").parse().ok()
}
