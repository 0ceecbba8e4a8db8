//! Constraints: statements and functions.

use mimeo_domain::constraints::{Constraint, ConstraintType};
use mimeo_domain::{ConstraintId, PortfolioId, ProductId};

use crate::column::{document, read, read_all, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

statements! {
    INSERT = "INSERT INTO portfolio_constraint (region, id, account, portfolio_id, product_id, kind, created, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    VISIBLE = "SELECT body FROM portfolio_constraint c WHERE region = ?1 AND id = ?2 AND (account = ?3 OR EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = c.portfolio_id AND s.account = ?3))";
    UPDATE = "UPDATE portfolio_constraint SET body = ?4 WHERE region = ?1 AND id = ?2 AND account = ?3";
    REMOVE = "DELETE FROM portfolio_constraint WHERE region = ?1 AND id = ?2 AND account = ?3";
    TYPES = "SELECT kind FROM portfolio_constraint WHERE region = ?1 AND portfolio_id = ?2 AND product_id = ?3 AND account = ?4";
    PAGE = "SELECT c.body FROM portfolio_constraint c WHERE c.region = ?1 AND c.portfolio_id = ?2 AND (c.product_id, c.id) > (?4, ?5) AND (c.account = ?3 OR EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = ?3)) ORDER BY c.product_id, c.id LIMIT ?6";
    PAGE_INHERITED = "SELECT i.body FROM inherited_constraint i WHERE i.region = ?1 AND i.portfolio_id = ?2 AND i.account = ?3 AND (i.product_id, i.id) > (?4, ?5) ORDER BY i.product_id, i.id LIMIT ?6";
    OF_PRODUCT = "SELECT c.body FROM portfolio_constraint c WHERE c.region = ?1 AND c.portfolio_id = ?2 AND c.product_id = ?4 AND c.id > ?5 AND (c.account = ?3 OR EXISTS (SELECT 1 FROM seen_share s WHERE s.region = ?1 AND s.portfolio_id = ?2 AND s.account = ?3)) ORDER BY c.id LIMIT ?6";
    OF_PRODUCT_INHERITED = "SELECT i.body FROM inherited_constraint i WHERE i.region = ?1 AND i.portfolio_id = ?2 AND i.account = ?3 AND i.product_id = ?4 AND i.id > ?5 ORDER BY i.id LIMIT ?6";
}

impl Tx<'_> {
    pub async fn insert_constraint(&mut self, constraint: &Constraint) -> Result<(), StoreError> {
        let body = document(constraint);
        let row = params![
            constraint.region.as_str(),
            constraint.id.as_str(),
            constraint.account.as_str(),
            constraint.portfolio.as_str(),
            constraint.product.as_str(),
            constraint.constraint_type().as_str(),
            constraint.created.millis(),
            &body,
        ];
        self.execute(INSERT, row).await.map(drop)
    }

    /// A constraint that the account made, or that stands in a portfolio shared with it.
    pub async fn find_visible_constraint(
        &mut self,
        scope: &AuthScope,
        id: &ConstraintId,
    ) -> Result<Option<Constraint>, StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        let body = self.query_one(VISIBLE, row, |row| row.text(0)).await?;
        body.map(|body| read(&body)).transpose()
    }

    pub async fn update_constraint(&mut self, constraint: &Constraint) -> Result<(), StoreError> {
        let body = document(constraint);
        let (region, id) = (constraint.region.as_str(), constraint.id.as_str());
        let row = params![region, id, constraint.account.as_str(), &body];
        self.execute(UPDATE, row).await.map(drop)
    }

    pub async fn remove_constraint(
        &mut self,
        scope: &AuthScope,
        id: &ConstraintId,
    ) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), id.as_str(), scope.account.as_str()];
        self.execute(REMOVE, row).await.map(drop)
    }

    /// The types of the constraints that the account itself made for a product in a portfolio.
    pub async fn constraint_types(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        product: &ProductId,
    ) -> Result<Vec<ConstraintType>, StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let row = params![region, portfolio.as_str(), product.as_str(), account];
        let names = self.query(TYPES, row, |row| row.text(0)).await?;
        let read = |name: &String| {
            ConstraintType::named(name).map_err(|_| StoreError::Broken(name.clone()))
        };
        names.iter().map(read).collect()
    }

    /// The constraints in force in a portfolio that the account owns or sees, by product and id,
    /// `limit` of them after the given one; with `product`, those of one product.
    ///
    /// In a portfolio of its own, an imported product has also what it brings along: the TEMPLATE
    /// constraints of the imported portfolio, and its LAUNCH constraint unless a LAUNCH or STACKSET
    /// constraint was made here. If the account sees the product through several imported
    /// portfolios, they are those of the first by id (ours: AWS is silent).
    pub async fn page_constraints(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        product: Option<&ProductId>,
        after: Option<&(ProductId, ConstraintId)>,
        limit: usize,
    ) -> Result<Vec<Constraint>, StoreError> {
        let (after_product, after_id) =
            after.map_or(("", ""), |(product, id)| (product.as_str(), id.as_str()));
        let (made_here, inherited, product) = match product {
            Some(product) => (OF_PRODUCT, OF_PRODUCT_INHERITED, product.as_str()),
            None => (PAGE, PAGE_INHERITED, after_product),
        };
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        let limited = stored_count(limit);
        let row = params![
            region,
            portfolio.as_str(),
            account,
            product,
            after_id,
            limited
        ];
        let mut found = self.query(made_here, row, |row| row.text(0)).await?;
        found.extend(self.query(inherited, row, |row| row.text(0)).await?);
        let mut found: Vec<Constraint> = read_all(&found)?;
        found.sort_by(|a, b| (&a.product, &a.id).cmp(&(&b.product, &b.id)));
        found.truncate(limit);
        Ok(found)
    }

    /// All constraints in force for a product in a portfolio that the account owns or sees, by id:
    /// what a launch by this account goes by. As [`Tx::page_constraints`] without pages; the quota
    /// bounds how many there are.
    pub async fn constraints_in_force(
        &mut self,
        scope: &AuthScope,
        portfolio: &PortfolioId,
        product: &ProductId,
    ) -> Result<Vec<Constraint>, StoreError> {
        self.page_constraints(scope, portfolio, Some(product), None, usize::MAX)
            .await
    }
}
