//! Organizations: accounts that are administered together, and who may share with all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::shares::Recipient;
use crate::{AccountId, Quotas, Refusal};

/// Accounts of one organization (AWS's largest quota); every share with it may reach so many.
pub const ACCOUNTS_MAX: usize = 10_000;

/// Units of one organization: AWS's quota.
pub const UNITS_MAX: usize = 2_000;

/// Units above an account: AWS's quota for their nesting.
pub const UNIT_DEPTH_MAX: usize = 5;

/// Characters of a unit's name; an account's may have as many (AWS: 128 and 50).
pub const NAME_CHARACTERS_MAX: usize = 128;

/// An organization as its operator describes it. Ours: AWS knows it from AWS Organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// `o-…`
    pub id: String,
    pub management_account: AccountId,
    #[serde(default)]
    pub units: Vec<Unit>,
    /// Every account, the management account too.
    #[serde(default)]
    pub accounts: Vec<Member>,
    /// Accounts that share for the organization besides the management account.
    #[serde(default)]
    pub delegated_administrators: Vec<AccountId>,
}

/// An organizational unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// `ou-…`
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// The unit above; `None` right under the root.
    #[serde(default)]
    pub parent: Option<String>,
}

/// An account of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub account: AccountId,
    #[serde(default)]
    pub name: String,
    /// The unit that it is in; `None` right under the root.
    #[serde(default)]
    pub unit: Option<String>,
}

/// Whether the catalogue may share with the organization's nodes. `UNDER_CHANGE` is never seen: the
/// change is done when the call answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Enabled,
    Disabled,
}

/// Who administers the organization, seen by one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administration {
    pub organization: String,
    pub management_account: AccountId,
    pub delegates_count: u64,
    pub access: Access,
    /// Whether the account that looks is a delegated administrator.
    pub is_delegate: bool,
}

/// The organization, if `account` administers it: it is the management account, or a delegated
/// administrator.
pub fn administered(
    found: Option<Administration>,
    account: &AccountId,
) -> Result<Administration, Refusal> {
    let found = found.ok_or(Refusal::NoOrganization)?;
    if found.is_delegate || found.management_account == *account {
        return Ok(found);
    }
    Err(Refusal::NotAdministrator(account.clone()))
}

/// The organization, if `account` manages it.
pub fn managed(
    found: Option<Administration>,
    account: &AccountId,
) -> Result<Administration, Refusal> {
    let found = found.ok_or(Refusal::NoOrganization)?;
    if found.management_account == *account {
        return Ok(found);
    }
    Err(Refusal::NotManagementAccount(account.clone()))
}

impl Administration {
    pub fn may_share(&self) -> Result<(), Refusal> {
        match self.access {
            Access::Enabled => Ok(()),
            Access::Disabled => Err(Refusal::OrganizationsAccessDisabled),
        }
    }

    pub fn may_disable_access(&self) -> Result<(), Refusal> {
        match self.delegates_count {
            0 => Ok(()),
            delegates_count => Err(Refusal::DelegatesRegistered { delegates_count }),
        }
    }

    /// Is `value` a name of this organization's node: its bare id, or its own ARN?
    pub fn may_be_named(&self, node: &Recipient, value: &str) -> Result<(), Refusal> {
        let (account, whole) = (&self.management_account, &self.organization);
        let resource = match node {
            Recipient::Organization(id) => format!("organization/{id}"),
            Recipient::Unit(id) => format!("ou/{whole}/{id}"),
            Recipient::Account(_) | Recipient::Member(_) => String::new(),
        };
        let arn = format!("arn:aws:organizations::{account}:{resource}");
        if value == node.id() || value == arn {
            return Ok(());
        }
        Err(Refusal::NoSuchNode(value.to_owned()))
    }
}

/// The node that stands for a share with this account alone, as a member of its organization.
pub fn member_node(account: &AccountId) -> String {
    format!("member/{account}")
}

/// `o-` and 10 to 32 lower-case letters and digits: AWS's pattern.
pub fn is_organization_id(text: &str) -> bool {
    text.strip_prefix("o-")
        .is_some_and(|rest| is_word(rest, 10))
}

/// `ou-`, 4 to 32 lower-case letters and digits, `-`, 8 to 32 more: AWS's pattern.
pub fn is_unit_id(text: &str) -> bool {
    let parts = text
        .strip_prefix("ou-")
        .and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(root, unit)| is_word(root, 4) && is_word(unit, 8))
}

fn is_word(text: &str, length_min: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    (length_min..=32).contains(&text.len()) && text.bytes().all(fits)
}

/// The unit above each unit.
type Parents<'a> = BTreeMap<&'a str, Option<&'a str>>;

impl Organization {
    /// All that is wrong with the description, a sentence each; an organization without problems
    /// can be settled.
    pub fn problems(&self, quotas: &Quotas) -> Vec<String> {
        let mut found = Vec::new();
        if !is_organization_id(&self.id) {
            let form = "o- and 10 to 32 lower-case letters or digits";
            found.push(format!("organization id {:?} is not {form}", self.id));
        }
        self.find_unit_problems(&mut found);
        self.find_account_problems(&mut found);
        self.find_administrator_problems(quotas, &mut found);
        found
    }

    /// Each account with each node that reaches it: itself as a member, every unit above it, and
    /// the organization.
    pub fn memberships(&self) -> Vec<(AccountId, String)> {
        let parents = self.parents();
        let mut found = Vec::new();
        for member in &self.accounts {
            let mut nodes = vec![member_node(&member.account)];
            if let Some(unit) = &member.unit {
                nodes.push(unit.clone());
                nodes.extend(above(&parents, unit).into_iter().map(str::to_owned));
            }
            nodes.push(self.id.clone());
            found.extend(nodes.into_iter().map(|node| (member.account.clone(), node)));
        }
        found
    }

    /// Every node that a portfolio can be shared with.
    pub fn nodes(&self) -> BTreeSet<String> {
        let members = self
            .accounts
            .iter()
            .map(|member| member_node(&member.account));
        let units = self.units.iter().map(|unit| unit.id.clone());
        members.chain(units).chain([self.id.clone()]).collect()
    }

    /// Who may share with nodes: the management account and the delegated administrators.
    pub fn administrators(&self) -> BTreeSet<AccountId> {
        let delegates = self.delegated_administrators.iter().cloned();
        delegates.chain([self.management_account.clone()]).collect()
    }

    fn parents(&self) -> Parents<'_> {
        self.units
            .iter()
            .map(|unit| (unit.id.as_str(), unit.parent.as_deref()))
            .collect()
    }

    fn find_unit_problems(&self, found: &mut Vec<String>) {
        if self.units.len() > UNITS_MAX {
            found.push(format!("there are more than {UNITS_MAX} units"));
        }
        let parents = self.parents();
        let ids = self.units.iter().map(|unit| unit.id.as_str());
        find_twice("unit", ids, found);
        for Unit { id, name, parent } in &self.units {
            if !is_unit_id(id) {
                let form = "ou-, 4 to 32 lower-case letters or digits, a hyphen and 8 to 32 more";
                found.push(format!("unit id {id:?} is not {form}"));
            }
            find_long_name("unit", id, name, found);
            let known = parent
                .as_deref()
                .is_none_or(|parent| parents.contains_key(parent));
            if !known {
                let parent = parent.as_deref().unwrap_or_default();
                found.push(format!("unit {id}: there is no unit {parent:?} above it"));
            }
            let above = above(&parents, id);
            if above.contains(&id.as_str()) {
                found.push(format!("unit {id} is above itself"));
            } else if above.len() >= UNIT_DEPTH_MAX {
                let depth = above.len() + 1;
                found.push(format!(
                    "unit {id} is {depth} levels deep, more than {UNIT_DEPTH_MAX}"
                ));
            }
        }
    }

    fn find_account_problems(&self, found: &mut Vec<String>) {
        if self.accounts.len() > ACCOUNTS_MAX {
            found.push(format!("there are more than {ACCOUNTS_MAX} accounts"));
        }
        let parents = self.parents();
        let accounts = self.accounts.iter().map(|member| member.account.as_str());
        find_twice("account", accounts, found);
        for member in &self.accounts {
            let account = member.account.as_str();
            if account.parse::<AccountId>().is_err() {
                found.push(format!("account {account:?} is not twelve digits"));
            }
            find_long_name("account", account, &member.name, found);
            match &member.unit {
                Some(unit) if !parents.contains_key(unit.as_str()) => {
                    found.push(format!("account {account}: there is no unit {unit:?}"));
                }
                _ => (),
            }
        }
    }

    fn find_administrator_problems(&self, quotas: &Quotas, found: &mut Vec<String>) {
        let members: BTreeSet<&AccountId> =
            self.accounts.iter().map(|member| &member.account).collect();
        let management = &self.management_account;
        if !members.contains(management) {
            found.push(format!(
                "the management account {management} is not one of the accounts"
            ));
        }
        let delegates = &self.delegated_administrators;
        let ids = delegates.iter().map(AccountId::as_str);
        find_twice("delegated administrator", ids, found);
        for delegate in delegates {
            if delegate == management {
                found.push(format!(
                    "delegated administrator {delegate} is the management account already"
                ));
            }
            if !members.contains(delegate) {
                found.push(format!(
                    "delegated administrator {delegate} is not one of the accounts"
                ));
            }
        }
        let delegates_max = quotas.delegated_administrators;
        if delegates.len() as u64 > delegates_max {
            found.push(format!(
                "there are {} delegated administrators, more than the quota of {delegates_max}",
                delegates.len()
            ));
        }
    }
}

/// The units above a unit, the nearest first; in a circle each once.
fn above<'a>(parents: &Parents<'a>, unit: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut at = parents.get(unit).copied().flatten();
    while let Some(parent) = at {
        if found.contains(&parent) || !parents.contains_key(parent) {
            break;
        }
        found.push(parent);
        at = parents.get(parent).copied().flatten();
    }
    found
}

fn find_twice<'a>(what: &str, ids: impl Iterator<Item = &'a str>, found: &mut Vec<String>) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in ids {
        *counts.entry(id).or_default() += 1;
    }
    let repeated = counts.into_iter().filter(|(_, count)| *count > 1);
    found.extend(repeated.map(|(id, count)| format!("{what} {id} is given {count} times")));
}

fn find_long_name(what: &str, id: &str, name: &str, found: &mut Vec<String>) {
    if name.chars().count() > NAME_CHARACTERS_MAX {
        found.push(format!(
            "{what} {id}: its name has more than {NAME_CHARACTERS_MAX} characters"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIBED: &str = r#"{
        "id": "o-aaaaaaaaaa",
        "management_account": "111111111111",
        "units": [
            {"id": "ou-root-workloads", "name": "workloads"},
            {"id": "ou-root-production", "name": "production", "parent": "ou-root-workloads"}
        ],
        "accounts": [
            {"account": "111111111111", "name": "management"},
            {"account": "222222222222", "name": "shop", "unit": "ou-root-production"},
            {"account": "333333333333", "unit": "ou-root-workloads"}
        ],
        "delegated_administrators": ["333333333333"]
    }"#;

    fn described() -> Organization {
        serde_json::from_str(DESCRIBED).expect("an organization")
    }

    fn account(digits: &str) -> AccountId {
        serde_json::from_value(digits.into()).expect("a text")
    }

    fn problems(change: impl FnOnce(&mut Organization)) -> Vec<String> {
        let mut organization = described();
        change(&mut organization);
        organization.problems(&Quotas::default())
    }

    #[test]
    fn an_account_is_reached_by_itself_each_unit_above_it_and_the_organization() {
        assert_eq!(
            described().problems(&Quotas::default()),
            Vec::<String>::new()
        );
        let memberships = described().memberships();
        let told: Vec<String> = memberships
            .iter()
            .map(|(account, node)| format!("{account} {node}"))
            .collect();
        assert_eq!(
            told,
            [
                "111111111111 member/111111111111",
                "111111111111 o-aaaaaaaaaa",
                "222222222222 member/222222222222",
                "222222222222 ou-root-production",
                "222222222222 ou-root-workloads",
                "222222222222 o-aaaaaaaaaa",
                "333333333333 member/333333333333",
                "333333333333 ou-root-workloads",
                "333333333333 o-aaaaaaaaaa",
            ]
        );
    }

    #[test]
    fn a_description_says_nothing_else() {
        for unknown in [
            r#"{"id": "o-aaaaaaaaaa", "management_account": "111111111111", "owner": ""}"#,
            r#"{"id": "o-aaaaaaaaaa"}"#,
        ] {
            assert!(
                serde_json::from_str::<Organization>(unknown).is_err(),
                "{unknown}"
            );
        }
    }

    #[test]
    fn ids_have_the_forms_that_aws_gives_them() {
        for id in [
            "o-aaaaaaaaaa",
            "o-0123456789",
            &format!("o-{}", "a".repeat(32)),
        ] {
            assert!(is_organization_id(id), "{id}");
        }
        for id in [
            "",
            "o-",
            "o-aaaaaaaaa",
            "o-AAAAAAAAAA",
            &format!("o-{}", "a".repeat(33)),
        ] {
            assert!(!is_organization_id(id), "{id}");
        }
        assert!(is_unit_id("ou-root-workloads"));
        for id in [
            "",
            "ou-root",
            "ou-roo-workloads",
            "ou-root-workloa",
            "ou-root-work-loads",
        ] {
            assert!(!is_unit_id(id), "{id}");
        }
    }

    #[test]
    fn every_problem_is_told() {
        let bad = |id: &str, parent: Option<&str>| Unit {
            id: id.to_owned(),
            name: "n".repeat(129),
            parent: parent.map(str::to_owned),
        };
        let found = problems(|organization| {
            organization.id = "o-1".into();
            organization.units.push(bad("ou-1", Some("ou-nowhere")));
            organization.accounts.push(Member {
                account: account("12"),
                name: String::new(),
                unit: Some("ou-nowhere".into()),
            });
            organization.accounts.push(organization.accounts[1].clone());
            organization.delegated_administrators =
                vec![account("111111111111"), account("999999999999")];
        });
        assert_eq!(
            found,
            [
                r#"organization id "o-1" is not o- and 10 to 32 lower-case letters or digits"#,
                r#"unit id "ou-1" is not ou-, 4 to 32 lower-case letters or digits, a hyphen and 8 to 32 more"#,
                "unit ou-1: its name has more than 128 characters",
                r#"unit ou-1: there is no unit "ou-nowhere" above it"#,
                "account 222222222222 is given 2 times",
                r#"account "12" is not twelve digits"#,
                r#"account 12: there is no unit "ou-nowhere""#,
                "delegated administrator 111111111111 is the management account already",
                "delegated administrator 999999999999 is not one of the accounts",
            ]
        );
    }

    #[test]
    fn the_management_account_is_one_of_the_accounts() {
        let found = problems(|organization| drop(organization.accounts.remove(0)));
        let told = "the management account 111111111111 is not one of the accounts";
        assert_eq!(found, [told]);
    }

    #[test]
    fn units_in_a_circle_are_told_and_walked_once() {
        let circle = |organization: &mut Organization| {
            organization.units[0].parent = Some("ou-root-production".into());
        };
        assert_eq!(
            problems(circle),
            [
                "unit ou-root-workloads is above itself",
                "unit ou-root-production is above itself"
            ]
        );
        let mut organization = described();
        circle(&mut organization);
        assert!(organization.memberships().len() < 20);
    }

    #[test]
    fn units_are_five_deep_at_most() {
        let deep = |levels: usize| {
            problems(|organization| {
                organization.units.extend((0..levels).map(|level| {
                    Unit {
                        id: format!("ou-deep-0000000{level}"),
                        name: String::new(),
                        parent: level
                            .checked_sub(1)
                            .map(|above| format!("ou-deep-0000000{above}")),
                    }
                }));
            })
        };
        assert_eq!(deep(5), Vec::<String>::new());
        let told = "unit ou-deep-00000005 is 6 levels deep, more than 5";
        assert_eq!(deep(6), [told]);
    }

    #[test]
    fn delegated_administrators_have_a_quota() {
        let quotas = Quotas {
            delegated_administrators: 0,
            ..Quotas::default()
        };
        let told = "there are 1 delegated administrators, more than the quota of 0";
        assert_eq!(described().problems(&quotas), [told]);
    }
}
