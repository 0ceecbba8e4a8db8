//! Landing: everything that a copy makes, and its success, in one transaction.

use mimeo_domain::copying::{self, Copy, Plan, StatusDetail, Target};
use mimeo_domain::{Quotas, Timestamp};
use mimeo_store::{AuthScope, Fence, Tally, Tx, Work};

use super::{Trouble, lost_source, written};

/// Everything that a copy makes, and its success, or nothing.
pub(super) struct Landing {
    pub fence: Fence,
    pub copy: Copy,
    pub plan: Plan,
    pub quotas: Quotas,
    /// The source's Region lives in this store: the right to see it is part of the transaction.
    pub source_is_here: bool,
}

impl Work for Landing {
    type Output = ();
    type Error = Trouble;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let now = tx.now().await.map(Timestamp::from_millis)?;
        // First of all the fence: from here on nobody else can land this copy.
        written(tx.succeed_copy(&self.fence, now).await?)?;
        if self.source_is_here {
            self.still_sees_source(tx).await?;
        }
        let scope = AuthScope::of(&self.copy.caller);
        let target = self.copy.request.target.id();
        let before_count = match &self.copy.request.target {
            Target::New(_) => self.land_new(tx, &scope, now).await?,
            Target::Existing(_) => self.land_on_existing(tx, &scope).await?,
        };
        let artifacts = copying::landed_artifacts(&self.copy, &self.plan, now);
        let artifacts_max = self.quotas.artifacts_per_product;
        if before_count + artifacts.len() as u64 > artifacts_max {
            let product = target.clone();
            return permanent(StatusDetail::ArtifactQuota {
                product,
                artifacts_max,
            });
        }
        tx.insert_artifacts(&scope, target, &artifacts).await?;
        tx.note_source(&scope, target, &self.copy.request.source.product)
            .await?;
        Ok(())
    }
}

impl Landing {
    async fn still_sees_source(&self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let source = &self.copy.request.source;
        let scope = AuthScope::elsewhere(&self.copy.caller, &source.region);
        match tx.find_visible_product(&scope, &source.product).await? {
            Some(_) => Ok(()),
            None => permanent(lost_source(&self.copy)),
        }
    }

    /// Makes the target; it has no versions yet.
    async fn land_new(
        &self,
        tx: &mut Tx<'_>,
        scope: &AuthScope,
        now: Timestamp,
    ) -> Result<u64, Trouble> {
        let product = copying::new_product(&self.copy, &self.plan, &self.quotas, now)
            .map_err(Trouble::Permanent)?;
        let products_max = self.quotas.products;
        if tx.raise_tally(scope, Tally::Products).await? > products_max {
            return permanent(StatusDetail::ProductQuota { products_max });
        }
        tx.insert_product(&product).await?;
        Ok(0)
    }

    /// Checks the target again and gives it the tags; says how many versions it has.
    async fn land_on_existing(&self, tx: &mut Tx<'_>, scope: &AuthScope) -> Result<u64, Trouble> {
        let target = self.copy.request.target.id();
        let gone = || {
            Trouble::Permanent(StatusDetail::TargetNotFound {
                product: target.clone(),
            })
        };
        let mut product = tx
            .find_product(scope, target)
            .await?
            .ok_or_else(gone)?
            .product;
        if product.product_type != self.plan.product_type {
            return permanent(StatusDetail::TargetTypeMismatch {
                product: target.clone(),
                source: self.plan.product_type,
                target: product.product_type,
            });
        }
        product.tags = copying::landed_tags(&self.copy, &self.plan, &product.tags, &self.quotas)
            .map_err(Trouble::Permanent)?;
        tx.update_product(&product).await?;
        Ok(tx.count_artifacts(scope, target).await?)
    }
}

fn permanent<T>(detail: StatusDetail) -> Result<T, Trouble> {
    Err(Trouble::Permanent(detail))
}
