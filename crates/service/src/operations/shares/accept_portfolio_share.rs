//! AcceptPortfolioShare: imports a portfolio that was offered to the caller; twice is no error.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AcceptPortfolioShare.html>

use mimeo_api::{AcceptPortfolioShare, AcceptPortfolioShareInput, AcceptPortfolioShareOutput};
use mimeo_domain::{PortfolioId, Refusal};

use super::is_imported;
use crate::cx::{Cx, Handle};
use crate::error::Stop;

impl Handle for AcceptPortfolioShare {
    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &AcceptPortfolioShareInput,
    ) -> Result<AcceptPortfolioShareOutput, Stop> {
        let portfolio: PortfolioId = input.portfolio_id.as_str().into();
        let is_imported = is_imported(input.portfolio_share_type.as_ref());
        if !is_imported || cx.tx.accept_share(cx.scope, &portfolio).await? == 0 {
            return Err(Refusal::NoShareToAccept(portfolio).into());
        }
        Ok(AcceptPortfolioShareOutput {})
    }
}
