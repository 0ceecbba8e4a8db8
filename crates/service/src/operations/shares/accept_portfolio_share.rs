//! AcceptPortfolioShare: imports a portfolio that was offered to the caller; twice is no error.
//!
//! What comes through the organization is there already: accepting it, as such, changes nothing.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AcceptPortfolioShare.html>

use mimeo_api::{AcceptPortfolioShare, AcceptPortfolioShareInput, AcceptPortfolioShareOutput};
use mimeo_domain::{PortfolioId, Refusal};

use super::Way;
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for AcceptPortfolioShare {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &AcceptPortfolioShareInput,
    ) -> Result<AcceptPortfolioShareOutput, Stop> {
        let portfolio: PortfolioId = input.portfolio_id.as_str().into();
        let is_there = match Way::read(input.portfolio_share_type.as_ref()) {
            Way::Imported => cx.tx.accept_share(cx.scope, &portfolio).await? > 0,
            Way::Organization => cx.tx.is_shared_through_nodes(cx.scope, &portfolio).await?,
            Way::Samples => false,
        };
        if !is_there {
            return Err(Refusal::NoShareToAccept(portfolio).into());
        }
        Ok(AcceptPortfolioShareOutput {})
    }
}
