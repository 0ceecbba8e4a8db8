//! CreatePortfolioShare: offers a portfolio to another account.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreatePortfolioShare.html>

use mimeo_api::{CreatePortfolioShare, CreatePortfolioShareInput, CreatePortfolioShareOutput};
use mimeo_domain::Refusal;
use mimeo_domain::shares::{self, Acceptance, PortfolioShare, Shared};

use super::recipient;
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for CreatePortfolioShare {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CreatePortfolioShareInput,
    ) -> Result<CreatePortfolioShareOutput, Stop> {
        let recipient = recipient(input.account_id.as_ref(), input.organization_node.as_ref())?;
        if input.share_principals == Some(true) {
            return Err(Refusal::SharePrincipalsWithAccount.into());
        }
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?;
        let foreign_count = cx
            .tx
            .count_foreign_products(cx.scope, &portfolio.id)
            .await?;
        shares::may_share(&portfolio.id, &portfolio.account, &recipient, foreign_count)?;
        let share = PortfolioShare {
            portfolio: portfolio.id.clone(),
            owner: portfolio.account,
            recipient,
            acceptance: Acceptance::Offered,
            tag_options: Shared::from(input.share_tag_options == Some(true)),
            principals: Shared::No,
            created: cx.now,
        };
        let before_count = cx.tx.count_shares(cx.scope, &portfolio.id).await?;
        let added_count = cx.tx.insert_share(cx.scope, &share).await?;
        let shares_max = cx.quotas.shares_per_portfolio;
        shares::room_for_share(&portfolio.id, before_count + added_count, shares_max)?;
        Ok(CreatePortfolioShareOutput::default())
    }
}
