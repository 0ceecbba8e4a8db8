//! Constraints: what holds for a product in a portfolio when it is launched.

mod create_constraint;
mod delete_constraint;
mod describe_constraint;
mod list_constraints_for_portfolio;
mod update_constraint;

use mimeo_domain::constraints::Constraint;
use mimeo_domain::{ConstraintId, Refusal};

use crate::cx::Cx;
use crate::error::Stop;

impl Cx<'_, '_> {
    /// A constraint that the caller made or that stands in a portfolio shared with it.
    async fn visible_constraint(&mut self, id: &ConstraintId) -> Result<Constraint, Stop> {
        let found = self.tx.find_visible_constraint(self.scope, id).await?;
        found.ok_or_else(|| Refusal::NoSuchConstraint(id.clone()).into())
    }

    /// A constraint that the caller may change.
    async fn own_constraint(&mut self, id: &ConstraintId) -> Result<Constraint, Stop> {
        let constraint = self.visible_constraint(id).await?;
        if constraint.account != self.scope.account {
            return Err(Refusal::SharedWithYou(format!("Constraint {id}")).into());
        }
        Ok(constraint)
    }
}
