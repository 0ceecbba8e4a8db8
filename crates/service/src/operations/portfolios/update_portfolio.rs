//! UpdatePortfolio: changes what is named and leaves the rest.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdatePortfolio.html>

use mimeo_api::{UpdatePortfolio, UpdatePortfolioInput, UpdatePortfolioOutput};
use mimeo_domain::portfolios::DetailsChange;
use mimeo_domain::tags::{self, TagChange};

use crate::cx::{Cx, Handle};
use crate::draft;
use crate::error::Stop;
use crate::view;

impl Handle for UpdatePortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &UpdatePortfolioInput,
    ) -> Result<UpdatePortfolioOutput, Stop> {
        let mut portfolio = cx.own_portfolio(&input.id.as_str().into()).await?;
        let change = TagChange {
            put: draft::tags(input.add_tags.as_ref()),
            remove: input.remove_tags.clone().unwrap_or_default(),
        };
        portfolio.tags = tags::changed(&portfolio.tags, &change, cx.quotas.tags)?;
        portfolio.details = portfolio.details.changed(DetailsChange {
            display_name: input.display_name.clone(),
            provider_name: input.provider_name.clone(),
            description: input.description.clone(),
        });
        cx.tx.update_portfolio(&portfolio).await?;
        Ok(UpdatePortfolioOutput {
            portfolio_detail: Some(view::portfolio_detail(&portfolio)),
            tags: Some(view::tags(&portfolio.tags)),
        })
    }
}
