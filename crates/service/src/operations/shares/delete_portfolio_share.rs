//! DeletePortfolioShare: ends a share; what the recipient saw through it is hidden at once.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeletePortfolioShare.html>

use mimeo_api::{DeletePortfolioShare, DeletePortfolioShareInput, DeletePortfolioShareOutput};
use mimeo_domain::Refusal;

use super::recipient;
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DeletePortfolioShare {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DeletePortfolioShareInput,
    ) -> Result<DeletePortfolioShareOutput, Stop> {
        let recipient = recipient(input.account_id.as_ref(), input.organization_node.as_ref())?;
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        if cx.tx.remove_share(cx.scope, &portfolio, &recipient).await? == 0 {
            return Err(Refusal::NoSuchShare {
                portfolio,
                recipient,
            }
            .into());
        }
        cx.tx
            .drop_lost_products(cx.scope, &recipient, &cx.scope.account)
            .await?;
        cx.drop_lost_attached(&portfolio, &cx.scope.account, Some(&recipient))
            .await?;
        Ok(DeletePortfolioShareOutput::default())
    }
}
