//! Budgets: names of cost budgets on products and portfolios.

use crate::{Refusal, ResourceId};

/// Budgets that an account may hang on one portfolio or product (AWS's administrator guide).
pub const BUDGETS_PER_RESOURCE_MAX: u64 = 1;

pub fn room_for_budget(resource: &ResourceId, count_after: u64) -> Result<(), Refusal> {
    if count_after > BUDGETS_PER_RESOURCE_MAX {
        return Err(Refusal::TooManyBudgets {
            resource: resource.clone(),
            budgets_max: BUDGETS_PER_RESOURCE_MAX,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_has_one_budget() {
        let resource = ResourceId::Portfolio("port-a".into());
        assert_eq!(room_for_budget(&resource, 1), Ok(()));
        let refusal = room_for_budget(&resource, 2).expect_err("a second");
        assert_eq!(
            refusal.to_string(),
            "port-a already has 1 budget, the most there can be."
        );
    }
}
