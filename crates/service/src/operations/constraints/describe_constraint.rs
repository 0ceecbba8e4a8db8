//! DescribeConstraint: a constraint of the caller's, or of a portfolio shared with it.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeConstraint.html>

use mimeo_api::{DescribeConstraint, DescribeConstraintInput, DescribeConstraintOutput, Status};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for DescribeConstraint {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeConstraintInput,
    ) -> Result<DescribeConstraintOutput, Stop> {
        let constraint = cx.visible_constraint(&input.id.as_str().into()).await?;
        Ok(DescribeConstraintOutput {
            constraint_detail: Some(view::constraint_detail(&constraint)),
            constraint_parameters: Some(constraint.text),
            status: Some(Status::Available),
        })
    }
}
