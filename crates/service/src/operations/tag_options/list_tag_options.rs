//! ListTagOptions: the caller's own TagOptions, by id.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListTagOptions.html>

use mimeo_api::{ListTagOptions, ListTagOptionsInput, ListTagOptionsOutput};
use mimeo_domain::tag_options::Filter;

use crate::cx::{Cx, Handle, Reach};
use crate::error::Stop;
use crate::view;
impl Handle for ListTagOptions {
    const REACH: Reach = Reach::Scan;

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListTagOptionsInput,
    ) -> Result<ListTagOptionsOutput, Stop> {
        let filter = input
            .filters
            .as_ref()
            .map_or_else(Filter::default, |filters| Filter {
                key: filters.key.clone(),
                value: filters.value.clone(),
                active: filters.active,
            });
        let (token, about) = (input.page_token.as_deref(), format!("{filter:?}"));
        let page = cx.pages.open(input.page_size, token, &about)?;
        let after = page.after.as_ref();
        let options = cx
            .tx
            .page_tag_options(cx.scope, &filter, after, page.limit + 1)
            .await?;
        let (options, next) = cx.pages.cut(&page, options, |last| last.id.clone());
        Ok(ListTagOptionsOutput {
            page_token: next,
            tag_option_details: Some(view::tag_options(&options)),
        })
    }
}
