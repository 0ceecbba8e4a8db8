//! TagOptions and budgets on a product or a portfolio.

use mimeo_world::Hung;
use serde_json::{Value, json};

use super::caller::Acting;
use super::{Refused, text};

/// Hangs on what is missing in `described`, the answer that describes the thing; tells how much.
pub(super) async fn hang(
    acting: &Acting<'_>,
    id: &str,
    described: &Value,
    hung: &Hung,
) -> Result<usize, Refused> {
    let mut made = 0;
    for (key, values) in &hung.tag_options {
        for value in values {
            let is_there = |found: &Value| found["Key"] == **key && found["Value"] == **value;
            if has(described, "TagOptions", is_there) {
                continue;
            }
            let option = tag_option(acting, key, value, &mut made).await?;
            let asked = json!({"ResourceId": id, "TagOptionId": option});
            acting.does("AssociateTagOptionWithResource", asked).await?;
            made += 1;
        }
    }
    for budget in &hung.budgets {
        if has(described, "Budgets", |found| {
            found["BudgetName"] == **budget
        }) {
            continue;
        }
        let asked = json!({"ResourceId": id, "BudgetName": budget});
        acting.does("AssociateBudgetWithResource", asked).await?;
        made += 1;
    }
    Ok(made)
}

fn has(described: &Value, member: &str, is: impl Fn(&Value) -> bool) -> bool {
    described[member].as_array().into_iter().flatten().any(is)
}

async fn tag_option(
    acting: &Acting<'_>,
    key: &str,
    value: &str,
    made: &mut usize,
) -> Result<String, Refused> {
    let asked = json!({"Filters": {"Key": key, "Value": value}});
    let found = acting
        .lists("ListTagOptions", asked, "TagOptionDetails")
        .await?;
    if let Some(found) = found.first() {
        return Ok(text(&found["Id"]));
    }
    let asked = json!({"Key": key, "Value": value});
    let created = acting.does("CreateTagOption", asked).await?;
    *made += 1;
    Ok(text(&created["TagOptionDetail"]["Id"]))
}
