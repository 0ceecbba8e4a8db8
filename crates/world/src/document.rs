//! What a document may say, and the reading of it: every problem is noted, and reading goes on.

use std::collections::BTreeMap;

use mimeo_domain::{AccountId, RegionName};

use crate::Problem;
use crate::keys::{Keys, Problems, mapping, parsed};
use crate::tree::{Entry, Node};

/// The form of document that this program reads: the value of `mimeo`.
const FORM: &str = "1";

/// A whole catalogue: what is in it, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    pub accounts: BTreeMap<String, AccountId>,
    pub products: BTreeMap<String, Product>,
    pub portfolios: BTreeMap<String, Portfolio>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub line: usize,
    /// A name of [`World::accounts`], as wherever an account is named.
    pub account: String,
    pub regions: Vec<RegionName>,
    pub owner: String,
    /// As CreateProduct takes it.
    pub product_type: String,
    pub description: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// In the order of the document, which is the one they are made in; at least one.
    pub versions: Vec<Version>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub line: usize,
    pub name: String,
    pub description: Option<String>,
    pub origin: Origin,
    pub active: bool,
    /// `DEFAULT` or `DEPRECATED`
    pub guidance: String,
}

/// Where a version's template comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A path, from the document's folder.
    File(String),
    Inline(String),
    Url(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    pub line: usize,
    pub account: String,
    pub regions: Vec<RegionName>,
    pub provider: String,
    pub description: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Names of [`World::products`], each in all of the portfolio's Regions.
    pub products: Vec<String>,
    pub shares: Vec<Share>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub line: usize,
    pub account: String,
    pub accepted: bool,
    pub tag_options: bool,
}

pub(crate) fn world(root: Node) -> Result<World, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut keys = Keys::of(root, "the document", &mut problems);
    let form = keys.text("mimeo", &mut problems);
    if let Some(form) = form.filter(|form| form != FORM) {
        let rule = format!("`mimeo` is {form:?}, and this program reads documents of form {FORM}");
        problems.note(keys.line, rule);
    }
    let accounts = accounts(keys.take("accounts"), &mut problems);
    let regions = keys.regions("regions", &mut problems);
    let products = named(
        keys.take("products"),
        "a product",
        &mut problems,
        |keys, problems| product(keys, &regions, problems),
    );
    let portfolios = named(
        keys.take("portfolios"),
        "a portfolio",
        &mut problems,
        |keys, problems| portfolio(keys, &regions, problems),
    );
    keys.end(&mut problems);
    let world = World {
        accounts,
        products,
        portfolios,
    };
    refer(&world, &mut problems);
    if problems.0.is_empty() {
        return Ok(world);
    }
    problems.0.sort();
    Err(problems.0)
}

fn accounts(node: Option<Node>, problems: &mut Problems) -> BTreeMap<String, AccountId> {
    let mut accounts = BTreeMap::new();
    let mut seen = BTreeMap::new();
    let Some(node) = node else {
        problems.note(
            1,
            "`accounts` is needed: names with ids of 12 digits".into(),
        );
        return accounts;
    };
    for Entry { line, key, value } in mapping(node, "`accounts`", problems) {
        let Some(id) = parsed::<AccountId>(value, &format!("account `{key}`"), problems) else {
            continue;
        };
        if let Some(other) = seen.insert(id.clone(), key.clone()) {
            problems.note(line, format!("accounts `{other}` and `{key}` have one id"));
        }
        accounts.insert(key, id);
    }
    accounts
}

fn product(keys: &mut Keys, regions: &[RegionName], problems: &mut Problems) -> Product {
    let versions = keys.take("versions");
    let versions = match versions {
        None => Vec::new(),
        Some(node) => mapping(node, &format!("the versions of {}", keys.of), problems)
            .into_iter()
            .map(|entry| version(entry, problems))
            .collect(),
    };
    if versions.is_empty() {
        problems.note(
            keys.line,
            format!("{} needs `versions`, at least one", keys.of),
        );
    }
    Product {
        line: keys.line,
        account: keys.needed("account", problems),
        regions: keys.regions_or(regions, problems),
        owner: keys.needed("owner", problems),
        product_type: keys
            .text("type", problems)
            .unwrap_or_else(|| "CLOUD_FORMATION_TEMPLATE".into()),
        description: keys.text("description", problems),
        tags: keys.texts("tags", problems),
        versions,
    }
}

fn version(entry: Entry, problems: &mut Problems) -> Version {
    let Entry { line, key, value } = entry;
    let mut keys = Keys::of(value, &format!("version `{key}`"), problems);
    let origins = [
        keys.text("template", problems).map(Origin::File),
        keys.text("template_body", problems).map(Origin::Inline),
        keys.text("template_url", problems).map(Origin::Url),
    ];
    let mut origins = origins.into_iter().flatten();
    let origin = origins.next();
    if origin.is_none() || origins.next().is_some() {
        let rule = "needs one of `template`, `template_body` and `template_url`";
        problems.note(line, format!("version `{key}` {rule}"));
    }
    let guidance = keys.text("guidance", problems);
    let guidance = guidance.unwrap_or_else(|| "DEFAULT".into());
    if !["DEFAULT", "DEPRECATED"].contains(&guidance.as_str()) {
        let rule = format!("the `guidance` of version `{key}` is DEFAULT or DEPRECATED");
        problems.note(line, rule);
    }
    let version = Version {
        line,
        description: keys.text("description", problems),
        active: keys.switch("active", problems).unwrap_or(true),
        name: key,
        // Without one there was a problem, so no world is made of this.
        origin: origin.unwrap_or_else(|| Origin::Inline(String::new())),
        guidance,
    };
    keys.end(problems);
    version
}

fn portfolio(keys: &mut Keys, regions: &[RegionName], problems: &mut Problems) -> Portfolio {
    let shares = keys.list("shares", problems);
    Portfolio {
        line: keys.line,
        account: keys.needed("account", problems),
        regions: keys.regions_or(regions, problems),
        provider: keys.needed("provider", problems),
        description: keys.text("description", problems),
        tags: keys.texts("tags", problems),
        products: keys.names("products", problems),
        shares: shares
            .into_iter()
            .map(|node| share(node, problems))
            .collect(),
    }
}

fn share(node: Node, problems: &mut Problems) -> Share {
    let mut keys = Keys::of(node, "a share", problems);
    let share = Share {
        line: keys.line,
        account: keys.needed("account", problems),
        accepted: keys.switch("accepted", problems).unwrap_or(true),
        tag_options: keys.switch("tag_options", problems).unwrap_or(false),
    };
    keys.end(problems);
    share
}

/// Every name that is used must be one that is given.
fn refer(world: &World, problems: &mut Problems) {
    let mut account = |line: usize, name: &str, of: &str| {
        // An empty name was missing, which is told already.
        if !name.is_empty() && !world.accounts.contains_key(name) {
            problems.note(line, format!("{of}: there is no account `{name}`"));
        }
    };
    for (name, product) in &world.products {
        account(product.line, &product.account, &format!("product `{name}`"));
    }
    for (name, portfolio) in &world.portfolios {
        account(
            portfolio.line,
            &portfolio.account,
            &format!("portfolio `{name}`"),
        );
        for share in &portfolio.shares {
            account(
                share.line,
                &share.account,
                &format!("a share of portfolio `{name}`"),
            );
        }
    }
    for (name, portfolio) in &world.portfolios {
        for share in portfolio
            .shares
            .iter()
            .filter(|share| share.account == portfolio.account)
        {
            let rule = format!("portfolio `{name}` cannot be shared with its own account");
            problems.note(share.line, rule);
        }
        for held in &portfolio.products {
            let of = |rule: &str| format!("portfolio `{name}`: {rule}");
            let Some(product) = world.products.get(held) else {
                problems.note(portfolio.line, of(&format!("there is no product `{held}`")));
                continue;
            };
            let missing = portfolio.regions.iter();
            for region in missing.filter(|region| !product.regions.contains(region)) {
                let rule = of(&format!("product `{held}` is not in {region}"));
                problems.note(portfolio.line, rule);
            }
        }
    }
}

/// Things by name, each read by `read`.
fn named<T>(
    node: Option<Node>,
    what: &str,
    problems: &mut Problems,
    mut read: impl FnMut(&mut Keys, &mut Problems) -> T,
) -> BTreeMap<String, T> {
    let Some(node) = node else {
        return BTreeMap::new();
    };
    let entries = mapping(node, &format!("what is under {what}'s key"), problems);
    let read_one = |Entry { line, key, value }: Entry| {
        let kind = what.rsplit(' ').next().unwrap_or(what);
        let mut keys = Keys::of(value, &format!("{kind} `{key}`"), problems);
        keys.line = line;
        let read = read(&mut keys, problems);
        keys.end(problems);
        (key, read)
    };
    entries.into_iter().map(read_one).collect()
}
