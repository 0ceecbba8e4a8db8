//! Launch paths: statements and functions.
//!
//! Everything begins with whom a portfolio grants, never with a product: a product may stand in
//! thousands of portfolios of other accounts.

use mimeo_domain::principals::Principal;
use mimeo_domain::products::fold;
use mimeo_domain::{PortfolioId, ProductId, Standing};

use crate::column::key;
use crate::dialect::statements;
use crate::params;
use crate::principals::principal;
use crate::products::{FoundProduct, found};
use crate::{AuthScope, Row, StoreError, Tx};

/// A principal in force for an account, and the portfolio that it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub portfolio: PortfolioId,
    pub principal: Principal,
}

// An empty product id asks for no product in particular.
statements! {
    OF_ACCOUNT = "SELECT g.kind, g.principal, g.portfolio_id FROM portfolio_principal g WHERE g.account = ?1 AND g.region = ?2 AND (?3 = '' OR EXISTS (SELECT 1 FROM portfolio_product h WHERE h.region = ?2 AND h.portfolio_id = g.portfolio_id AND h.product_id = ?3))";
    PATTERNS = "SELECT g.kind, g.principal, g.portfolio_id FROM portfolio_principal g WHERE g.account = ?1 AND g.region = ?2 AND g.kind = 'IAM_PATTERN' AND (?3 = '' OR EXISTS (SELECT 1 FROM portfolio_product h WHERE h.region = ?2 AND h.portfolio_id = g.portfolio_id AND h.product_id = ?3))";
    OF_PRINCIPAL = "SELECT g.kind, g.principal, g.portfolio_id FROM portfolio_principal g WHERE g.account = ?1 AND g.region = ?2 AND g.kind = 'IAM' AND g.principal = ?4 AND (?3 = '' OR EXISTS (SELECT 1 FROM portfolio_product h WHERE h.region = ?2 AND h.portfolio_id = g.portfolio_id AND h.product_id = ?3))";
    SHARED = "SELECT g.kind, g.principal, g.portfolio_id FROM seen_share s JOIN portfolio_principal g ON g.region = s.region AND g.portfolio_id = s.portfolio_id AND g.account = s.owner WHERE s.account = ?1 AND s.region = ?2 AND s.principals = 1 AND g.kind = 'IAM_PATTERN' AND (?3 = '' OR EXISTS (SELECT 1 FROM portfolio_product h WHERE h.region = ?2 AND h.portfolio_id = g.portfolio_id AND h.product_id = ?3))";
    HELD = "SELECT p.body, p.newest_artifact FROM portfolio_product h JOIN product p ON p.region = h.region AND p.id = h.product_id WHERE h.region = ?1 AND h.portfolio_id = ?2 AND h.product_id = ?3";
    HELD_NAMED = "SELECT p.body, p.newest_artifact FROM portfolio_product h JOIN product p ON p.region = h.region AND p.id = h.product_id WHERE h.region = ?1 AND h.portfolio_id = ?2 AND p.title = ?3";
}

impl Tx<'_> {
    /// The grants that may let a caller of the account in: those of its users, groups and role, and
    /// every pattern in force; of portfolios that hold `product`, if one is given.
    ///
    /// Whether a grant means the caller is for [`Principal::means`] to say, and whether the account
    /// sees the portfolio now for [`Tx::find_visible_portfolio`].
    pub async fn grants(
        &mut self,
        scope: &AuthScope,
        standing: &Standing,
        product: Option<&ProductId>,
    ) -> Result<Vec<Grant>, StoreError> {
        let (account, region) = (scope.account.as_str(), scope.region.as_str());
        let product = product.map_or("", ProductId::as_str);
        let row = params![account, region, product];
        let mut grants = match standing {
            Standing::Root => return Ok(Vec::new()),
            Standing::Anyone => self.query(OF_ACCOUNT, row, grant).await?,
            Standing::As(arns) => {
                let mut grants = self.query(PATTERNS, row, grant).await?;
                for arn in arns {
                    let row = params![account, region, product, arn.as_str()];
                    grants.extend(self.query(OF_PRINCIPAL, row, grant).await?);
                }
                grants
            }
        };
        grants.extend(self.query(SHARED, row, grant).await?);
        grants.into_iter().collect()
    }

    /// A product that stands in a portfolio that the account sees.
    pub async fn find_held_product(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        product: &ProductId,
    ) -> Result<Option<FoundProduct>, StoreError> {
        let row = params![scope.region.as_str(), portfolio.as_str(), product.as_str()];
        let held = self.query_one(HELD, row, found).await?;
        held.map(FoundProduct::read).transpose()
    }

    /// Those of exactly this name; a portfolio's quota bounds them.
    pub async fn held_products_named(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        name: &str,
    ) -> Result<Vec<FoundProduct>, StoreError> {
        let title = key(&fold(name));
        let row = params![scope.region.as_str(), portfolio.as_str(), &title];
        let held = self.query(HELD_NAMED, row, found).await?;
        let products: Result<Vec<_>, _> = held.into_iter().map(FoundProduct::read).collect();
        let mut products = products?;
        products.retain(|found| found.product.details.name == name);
        Ok(products)
    }
}

fn grant(row: &Row<'_>) -> Result<Grant, StoreError> {
    Ok(Grant {
        principal: principal(row)?,
        portfolio: row.text(2).into(),
    })
}
