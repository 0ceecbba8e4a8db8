//! EnableAWSOrganizationsAccess: lets portfolios be shared with the organization; twice is no error.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_EnableAWSOrganizationsAccess.html>

use mimeo_api::{
    EnableAWSOrganizationsAccess, EnableAWSOrganizationsAccessInput,
    EnableAWSOrganizationsAccessOutput,
};
use mimeo_domain::organizations::Access;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for EnableAWSOrganizationsAccess {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        _: &EnableAWSOrganizationsAccessInput,
    ) -> Result<EnableAWSOrganizationsAccessOutput, Stop> {
        cx.managed_organization().await?;
        cx.tx.set_organizations_access(Access::Enabled).await?;
        Ok(EnableAWSOrganizationsAccessOutput {})
    }
}
