//! Budgets, and what they hang on.

mod associate_budget_with_resource;
mod disassociate_budget_from_resource;
mod list_budgets_for_resource;

use mimeo_domain::ResourceId;
use mimeo_domain::budgets::BUDGETS_PER_RESOURCE_MAX;

use crate::cx::Cx;
use crate::error::Stop;

impl Cx<'_, '_> {
    /// The caller's own budgets on a resource: another account's are its own affair (ours: AWS does
    /// not say).
    pub(super) async fn budgets(&mut self, resource: &ResourceId) -> Result<Vec<String>, Stop> {
        let all = usize::try_from(BUDGETS_PER_RESOURCE_MAX).unwrap_or(usize::MAX);
        Ok(self
            .tx
            .page_budgets(self.scope, resource, None, all)
            .await?)
    }
}
