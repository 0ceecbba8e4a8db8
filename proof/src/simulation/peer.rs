//! A Region of another server, as a source of copies: away, slow, or with bodies that are cut, changed or gone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mimeo_domain::arn::ProductArn;
use mimeo_domain::copying::PlannedArtifact;
use mimeo_domain::{Caller, ProductId};
use mimeo_service::{Asking, Digests, SeenSource, Source, SourceError};
use mimeo_store::{AuthScope, Store, StoreError, Tx, Work};
use mimeo_templates::shelf::{Body, Shelf};

use super::link::{Shared, lock};

#[derive(Debug)]
pub(super) struct Peer {
    pub shared: Arc<Shared>,
    /// Under conditions of its own.
    pub store: Store,
    pub shelf: Shelf,
}

impl Peer {
    async fn seen(
        &self,
        caller: &Caller,
        source: &ProductArn,
    ) -> Result<Option<SeenSource>, SourceError> {
        let look = Look {
            scope: AuthScope::elsewhere(caller, &source.region),
            product: source.product.clone(),
        };
        let away = |error: StoreError| SourceError::Away(error.to_string());
        let seen = self.store.read(look).await.map_err(away)?;
        Ok(seen.filter(|seen| seen.product.account == source.account))
    }
}

impl Source for Peer {
    fn look<'a>(
        &'a self,
        caller: &'a Caller,
        source: &'a ProductArn,
    ) -> Asking<'a, Option<SeenSource>> {
        Box::pin(self.seen(caller, source))
    }

    fn sees<'a>(&'a self, caller: &'a Caller, source: &'a ProductArn) -> Asking<'a, bool> {
        Box::pin(async move { Ok(self.seen(caller, source).await?.is_some()) })
    }

    fn template<'a>(
        &'a self,
        caller: &'a Caller,
        source: &'a ProductArn,
        artifact: &'a PlannedArtifact,
    ) -> Asking<'a, Option<Body>> {
        Box::pin(async move {
            if self.seen(caller, source).await?.is_none() {
                return Ok(None);
            }
            let digest = artifact
                .digest
                .as_deref()
                .and_then(|text| text.parse().ok());
            let Some(digest) = digest else {
                return Ok(None);
            };
            let body = self.shelf.get(&digest).await?;
            let fault = {
                let odds = lock(&self.shared.weather).body;
                let mut chance = lock(&self.shared.chance);
                chance.one_in(odds).then(|| chance.index(4))
            };
            let Some(fault) = fault else {
                return Ok(body.map(Body::from));
            };
            self.shared.log.line(self.shared.clock.now(), || {
                let fault = ["is away", "is gone", "is changed", "is cut"][fault];
                format!("the body {digest} {fault}")
            });
            match fault {
                0 => Err(SourceError::Away("no answer".to_owned())),
                1 => {
                    self.shared.bodies_spoiled.fetch_add(1, Relaxed);
                    Ok(None)
                }
                2 => {
                    self.shared.bodies_spoiled.fetch_add(1, Relaxed);
                    Ok(Some(Body::from(bytes::Bytes::from_static(b"{}"))))
                }
                _ => {
                    let cut = io::Error::from(io::ErrorKind::UnexpectedEof);
                    let pieces = futures_util::stream::iter([Err(cut)]);
                    Ok(Some(Body::new(None, pieces)))
                }
            }
        })
    }
}

struct Look {
    scope: AuthScope,
    product: ProductId,
}

impl Work for Look {
    type Output = Option<SeenSource>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<SeenSource>, StoreError> {
        let found = tx.find_visible_product(&self.scope, &self.product).await?;
        let Some(found) = found else {
            return Ok(None);
        };
        let artifacts = tx.list_artifacts(&self.scope, &self.product).await?;
        Ok(Some(SeenSource {
            product: found.product,
            artifacts,
            digests: Digests::Known,
        }))
    }
}
