//! Service actions: statements and functions.

use mimeo_domain::artifacts::Artifact;
use mimeo_domain::products::Product;
use mimeo_domain::service_actions::ServiceAction;
use mimeo_domain::{ArtifactId, ServiceActionId, Timestamp};

use crate::column::{count, document, read, read_all, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

statements! {
    INSERT = "INSERT INTO service_action (region, id, account, created, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    OWN = "SELECT body FROM service_action WHERE region = ?1 AND id = ?2 AND account = ?3";
    UPDATE = "UPDATE service_action SET body = ?4 WHERE region = ?1 AND id = ?2 AND account = ?3";
    REMOVE = "DELETE FROM service_action WHERE region = ?1 AND id = ?2 AND account = ?3";
    PAGE = "SELECT body FROM service_action WHERE account = ?1 AND region = ?2 AND (created, id) > (?3, ?4) ORDER BY created, id LIMIT ?5";
    ASSOCIATE = "INSERT INTO service_action_artifact (region, artifact_id, service_action_id, account, created) VALUES (?1, ?2, ?3, ?4, ?5)";
    IS_ASSOCIATED = "SELECT 1 FROM service_action_artifact WHERE region = ?1 AND artifact_id = ?2 AND service_action_id = ?3 AND account = ?4";
    DISASSOCIATE = "DELETE FROM service_action_artifact WHERE region = ?1 AND artifact_id = ?2 AND service_action_id = ?3 AND account = ?4";
    COUNT_ARTIFACTS = "SELECT CAST(COUNT(*) AS BIGINT) FROM service_action_artifact WHERE region = ?1 AND service_action_id = ?2 AND account = ?3";
    COUNT_OF_ARTIFACT = "SELECT CAST(COUNT(*) AS BIGINT) FROM service_action_artifact WHERE region = ?1 AND artifact_id = ?2";
    OF_ARTIFACT = "SELECT sa.body FROM service_action_artifact saa JOIN service_action sa ON sa.region = saa.region AND sa.id = saa.service_action_id WHERE saa.region = ?1 AND saa.artifact_id = ?2 AND saa.service_action_id > ?3 ORDER BY saa.service_action_id LIMIT ?4";
    ARTIFACTS = "SELECT p.body, a.body FROM service_action_artifact saa JOIN artifact a ON a.region = saa.region AND a.id = saa.artifact_id JOIN product p ON p.region = a.region AND p.id = a.product_id WHERE saa.region = ?1 AND saa.service_action_id = ?2 AND saa.account = ?3 AND saa.artifact_id > ?4 ORDER BY saa.artifact_id LIMIT ?5";
}

impl Tx<'_> {
    pub async fn insert_service_action(
        &mut self,
        action: &ServiceAction,
    ) -> Result<(), StoreError> {
        let body = document(action);
        let (region, id) = (action.region.as_str(), action.id.as_str());
        let created = action.created.millis();
        let row = params![region, id, action.account.as_str(), created, &body];
        self.execute(INSERT, row).await.map(drop)
    }

    /// An action that the account owns.
    pub async fn find_service_action(
        &mut self,
        scope: &AuthScope,
        id: &ServiceActionId,
    ) -> Result<Option<ServiceAction>, StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        let body = self.query_one(OWN, row, |row| row.text(0)).await?;
        body.map(|body| read(&body)).transpose()
    }

    pub async fn update_service_action(
        &mut self,
        action: &ServiceAction,
    ) -> Result<(), StoreError> {
        let body = document(action);
        let (region, id) = (action.region.as_str(), action.id.as_str());
        let row = params![region, id, action.account.as_str(), &body];
        self.execute(UPDATE, row).await.map(drop)
    }

    /// Removes an action that no version offers.
    pub async fn remove_service_action(
        &mut self,
        scope: &AuthScope,
        id: &ServiceActionId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        self.execute(REMOVE, row).await.map(drop)
    }

    /// The account's own actions by creation, `limit` of them after the given one.
    pub async fn page_service_actions(
        &mut self,
        scope: &AuthScope,
        after: Option<&(Timestamp, ServiceActionId)>,
        limit: usize,
    ) -> Result<Vec<ServiceAction>, StoreError> {
        let (created, id) = after.map_or((i64::MIN, ""), |(created, id)| {
            (created.millis(), id.as_str())
        });
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![account, region, created, id, stored_count(limit)];
        read_all(&self.query(PAGE, row, |row| row.text(0)).await?)
    }

    /// Whether a version offers an own action.
    pub async fn is_service_action_associated(
        &mut self,
        scope: &AuthScope,
        artifact: &ArtifactId,
        action: &ServiceActionId,
    ) -> Result<bool, StoreError> {
        let row = params![
            scope.region.as_str(),
            artifact.as_str(),
            action.as_str(),
            scope.account.as_str()
        ];
        let found = self.query_one(IS_ASSOCIATED, row, |row| row.int(0)).await?;
        Ok(found.is_some())
    }

    /// Offers an own action with a version of an own product that does not offer it yet.
    pub async fn associate_service_action(
        &mut self,
        scope: &AuthScope,
        artifact: &ArtifactId,
        action: &ServiceActionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = params![
            scope.region.as_str(),
            artifact.as_str(),
            action.as_str(),
            scope.account.as_str(),
            now.millis()
        ];
        self.execute(ASSOCIATE, row).await.map(drop)
    }

    /// Ends an association of the account's; says how many rows that removed.
    pub async fn disassociate_service_action(
        &mut self,
        scope: &AuthScope,
        artifact: &ArtifactId,
        action: &ServiceActionId,
    ) -> Result<u64, StoreError> {
        let row = params![
            scope.region.as_str(),
            artifact.as_str(),
            action.as_str(),
            scope.account.as_str()
        ];
        self.execute(DISASSOCIATE, row).await
    }

    /// Versions that offer an own action.
    pub async fn count_artifacts_of_service_action(
        &mut self,
        scope: &AuthScope,
        id: &ServiceActionId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        let counted = self.query_one(COUNT_ARTIFACTS, row, |row| row.int(0));
        Ok(count(counted.await?.unwrap_or(0)))
    }

    /// Actions that a version offers.
    ///
    /// Here as in the next one the caller has found the version first, in a product that it sees.
    pub async fn count_service_actions_of_artifact(
        &mut self,
        scope: &AuthScope,
        artifact: &ArtifactId,
    ) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), artifact.as_str()];
        let counted = self.query_one(COUNT_OF_ARTIFACT, row, |row| row.int(0));
        Ok(count(counted.await?.unwrap_or(0)))
    }

    /// The actions that a version offers by id, its owner's all of them.
    pub async fn page_service_actions_of_artifact(
        &mut self,
        scope: &AuthScope,
        artifact: &ArtifactId,
        after: Option<&ServiceActionId>,
        limit: usize,
    ) -> Result<Vec<ServiceAction>, StoreError> {
        let after = after.map_or("", ServiceActionId::as_str);
        let (region, limit) = (scope.region.as_str(), stored_count(limit));
        let row = params![region, artifact.as_str(), after, limit];
        read_all(&self.query(OF_ARTIFACT, row, |row| row.text(0)).await?)
    }

    /// The versions that offer an own action, by their ids, each with its product.
    pub async fn page_artifacts_of_service_action(
        &mut self,
        scope: &AuthScope,
        id: &ServiceActionId,
        after: Option<&ArtifactId>,
        limit: usize,
    ) -> Result<Vec<(Product, Artifact)>, StoreError> {
        let after = after.map_or("", ArtifactId::as_str);
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let row = params![region, id.as_str(), account, after, stored_count(limit)];
        let bodies = self
            .query(ARTIFACTS, row, |row| (row.text(0), row.text(1)))
            .await?;
        let pair = |(product, artifact): &(String, String)| Ok((read(product)?, read(artifact)?));
        bodies.iter().map(pair).collect()
    }
}
