//! ListPrincipalsForPortfolio: the caller's own principals of a portfolio, and patterns shared with it.
//!
//! Ours, where AWS is silent: by type, then by ARN; a pattern that is both own and shared comes once.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListPrincipalsForPortfolio.html>

use mimeo_api as api;
use mimeo_api::{
    ListPrincipalsForPortfolio, ListPrincipalsForPortfolioInput, ListPrincipalsForPortfolioOutput,
};
use mimeo_domain::principals::{Kind, Principal};

use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for ListPrincipalsForPortfolio {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &ListPrincipalsForPortfolioInput,
    ) -> Result<ListPrincipalsForPortfolioOutput, Stop> {
        let portfolio = cx
            .visible_portfolio(&input.portfolio_id.as_str().into())
            .await?;
        let token = input.page_token.as_deref();
        let page = cx
            .pages
            .open(input.page_size, token, portfolio.id.as_str())?;
        let of = (&portfolio.id, &portfolio.account);
        let principals = cx
            .tx
            .page_principals(cx.scope, of, page.after.as_ref(), page.limit + 1)
            .await?;
        let (principals, next) = cx.pages.cut(&page, principals, Principal::clone);
        Ok(ListPrincipalsForPortfolioOutput {
            next_page_token: next,
            principals: Some(principals.into_iter().map(shown).collect()),
        })
    }
}

fn shown(principal: Principal) -> api::Principal {
    api::Principal {
        principal_arn: Some(principal.arn),
        principal_type: Some(match principal.kind {
            Kind::Iam => api::PrincipalType::Iam,
            Kind::Pattern => api::PrincipalType::IamPattern,
        }),
    }
}
