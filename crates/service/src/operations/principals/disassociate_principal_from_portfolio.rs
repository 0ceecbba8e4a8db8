//! DisassociatePrincipalFromPortfolio: no longer lets a principal of the caller's into a portfolio.
//!
//! Without a `PrincipalType` it is `IAM`; a principal of the other type is not found.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DisassociatePrincipalFromPortfolio.html>

use mimeo_api::{
    DisassociatePrincipalFromPortfolio, DisassociatePrincipalFromPortfolioInput,
    DisassociatePrincipalFromPortfolioOutput,
};
use mimeo_domain::Refusal;
use mimeo_domain::principals::Principal;

use super::kind;
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for DisassociatePrincipalFromPortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DisassociatePrincipalFromPortfolioInput,
    ) -> Result<DisassociatePrincipalFromPortfolioOutput, Stop> {
        let portfolio = cx
            .visible_portfolio(&input.portfolio_id.as_str().into())
            .await?
            .id;
        let principal = Principal {
            kind: kind(input.principal_type.as_deref()),
            arn: input.principal_arn.as_str().to_owned(),
        };
        let removed_count = cx
            .tx
            .remove_principal(cx.scope, &portfolio, &principal)
            .await?;
        if removed_count == 0 {
            let principal = principal.arn;
            return Err(Refusal::NoSuchPrincipal {
                principal,
                portfolio,
            }
            .into());
        }
        Ok(DisassociatePrincipalFromPortfolioOutput {})
    }
}
