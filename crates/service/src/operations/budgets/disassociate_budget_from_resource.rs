//! DisassociateBudgetFromResource: takes a budget of the caller's off a portfolio or product.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DisassociateBudgetFromResource.html>

use mimeo_api::{
    DisassociateBudgetFromResource, DisassociateBudgetFromResourceInput,
    DisassociateBudgetFromResourceOutput,
};
use mimeo_domain::Refusal;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DisassociateBudgetFromResource {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DisassociateBudgetFromResourceInput,
    ) -> Result<DisassociateBudgetFromResourceOutput, Stop> {
        let resource = cx.visible_resource(&input.resource_id).await?;
        let budget = input.budget_name.as_str();
        let removed_count = cx
            .tx
            .disassociate_budget(cx.scope, &resource, budget)
            .await?;
        if removed_count == 0 {
            let budget = budget.to_owned();
            return Err(Refusal::BudgetNotAssociated { budget, resource }.into());
        }
        Ok(DisassociateBudgetFromResourceOutput {})
    }
}
