//! The way to a peer: connections, deadlines, how much is read, how many ask at once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;
use mimeo_domain::RegionName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::there::{Called, Home, Outcome, Trouble};
use crate::{ANSWER_BYTES_MAX, BODIES_MAX, LOOKS_MAX, WORDS_MAX};

/// How long resolving, connecting and the TLS handshake may take together.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long the head of an answer may take.
pub(crate) const HEAD_MAX: Duration = Duration::from_secs(10);

/// What a request is for. Each purpose has turns of its own, so that none waits for another: a template
/// takes as long as its bytes do, and a word is too old to land with after seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Look,
    Body,
    Word,
}

#[derive(Debug)]
struct Turns {
    looks: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    words: Arc<Semaphore>,
}

impl Turns {
    fn new() -> Self {
        let turns = |max| Arc::new(Semaphore::new(max));
        Self {
            looks: turns(LOOKS_MAX),
            bodies: turns(BODIES_MAX),
            words: turns(WORDS_MAX),
        }
    }

    fn of(&self, purpose: Purpose) -> &Arc<Semaphore> {
        match purpose {
            Purpose::Look => &self.looks,
            Purpose::Body => &self.bodies,
            Purpose::Word => &self.words,
        }
    }
}

/// The way to one peer. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub region: RegionName,
    /// Without a slash at its end.
    pub endpoint: String,
    pub home: Arc<dyn Home>,
    /// Gives bodies as they come; for answers to calls, see [`Wire::bounded`].
    pub connector: SharedHttpConnector,
    turns: Arc<Turns>,
}

impl Wire {
    pub(crate) fn new(region: RegionName, endpoint: &Url, home: Arc<dyn Home>) -> Self {
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(CONNECT_MAX)
            .read_timeout(HEAD_MAX)
            .build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .proxy_config(ProxyConfig::disabled())
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build();
        Self {
            region,
            endpoint: endpoint.as_str().trim_end_matches('/').to_owned(),
            home,
            connector: SharedHttpConnector::new(connector),
            turns: Arc::new(Turns::new()),
        }
    }

    /// The right to ask, for as long as it is held.
    pub(crate) async fn turn(&self, purpose: Purpose) -> Result<OwnedSemaphorePermit, Trouble> {
        let turn = Arc::clone(self.turns.of(purpose)).acquire_owned().await;
        turn.map_err(|_| Trouble::Away("the peer is being closed".to_owned()))
    }

    /// Runs a request and tells how it ended.
    pub(crate) async fn timed<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let started = self.home.instant();
        let ended = work.await;
        let outcome = match &ended {
            Ok(_) => Outcome::Answered,
            Err(Trouble::Nothing) => Outcome::Nothing,
            Err(Trouble::Away(_)) => Outcome::Away,
        };
        let took = self.home.instant().saturating_duration_since(started);
        let called = Called {
            operation,
            outcome,
            took,
        };
        self.home.called(&self.region, called);
        ended
    }

    /// The same connections, but no answer is longer than [`ANSWER_BYTES_MAX`].
    pub(crate) fn bounded(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(Bounded(self.connector.clone()))
    }
}

struct Bounded(SharedHttpConnector);

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bounded(..)")
    }
}

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let limited = |body| SdkBody::from_body_1_x(Limited::new(body, ANSWER_BYTES_MAX));
            Ok(answer.await?.map(limited))
        })
    }
}
