//! CreatePortfolioShare: offers a portfolio to another account, or shares it with a node of the
//! organization, whose accounts see it at once. What is shared already stays as it is.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreatePortfolioShare.html>

use mimeo_api::{CreatePortfolioShare, CreatePortfolioShareInput, CreatePortfolioShareOutput};
use mimeo_domain::Refusal;
use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::shares::{self, PortfolioShare, Recipient, Shared};

use super::{Named, tracked_for_node};
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for CreatePortfolioShare {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CreatePortfolioShareInput,
    ) -> Result<CreatePortfolioShareOutput, Stop> {
        let named = Named::read(input.account_id.as_ref(), input.organization_node.as_ref())?;
        let principals_asked = input.share_principals == Some(true);
        shares::may_share_principals(&named.recipient, principals_asked)?;
        let portfolio = cx
            .own_portfolio(&input.portfolio_id.as_str().into())
            .await?;
        may_share_with(cx, &named, &portfolio).await?;
        let recipient = named.recipient;
        let share = PortfolioShare {
            portfolio: portfolio.id,
            owner: portfolio.account,
            acceptance: recipient.acceptance_at_first(),
            recipient,
            tag_options: Shared::from(input.share_tag_options == Some(true)),
            principals: Shared::from(principals_asked),
            created: cx.now,
        };
        let before_count = cx.tx.count_shares(cx.scope, &share.portfolio).await?;
        let added_count = cx.tx.insert_share(cx.scope, &share).await?;
        let shares_max = cx.quotas.shares_per_portfolio;
        shares::room_for_share(&share.portfolio, before_count + added_count, shares_max)?;
        Ok(CreatePortfolioShareOutput {
            portfolio_share_token: tracked_for_node(cx, &share.portfolio, &share.recipient).await?,
        })
    }
}

async fn may_share_with(
    cx: &mut Cx<'_, '_>,
    named: &Named,
    portfolio: &Portfolio,
) -> Result<(), Stop> {
    let recipient: &Recipient = &named.recipient;
    if let Some(administration) = named.administration(cx).await? {
        administration.may_share()?;
        if !cx.tx.has_organization_node(recipient).await? {
            return Err(Refusal::NoSuchNode(named.value.clone()).into());
        }
    }
    let foreign_count = cx
        .tx
        .count_foreign_products(cx.scope, &portfolio.id)
        .await?;
    shares::may_share(&portfolio.id, &portfolio.account, recipient, foreign_count)?;
    Ok(())
}
