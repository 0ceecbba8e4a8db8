//! The second kind of source: a Region that another server has.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use futures_util::{StreamExt, TryStreamExt, stream};
use mimeo_domain::arn::ProductArn;
use mimeo_domain::artifacts::Artifact;
use mimeo_domain::copying::PlannedArtifact;
use mimeo_domain::{Caller, RegionName, Timestamp};
use mimeo_service::{Asking, SeenSource, Source, SourceError};
use mimeo_templates::shelf::Body;
use url::Url;

use crate::acting::{Acting, Sessions};
use crate::answers::{self, Listed, Shown};
use crate::calls::Calls;
use crate::wire::{Purpose, Wire};
use crate::{LOOKS_MAX, body};

/// How often a product that changes while it is read is read again.
const READINGS_MAX: usize = 3;

/// What the process gives to its peers: whom it vouches for, its clock, an ear for figures.
pub trait Home: fmt::Debug + Send + Sync {
    /// Credentials under which another Mimeo takes us for this caller, for a few minutes; `None`
    /// without a key that both have.
    fn vouch(&self, caller: &Caller) -> Option<Credentials>;

    fn now(&self) -> Timestamp;

    /// For durations only.
    fn instant(&self) -> Instant;

    fn called(&self, region: &RegionName, called: Called);
}

/// One request to a peer, for the figures.
#[derive(Debug, Clone, Copy)]
pub struct Called {
    pub operation: &'static str,
    pub outcome: Outcome,
    pub took: Duration,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    /// The caller sees nothing there.
    Nothing,
    /// No answer of use: broken off, throttled, refused, too slow.
    Away,
}

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Nothing => "nothing",
            Self::Away => "away",
        }
    }
}

/// A Region on another server, as the configuration describes it.
#[derive(Debug)]
pub struct Peer {
    pub region: RegionName,
    /// The root of the server.
    pub endpoint: Url,
    pub acting: Acting,
}

/// A Region that another server has.
#[derive(Debug)]
pub struct There {
    calls: Calls,
    wire: Wire,
    sessions: Sessions,
}

/// Why there is nothing to go on with.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It does not exist, or the caller may not see it.
    Nothing,
    /// May pass; the text is for the log.
    Away(String),
}

impl There {
    pub fn new(peer: Peer, home: Arc<dyn Home>) -> Self {
        let wire = Wire::new(peer.region, &peer.endpoint, home);
        Self {
            calls: Calls::new(&wire),
            sessions: Sessions::new(peer.acting, &wire),
            wire,
        }
    }

    async fn seen(&self, caller: &Caller, source: &ProductArn) -> Result<SeenSource, Trouble> {
        let credentials = self.sessions.of(caller).await?;
        for _ in 0..READINGS_MAX {
            let before = self.product(Purpose::Look, &credentials, source).await?;
            let listed = self.calls.list(&credentials, &source.product).await?;
            let artifacts = self
                .artifacts(&credentials, source, &before, listed)
                .await?;
            // What is the same on both sides of the list was so when the list was made.
            let after = self.product(Purpose::Look, &credentials, source).await?;
            if let Some(artifacts) = artifacts.filter(|_| before == after) {
                return Ok(SeenSource {
                    product: before.product,
                    artifacts,
                    digests: self.sessions.digests(),
                });
            }
        }
        Err(Trouble::Away(format!(
            "{} keeps changing while it is read",
            source.product
        )))
    }

    async fn product(
        &self,
        purpose: Purpose,
        credentials: &Credentials,
        source: &ProductArn,
    ) -> Result<Shown, Trouble> {
        let shown = self.calls.describe(purpose, credentials, &source.product);
        let shown = shown.await?;
        let is_it = shown.product.account == source.account
            && shown.product.region == source.region
            && shown.product.id == source.product;
        is_it.then_some(shown).ok_or(Trouble::Nothing)
    }

    /// The versions in the order of the product; `None` if the list is not of the same versions.
    async fn artifacts(
        &self,
        credentials: &Credentials,
        source: &ProductArn,
        shown: &Shown,
        mut listed: Listed,
    ) -> Result<Option<Vec<Artifact>>, Trouble> {
        if listed.len() != shown.artifacts.len() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for id in &shown.artifacts {
            match listed.remove(id) {
                Some(artifact) => found.push(artifact),
                None => return Ok(None),
            }
        }
        let whole = stream::iter(found).map(|artifact| async {
            let (product, id) = (&source.product, &artifact.id);
            let info = self.calls.info(Purpose::Look, credentials, product, id);
            match info.await {
                Ok(info) => Ok(Some(answers::whole(artifact, &source.product, info))),
                // It was there a moment ago.
                Err(Trouble::Nothing) => Ok(None),
                Err(away) => Err(away),
            }
        });
        let whole: Vec<Option<Artifact>> = whole.buffered(LOOKS_MAX).try_collect().await?;
        Ok(whole.into_iter().collect())
    }

    async fn template_of(
        &self,
        caller: &Caller,
        source: &ProductArn,
        artifact: &PlannedArtifact,
    ) -> Result<Body, Trouble> {
        let credentials = self.sessions.of(caller).await?;
        let Some(fetcher) = self.sessions.fetcher() else {
            return body::kept(&self.wire, &credentials, source, artifact).await;
        };
        // The URL is good for minutes only, so it is asked for anew.
        let (product, id) = (&source.product, &artifact.source);
        let info = self.calls.info(Purpose::Body, &credentials, product, id);
        let info = info.await?;
        let url = info.url.ok_or(Trouble::Nothing)?;
        let taken = fetcher.fetch_signed(&url).await;
        taken
            .map(Body::from)
            .map_err(|refused| Trouble::Away(refused.to_string()))
    }
}

impl Source for There {
    fn look<'a>(
        &'a self,
        caller: &'a Caller,
        source: &'a ProductArn,
    ) -> Asking<'a, Option<SeenSource>> {
        Box::pin(async move { found(self.seen(caller, source).await) })
    }

    fn sees<'a>(&'a self, caller: &'a Caller, source: &'a ProductArn) -> Asking<'a, bool> {
        Box::pin(async move {
            let product = async {
                let credentials = self.sessions.of(caller).await?;
                self.product(Purpose::Word, &credentials, source).await
            };
            Ok(found(product.await)?.is_some())
        })
    }

    fn template<'a>(
        &'a self,
        caller: &'a Caller,
        source: &'a ProductArn,
        artifact: &'a PlannedArtifact,
    ) -> Asking<'a, Option<Body>> {
        Box::pin(async move { found(self.template_of(caller, source, artifact).await) })
    }
}

fn found<T>(outcome: Result<T, Trouble>) -> Result<Option<T>, SourceError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(Trouble::Nothing) => Ok(None),
        Err(Trouble::Away(why)) => Err(SourceError::Away(why)),
    }
}
