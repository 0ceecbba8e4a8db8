//! RejectPortfolioShare: declines an offered share, or leaves one that was accepted.
//!
//! The offer stays, so the share can be accepted again (ours: AWS does not say). What comes through
//! the organization cannot be left (ours too).
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_RejectPortfolioShare.html>

use mimeo_api::{RejectPortfolioShare, RejectPortfolioShareInput, RejectPortfolioShareOutput};
use mimeo_domain::shares::Recipient;
use mimeo_domain::{PortfolioId, Refusal};

use super::Way;
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for RejectPortfolioShare {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &RejectPortfolioShareInput,
    ) -> Result<RejectPortfolioShareOutput, Stop> {
        let portfolio: PortfolioId = input.portfolio_id.as_str().into();
        let way = Way::read(input.portfolio_share_type.as_ref());
        if way == Way::Organization && cx.tx.is_shared_through_nodes(cx.scope, &portfolio).await? {
            return Err(Refusal::LeaveOrganizationShare(portfolio).into());
        }
        let caller = Recipient::Account(cx.scope.account.clone());
        let share = cx.tx.find_share(cx.scope, &portfolio, &caller).await?;
        let share = share.filter(|_| way == Way::Imported);
        let share = share.ok_or_else(|| Refusal::NoShareToAccept(portfolio.clone()))?;
        cx.tx.reject_share(cx.scope, &portfolio).await?;
        cx.tx
            .drop_lost_products(cx.scope, &share.recipient, &share.owner)
            .await?;
        cx.drop_lost_attached(&portfolio, &share.owner, share.recipient.account())
            .await?;
        Ok(RejectPortfolioShareOutput {})
    }
}
