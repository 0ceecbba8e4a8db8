//! ListServiceActions: the caller's own actions, oldest first.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListServiceActions.html>

use mimeo_api::{ListServiceActions, ListServiceActionsInput, ListServiceActionsOutput};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for ListServiceActions {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListServiceActionsInput,
    ) -> Result<ListServiceActionsOutput, Stop> {
        let page = cx
            .pages
            .open(input.page_size, input.page_token.as_deref(), "")?;
        let after = page.after.as_ref();
        let actions = cx
            .tx
            .page_service_actions(cx.scope, after, page.limit + 1)
            .await?;
        let (actions, next) = cx
            .pages
            .cut(&page, actions, |last| (last.created, last.id.clone()));
        Ok(ListServiceActionsOutput {
            next_page_token: next,
            service_action_summaries: Some(
                actions.iter().map(view::service_action_summary).collect(),
            ),
        })
    }
}
