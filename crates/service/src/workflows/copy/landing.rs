//! Landing: everything that a copy makes, and its success, in one transaction.

use std::sync::Arc;

use mimeo_domain::artifacts::Artifact;
use mimeo_domain::copying::{self, Copy, Plan, Progress, StatusDetail, Target};
use mimeo_domain::{Quotas, Timestamp};
use mimeo_store::{AuthScope, Fence, Mark, Tally, Tx, Work};

use super::{Trouble, lost_source, written};
use crate::audit::{self, Audit};
use crate::rehearsal::Rehearsal;

/// Everything that a copy makes, and its success, or nothing.
pub(super) struct Landing {
    pub fence: Fence,
    pub copy: Copy,
    pub plan: Plan,
    /// What is told of its templates.
    pub reported: Progress,
    pub quotas: Quotas,
    /// The source's Region lives in this store: the right to see it is part of the transaction.
    pub source_is_here: bool,
    pub rehearsal: Option<Arc<Rehearsal>>,
    pub audit: Arc<Audit>,
    /// How the target's shelf is called, and the marks on the plan's bodies before they were looked at.
    pub shelf: String,
    pub marks: Vec<Mark>,
}

impl Work for Landing {
    type Output = ();
    type Error = Trouble;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let mut now = tx.now().await.map(Timestamp::from_millis)?;
        if let Some(rehearsal) = &self.rehearsal {
            now = rehearsal.now(now);
        }
        // First of all the fence: from here on nobody else can land this copy.
        written(tx.store_progress(&self.fence, &self.reported).await?)?;
        written(tx.succeed_copy(&self.fence, now).await?)?;
        if !tx
            .name_bodies(&self.shelf, &self.plan.digests(), &self.marks)
            .await?
        {
            let reason = "a template was deleted meanwhile, as nothing named it";
            return Err(Trouble::Transient(reason.to_owned()));
        }
        if self.source_is_here {
            self.still_sees_source(tx).await?;
        }
        let scope = AuthScope::of(&self.copy.caller);
        let artifacts = copying::landed_artifacts(&self.copy, &self.plan, now);
        match &self.copy.request.target {
            Target::New(_) => self.land_new(tx, &scope, &artifacts, now).await?,
            Target::Existing(_) => self.land_on_existing(tx, &scope, &artifacts).await?,
        }
        if self.audit.is_on() {
            let record = audit::copy_ended(&self.copy, None, now);
            tx.insert_audit(&scope, &record).await?;
        }
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

    /// Makes the target with its versions.
    async fn land_new(
        &self,
        tx: &mut Tx<'_>,
        scope: &AuthScope,
        artifacts: &[Artifact],
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let product = copying::new_product(&self.copy, &self.plan, &self.quotas, now)
            .map_err(Trouble::Permanent)?;
        let products_max = self.quotas.products;
        if tx.raise_tally(scope, Tally::Products).await? > products_max {
            return permanent(StatusDetail::ProductQuota { products_max });
        }
        self.room_for(artifacts.len() as u64)?;
        Ok(tx.insert_product(&product, artifacts).await?)
    }

    /// Checks the target again, gives it the tags and adds the versions.
    async fn land_on_existing(
        &self,
        tx: &mut Tx<'_>,
        scope: &AuthScope,
        artifacts: &[Artifact],
    ) -> Result<(), Trouble> {
        let target = self.copy.request.target.id();
        let Some(found) = tx.find_product(scope, target).await? else {
            let product = target.clone();
            return permanent(StatusDetail::TargetNotFound { product });
        };
        let mut product = found.product;
        if product.product_type != self.plan.product_type {
            return permanent(StatusDetail::TargetTypeMismatch {
                product: target.clone(),
                source: self.plan.product_type,
                target: product.product_type,
            });
        }
        let before_count = tx.count_artifacts(scope, target).await?;
        self.room_for(before_count + artifacts.len() as u64)?;
        product.tags = copying::landed_tags(&self.copy, &self.plan, &product.tags, &self.quotas)
            .map_err(Trouble::Permanent)?;
        tx.update_product(&product).await?;
        tx.insert_artifacts(scope, target, artifacts).await?;
        let source = &self.copy.request.source.product;
        Ok(tx.note_source(scope, target, source).await?)
    }

    fn room_for(&self, count_after: u64) -> Result<(), Trouble> {
        let artifacts_max = self.quotas.artifacts_per_product;
        if count_after <= artifacts_max {
            return Ok(());
        }
        let product = self.copy.request.target.id().clone();
        permanent(StatusDetail::ArtifactQuota {
            product,
            artifacts_max,
        })
    }
}

fn permanent<T>(detail: StatusDetail) -> Result<T, Trouble> {
    Err(Trouble::Permanent(detail))
}
