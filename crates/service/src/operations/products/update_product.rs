//! UpdateProduct: changes what is named and leaves the rest.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateProduct.html>

use mimeo_api::{UpdateProduct, UpdateProductInput, UpdateProductOutput};
use mimeo_domain::Refusal;
use mimeo_domain::products::DetailsChange;
use mimeo_domain::tags::{self, TagChange};

use super::support_url;
use crate::cx::{Cx, Handle};
use crate::draft;
use crate::error::Stop;
use crate::view;

impl Handle for UpdateProduct {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &UpdateProductInput,
    ) -> Result<UpdateProductOutput, Stop> {
        let mut product = cx.own_product(&input.id.as_str().into()).await?.product;
        if input.source_connection.is_some() {
            return Err(Refusal::SourceConnection.into());
        }
        support_url(input.support_url.as_ref())?;
        let change = TagChange {
            put: draft::tags(input.add_tags.as_ref()),
            remove: input.remove_tags.clone().unwrap_or_default(),
        };
        product.tags = tags::changed(&product.tags, &change, cx.quotas.tags)?;
        product.details = product.details.changed(DetailsChange {
            name: input.name.clone(),
            owner: input.owner.clone(),
            description: input.description.clone(),
            distributor: input.distributor.clone(),
            support_description: input.support_description.clone(),
            support_email: input.support_email.clone(),
            support_url: input.support_url.clone(),
        });
        cx.tx.update_product(&product).await?;
        Ok(UpdateProductOutput {
            product_view_detail: Some(view::product_detail(&product, product.created)),
            tags: Some(view::tags(&product.tags)),
        })
    }
}
