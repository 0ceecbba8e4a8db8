//! The `[organization]` table: who manages it, its units; which account is where, the accounts say.

use mimeo_domain::AccountId;
use mimeo_domain::organizations::{Member, Organization, Unit};
use toml::Value;

use super::accounts::Account;
use super::fields::Fields;

/// Reads the organization of these accounts; whether its parts fit together is asked later.
pub(super) fn read(
    value: Value,
    accounts: &[Account],
    problems: &mut Vec<String>,
) -> Option<Organization> {
    let Value::Table(table) = value else {
        problems.push("organization is written [organization]".to_owned());
        return None;
    };
    let mut fields = Fields {
        table,
        place: "organization".to_owned(),
        problems,
    };
    let id = fields.needed("id");
    let management_account = fields.needed("management_account");
    let management_account = management_account.and_then(|text| account(&mut fields, &text));
    let mut delegated_administrators = Vec::new();
    for text in fields.texts("delegated_administrators") {
        delegated_administrators.extend(account(&mut fields, &text));
    }
    let units = fields.each("organization", "unit", unit);
    // In open mode nobody is described but here; in verified mode these are members without keys.
    let mut members = fields.each("organization", "account", described);
    members.extend(accounts.iter().map(member));
    fields.finish();
    Some(Organization {
        id: id?,
        management_account: management_account?,
        units,
        accounts: members,
        delegated_administrators,
    })
}

fn unit(fields: &mut Fields<'_>) -> Option<Unit> {
    let id = fields.needed("id");
    let name = fields.needed("name");
    let parent = fields.text("parent");
    fields.finish();
    Some(Unit {
        id: id?,
        name: name?,
        parent,
    })
}

fn described(fields: &mut Fields<'_>) -> Option<Member> {
    let id = fields.needed("id");
    let name = fields.text("name");
    let unit = fields.text("unit");
    fields.finish();
    Some(Member {
        account: account(fields, &id?)?,
        name: name.unwrap_or_default(),
        unit,
    })
}

/// An account as a member.
pub(crate) fn member(account: &Account) -> Member {
    Member {
        account: account.id.clone(),
        name: account.name.clone().unwrap_or_default(),
        unit: account.unit.clone(),
    }
}

fn account(fields: &mut Fields<'_>, text: &str) -> Option<AccountId> {
    let parsed = text.parse::<AccountId>();
    parsed
        .map_err(|error| fields.problem(&error.to_string()))
        .ok()
}
