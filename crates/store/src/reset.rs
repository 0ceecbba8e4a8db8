//! Forgetting: what an account did, or all accounts, in a Region or in all. For tests.

use crate::dialect::statements;
use crate::params;
use crate::{Extent, StoreError, Tx};

/// The rows of the extent, where `$who` says whose they are; `?2` is the account.
macro_rules! forget {
    ($table:literal, $who:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE (?1 = '' OR region = ?1) AND (?2 = '' OR ",
            $who,
            ")"
        )
    };
}

/// Whether a row hangs on a product or portfolio of the account: `$kind` in the column `$id`.
macro_rules! of_own {
    ($table:literal, $kind:literal, $id:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM ",
            $kind,
            " AS own WHERE own.region = ",
            $table,
            ".region AND own.id = ",
            $table,
            ".",
            $id,
            " AND own.account = ?2)"
        )
    };
}

macro_rules! forget_with {
    ($table:literal $(, $kind:literal . $id:literal)+) => {
        concat!(
            "DELETE FROM ", $table, " WHERE (?1 = '' OR region = ?1) AND (?2 = '' OR account = ?2",
            $(" OR ", of_own!($table, $kind, $id),)+ ")"
        )
    };
}

// One statement a table, what refers to others first. A new table joins this list; a test reads the
// schema and fails until it does.
statements! {
    AUDIT = forget!("audit", "account = ?2");
    REPLAYS = forget!("replay", "account = ?2");
    TALLIES = forget!("tally", "account = ?2");
    UPLOADS = forget!("upload", "account = ?2");
    COPY_EVENTS = forget!("copy_event", "account = ?2");
    COPIES = forget!("copy", "account = ?2");
    BUDGETS = forget_with!("budget_resource", "product"."resource_id", "portfolio"."resource_id");
    ACTIONS_OF_ARTIFACTS = forget!("service_action_artifact", "account = ?2");
    ACTIONS = forget!("service_action", "account = ?2");
    OPTIONS_OF_RESOURCES = forget_with!("tag_option_resource", "product"."resource_id", "portfolio"."resource_id", "tag_option"."tag_option_id");
    OPTIONS = forget!("tag_option", "account = ?2");
    PRINCIPALS = forget_with!("portfolio_principal", "portfolio"."portfolio_id");
    CONSTRAINTS = forget_with!("portfolio_constraint", "portfolio"."portfolio_id", "product"."product_id");
    SHARE_OPERATIONS = forget!("share_operation", "account = ?2");
    SHARES = forget!("portfolio_share", "owner = ?2");
    /// Others share with the account as they did before it came.
    SHARES_RECEIVED = "UPDATE portfolio_share SET accepted = 0 WHERE recipient = ?2 AND (?1 = '' OR region = ?1)";
    PRODUCTS_OF_PORTFOLIOS = forget!("portfolio_product", "portfolio_account = ?2 OR product_account = ?2");
    PORTFOLIOS = forget!("portfolio", "account = ?2");
    ARTIFACTS = "DELETE FROM artifact WHERE (?1 = '' OR region = ?1) AND (?2 = '' OR EXISTS (SELECT 1 FROM product AS own WHERE own.region = artifact.region AND own.id = artifact.product_id AND own.account = ?2))";
    PRODUCTS = forget!("product", "account = ?2");
}

impl Tx<'_> {
    /// Forgets what the accounts of the extent made there, and what others hung on that; a share that
    /// another account gave stays, not accepted.
    ///
    /// A worker that drives a copy which is forgotten lands nothing: the row that its fence guards is
    /// gone. Templates stay on the shelf, where they are known by their content only.
    pub async fn reset(&mut self, extent: &Extent) -> Result<(), StoreError> {
        for (_, sql) in STATEMENTS {
            self.execute(sql, params![extent.region(), extent.account()])
                .await?;
        }
        Ok(())
    }
}
