//! Every name that is used must be one that is given, and what is refused for sure is told at once.

use mimeo_domain::constraints::{self, ConstraintParameters};
use mimeo_domain::organizations::Organization;
use mimeo_domain::{AccountId, PortfolioId, Quotas, principals};

use super::{Copy, Portfolio, Share, With, World};
use crate::keys::Problems;

pub(super) fn check(world: &World, quotas: &Quotas, problems: &mut Problems) {
    for (name, product) in &world.products {
        let of = format!("product `{name}`");
        account(world, product.line, &product.account, &of, problems);
    }
    for (name, portfolio) in &world.portfolios {
        let of = format!("portfolio `{name}`");
        account(world, portfolio.line, &portfolio.account, &of, problems);
        let checked = Checked {
            world,
            of,
            portfolio,
        };
        for share in &portfolio.shares {
            checked.share(share, problems);
        }
        checked.products(problems);
        checked.principals(problems);
        checked.constraints(quotas, problems);
    }
    for copy in &world.copies {
        check_copy(world, copy, problems);
    }
}

fn account(world: &World, line: usize, name: &str, of: &str, problems: &mut Problems) {
    // An empty name was missing, which is told already.
    if !name.is_empty() && !world.accounts.contains_key(name) {
        problems.note(line, format!("{of}: there is no account `{name}`"));
    }
}

struct Checked<'a> {
    world: &'a World,
    of: String,
    portfolio: &'a Portfolio,
}

impl Checked<'_> {
    fn share(&self, share: &Share, problems: &mut Problems) {
        let (of, line) = (&self.of, share.line);
        match &share.with {
            With::Account(name) | With::Member(name) => {
                let of = format!("a share of {of}");
                account(self.world, line, name, &of, problems);
            }
            With::Unit(_) | With::Organization => {}
        }
        if share.with == With::Account(self.portfolio.account.clone()) {
            let rule = format!("{of} cannot be shared with its own account");
            problems.note(line, rule);
        }
        let is_through = !matches!(share.with, With::Account(_));
        if let Some(organization) = self.world.organization.as_ref().filter(|_| is_through) {
            self.node(organization, share, problems);
        }
    }

    fn node(&self, organization: &Organization, share: &Share, problems: &mut Problems) {
        let (of, owner) = (&self.of, &self.portfolio.account);
        let id = self.world.accounts.get(owner);
        if id.is_some_and(|id| !organization.administrators().contains(id)) {
            let rule = format!("a share of {of}: `{owner}` does not administer the organization");
            problems.note(share.line, rule);
        }
        let rule = match &share.with {
            With::Unit(name) if unit_id(organization, name).is_none() => {
                format!("there is no unit `{name}`")
            }
            With::Member(name) if !self.is_member(organization, name) => {
                format!("account `{name}` is not in the organization")
            }
            _ => return,
        };
        problems.note(share.line, format!("a share of {of}: {rule}"));
    }

    /// An account that is not given at all is told elsewhere.
    fn is_member(&self, organization: &Organization, name: &str) -> bool {
        let id = self.world.accounts.get(name);
        id.is_none_or(|id| {
            let mut members = organization.accounts.iter();
            members.any(|member| member.account == *id)
        })
    }

    fn products(&self, problems: &mut Problems) {
        let Self {
            world,
            of,
            portfolio,
        } = self;
        for held in &portfolio.products {
            let Some(product) = world.products.get(held) else {
                let rule = format!("{of}: there is no product `{held}`");
                problems.note(portfolio.line, rule);
                continue;
            };
            let missing = portfolio.regions.iter();
            for region in missing.filter(|region| !product.regions.contains(region)) {
                let rule = format!("{of}: product `{held}` is not in {region}");
                problems.note(portfolio.line, rule);
            }
        }
    }

    fn principals(&self, problems: &mut Problems) {
        for principal in &self.portfolio.principals {
            let of = format!("a principal of {}", self.of);
            let (line, name) = (principal.line, principal.account.as_str());
            account(self.world, line, name, &of, problems);
            let Some(id) = self.world.accounts.get(name) else {
                continue;
            };
            let (kind, arn) = principal.who.principal("aws", id);
            // The partition is the Region's, which ARNs that are written out may not fit.
            if let Err(refusal) = principals::Principal::new(kind, &arn, id) {
                problems.note(line, format!("{of}: {refusal}"));
            }
            if *name != self.portfolio.account && !self.reaches(id) {
                let rule = format!("{of}: it is not shared with account `{name}`, or not accepted");
                problems.note(line, rule);
            }
        }
    }

    /// Whether an account has the portfolio; where only the server knows, it seems so.
    fn reaches(&self, id: &AccountId) -> bool {
        let is = |name: &String| self.world.accounts.get(name) == Some(id);
        let through = |node: Option<String>| {
            let organization = self.world.organization.as_ref();
            organization.is_none_or(|organization| {
                let node = node.unwrap_or_else(|| organization.id.clone());
                let mut memberships = organization.memberships().into_iter();
                memberships.any(|(account, above)| account == *id && above == node)
            })
        };
        self.portfolio.shares.iter().any(|share| match &share.with {
            With::Account(name) => is(name) && share.accepted,
            With::Member(name) => is(name),
            With::Unit(name) => {
                let organization = self.world.organization.as_ref();
                let unit = organization.and_then(|known| unit_id(known, name));
                through(Some(unit.unwrap_or_default()))
            }
            With::Organization => through(None),
        })
    }

    fn constraints(&self, quotas: &Quotas, problems: &mut Problems) {
        let portfolio = PortfolioId::from(self.of.as_str());
        for (at, constraint) in self.portfolio.constraints.iter().enumerate() {
            let (of, line) = (format!("a constraint of {}", self.of), constraint.line);
            let product = &constraint.product;
            if !product.is_empty() && !self.portfolio.products.contains(product) {
                let rule = format!("{of}: it does not hold product `{product}`");
                problems.note(line, rule);
                continue;
            }
            let one = constraint.constraint_type;
            if let Err(refusal) = ConstraintParameters::parse(one, &constraint.parameters) {
                problems.note(line, format!("{of}: {refusal}"));
            }
            let before = self.portfolio.constraints[..at].iter();
            let before: Vec<_> = before
                .filter(|before| before.product == *product)
                .map(|before| before.constraint_type)
                .collect();
            let on = (&portfolio, &product.as_str().into());
            let most = quotas.constraints_per_product;
            if let Err(refusal) = constraints::may_create(one, &before, on, most) {
                problems.note(line, format!("{of}: {refusal}"));
            }
        }
    }
}

/// The id of the unit of this name, or with this id.
fn unit_id(organization: &Organization, name: &str) -> Option<String> {
    let mut units = organization.units.iter();
    let unit = units.find(|unit| unit.name == name || unit.id == name);
    unit.map(|unit| unit.id.clone())
}

fn check_copy(world: &World, copy: &Copy, problems: &mut Problems) {
    account(world, copy.line, &copy.account, "a copy", problems);
    let places = world
        .products
        .get(&copy.name)
        .filter(|own| own.account == copy.account)
        .is_some_and(|own| own.regions.contains(&copy.region));
    if places {
        let Copy {
            account,
            region,
            name,
            ..
        } = copy;
        let rule = format!("a copy: `{account}` has a product `{name}` in {region} already");
        problems.note(copy.line, rule);
    }
}
