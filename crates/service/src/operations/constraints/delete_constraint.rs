//! DeleteConstraint: removes an own constraint.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeleteConstraint.html>

use mimeo_api::{DeleteConstraint, DeleteConstraintInput, DeleteConstraintOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DeleteConstraint {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DeleteConstraintInput,
    ) -> Result<DeleteConstraintOutput, Stop> {
        let constraint = cx.own_constraint(&input.id.as_str().into()).await?;
        cx.tx.remove_constraint(cx.scope, &constraint.id).await?;
        Ok(DeleteConstraintOutput {})
    }
}
