//! What the service works with, made of the configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use mimeo_service::{Directory, Fetching, PageKey, UploadReaders, World};
use mimeo_store::Store;
use mimeo_templates::fetch::{FetchRules, Fetcher, Loopback, PlainHttp};
use tokio::sync::Notify;

use super::{StartError, peers, settle, shelves};
use crate::config::Config;
use crate::metrics::Metrics;

pub(super) async fn world(
    config: &Config,
    store: Store,
    own: SocketAddr,
    metrics: &Arc<Metrics>,
) -> Result<World, StartError> {
    let page_key = settle::secret(&store, "page_key").await?;
    let fetching = if config.templates.fetch {
        Fetching::On(Box::new(Fetcher::new(fetch_rules(config, own))?))
    } else {
        Fetching::Off
    };
    let verified = config.is_verified();
    let directory = if verified {
        let regions = config
            .regions
            .iter()
            .map(|region| (region.clone(), store.clone()));
        Directory::Regions(regions.collect::<BTreeMap<_, _>>())
    } else {
        Directory::AnyRegion(store)
    };
    Ok(World {
        directory,
        peers: peers::peers(config, &fetch_rules(config, own), metrics)?,
        shelves: shelves(config)?,
        fetching,
        upload_readers: if verified {
            UploadReaders::Uploader
        } else {
            UploadReaders::Everyone
        },
        quotas: config.quotas.clone(),
        page_key: PageKey::new(page_key.as_bytes()),
        copy_accepted: Arc::new(Notify::new()),
        copy_told: Arc::new(Notify::new()),
        gate: None,
        rehearsal: (!verified).then(Arc::default),
        audit: Arc::new(config.audit.begin()),
    })
}

fn fetch_rules(config: &Config, own: SocketAddr) -> FetchRules {
    let open = !config.is_verified();
    let templates = &config.templates;
    FetchRules {
        loopback: if open {
            Loopback::Allowed
        } else {
            Loopback::Refused
        },
        http: if open || templates.plain_http {
            PlainHttp::Allowed
        } else {
            PlainHttp::Refused
        },
        allow: templates.allow.clone(),
        own: vec![own],
        s3_endpoint: templates.s3_endpoint.clone(),
        ..FetchRules::default()
    }
}
