//! ListPortfoliosForProduct: the portfolios, own and imported, that hold a product; by id.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListPortfoliosForProduct.html>

use mimeo_api::{
    ListPortfoliosForProduct, ListPortfoliosForProductInput, ListPortfoliosForProductOutput,
};

use crate::cx::{Cx, Handle};
use crate::error::Stop;
use crate::view;

impl Handle for ListPortfoliosForProduct {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListPortfoliosForProductInput,
    ) -> Result<ListPortfoliosForProductOutput, Stop> {
        let product = cx
            .visible_product(&input.product_id.as_str().into())
            .await?
            .product
            .id;
        let token = input.page_token.as_deref();
        let page = cx.pages.open(input.page_size, token, product.as_str())?;
        let after = page.after.as_ref();
        let portfolios = cx
            .tx
            .page_portfolios_holding(cx.scope, &product, after, page.limit + 1)
            .await?;
        let (portfolios, next) = cx.pages.cut(&page, portfolios, |last| last.id.clone());
        Ok(ListPortfoliosForProductOutput {
            next_page_token: next,
            portfolio_details: Some(portfolios.iter().map(view::portfolio_detail).collect()),
        })
    }
}
