//! ListResourcesForTagOption: what one of the caller's TagOptions hangs on, portfolios first.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListResourcesForTagOption.html>

use mimeo_api::{
    ListResourcesForTagOption, ListResourcesForTagOptionInput, ListResourcesForTagOptionOutput,
};
use mimeo_domain::tag_options::ResourceKind;

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;
impl Handle for ListResourcesForTagOption {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListResourcesForTagOptionInput,
    ) -> Result<ListResourcesForTagOptionOutput, Stop> {
        let option = cx.own_tag_option(&input.tag_option_id).await?.id;
        let named = input.resource_type.as_deref().map(ResourceKind::named);
        let kind = named.transpose()?;
        let (token, about) = (input.page_token.as_deref(), format!("{option} {kind:?}"));
        let page = cx.pages.open(input.page_size, token, &about)?;
        let after = page.after.as_ref();
        let resources = cx
            .tx
            .page_tagged_resources(cx.scope, &option, kind, after, page.limit + 1)
            .await?;
        let (resources, next) = cx.pages.cut(&page, resources, |last| last.id().to_owned());
        Ok(ListResourcesForTagOptionOutput {
            page_token: next,
            resource_details: Some(resources.iter().map(view::resource).collect()),
        })
    }
}
