//! DeleteProduct: removes a product that nothing is associated with, and its versions.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeleteProduct.html>

use mimeo_api::{DeleteProduct, DeleteProductInput, DeleteProductOutput};
use mimeo_domain::{ResourceId, products};
use mimeo_store::Tally;

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DeleteProduct {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DeleteProductInput,
    ) -> Result<DeleteProductOutput, Stop> {
        let product = cx.own_product(&input.id.as_str().into()).await?.product;
        let holdings = cx.tx.product_holdings(cx.scope, &product.id).await?;
        products::may_delete(&product.id, holdings)?;
        // What recipients hung on it keeps nobody else's product.
        cx.drop_attached(&ResourceId::Product(product.id.clone()))
            .await?;
        cx.tx.remove_product(cx.scope, &product.id).await?;
        cx.tx.lower_tally(cx.scope, Tally::Products).await?;
        Ok(DeleteProductOutput {})
    }
}
