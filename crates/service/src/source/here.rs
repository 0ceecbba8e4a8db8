//! A Region of this process: its store and its shelf.

use mimeo_domain::arn::ProductArn;
use mimeo_domain::copying::PlannedArtifact;
use mimeo_domain::{Caller, ProductId};
use mimeo_store::{AuthScope, Store, StoreError, Tx, Work};
use mimeo_templates::shelf::{Body, Shelf};

use super::{Asking, Digests, SeenSource, Source};

#[derive(Debug)]
pub(super) struct Here {
    pub store: Store,
    pub shelf: Shelf,
}

impl Source for Here {
    fn look<'a>(
        &'a self,
        caller: &'a Caller,
        source: &'a ProductArn,
    ) -> Asking<'a, Option<SeenSource>> {
        Box::pin(async move {
            let look = Look {
                scope: AuthScope::elsewhere(caller, &source.region),
                product: source.product.clone(),
            };
            let seen = self.store.read(look).await?;
            Ok(seen.filter(|seen| seen.product.account == source.account))
        })
    }

    fn sees<'a>(&'a self, caller: &'a Caller, source: &'a ProductArn) -> Asking<'a, bool> {
        Box::pin(async move { Ok(self.look(caller, source).await?.is_some()) })
    }

    fn template<'a>(
        &'a self,
        _caller: &'a Caller,
        _source: &'a ProductArn,
        artifact: &'a PlannedArtifact,
    ) -> Asking<'a, Option<Body>> {
        Box::pin(async move {
            let digest = artifact
                .digest
                .as_deref()
                .and_then(|text| text.parse().ok());
            let Some(digest) = digest else {
                return Ok(None);
            };
            Ok(self.shelf.read(&digest).await?)
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
        let Some(found) = tx.find_visible_product(&self.scope, &self.product).await? else {
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
