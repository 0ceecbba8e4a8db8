//! CreateProduct: makes a product with its first version.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProduct.html>

use mimeo_api::{CreateProduct, CreateProductInput, CreateProductOutput};
use mimeo_domain::artifacts::Lineage;
use mimeo_domain::products::{self, Details, Product, ProductType};
use mimeo_domain::{Refusal, tags};
use mimeo_store::Tally;

use super::support_url;
use crate::cx::{Cx, Handle, Outside, Prepared};
use crate::draft::{self, Draft};
use crate::error::Stop;
use crate::view;

impl Handle for CreateProduct {
    async fn prepare(outside: &Outside<'_>, input: &CreateProductInput) -> Result<Prepared, Stop> {
        tags::first(&draft::tags(input.tags.as_ref()), outside.world.quotas.tags)?;
        support_url(input.support_url.as_ref())?;
        first_version(input)?.1.prepare(outside).await
    }

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CreateProductInput,
    ) -> Result<CreateProductOutput, Stop> {
        let (product_type, draft) = first_version(input)?;
        let product = Product {
            id: cx.mint.product_id(),
            account: cx.scope.account.clone(),
            region: cx.scope.region.clone(),
            product_type,
            details: details(input),
            tags: tags::first(&draft::tags(input.tags.as_ref()), cx.quotas.tags)?,
            created: cx.now,
        };
        let id = cx.mint.artifact_id();
        let artifact = draft.artifact(id, &product.id, Lineage::First, cx.prepared, cx.now);

        let count_after = cx.tx.raise_tally(cx.scope, Tally::Products).await?;
        products::room_for_product(count_after, cx.quotas.products)?;
        let first = std::slice::from_ref(&artifact);
        cx.tx.insert_product(&product, first).await?;
        Ok(CreateProductOutput {
            product_view_detail: Some(view::product_detail(&product, product.created)),
            provisioning_artifact_detail: Some(view::artifact_detail(&artifact)),
            tags: Some(view::tags(&product.tags)),
        })
    }
}

fn first_version(input: &CreateProductInput) -> Result<(ProductType, Draft), Refusal> {
    if input.source_connection.is_some() {
        return Err(Refusal::SourceConnection);
    }
    let named = ProductType::named(&input.product_type).unwrap_or(ProductType::Marketplace);
    let product_type = products::new_product_type(named)?;
    let properties = input
        .provisioning_artifact_parameters
        .as_ref()
        .ok_or(Refusal::NoArtifactParameters)?;
    Ok((product_type, Draft::read(product_type, properties)?))
}

fn details(input: &CreateProductInput) -> Details {
    Details {
        name: input.name.to_string(),
        owner: input.owner.to_string(),
        description: input.description.clone(),
        distributor: input.distributor.clone(),
        support_description: input.support_description.clone(),
        support_email: input.support_email.clone(),
        support_url: input.support_url.clone(),
    }
}
