//! GetAWSOrganizationsAccessStatus: whether portfolios may be shared with the organization.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_GetAWSOrganizationsAccessStatus.html>

use mimeo_api::{
    AccessStatus, GetAWSOrganizationsAccessStatus, GetAWSOrganizationsAccessStatusInput,
    GetAWSOrganizationsAccessStatusOutput,
};
use mimeo_domain::organizations::Access;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for GetAWSOrganizationsAccessStatus {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        _: &GetAWSOrganizationsAccessStatusInput,
    ) -> Result<GetAWSOrganizationsAccessStatusOutput, Stop> {
        let status = match cx.administration().await?.access {
            Access::Enabled => AccessStatus::Enabled,
            Access::Disabled => AccessStatus::Disabled,
        };
        Ok(GetAWSOrganizationsAccessStatusOutput {
            access_status: Some(status),
        })
    }
}
