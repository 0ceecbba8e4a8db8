//! DisableAWSOrganizationsAccess: portfolios can no longer be shared with the organization. What is
//! shared stays so, and (ours) goes on following the organization's structure.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DisableAWSOrganizationsAccess.html>

use mimeo_api::{
    DisableAWSOrganizationsAccess, DisableAWSOrganizationsAccessInput,
    DisableAWSOrganizationsAccessOutput,
};
use mimeo_domain::organizations::Access;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DisableAWSOrganizationsAccess {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        _: &DisableAWSOrganizationsAccessInput,
    ) -> Result<DisableAWSOrganizationsAccessOutput, Stop> {
        cx.managed_organization().await?.may_disable_access()?;
        cx.tx.set_organizations_access(Access::Disabled).await?;
        Ok(DisableAWSOrganizationsAccessOutput {})
    }
}
