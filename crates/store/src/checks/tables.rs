//! What whole tables hold of each other: tallies, links without their ends, and the file itself.

use super::Odd;
use crate::dialect::statements;
use crate::params;
use crate::{Dialect, Row, StoreError, Tx};

/// Rows that one statement about a whole table tells at most.
const ODD_MAX: i64 = 100;

/// The tally of `$what`, against the rows of its table.
macro_rules! tally {
    ($what:literal, $table:literal) => {
        concat!(
            "SELECT t.region, t.account, CAST(t.used AS BIGINT), (SELECT CAST(COUNT(*) AS BIGINT) FROM ",
            $table,
            " r WHERE r.region = t.region AND r.account = t.account) FROM tally t WHERE t.what = '",
            $what,
            "' AND t.used <> (SELECT COUNT(*) FROM ",
            $table,
            " r WHERE r.region = t.region AND r.account = t.account) UNION ALL SELECT r.region, r.account, 0, CAST(COUNT(*) AS BIGINT) FROM ",
            $table,
            " r WHERE NOT EXISTS (SELECT 1 FROM tally t WHERE t.region = r.region AND t.account = r.account AND t.what = '",
            $what,
            "') GROUP BY r.region, r.account LIMIT ?1"
        )
    };
}

statements! {
    TALLY_PRODUCTS = tally!("products", "product");
    TALLY_PORTFOLIOS = tally!("portfolios", "portfolio");
    TALLY_ACTIONS = tally!("service_actions", "service_action");
    TALLY_UPLOADS = tally!("uploads", "upload");
    PLACES_WITHOUT_ENDS = "SELECT l.region, l.portfolio_id || ' and ' || l.product_id FROM portfolio_product l WHERE NOT EXISTS (SELECT 1 FROM portfolio f WHERE f.region = l.region AND f.id = l.portfolio_id AND f.account = l.portfolio_account) OR NOT EXISTS (SELECT 1 FROM product p WHERE p.region = l.region AND p.id = l.product_id AND p.account = l.product_account) LIMIT ?1";
    SHARES_OF_OTHERS = "SELECT s.region, s.portfolio_id || ' with ' || s.recipient FROM portfolio_share s WHERE NOT EXISTS (SELECT 1 FROM portfolio f WHERE f.region = s.region AND f.id = s.portfolio_id AND f.account = s.owner) LIMIT ?1";
    OPTIONS_ON_NOTHING = "SELECT r.region, r.tag_option_id || ' on ' || r.resource_id FROM tag_option_resource r WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.region = r.region AND p.id = r.resource_id) AND NOT EXISTS (SELECT 1 FROM portfolio f WHERE f.region = r.region AND f.id = r.resource_id) LIMIT ?1";
    BUDGETS_ON_NOTHING = "SELECT r.region, r.budget || ' on ' || r.resource_id FROM budget_resource r WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.region = r.region AND p.id = r.resource_id) AND NOT EXISTS (SELECT 1 FROM portfolio f WHERE f.region = r.region AND f.id = r.resource_id) LIMIT ?1";
}

/// What SQLite knows of its own file; PostgreSQL keeps foreign keys itself, and reads every page here.
const INTEGRITY: &str = "SELECT integrity_check FROM pragma_integrity_check LIMIT 100";
const FOREIGN_KEYS: &str = "SELECT \"table\" || ' row ' || CAST(rowid AS TEXT) || ' names no row of ' || \"parent\" FROM pragma_foreign_key_check LIMIT 100";

impl Tx<'_> {
    /// Tallies that differ from the rows that they count.
    pub async fn odd_tallies(&mut self) -> Result<Vec<Odd>, StoreError> {
        const COUNTED: [(&str, &str); 4] = [
            ("products", TALLY_PRODUCTS),
            ("portfolios", TALLY_PORTFOLIOS),
            ("service actions", TALLY_ACTIONS),
            ("uploads", TALLY_UPLOADS),
        ];
        let mut odd = Vec::new();
        for (what, sql) in COUNTED {
            let told = |row: &Row<'_>| {
                let (region, account) = (row.text(0), row.text(1));
                let (used, there) = (row.int(2), row.int(3));
                Odd::new(
                    format!("{what} of account {account} in {region}"),
                    format!("the tally says {used}, and {there} are there"),
                )
            };
            odd.extend(self.query(sql, params![ODD_MAX], told).await?);
        }
        Ok(odd)
    }

    /// Rows that hang on what is not there, where no foreign key would say so.
    pub async fn odd_links(&mut self) -> Result<Vec<Odd>, StoreError> {
        const LINKS: [(&str, &str); 4] = [
            (
                PLACES_WITHOUT_ENDS,
                "one is not there, or of another account than noted",
            ),
            (SHARES_OF_OTHERS, "the owner has no such portfolio"),
            (OPTIONS_ON_NOTHING, "there is no such resource"),
            (BUDGETS_ON_NOTHING, "there is no such resource"),
        ];
        let mut odd = Vec::new();
        for (sql, what) in LINKS {
            let told = |row: &Row<'_>| {
                let (region, pair) = (row.text(0), row.text(1));
                Odd::new(format!("{pair} in {region}"), what)
            };
            odd.extend(self.query(sql, params![ODD_MAX], told).await?);
        }
        Ok(odd)
    }

    /// What the database says about its own pages and keys. PostgreSQL is not asked: it refuses
    /// dangling keys, and `pg_amcheck` is the tool for its pages.
    pub async fn odd_pages(&mut self) -> Result<Vec<Odd>, StoreError> {
        if self.dialect() == Dialect::Postgres {
            return Ok(Vec::new());
        }
        let told = |row: &Row<'_>| row.text(0);
        let mut said = self.query(INTEGRITY, &[], told).await?;
        said.retain(|line| line != "ok");
        said.extend(self.query(FOREIGN_KEYS, &[], told).await?);
        let odd = |what| Odd::new("the database file", what);
        Ok(said.into_iter().map(odd).collect())
    }
}
