//! The organization: whether portfolios may be shared with its nodes.

mod disable_aws_organizations_access;
mod enable_aws_organizations_access;
mod get_aws_organizations_access_status;

use mimeo_domain::organizations::{self, Administration};

use crate::cx::Cx;
use crate::error::Stop;

impl Cx<'_, '_> {
    /// The organization, if the caller administers it.
    pub(super) async fn administration(&mut self) -> Result<Administration, Stop> {
        let found = self.tx.find_administration(self.scope).await?;
        Ok(organizations::administered(found, &self.scope.account)?)
    }

    /// The organization, if the caller manages it.
    async fn managed_organization(&mut self) -> Result<Administration, Stop> {
        let found = self.tx.find_administration(self.scope).await?;
        Ok(organizations::managed(found, &self.scope.account)?)
    }
}
