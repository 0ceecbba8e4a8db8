//! Copies: a product of one account and Region, to be had by another too.

use std::collections::BTreeMap;

use mimeo_domain::RegionName;

use super::Product;
use crate::keys::{Keys, Problems, parsed};
use crate::tree::Node;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub line: usize,
    /// A name of [`crate::World::products`].
    pub product: String,
    pub from: RegionName,
    /// Who gets it.
    pub account: String,
    pub region: RegionName,
    /// The name that it has there.
    pub name: String,
}

/// `None` if something is missing, which is noted.
pub(super) fn read(
    node: Node,
    products: &BTreeMap<String, Product>,
    problems: &mut Problems,
) -> Option<Copy> {
    let mut keys = Keys::of(node, "a copy", problems);
    let line = keys.line;
    let product = keys.needed("product", problems);
    let from = keys.take("from");
    let from = from.and_then(|node| parsed(node, "`from` of a copy", problems));
    let region = keys.take("region");
    let region = region.and_then(|node| parsed(node, "`region` of a copy", problems));
    let account = keys.text("account", problems);
    let name = keys.text("name", problems);
    keys.end(problems);
    let Some(source) = products.get(&product) else {
        // An empty name was missing, which is told already.
        if !product.is_empty() {
            problems.note(line, format!("a copy: there is no product `{product}`"));
        }
        return None;
    };
    let from = from.or_else(|| source.regions.first().cloned())?;
    let copy = Copy {
        line,
        region: region.unwrap_or_else(|| from.clone()),
        from,
        account: account.unwrap_or_else(|| source.account.clone()),
        name: name.unwrap_or_else(|| product.clone()),
        product,
    };
    if !source.regions.contains(&copy.from) {
        let Copy { product, from, .. } = &copy;
        let rule = format!("a copy: product `{product}` is not in {from}");
        problems.note(line, rule);
    }
    Some(copy)
}
