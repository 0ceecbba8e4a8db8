//! AssociateBudgetWithResource: hangs a budget on a portfolio or product that the caller sees.
//!
//! Any name is taken: AWS does not say that the budget must exist.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociateBudgetWithResource.html>

use mimeo_api::{
    AssociateBudgetWithResource, AssociateBudgetWithResourceInput,
    AssociateBudgetWithResourceOutput,
};
use mimeo_domain::{Refusal, budgets};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for AssociateBudgetWithResource {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &AssociateBudgetWithResourceInput,
    ) -> Result<AssociateBudgetWithResourceOutput, Stop> {
        let resource = cx.visible_resource(&input.resource_id).await?;
        let before_count = cx.tx.count_budgets(cx.scope, &resource).await?;
        let budget = input.budget_name.as_str();
        let added_count = cx.tx.associate_budget(cx.scope, &resource, budget).await?;
        if added_count == 0 {
            let budget = budget.to_owned();
            return Err(Refusal::BudgetAssociated { budget, resource }.into());
        }
        budgets::room_for_budget(&resource, before_count + added_count)?;
        Ok(AssociateBudgetWithResourceOutput {})
    }
}
