//! Templates uploaded to Mimeo itself: statements and functions.

use mimeo_domain::Timestamp;

use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

statements! {
    FIND = "SELECT digest FROM upload WHERE region = ?1 AND account = ?2 AND name = ?3";
    PUT = "INSERT INTO upload (region, account, name, digest, created) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (region, account, name) DO UPDATE SET digest = ?4, created = ?5";
}

impl Tx<'_> {
    /// The digest of the template that the account uploaded under `name`.
    pub async fn find_upload(
        &mut self,
        scope: &AuthScope,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        let row = params![scope.region.as_str(), scope.account.as_str(), name];
        self.query_one(FIND, row, |row| row.text(0)).await
    }

    pub async fn put_upload(
        &mut self,
        scope: &AuthScope,
        name: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (region, account) = (scope.region.as_str(), scope.account.as_str());
        self.execute(PUT, params![region, account, name, digest, now.millis()])
            .await
            .map(drop)
    }
}
