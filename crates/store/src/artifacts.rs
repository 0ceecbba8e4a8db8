//! Provisioning artifacts: statements and functions.

use mimeo_domain::artifacts::Artifact;
use mimeo_domain::{ArtifactId, ProductId, RegionName};

use crate::column::{count, document, read, read_all, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

statements! {
    LAST_POSITION = "SELECT MAX(position) FROM artifact WHERE region = ?1 AND product_id = ?2";
    INSERT = "INSERT INTO artifact (region, id, product_id, position, created, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    OF_PRODUCT = "SELECT body FROM artifact WHERE region = ?1 AND product_id = ?2 ORDER BY position";
    ONE = "SELECT body FROM artifact WHERE region = ?1 AND id = ?2 AND product_id = ?3";
    UPDATE = "UPDATE artifact SET body = ?4 WHERE region = ?1 AND id = ?2 AND product_id = ?3";
    REMOVE = "DELETE FROM artifact WHERE region = ?1 AND id = ?2 AND product_id = ?3";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM artifact WHERE region = ?1 AND product_id = ?2";
}

/// The caller of these functions has found the product first, and thereby proved that its account
/// may see or change it; a version without its product cannot be named.
impl Tx<'_> {
    /// Adds versions at the end, in the order given.
    pub async fn insert_artifacts(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        artifacts: &[Artifact],
    ) -> Result<(), StoreError> {
        let Some(newest) = artifacts.iter().map(|artifact| artifact.created).max() else {
            return Ok(());
        };
        let row = params![scope.region.as_str(), product.as_str()];
        let last = self
            .query_one(LAST_POSITION, row, |row| row.maybe_int(0))
            .await?;
        let first_free = last.flatten().map_or(0, |position| position + 1);
        self.insert_artifacts_at(&scope.region, product, first_free, artifacts)
            .await?;
        self.count_new_artifacts(scope, product, artifacts.len(), newest)
            .await
    }

    /// Writes the rows of new versions; whoever calls this counts them on the product.
    pub(crate) async fn insert_artifacts_at(
        &mut self,
        region: &RegionName,
        product: &ProductId,
        first_position: i64,
        artifacts: &[Artifact],
    ) -> Result<(), StoreError> {
        for (index, artifact) in artifacts.iter().enumerate() {
            let position = first_position + stored_count(index);
            let body = document(artifact);
            let created = artifact.created.millis();
            let (region, id) = (region.as_str(), artifact.id.as_str());
            let row = params![region, id, product.as_str(), position, created, &body];
            self.execute(INSERT, row).await?;
        }
        Ok(())
    }

    /// All versions of a product in the order in which they were made.
    pub async fn list_artifacts(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
    ) -> Result<Vec<Artifact>, StoreError> {
        let row = params![scope.region.as_str(), product.as_str()];
        read_all(&self.query(OF_PRODUCT, row, |row| row.text(0)).await?)
    }

    pub async fn find_artifact(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        id: &ArtifactId,
    ) -> Result<Option<Artifact>, StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), product.as_str()];
        let body = self.query_one(ONE, row, |row| row.text(0)).await?;
        body.map(|body| read(&body)).transpose()
    }

    pub async fn update_artifact(
        &mut self,
        scope: &AuthScope,
        artifact: &Artifact,
    ) -> Result<(), StoreError> {
        let body = document(artifact);
        let (region, id) = (scope.region.as_str(), artifact.id.as_str());
        self.execute(
            UPDATE,
            params![region, id, artifact.product.as_str(), &body],
        )
        .await
        .map(drop)
    }

    pub async fn remove_artifact(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
        id: &ArtifactId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), product.as_str()];
        match self.execute(REMOVE, row).await? {
            0 => Ok(()),
            _ => self.recount_artifacts(scope, product).await,
        }
    }

    pub async fn count_artifacts(
        &mut self,
        scope: &AuthScope,
        product: &ProductId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), product.as_str()];
        Ok(count(
            self.query_one(COUNT, row, |row| row.int(0))
                .await?
                .unwrap_or(0),
        ))
    }
}
