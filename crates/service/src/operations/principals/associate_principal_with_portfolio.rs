//! AssociatePrincipalWithPortfolio: lets a user, group, role or pattern of them into a portfolio.
//!
//! A recipient lets its own in to an imported portfolio. Who was in already stays so.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociatePrincipalWithPortfolio.html>

use mimeo_api::{
    AssociatePrincipalWithPortfolio, AssociatePrincipalWithPortfolioInput,
    AssociatePrincipalWithPortfolioOutput,
};
use mimeo_domain::principals::{self, Counts, Principal};

use super::kind;
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for AssociatePrincipalWithPortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &AssociatePrincipalWithPortfolioInput,
    ) -> Result<AssociatePrincipalWithPortfolioOutput, Stop> {
        let portfolio = cx
            .visible_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        let kind = kind(Some(input.principal_type.as_str()));
        let arn = input.principal_arn.as_str();
        let principal = Principal::new(kind, arn, &cx.scope.account)?;
        let inserted_count = cx
            .tx
            .insert_principal(cx.scope, &portfolio, &principal, cx.now)
            .await?;
        if inserted_count == 0 {
            return Ok(AssociatePrincipalWithPortfolioOutput {});
        }
        let after = cx.tx.count_principals(cx.scope, &portfolio).await?;
        let most = Counts {
            principals: cx.quotas.principals_per_portfolio,
            patterns: cx.quotas.patterns_per_portfolio,
        };
        principals::room_in_portfolio(&portfolio, after, most)?;
        for held in cx.tx.products_in_portfolio(cx.scope, &portfolio).await? {
            cx.room_for_principals_of(&held.id).await?;
        }
        Ok(AssociatePrincipalWithPortfolioOutput {})
    }
}
