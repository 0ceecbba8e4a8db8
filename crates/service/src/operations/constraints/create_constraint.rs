//! CreateConstraint: sets a rule for the launches of a product from an own portfolio.
//!
//! It holds at once, and may be made right after the product was put in (AWS answers
//! ResourceNotFoundException for a while).
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateConstraint.html>

use mimeo_api::{CreateConstraint, CreateConstraintInput, CreateConstraintOutput, Status};
use mimeo_domain::Refusal;
use mimeo_domain::constraints::{self, Constraint, ConstraintParameters, ConstraintType};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for CreateConstraint {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CreateConstraintInput,
    ) -> Result<CreateConstraintOutput, Stop> {
        let constraint_type = ConstraintType::named(&input.r#type)?;
        let parameters = ConstraintParameters::parse(constraint_type, &input.parameters)?;
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        let product = cx
            .visible_product(&input.product_id.as_str().into())
            .await?
            .product
            .id;
        let held = cx
            .tx
            .owner_of_held_product(cx.scope, &portfolio, &product)
            .await?;
        if held.is_none() {
            return Err(Refusal::NotAssociated { product, portfolio }.into());
        }
        let existing = cx
            .tx
            .constraint_types(cx.scope, &portfolio, &product)
            .await?;
        let quota = cx.quotas.constraints_per_product;
        constraints::may_create(constraint_type, &existing, (&portfolio, &product), quota)?;
        let constraint = Constraint {
            id: cx.mint.constraint_id(),
            account: cx.scope.account.clone(),
            region: cx.scope.region.clone(),
            portfolio,
            product,
            description: input.description.clone(),
            parameters,
            text: input.parameters.to_string(),
            created: cx.now,
        };
        cx.tx.insert_constraint(&constraint).await?;
        Ok(CreateConstraintOutput {
            constraint_detail: Some(view::constraint_detail(&constraint)),
            constraint_parameters: Some(constraint.text),
            // Recorded answers say so, and AVAILABLE when it is described.
            status: Some(Status::Creating),
        })
    }
}
