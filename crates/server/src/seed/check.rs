//! What a document alone cannot know: accounts and Regions of this server, its organization, files.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use mimeo_domain::organizations::Organization;
use mimeo_domain::products::ProductType;
use mimeo_service::Service;
use mimeo_templates::{TEMPLATE_BYTES_MAX, cloudformation};
use mimeo_world::{Origin, Product, Version, With, World};

use super::{Known, read_file};

/// The templates by path, once everything is found in order.
pub(super) fn check(
    world: &World,
    service: &Service,
    path: &Path,
    known: &Known<'_>,
) -> Result<BTreeMap<String, Bytes>, Vec<String>> {
    let mut problems = Vec::new();
    places(world, service, known, &mut problems);
    nodes(world, known.organization, &mut problems);
    let mut templates = BTreeMap::new();
    let folder = path.parent().unwrap_or(Path::new(""));
    for product in world.products.values() {
        for version in &product.versions {
            if let Origin::File(file) = &version.origin {
                match read_file(&folder.join(file), TEMPLATE_BYTES_MAX) {
                    Ok(body) => drop(templates.insert(file.clone(), body)),
                    Err(error) => {
                        let line = version.line;
                        problems.push(format!("line {line}: `template` {file}: {error}"));
                        continue;
                    }
                }
            }
            template(product, version, &templates, &mut problems);
        }
    }
    if problems.is_empty() {
        Ok(templates)
    } else {
        Err(problems)
    }
}

fn places(world: &World, service: &Service, known: &Known<'_>, problems: &mut Vec<String>) {
    let configured = known.accounts.as_ref();
    for (name, id) in &world.accounts {
        if configured.is_some_and(|configured| !configured.contains(id.as_str())) {
            problems.push(format!("account `{name}`: {id} is not configured"));
        }
    }
    let products = world.products.values();
    let products = products.map(|product| (product.line, product.regions.as_slice()));
    let portfolios = world.portfolios.values();
    let portfolios = portfolios.map(|portfolio| (portfolio.line, portfolio.regions.as_slice()));
    let copies = world.copies.iter();
    let copies = copies.map(|copy| (copy.line, std::slice::from_ref(&copy.region)));
    for (line, regions) in products.chain(portfolios).chain(copies) {
        for region in regions {
            if service.world().directory.store(region).is_none() {
                problems.push(format!("line {line}: there is no Region {region} here"));
            }
        }
    }
}

/// A document that describes no organization may share with the configured one.
fn nodes(world: &World, configured: Option<&Organization>, problems: &mut Vec<String>) {
    if world.organization.is_some() {
        if configured.is_some() {
            let rule = "`organization`: the configuration describes one already";
            problems.push(rule.to_owned());
        }
        return;
    }
    for share in world.portfolios.values().flat_map(|held| &held.shares) {
        let rule = match (&share.with, configured) {
            (With::Account(_), _) | (With::Member(_) | With::Organization, Some(_)) => continue,
            (_, None) => "there is no organization to share with".to_owned(),
            (With::Unit(name), Some(known)) if unit_id(known, name).is_none() => {
                format!("there is no unit `{name}`")
            }
            (With::Unit(_), Some(_)) => continue,
        };
        problems.push(format!("line {}: {rule}", share.line));
    }
}

/// The id of the unit of this name, or with this id.
pub(super) fn unit_id<'a>(organization: &'a Organization, name: &str) -> Option<&'a str> {
    let mut units = organization.units.iter();
    let unit = units.find(|unit| unit.name == name || unit.id == name);
    unit.map(|unit| unit.id.as_str())
}

/// What is fetched from a URL is checked when it is fetched.
fn template(
    product: &Product,
    version: &Version,
    templates: &BTreeMap<String, Bytes>,
    problems: &mut Vec<String>,
) {
    let body = match &version.origin {
        Origin::File(file) => templates.get(file).map(|body| &body[..]),
        Origin::Inline(body) => Some(body.as_bytes()),
        Origin::Url(_) => None,
    };
    let is_read =
        ProductType::named(&product.product_type).is_some_and(ProductType::has_readable_templates);
    let Some(body) = body.filter(|_| is_read) else {
        return;
    };
    if let Err(invalid) = cloudformation::read(body) {
        let Version { line, name, .. } = version;
        problems.push(format!(
            "line {line}: the template of version `{name}`: {invalid}"
        ));
    }
}
