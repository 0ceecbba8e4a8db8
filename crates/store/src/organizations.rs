//! The organization, whom its nodes reach, and who administers it: statements and functions.

use std::collections::BTreeSet;

use mimeo_domain::AccountId;
use mimeo_domain::organizations::{Access, Administration, Organization};
use mimeo_domain::shares::Recipient;

use crate::column::{count, document, read, stored_count};
use crate::dialect::statements;
use crate::params;
use crate::{AuthScope, StoreError, Tx};

// Accounts are digits, and every other node (`member/…`, `o-…`, `ou-…`) sorts after 'm'.
statements! {
    FIND = "SELECT body FROM organization WHERE one = 1";
    SETTLE = "INSERT INTO organization (one, id, management_account, enabled, delegates_count, body) VALUES (1, ?1, ?2, 0, ?3, ?4) ON CONFLICT (one) DO UPDATE SET enabled = CASE WHEN organization.id = excluded.id THEN organization.enabled ELSE 0 END, id = excluded.id, management_account = excluded.management_account, delegates_count = excluded.delegates_count, body = excluded.body";
    ADMINISTRATION = "SELECT id, management_account, delegates_count, enabled, (SELECT CAST(COUNT(*) AS BIGINT) FROM organization_delegate d WHERE d.account = ?1) FROM organization WHERE one = 1";
    ENABLE = "UPDATE organization SET enabled = ?1 WHERE one = 1";
    HAS_NODE = "SELECT 1 FROM organization_node WHERE node = ?1";
    ADD_NODE = "INSERT INTO organization_node (node) VALUES (?1) ON CONFLICT (node) DO NOTHING";
    REMOVE_NODE = "DELETE FROM organization_node WHERE node = ?1";
    ADD_DELEGATE = "INSERT INTO organization_delegate (account) VALUES (?1) ON CONFLICT (account) DO NOTHING";
    REMOVE_DELEGATE = "DELETE FROM organization_delegate WHERE account = ?1";
    JOIN = "INSERT INTO membership (account, node) VALUES (?1, ?2) ON CONFLICT (account, node) DO NOTHING";
    LEAVE = "DELETE FROM membership WHERE account = ?1 AND node = ?2";
    END_SHARES = "DELETE FROM portfolio_share WHERE recipient >= 'm' AND owner = ?1";
    DROP_LOST = "DELETE FROM portfolio_product WHERE portfolio_account = ?1 AND product_account <> ?1 AND NOT EXISTS (SELECT 1 FROM portfolio_product up JOIN seen_share s ON s.region = up.region AND s.portfolio_id = up.portfolio_id WHERE up.region = portfolio_product.region AND up.product_id = portfolio_product.product_id AND up.portfolio_account = portfolio_product.product_account AND s.account = ?1)";
}

impl Tx<'_> {
    /// The organization as it was described last.
    pub async fn find_organization(&mut self) -> Result<Option<Organization>, StoreError> {
        let body = self.query_one(FIND, &[], |row| row.text(0)).await?;
        body.map(|body| read(&body)).transpose()
    }

    /// Makes the organization, which has no problems, what it is described as. From then on each
    /// account sees what is shared with the nodes above it, and no more: what it lost is gone from
    /// its own portfolios too, in every Region; and whoever no longer administers the organization
    /// shares with none of its nodes.
    ///
    /// Access is disabled for an organization that was not there before.
    pub async fn settle_organization(&mut self, after: &Organization) -> Result<(), StoreError> {
        let before = self.find_organization().await?;
        if before.as_ref() == Some(after) {
            return Ok(());
        }
        let body = document(after);
        let delegates_count = after.delegated_administrators.len();
        let row = params![
            after.id.as_str(),
            after.management_account.as_str(),
            stored_count(delegates_count),
            &body,
        ];
        self.execute(SETTLE, row).await?;
        self.settle_nodes(before.as_ref(), after).await?;
        let mut lost = self.settle_memberships(before.as_ref(), after).await?;
        if let Some(before) = &before
            && self.end_shares_of_former(before, after).await?
        {
            lost.extend(before.accounts.iter().map(|member| member.account.clone()));
        }
        for account in &lost {
            self.drop_lost_everywhere(account).await?;
        }
        Ok(())
    }

    /// Who administers the organization, if there is one, as the account sees it.
    pub async fn find_administration(
        &mut self,
        scope: &AuthScope,
    ) -> Result<Option<Administration>, StoreError> {
        let row = params![scope.account.as_str()];
        let found = self.query_one(ADMINISTRATION, row, |row| {
            let account = row.text(1);
            Ok(Administration {
                organization: row.text(0),
                management_account: account.parse().map_err(|_| StoreError::Broken(account))?,
                delegates_count: count(row.int(2)),
                access: if row.int(3) == 0 {
                    Access::Disabled
                } else {
                    Access::Enabled
                },
                is_delegate: row.int(4) > 0,
            })
        });
        found.await?.transpose()
    }

    /// Lets the organization be shared with, or no longer; what was shared stays.
    pub async fn set_organizations_access(&mut self, access: Access) -> Result<(), StoreError> {
        let enabled = i64::from(access == Access::Enabled);
        self.execute(ENABLE, params![enabled]).await.map(drop)
    }

    /// Whether the organization has this node now.
    pub async fn has_organization_node(&mut self, node: &Recipient) -> Result<bool, StoreError> {
        let node = node.node();
        let row = params![&node];
        let found = self.query_one(HAS_NODE, row, |row| row.int(0));
        Ok(found.await?.is_some())
    }

    async fn settle_nodes(
        &mut self,
        before: Option<&Organization>,
        after: &Organization,
    ) -> Result<(), StoreError> {
        let nodes = |of: Option<&Organization>| of.map(Organization::nodes).unwrap_or_default();
        let delegates = |of: Option<&Organization>| -> BTreeSet<AccountId> {
            let delegates = of.map(|of| of.delegated_administrators.iter().cloned());
            delegates.into_iter().flatten().collect()
        };
        let (old, new) = (nodes(before), nodes(Some(after)));
        for node in old.difference(&new) {
            self.execute(REMOVE_NODE, params![node.as_str()]).await?;
        }
        for node in new.difference(&old) {
            self.execute(ADD_NODE, params![node.as_str()]).await?;
        }
        let (old, new) = (delegates(before), delegates(Some(after)));
        for delegate in old.difference(&new) {
            self.execute(REMOVE_DELEGATE, params![delegate.as_str()])
                .await?;
        }
        for delegate in new.difference(&old) {
            self.execute(ADD_DELEGATE, params![delegate.as_str()])
                .await?;
        }
        Ok(())
    }

    /// Says which accounts are no longer reached by some node that reached them.
    async fn settle_memberships(
        &mut self,
        before: Option<&Organization>,
        after: &Organization,
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let old: BTreeSet<_> = before
            .map(Organization::memberships)
            .unwrap_or_default()
            .into_iter()
            .collect();
        let new: BTreeSet<_> = after.memberships().into_iter().collect();
        let mut lost = BTreeSet::new();
        for (account, node) in old.difference(&new) {
            self.execute(LEAVE, params![account.as_str(), node.as_str()])
                .await?;
            lost.insert(account.clone());
        }
        for (account, node) in new.difference(&old) {
            self.execute(JOIN, params![account.as_str(), node.as_str()])
                .await?;
        }
        Ok(lost)
    }

    /// Ends the shares with nodes of those who administer the organization no longer; says whether
    /// there were any.
    async fn end_shares_of_former(
        &mut self,
        before: &Organization,
        after: &Organization,
    ) -> Result<bool, StoreError> {
        let mut ended_count = 0;
        for former in before.administrators().difference(&after.administrators()) {
            ended_count += self.execute(END_SHARES, params![former.as_str()]).await?;
        }
        Ok(ended_count > 0)
    }

    /// Takes what the account can no longer see out of its own portfolios, in every Region, and what
    /// it hung there off it.
    async fn drop_lost_everywhere(&mut self, account: &AccountId) -> Result<(), StoreError> {
        self.execute(DROP_LOST, params![account.as_str()]).await?;
        self.drop_lost_attached_everywhere(account).await?;
        self.drop_lost_principals_everywhere(account).await
    }
}
