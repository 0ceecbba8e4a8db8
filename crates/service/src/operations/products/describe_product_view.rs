//! DescribeProductView: a product and its active versions, by the id under which end users see it.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeProductView.html>

use mimeo_api::{DescribeProductView, DescribeProductViewInput, DescribeProductViewOutput};
use mimeo_domain::{ProductId, Refusal};

use super::active_artifacts;
use crate::cx::{Cx, Handle, Reach};
use crate::error::Stop;
use crate::view;

impl Handle for DescribeProductView {
    const REACH: Reach = Reach::Scan;

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeProductViewInput,
    ) -> Result<DescribeProductViewOutput, Stop> {
        let view_id = input.id.as_str();
        let found = match ProductId::of_view(view_id) {
            Some(id) => cx.end_user().find_launchable(&id).await?,
            None => None,
        };
        // The text names what was asked for.
        let found = found.ok_or_else(|| Refusal::NoSuchProduct(view_id.into()))?;
        let product = found.product;
        Ok(DescribeProductViewOutput {
            product_view_summary: Some(view::product_summary(&product)),
            provisioning_artifacts: Some(active_artifacts(cx, &product.id).await?),
        })
    }
}
