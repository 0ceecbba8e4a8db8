//! A portfolio: what it holds, with whom it is shared, who may launch from it and how.

use std::collections::BTreeMap;

use mimeo_domain::constraints::ConstraintType;
use mimeo_domain::principals::Kind;
use mimeo_domain::{AccountId, RegionName};

use super::{Hung, hung};
use crate::keys::{Keys, Problems, json};
use crate::tree::Node;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    pub line: usize,
    /// A name of [`crate::World::accounts`], as wherever an account is named.
    pub account: String,
    pub regions: Vec<RegionName>,
    pub provider: String,
    pub description: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Names of [`crate::World::products`], each in all of the portfolio's Regions.
    pub products: Vec<String>,
    pub shares: Vec<Share>,
    pub principals: Vec<Principal>,
    pub constraints: Vec<Constraint>,
    pub hung: Hung,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub line: usize,
    pub with: With,
    /// Whether the recipient accepts it too; what comes through the organization is not accepted.
    pub accepted: bool,
    pub tag_options: bool,
    pub principals: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum With {
    Account(String),
    /// An account as a member of the organization.
    Member(String),
    /// An organizational unit, by name or id.
    Unit(String),
    Organization,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub line: usize,
    /// Whose it is: the portfolio's own account, or one that it is shared with.
    pub account: String,
    pub who: Who,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// `role/…`, `user/…` or `group/…`: one of the account's own.
    Named(String),
    /// As the API takes it.
    Arn(Kind, String),
    /// A pattern without what stands before it in an ARN.
    Pattern(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    pub line: usize,
    /// A product that the portfolio holds.
    pub product: String,
    pub constraint_type: ConstraintType,
    pub description: Option<String>,
    /// JSON, as the API takes them.
    pub parameters: String,
}

impl Who {
    /// The principal in that account, in a partition of AWS.
    pub fn principal(&self, partition: &str, account: &AccountId) -> (Kind, String) {
        match self {
            Self::Named(name) => {
                let arn = format!("arn:{partition}:iam::{account}:{name}");
                (Kind::Iam, arn)
            }
            Self::Arn(kind, arn) => (*kind, arn.clone()),
            Self::Pattern(pattern) => (Kind::Pattern, format!("arn:{partition}:iam:::{pattern}")),
        }
    }
}

pub(super) fn read(keys: &mut Keys, regions: &[RegionName], problems: &mut Problems) -> Portfolio {
    let account = keys.needed("account", problems);
    let shares = keys.list("shares", problems).into_iter();
    let shares = shares.filter_map(|node| share(node, problems)).collect();
    let principals = keys.list("principals", problems).into_iter();
    let principals = principals.filter_map(|node| principal(node, &account, problems));
    let principals = principals.collect();
    let constraints = keys.list("constraints", problems).into_iter();
    let constraints = constraints.filter_map(|node| constraint(node, problems));
    let constraints = constraints.collect();
    Portfolio {
        line: keys.line,
        account,
        regions: keys.regions_or(regions, problems),
        provider: keys.needed("provider", problems),
        description: keys.text("description", problems),
        tags: keys.texts("tags", problems),
        products: keys.names("products", problems),
        shares,
        principals,
        constraints,
        hung: hung(keys, problems),
    }
}

fn share(node: Node, problems: &mut Problems) -> Option<Share> {
    let mut keys = Keys::of(node, "a share", problems);
    let line = keys.line;
    let whole = keys.switch("organization", problems) == Some(true);
    let with = [
        keys.text("account", problems).map(With::Account),
        keys.text("member", problems).map(With::Member),
        keys.text("unit", problems).map(With::Unit),
        whole.then_some(With::Organization),
    ];
    let accepted = keys.switch("accepted", problems);
    let tag_options = keys.switch("tag_options", problems).unwrap_or(false);
    let principals = keys.switch("principals", problems).unwrap_or(false);
    keys.end(problems);
    let mut with = with.into_iter().flatten();
    let (Some(with), None) = (with.next(), with.next()) else {
        let rule = "a share needs one of `account`, `member`, `unit` and `organization: true`";
        problems.note(line, rule.into());
        return None;
    };
    let is_with_account = matches!(with, With::Account(_));
    if accepted.is_some() && !is_with_account {
        let rule = "what is shared through the organization is not `accepted`: it is there";
        problems.note(line, rule.into());
    }
    if principals && is_with_account {
        let rule = "`principals` travel through the organization only: share with a `member`";
        problems.note(line, rule.into());
    }
    Some(Share {
        line,
        with,
        accepted: accepted.unwrap_or(is_with_account),
        tag_options,
        principals,
    })
}

fn principal(node: Node, owner: &str, problems: &mut Problems) -> Option<Principal> {
    let mut keys = Keys::of(node, "a principal", problems);
    let line = keys.line;
    let mut who = Vec::new();
    for kind in ["role", "user", "group"] {
        let name = keys.text(kind, problems);
        who.extend(name.map(|name| Who::Named(format!("{kind}/{name}"))));
    }
    let arn = keys.text("arn", problems);
    who.extend(arn.map(|arn| Who::Arn(Kind::Iam, arn)));
    let pattern = keys.text("pattern", problems);
    who.extend(pattern.map(|pattern| {
        if pattern.starts_with("arn:") {
            Who::Arn(Kind::Pattern, pattern)
        } else {
            Who::Pattern(pattern)
        }
    }));
    let account = keys.text("account", problems);
    keys.end(problems);
    if who.len() != 1 {
        let rule = "a principal needs one of `role`, `user`, `group`, `arn` and `pattern`";
        problems.note(line, rule.into());
        return None;
    }
    Some(Principal {
        line,
        account: account.unwrap_or_else(|| owner.to_owned()),
        who: who.remove(0),
    })
}

fn constraint(node: Node, problems: &mut Problems) -> Option<Constraint> {
    let mut keys = Keys::of(node, "a constraint", problems);
    let line = keys.line;
    let product = keys.needed("product", problems);
    let name = keys.needed("type", problems);
    let description = keys.text("description", problems);
    let parameters = keys.take("parameters");
    let parameters =
        parameters.map(|node| json(node, "`parameters` of a constraint", problems).to_string());
    keys.end(problems);
    if parameters.is_none() {
        problems.note(line, "a constraint needs `parameters`".into());
    }
    if name.is_empty() {
        return None;
    }
    let named = ConstraintType::named(&name);
    let constraint_type = named
        .map_err(|refusal| problems.note(line, format!("a constraint: {refusal}")))
        .ok()?;
    Some(Constraint {
        line,
        product,
        constraint_type,
        description,
        parameters: parameters?,
    })
}
