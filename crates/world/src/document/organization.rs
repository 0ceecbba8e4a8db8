//! The organization: who manages it, and which account is in which unit.

use std::collections::BTreeMap;

use mimeo_domain::organizations::{Member, Organization, Unit};
use mimeo_domain::{AccountId, Quotas};

use crate::keys::{Keys, Problems, mapping};
use crate::tree::{Entry, Node};

/// Accounts that have a place, each with its unit; `None` right under the root.
type Placed = BTreeMap<String, Option<String>>;

/// `None` if who manages it is not told, which is noted.
pub(super) fn read(
    node: Node,
    accounts: &BTreeMap<String, AccountId>,
    quotas: &Quotas,
    problems: &mut Problems,
) -> Option<Organization> {
    let mut keys = Keys::of(node, "the organization", problems);
    let line = keys.line;
    let management = keys.needed("management", problems);
    let delegates = keys.names("delegated_administrators", problems);
    let mut placed = Placed::new();
    for name in keys.names("accounts", problems) {
        place(&mut placed, &name, None, line, problems);
    }
    let mut units = units(&mut keys, &mut placed, problems);
    let id = keys.text("id", problems);
    keys.end(problems);
    // It is a member in any case, so it need not be given a place.
    placed.entry(management.clone()).or_insert(None);
    let mut known = |name: &str| {
        let id = accounts.get(name);
        // An empty name was missing, which is told already.
        if id.is_none() && !name.is_empty() {
            let rule = format!("the organization: there is no account `{name}`");
            problems.note(line, rule);
        }
        id.cloned()
    };
    let ids: BTreeMap<String, String> = units
        .iter()
        .map(|unit| (unit.name.clone(), unit.id.clone()))
        .collect();
    let mut members = Vec::new();
    for (name, unit) in placed {
        if let Some(account) = known(&name) {
            let unit = unit.and_then(|unit| ids.get(&unit).cloned());
            members.push(Member {
                account,
                name,
                unit,
            });
        }
    }
    let delegated_administrators = delegates.iter().filter_map(|name| known(name)).collect();
    let management_account = accounts.get(&management)?.clone();
    for parent in units.iter_mut().filter_map(|unit| unit.parent.as_mut()) {
        // What is no unit stays a name, and is told as such below.
        if let Some(id) = ids.get(parent) {
            parent.clone_from(id);
        }
    }
    let organization = Organization {
        id: id.unwrap_or_else(|| format!("o-{management_account}")),
        management_account,
        units,
        accounts: members,
        delegated_administrators,
    };
    for problem in organization.problems(quotas) {
        let named = with_names(problem, &organization.units, accounts);
        problems.note(line, format!("the organization: {named}"));
    }
    Some(organization)
}

fn units(keys: &mut Keys, placed: &mut Placed, problems: &mut Problems) -> Vec<Unit> {
    let Some(node) = keys.take("units") else {
        return Vec::new();
    };
    let mut units = Vec::new();
    for Entry { line, key, value } in mapping(node, "`units` of the organization", problems) {
        let mut keys = Keys::of(value, &format!("unit `{key}`"), problems);
        keys.line = line;
        for name in keys.names("accounts", problems) {
            place(placed, &name, Some(key.clone()), line, problems);
        }
        units.push(Unit {
            id: keys
                .text("id", problems)
                .unwrap_or_else(|| id_of_unit(&key)),
            parent: keys.text("parent", problems),
            name: key,
        });
        keys.end(problems);
    }
    units
}

fn place(
    placed: &mut Placed,
    name: &str,
    unit: Option<String>,
    line: usize,
    problems: &mut Problems,
) {
    if placed.insert(name.to_owned(), unit).is_some() {
        let rule = format!("the organization: account `{name}` has more than one place");
        problems.note(line, rule);
    }
}

/// An id that is the same whenever a unit has this name: FNV-1a of 64 bits.
fn id_of_unit(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("ou-seed-{hash:016x}")
}

/// The rules of organizations speak of ids, and documents of names.
fn with_names(problem: String, units: &[Unit], accounts: &BTreeMap<String, AccountId>) -> String {
    let units = units.iter().map(|unit| (unit.id.as_str(), &unit.name));
    let accounts = accounts.iter().map(|(name, id)| (id.as_str(), name));
    units.chain(accounts).fold(problem, |problem, (id, name)| {
        problem.replace(id, &format!("`{name}`"))
    })
}
