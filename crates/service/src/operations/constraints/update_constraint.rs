//! UpdateConstraint: changes the parameters or the description of an own constraint, not its type.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateConstraint.html>

use mimeo_api::{Status, UpdateConstraint, UpdateConstraintInput, UpdateConstraintOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for UpdateConstraint {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &UpdateConstraintInput,
    ) -> Result<UpdateConstraintOutput, Stop> {
        let before = cx.own_constraint(&input.id.as_str().into()).await?;
        let constraint = before.changed(input.parameters.as_deref(), input.description.clone())?;
        cx.tx.update_constraint(&constraint).await?;
        Ok(UpdateConstraintOutput {
            constraint_detail: Some(view::constraint_detail(&constraint)),
            constraint_parameters: Some(constraint.text),
            // As recorded: see CreateConstraint.
            status: Some(Status::Creating),
        })
    }
}
