//! Portfolio principals: who may see and launch what stands in a portfolio.

mod associate_principal_with_portfolio;
mod disassociate_principal_from_portfolio;
mod list_principals_for_portfolio;

use mimeo_domain::ProductId;
use mimeo_domain::principals::{self, Kind};

use crate::cx::Cx;
use crate::error::Stop;

impl Cx<'_, '_> {
    /// Refuses what has just given a product more principals of this account than its quota.
    pub(super) async fn room_for_principals_of(&mut self, product: &ProductId) -> Result<(), Stop> {
        let most = self.quotas.principals_per_product;
        // With fewer in all, no product can have more.
        if !self.tx.has_more_principals_than(self.scope, most).await? {
            return Ok(());
        }
        let count = self
            .tx
            .count_principals_of_product(self.scope, product)
            .await?;
        Ok(principals::room_on_product(product, count, most)?)
    }
}

/// `PrincipalType`, which the model has checked; `IAM` where it may be left out and is.
fn kind(named: Option<&str>) -> Kind {
    named.and_then(Kind::named).unwrap_or(Kind::Iam)
}
