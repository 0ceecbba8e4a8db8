//! ListLaunchPaths: the portfolios through which the caller may launch a product, by id.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListLaunchPaths.html>

use mimeo_api::{LaunchPathSummary, ListLaunchPaths, ListLaunchPathsInput, ListLaunchPathsOutput};
use mimeo_domain::constraints::Constraint;
use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::{PortfolioId, ProductId, Refusal};

use crate::cx::{Cx, Handle, Reach};
use crate::error::Stop;
use crate::view;

impl Handle for ListLaunchPaths {
    const REACH: Reach = Reach::Scan;

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListLaunchPathsInput,
    ) -> Result<ListLaunchPathsOutput, Stop> {
        let product = ProductId::from(input.product_id.as_str());
        let token = input.page_token.as_deref();
        let page = cx
            .pages
            .open::<PortfolioId>(input.page_size, token, product.as_str())?;
        let mut paths = cx.end_user().open_portfolios(Some(&product)).await?;
        if paths.is_empty() {
            return Err(Refusal::NoLaunchPaths(product).into());
        }
        paths.retain(|path| Some(&path.id) > page.after.as_ref());
        let (paths, next) = cx.pages.cut(&page, paths, |last| last.id.clone());
        let mut summaries = Vec::new();
        for path in &paths {
            let constraints = cx
                .tx
                .constraints_in_force(cx.scope, &path.id, &product)
                .await?;
            summaries.push(summary(path, &constraints));
        }
        Ok(ListLaunchPathsOutput {
            launch_path_summaries: Some(summaries),
            next_page_token: next,
        })
    }
}

fn summary(path: &Portfolio, constraints: &[Constraint]) -> LaunchPathSummary {
    LaunchPathSummary {
        constraint_summaries: Some(constraints.iter().map(view::constraint_summary).collect()),
        id: Some(path.id.path_id()),
        name: Some(path.details.display_name.clone()),
        tags: Some(view::tags(&path.tags)),
    }
}
