//! ListBudgetsForResource: the caller's own budgets on a portfolio or product.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListBudgetsForResource.html>

use mimeo_api::{
    ListBudgetsForResource, ListBudgetsForResourceInput, ListBudgetsForResourceOutput,
};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;
impl Handle for ListBudgetsForResource {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListBudgetsForResourceInput,
    ) -> Result<ListBudgetsForResourceOutput, Stop> {
        let resource = cx.visible_resource(&input.resource_id).await?;
        let token = input.page_token.as_deref();
        let page = cx.pages.open(input.page_size, token, resource.as_str())?;
        let after = page.after.as_ref();
        let budgets = cx
            .tx
            .page_budgets(cx.scope, &resource, after, page.limit + 1)
            .await?;
        let (budgets, next) = cx.pages.cut(&page, budgets, String::clone);
        Ok(ListBudgetsForResourceOutput {
            budgets: Some(view::budgets(budgets)),
            next_page_token: next,
        })
    }
}
