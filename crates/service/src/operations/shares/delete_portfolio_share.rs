//! DeletePortfolioShare: ends a share; what was seen through it is hidden at once.
//!
//! Ours: a share with a node can be ended while access to the organization is disabled, too.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeletePortfolioShare.html>

use mimeo_api::{DeletePortfolioShare, DeletePortfolioShareInput, DeletePortfolioShareOutput};
use mimeo_domain::Refusal;

use super::{Named, tracked_for_node};
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DeletePortfolioShare {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DeletePortfolioShareInput,
    ) -> Result<DeletePortfolioShareOutput, Stop> {
        let named = Named::read(input.account_id.as_ref(), input.organization_node.as_ref())?;
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        named.administration(cx).await?;
        let recipient = named.recipient;
        if cx.tx.remove_share(cx.scope, &portfolio, &recipient).await? == 0 {
            return Err(Refusal::NoSuchShare {
                portfolio,
                recipient: recipient.id().to_owned(),
            }
            .into());
        }
        cx.tx
            .drop_lost_products(cx.scope, &recipient, &cx.scope.account)
            .await?;
        cx.drop_lost_attached(&portfolio, &cx.scope.account, recipient.account())
            .await?;
        Ok(DeletePortfolioShareOutput {
            portfolio_share_token: tracked_for_node(cx, &portfolio, &recipient).await?,
        })
    }
}
