//! BatchAssociateServiceActionWithProvisioningArtifact: offers up to 50 actions with versions.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_BatchAssociateServiceActionWithProvisioningArtifact.html>

use mimeo_api::{
    BatchAssociateServiceActionWithProvisioningArtifact,
    BatchAssociateServiceActionWithProvisioningArtifactInput,
    BatchAssociateServiceActionWithProvisioningArtifactOutput,
};

use super::{association, entry};
use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::language::Language;

impl Handle for BatchAssociateServiceActionWithProvisioningArtifact {
    /// Entry by entry, in the order given and in one transaction: the same entry twice is as two
    /// requests are.
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &BatchAssociateServiceActionWithProvisioningArtifactInput,
    ) -> Result<BatchAssociateServiceActionWithProvisioningArtifactOutput, Stop> {
        let language = Language::of(input.accept_language.as_deref());
        let mut failed = Vec::new();
        for asked in input.service_action_associations.iter().map(association) {
            let done = cx.associate_service_action(&asked).await;
            failed.extend(entry(&asked, language, done)?);
        }
        Ok(BatchAssociateServiceActionWithProvisioningArtifactOutput {
            failed_service_action_associations: Some(failed),
        })
    }
}
