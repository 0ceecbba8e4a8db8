//! What a document may say, and the reading of it: every problem is noted, and reading goes on.

mod copies;
mod organization;
mod portfolio;
mod refer;

use std::collections::{BTreeMap, BTreeSet};

use mimeo_domain::organizations::Organization;
use mimeo_domain::products::ProductType;
use mimeo_domain::{AccountId, Quotas, RegionName};

pub use copies::Copy;
pub use portfolio::{Constraint, Portfolio, Principal, Share, Who, With};

use crate::Problem;
use crate::keys::{Keys, Problems, mapping, parsed, text};
use crate::tree::{Entry, Node, Value};

/// The form of document that this program reads: the value of `mimeo`.
const FORM: &str = "1";

/// A whole catalogue: what is in it, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    pub accounts: BTreeMap<String, AccountId>,
    /// Without problems, if there is one.
    pub organization: Option<Organization>,
    pub products: BTreeMap<String, Product>,
    pub portfolios: BTreeMap<String, Portfolio>,
    /// In the order of the document, which is the one they are made in.
    pub copies: Vec<Copy>,
}

/// What hangs on a product or a portfolio, on its owner's side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hung {
    /// Values of TagOptions by their keys.
    pub tag_options: BTreeMap<String, BTreeSet<String>>,
    pub budgets: BTreeSet<String>,
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
    pub hung: Hung,
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

pub(crate) fn world(root: Node, quotas: &Quotas) -> Result<World, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut keys = Keys::of(root, "the document", &mut problems);
    let form = keys.text("mimeo", &mut problems);
    if let Some(form) = form.filter(|form| form != FORM) {
        let rule = format!("`mimeo` is {form:?}, and this program reads documents of form {FORM}");
        problems.note(keys.line, rule);
    }
    let accounts = accounts(keys.take("accounts"), &mut problems);
    let described = keys.take("organization");
    let organization =
        described.and_then(|node| organization::read(node, &accounts, quotas, &mut problems));
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
        |keys, problems| portfolio::read(keys, &regions, problems),
    );
    let copies = keys.list("copies", &mut problems).into_iter();
    let copies = copies
        .filter_map(|node| copies::read(node, &products, &mut problems))
        .collect();
    keys.end(&mut problems);
    let world = World {
        accounts,
        organization,
        products,
        portfolios,
        copies,
    };
    refer::check(&world, quotas, &mut problems);
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
    let product_type = keys.text("type", problems);
    let product_type = product_type.unwrap_or_else(|| "CLOUD_FORMATION_TEMPLATE".into());
    if ProductType::named(&product_type).is_none() {
        let rule = format!("{}: there is no type {product_type:?}", keys.of);
        problems.note(keys.line, rule);
    }
    Product {
        line: keys.line,
        account: keys.needed("account", problems),
        regions: keys.regions_or(regions, problems),
        owner: keys.needed("owner", problems),
        product_type,
        description: keys.text("description", problems),
        tags: keys.texts("tags", problems),
        hung: hung(keys, problems),
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

fn hung(keys: &mut Keys, problems: &mut Problems) -> Hung {
    let mut tag_options: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if let Some(node) = keys.take("tag_options") {
        let of = format!("`tag_options` of {}", keys.of);
        for Entry { key, value, .. } in mapping(node, &of, problems) {
            let of = format!("the values of `{key}` in {of}");
            tag_options.insert(key, items(value, &of, problems));
        }
    }
    Hung {
        tag_options,
        budgets: keys.names("budgets", problems).into_iter().collect(),
    }
}

/// A list of texts, or one alone.
fn items(node: Node, of: &str, problems: &mut Problems) -> BTreeSet<String> {
    let nodes = match node.value {
        Value::List(items) => items,
        Value::Text { .. } | Value::Null | Value::Mapping(_) => vec![node],
    };
    let texts = nodes
        .into_iter()
        .filter_map(|node| text(node, of, problems));
    texts.collect()
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
