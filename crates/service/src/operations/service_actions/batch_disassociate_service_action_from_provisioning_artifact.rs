//! BatchDisassociateServiceActionFromProvisioningArtifact: ends up to 50 offers of actions.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_BatchDisassociateServiceActionFromProvisioningArtifact.html>

use mimeo_api::{
    BatchDisassociateServiceActionFromProvisioningArtifact,
    BatchDisassociateServiceActionFromProvisioningArtifactInput,
    BatchDisassociateServiceActionFromProvisioningArtifactOutput,
};

use super::{association, entry};
use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::language::Language;

impl Handle for BatchDisassociateServiceActionFromProvisioningArtifact {
    /// Entry by entry, in the order given and in one transaction: the same entry twice is as two
    /// requests are.
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &BatchDisassociateServiceActionFromProvisioningArtifactInput,
    ) -> Result<BatchDisassociateServiceActionFromProvisioningArtifactOutput, Stop> {
        let language = Language::of(input.accept_language.as_deref());
        let mut failed = Vec::new();
        for asked in input.service_action_associations.iter().map(association) {
            let done = cx.disassociate_service_action(&asked).await;
            failed.extend(entry(&asked, language, done)?);
        }
        Ok(
            BatchDisassociateServiceActionFromProvisioningArtifactOutput {
                failed_service_action_associations: Some(failed),
            },
        )
    }
}
