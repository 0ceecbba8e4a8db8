//! UpdatePortfolioShare: lets TagOptions or principals travel with a share, or no longer.
//!
//! Ours: the answer says IN_PROGRESS, as clients expect, though the change is there already.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdatePortfolioShare.html>

use mimeo_api::{
    ShareStatus, UpdatePortfolioShare, UpdatePortfolioShareInput, UpdatePortfolioShareOutput,
};
use mimeo_domain::Refusal;
use mimeo_domain::shares::{self, Shared};

use super::{Named, tracked};
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for UpdatePortfolioShare {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &UpdatePortfolioShareInput,
    ) -> Result<UpdatePortfolioShareOutput, Stop> {
        let named = Named::read(input.account_id.as_ref(), input.organization_node.as_ref())?;
        let principals_asked = input.share_principals == Some(true);
        shares::may_share_principals(&named.recipient, principals_asked)?;
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        if let Some(administration) = named.administration(cx).await? {
            administration.may_share()?;
        }
        let recipient = named.recipient;
        let share = cx.tx.find_share(cx.scope, &portfolio, &recipient).await?;
        let mut share = share.ok_or_else(|| Refusal::NoSuchShare {
            portfolio: portfolio.clone(),
            recipient: recipient.id().to_owned(),
        })?;
        let changed = |asked: Option<bool>, before| asked.map_or(before, Shared::from);
        share.tag_options = changed(input.share_tag_options, share.tag_options);
        share.principals = changed(input.share_principals, share.principals);
        cx.tx.update_share(cx.scope, &share).await?;
        let token = tracked(cx, &portfolio, &recipient).await?;
        Ok(UpdatePortfolioShareOutput {
            portfolio_share_token: Some(token.to_string()),
            status: Some(ShareStatus::InProgress),
        })
    }
}
