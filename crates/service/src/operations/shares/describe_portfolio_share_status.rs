//! DescribePortfolioShareStatus: what became of an operation on a share.
//!
//! Operations are done when they are answered, so each one that is known is COMPLETED, for the
//! accounts that its recipient reaches now. Ours: the last [`mimeo_store::SHARE_OPERATIONS_MAX`] of
//! an account in a Region are known.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribePortfolioShareStatus.html>

use mimeo_api::{
    DescribePortfolioShareStatus, DescribePortfolioShareStatusInput,
    DescribePortfolioShareStatusOutput, ShareDetails, ShareStatus,
};
use mimeo_domain::shares::RecipientKind;
use mimeo_domain::{Refusal, ShareToken};

use crate::cx::{Cx, Handle, Reach};
use crate::error::Stop;

impl Handle for DescribePortfolioShareStatus {
    const REACH: Reach = Reach::Scan;

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribePortfolioShareStatusInput,
    ) -> Result<DescribePortfolioShareStatusOutput, Stop> {
        let token: ShareToken = input.portfolio_share_token.as_str().into();
        let found = cx.tx.find_share_operation(cx.scope, &token).await?;
        let operation = found.ok_or(Refusal::NoSuchShareOperation(token))?;
        let recipient = &operation.recipient;
        if recipient.kind() != RecipientKind::Account {
            cx.administration().await?;
        }
        let reached = cx.tx.list_reached_accounts(cx.scope, recipient).await?;
        Ok(DescribePortfolioShareStatusOutput {
            organization_node_value: Some(recipient.id().to_owned()),
            portfolio_id: Some(operation.portfolio.to_string()),
            portfolio_share_token: Some(operation.token.to_string()),
            share_details: Some(ShareDetails {
                share_errors: Some(Vec::new()),
                successful_shares: Some(reached),
            }),
            status: Some(ShareStatus::Completed),
        })
    }
}
