//! Verbs for the organization and for shares with its nodes.

use std::sync::{Arc, Mutex, PoisonError};

use mimeo_domain::Quotas;
use mimeo_domain::organizations::{self, Member, Unit};
use mimeo_store::{StoreError, Tx, Work};
use serde_json::{Value, json};

use crate::{Account, Portfolio, World};

const ID: &str = "o-aaaaaaaaaa";

/// The organization of a world, whose management account has enabled access to it. Clones share it.
#[derive(Debug, Clone)]
pub struct Organization {
    world: World,
    described: Arc<Mutex<organizations::Organization>>,
}

impl World {
    /// Describes an organization: units right under the root, by name, with the accounts in each.
    pub async fn organization(
        &self,
        management: &Account,
        units: &[(&str, &[&Account])],
    ) -> Organization {
        let organization = self.organization_without_access(management, units).await;
        management
            .does("EnableAWSOrganizationsAccess", json!({}))
            .await;
        organization
    }

    /// The same, before its management account enabled access.
    pub async fn organization_without_access(
        &self,
        management: &Account,
        units: &[(&str, &[&Account])],
    ) -> Organization {
        let member = |account: &Account, unit: Option<&str>| Member {
            account: account.caller().account,
            name: account.name().to_owned(),
            unit: unit.map(unit_id),
        };
        let members = units
            .iter()
            .flat_map(|(unit, accounts)| accounts.iter().map(|one| member(one, Some(unit))));
        let described = organizations::Organization {
            id: ID.to_owned(),
            management_account: management.caller().account,
            units: units.iter().map(|(name, _)| unit(name, None)).collect(),
            accounts: [member(management, None)]
                .into_iter()
                .chain(members)
                .collect(),
            delegated_administrators: Vec::new(),
        };
        let organization = Organization {
            world: self.clone(),
            described: Arc::new(Mutex::new(described)),
        };
        organization.settles(|_| ()).await;
        organization
    }
}

impl Organization {
    /// `o-…`
    pub fn id(&self) -> &'static str {
        ID
    }

    /// `ou-…`
    pub fn unit_id(&self, name: &str) -> String {
        unit_id(name)
    }

    /// The `OrganizationNode` of a unit.
    pub fn unit(&self, name: &str) -> Value {
        json!({"Type": "ORGANIZATIONAL_UNIT", "Value": unit_id(name)})
    }

    /// The `OrganizationNode` of all of it.
    pub fn whole(&self) -> Value {
        json!({"Type": "ORGANIZATION", "Value": ID})
    }

    /// The `OrganizationNode` of an account.
    pub fn member(&self, account: &Account) -> Value {
        json!({"Type": "ACCOUNT", "Value": account.id()})
    }

    /// Puts a unit into another one.
    pub async fn nests(&self, name: &str, parent: &str) {
        self.settles(|organization| {
            for unit in &mut organization.units {
                if unit.id == unit_id(name) {
                    unit.parent = Some(unit_id(parent));
                }
            }
        })
        .await;
    }

    /// Puts an account into a unit, or right under the root.
    pub async fn moves(&self, account: &Account, unit: Option<&str>) {
        self.settles(|organization| {
            organization
                .accounts
                .retain(|member| member.account.as_str() != account.id());
            organization.accounts.push(Member {
                account: account.caller().account,
                name: account.name().to_owned(),
                unit: unit.map(unit_id),
            });
        })
        .await;
    }

    /// Lets an account go.
    pub async fn releases(&self, account: &Account) {
        self.settles(|organization| {
            organization
                .accounts
                .retain(|member| member.account.as_str() != account.id());
        })
        .await;
    }

    /// Makes these the delegated administrators.
    pub async fn delegates_to(&self, accounts: &[&Account]) {
        let accounts = accounts.iter().map(|one| one.caller().account).collect();
        self.settles(|organization| organization.delegated_administrators = accounts)
            .await;
    }

    /// Describes it anew, in each store of the world.
    async fn settles(&self, change: impl FnOnce(&mut organizations::Organization)) {
        let described = {
            let mut described = self
                .described
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            change(&mut described);
            described.clone()
        };
        let problems = described.problems(&Quotas::default());
        assert!(problems.is_empty(), "{problems:#?}");
        for store in self.world.service().world().directory.stores() {
            let settle = Settle(described.clone());
            store.write(settle).await.expect("the store is there");
        }
    }
}

fn unit(name: &str, parent: Option<String>) -> Unit {
    Unit {
        id: unit_id(name),
        name: name.to_owned(),
        parent,
    }
}

/// A name of up to 23 lower-case letters and digits makes an id.
fn unit_id(name: &str) -> String {
    format!("ou-root-00000000{name}")
}

struct Settle(organizations::Organization);

impl Work for Settle {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.settle_organization(&self.0).await
    }
}

impl Portfolio {
    /// Shares it with a node of the organization.
    pub async fn shared_with_node(self, node: &Value) -> Self {
        self.shares_with_node(node, json!({})).await;
        self
    }

    /// The same with these members of `CreatePortfolioShare` besides the usual ones; answers the
    /// token.
    pub async fn shares_with_node(&self, node: &Value, members: Value) -> String {
        let usual = json!({"OrganizationNode": node, "PortfolioId": self.id});
        let input = crate::merged(usual, members);
        let shared = self.owner.does("CreatePortfolioShare", input).await;
        crate::id_of(&shared, "/PortfolioShareToken")
    }

    /// Ends the share with a node.
    pub async fn unshared_from_node(&self, node: &Value) {
        let input = json!({"OrganizationNode": node, "PortfolioId": self.id});
        self.owner.does("DeletePortfolioShare", input).await;
    }
}
