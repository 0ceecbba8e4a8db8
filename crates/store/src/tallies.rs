//! Counters behind the quotas: statements and functions.

use crate::column::count;
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

/// What an account is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    Products,
    Portfolios,
    ServiceActions,
    Uploads,
}

impl Tally {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Portfolios => "portfolios",
            Self::ServiceActions => "service_actions",
            Self::Uploads => "uploads",
        }
    }
}

statements! {
    RAISE = "INSERT INTO tally (region, account, what, used) VALUES (?1, ?2, ?3, 1) ON CONFLICT (region, account, what) DO UPDATE SET used = tally.used + 1 RETURNING used";
    LOWER = "UPDATE tally SET used = used - 1 WHERE region = ?1 AND account = ?2 AND what = ?3";
}

impl Tx<'_> {
    /// Counts one more and says how many there are now; the transaction that then refuses takes
    /// the count back with everything else.
    pub async fn raise_tally(&mut self, scope: &AuthScope, what: Tally) -> Result<u64, StoreError> {
        let row = params![scope.region.as_str(), scope.account.as_str(), what.as_str()];
        Ok(count(
            self.query_one(RAISE, row, |row| row.int(0))
                .await?
                .unwrap_or(0),
        ))
    }

    pub async fn lower_tally(&mut self, scope: &AuthScope, what: Tally) -> Result<(), StoreError> {
        let row = params![scope.region.as_str(), scope.account.as_str(), what.as_str()];
        self.execute(LOWER, row).await.map(drop)
    }
}
