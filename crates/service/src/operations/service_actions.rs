//! Service actions: what may be run on a launched product.
//!
//! Ours: Mimeo has no Systems Manager, so the document that an action names is not looked up.

mod associate_service_action_with_provisioning_artifact;
mod batch_associate_service_action_with_provisioning_artifact;
mod batch_disassociate_service_action_from_provisioning_artifact;
mod create_service_action;
mod delete_service_action;
mod describe_service_action;
mod disassociate_service_action_from_provisioning_artifact;
mod list_provisioning_artifacts_for_service_action;
mod list_service_actions;
mod list_service_actions_for_provisioning_artifact;
mod update_service_action;

use std::collections::BTreeMap;

use mimeo_api::{
    ErrorCode, FailedServiceActionAssociation, ServiceActionAssociation,
    ServiceActionAssociationErrorCode,
};
use mimeo_domain::service_actions::{self, Association, Definition, ServiceAction};
use mimeo_domain::{ArtifactId, ProductId, Refusal, ServiceActionId};

use crate::cx::Cx;
use crate::error::{self, Code, Stop};
use crate::language::Language;

impl Cx<'_, '_> {
    async fn own_service_action(&mut self, id: &ServiceActionId) -> Result<ServiceAction, Stop> {
        let found = self.tx.find_service_action(self.scope, id).await?;
        found.ok_or_else(|| Refusal::NoSuchServiceAction(id.clone()).into())
    }

    async fn artifact_exists(&mut self, product: &ProductId, id: &ArtifactId) -> Result<(), Stop> {
        let found = self.tx.find_artifact(self.scope, product, id).await?;
        match found {
            Some(_) => Ok(()),
            None => Err(Refusal::NoSuchArtifact(id.clone()).into()),
        }
    }

    /// The version is one of the caller's own product, and the action the caller's own.
    async fn owns_both(&mut self, asked: &Association) -> Result<(), Stop> {
        self.own_product(&asked.product).await?;
        self.artifact_exists(&asked.product, &asked.artifact)
            .await?;
        self.own_service_action(&asked.action).await.map(drop)
    }

    /// Changes nothing where it refuses, so that a batch can go on.
    async fn associate_service_action(&mut self, asked: &Association) -> Result<(), Stop> {
        self.owns_both(asked).await?;
        let Association {
            artifact, action, ..
        } = asked;
        if self
            .tx
            .is_service_action_associated(self.scope, artifact, action)
            .await?
        {
            return Err(Refusal::ServiceActionAssociated {
                action: action.clone(),
                artifact: artifact.clone(),
            }
            .into());
        }
        let count_after = 1 + self
            .tx
            .count_service_actions_of_artifact(self.scope, artifact)
            .await?;
        let service_actions_max = self.quotas.service_actions_per_artifact;
        service_actions::room_for_association(artifact, count_after, service_actions_max)?;
        self.tx
            .associate_service_action(self.scope, artifact, action, self.now)
            .await?;
        Ok(())
    }

    /// Changes nothing where it refuses, so that a batch can go on.
    async fn disassociate_service_action(&mut self, asked: &Association) -> Result<(), Stop> {
        self.owns_both(asked).await?;
        let Association {
            artifact, action, ..
        } = asked;
        let removed_count = self
            .tx
            .disassociate_service_action(self.scope, artifact, action)
            .await?;
        if removed_count == 0 {
            return Err(Refusal::ServiceActionNotAssociated {
                action: action.clone(),
                artifact: artifact.clone(),
            }
            .into());
        }
        Ok(())
    }
}

fn definition(given: &BTreeMap<String, String>) -> Result<Definition, Refusal> {
    Definition::read(
        given
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    )
}

fn association(asked: &ServiceActionAssociation) -> Association {
    Association {
        product: asked.product_id.as_str().into(),
        artifact: asked.provisioning_artifact_id.as_str().into(),
        action: asked.service_action_id.as_str().into(),
    }
}

/// What became of one entry of a batch: a refusal is told in the answer, a failure ends the batch.
fn entry(
    asked: &Association,
    language: Language,
    done: Result<(), Stop>,
) -> Result<Option<FailedServiceActionAssociation>, Stop> {
    match done {
        Ok(()) => Ok(None),
        Err(Stop::Refusal(refusal)) => Ok(Some(FailedServiceActionAssociation {
            error_code: Some(entry_code(&refusal)),
            error_message: Some(language.refusal(&refusal)),
            product_id: Some(asked.product.to_string()),
            provisioning_artifact_id: Some(asked.artifact.to_string()),
            service_action_id: Some(asked.action.to_string()),
        })),
        Err(stop) => Err(stop),
    }
}

fn entry_code(refusal: &Refusal) -> ServiceActionAssociationErrorCode {
    use ServiceActionAssociationErrorCode as Shown;
    match error::code(refusal) {
        Code::Modelled(ErrorCode::DuplicateResource) => Shown::DuplicateResource,
        Code::Modelled(ErrorCode::LimitExceeded) => Shown::LimitExceeded,
        Code::Modelled(ErrorCode::ResourceNotFound) => Shown::ResourceNotFound,
        Code::Modelled(_) => Shown::InvalidParameter,
        Code::Throttling => Shown::Throttling,
    }
}
