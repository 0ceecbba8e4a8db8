//! SearchProductsAsAdmin: the caller's own products, or those of one portfolio, filtered and sorted.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProductsAsAdmin.html>
//!
//! Ours, where AWS is silent: without a portfolio the caller's own products are searched; a page
//! may be shorter than asked for when few of many products pass the filters, and the token goes on.

use mimeo_api::{SearchProductsAsAdmin, SearchProductsAsAdminInput, SearchProductsAsAdminOutput};
use mimeo_domain::PortfolioId;
use mimeo_domain::search::Filters;
use mimeo_store::{After, ListedProduct};

use super::{Cursor, Sort, admits, cursor, filters, keep_page, sort};
use crate::cx::{Cx, Handle, Reach};
use crate::error::Stop;
use crate::page::Page;
use crate::view;

/// Products that one page of a filtered search looks at.
const LOOKED_AT_MAX: usize = 10_000;
/// Products read at a time while filtering.
const CHUNK: usize = 500;

impl Handle for SearchProductsAsAdmin {
    const REACH: Reach = Reach::Scan;

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &SearchProductsAsAdminInput,
    ) -> Result<SearchProductsAsAdminOutput, Stop> {
        let filters = filters(input.filters.as_ref());
        let sort = sort(input.sort_by.as_deref(), input.sort_order.as_deref());
        let about = format!("{:?} {sort:?} {filters:?}", input.portfolio_id);
        let page = cx
            .pages
            .open(input.page_size, input.page_token.as_deref(), &about)?;
        let (products, next) = match &input.portfolio_id {
            Some(portfolio) => {
                in_portfolio(cx, &portfolio.as_str().into(), &filters, sort, &page).await?
            }
            None => in_catalogue(cx, &filters, sort, &page).await?,
        };
        let details = products.iter().map(|listed| {
            let product = listed.product()?;
            // Recorded: a search shows the creation of the newest version as the product's.
            Ok(view::product_detail(&product, listed.newest_artifact))
        });
        Ok(SearchProductsAsAdminOutput {
            next_page_token: next,
            product_view_details: Some(details.collect::<Result<_, Stop>>()?),
        })
    }
}

type Found = (Vec<ListedProduct>, Option<String>);

/// A portfolio's products are few: its quota bounds them.
async fn in_portfolio(
    cx: &mut Cx<'_, '_>,
    portfolio: &PortfolioId,
    filters: &Filters,
    sort: Sort,
    page: &Page<Cursor>,
) -> Result<Found, Stop> {
    cx.visible_portfolio(portfolio).await?;
    let mut products = cx.tx.products_in_portfolio(cx.scope, portfolio).await?;
    products.retain(|listed| admits(filters, listed));
    keep_page(&mut products, sort, page);
    Ok(cx.pages.cut(page, products, |last| cursor(sort, last)))
}

async fn in_catalogue(
    cx: &mut Cx<'_, '_>,
    filters: &Filters,
    sort: Sort,
    page: &Page<Cursor>,
) -> Result<Found, Stop> {
    let unfiltered = *filters == Filters::default();
    let chunk = if unfiltered { page.limit + 1 } else { CHUNK };
    let mut found = Vec::new();
    let mut after = page.after.clone();
    let mut looked_at_count = 0;
    loop {
        let start = after.as_ref().map(store_cursor);
        let listed = cx
            .tx
            .page_products(cx.scope, sort, start.as_ref(), chunk)
            .await?;
        let is_last = listed.len() < chunk;
        looked_at_count += listed.len();
        after = listed.last().map(|last| cursor(sort, last)).or(after);
        found.extend(listed.into_iter().filter(|listed| admits(filters, listed)));
        if is_last || found.len() > page.limit {
            return Ok(cx.pages.cut(page, found, |last| cursor(sort, last)));
        }
        if looked_at_count >= LOOKED_AT_MAX {
            let next = after.as_ref().map(|after| cx.pages.seal(page, after));
            return Ok((found, next));
        }
    }
}

fn store_cursor(cursor: &Cursor) -> After {
    match cursor {
        Cursor::Number(number, id) => After::Number(*number, id.as_str().into()),
        Cursor::Title(title, id) => After::Title(title.clone(), id.as_str().into()),
    }
}
