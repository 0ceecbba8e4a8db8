//! The shape of a template: known sections, resources with types, entries of the right kind.

use super::invalid::{Invalid, quote};
use super::tree::{Entry, Node, Value};

/// The only `AWSTemplateFormatVersion` there is, and what a template without one has.
pub const FORMAT_VERSION: &str = "2010-09-09";
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Hooks",
    "Resources",
    "Outputs",
];

// CloudFormation's quotas.
const DESCRIPTION_BYTES_MAX: usize = 1024;
const RESOURCES_MAX: usize = 500;
const PARAMETERS_MAX: usize = 200;
const MAPPINGS_MAX: usize = 200;
const OUTPUTS_MAX: usize = 200;
const LOGICAL_ID_BYTES_MAX: usize = 255;

pub(super) const FOR_EACH: &str = "Fn::ForEach::";
pub(super) const TRANSFORM: &str = "Fn::Transform";

pub(super) fn check(tree: &Node) -> Result<(), Invalid> {
    if !tree.is_mapping() {
        return Err(Invalid::at(
            tree.place,
            "A template is a mapping of sections",
        ));
    }
    for entry in tree.entries() {
        if !SECTIONS.contains(&entry.key.as_str()) && entry.key != TRANSFORM {
            let rule = format!("A template has no section {}", quote(&entry.key));
            return Err(Invalid::at(entry.place, rule));
        }
    }
    check_version(tree)?;
    check_description(tree)?;
    for name in ["Metadata", "Rules", "Conditions", "Hooks"] {
        entries(tree, name, usize::MAX)?;
    }
    for entry in entries(tree, "Parameters", PARAMETERS_MAX)? {
        logical_id(entry)?;
    }
    check_mappings(tree)?;
    check_resources(tree)?;
    check_outputs(tree)
}

fn check_version(tree: &Node) -> Result<(), Invalid> {
    match tree.get("AWSTemplateFormatVersion") {
        Some(version) if version.as_text() != Some(FORMAT_VERSION) => Err(Invalid::at(
            version.place,
            format!("AWSTemplateFormatVersion is '{FORMAT_VERSION}'"),
        )),
        _ => Ok(()),
    }
}

fn check_description(tree: &Node) -> Result<(), Invalid> {
    let Some(description) = tree.get("Description") else {
        return Ok(());
    };
    match description.as_text() {
        Some(text) if text.len() <= DESCRIPTION_BYTES_MAX => Ok(()),
        _ => {
            let rule = format!("Description is a text of at most {DESCRIPTION_BYTES_MAX} bytes");
            Err(Invalid::at(description.place, rule))
        }
    }
}

fn check_mappings(tree: &Node) -> Result<(), Invalid> {
    for mapping in entries(tree, "Mappings", MAPPINGS_MAX)? {
        if mapping.key == TRANSFORM {
            continue;
        }
        let is_whole = mapping.value.is_mapping()
            && mapping
                .value
                .entries()
                .iter()
                .all(|row| row.value.is_mapping() || row.key == TRANSFORM);
        if !is_whole {
            let rule = format!("Mapping {} is a mapping of mappings", quote(&mapping.key));
            return Err(Invalid::at(mapping.place, rule));
        }
    }
    Ok(())
}

fn check_resources(tree: &Node) -> Result<(), Invalid> {
    let resources = entries(tree, "Resources", RESOURCES_MAX)?;
    if resources.is_empty() {
        return Err(Invalid::at(
            tree.place,
            "A template has at least one resource",
        ));
    }
    for resource in resources {
        if is_generated(resource) {
            continue;
        }
        logical_id(resource)?;
        let name = quote(&resource.key);
        if !resource.value.is_mapping() {
            return Err(Invalid::at(
                resource.place,
                format!("Resource {name} is a mapping"),
            ));
        }
        let kind = resource.value.get("Type").and_then(Node::as_text);
        if kind.is_none_or(str::is_empty) {
            let rule = format!("Resource {name} has a Type, which is a text");
            return Err(Invalid::at(resource.place, rule));
        }
        let properties = resource.value.get("Properties");
        if properties.is_some_and(|found| !found.is_mapping() && found.value != Value::Null) {
            let rule = format!("The Properties of resource {name} are a mapping");
            return Err(Invalid::at(resource.place, rule));
        }
    }
    Ok(())
}

fn check_outputs(tree: &Node) -> Result<(), Invalid> {
    for output in entries(tree, "Outputs", OUTPUTS_MAX)? {
        if is_generated(output) {
            continue;
        }
        logical_id(output)?;
        if output.value.get("Value").is_none() {
            let rule = format!("Output {} has a Value", quote(&output.key));
            return Err(Invalid::at(output.place, rule));
        }
    }
    Ok(())
}

// The entries of a section; a section that is absent has none, one that is no mapping is wrong.
fn entries<'a>(tree: &'a Node, name: &str, most: usize) -> Result<&'a [Entry], Invalid> {
    let Some(section) = tree.get(name) else {
        return Ok(&[]);
    };
    if !section.is_mapping() {
        return Err(Invalid::at(
            section.place,
            format!("Section {name} is a mapping"),
        ));
    }
    if section.entries().len() > most {
        let rule = format!("Section {name} has at most {most} entries");
        return Err(Invalid::at(section.place, rule));
    }
    Ok(section.entries())
}

fn logical_id(entry: &Entry) -> Result<(), Invalid> {
    let key = &entry.key;
    let is_good = !key.is_empty()
        && key.len() <= LOGICAL_ID_BYTES_MAX
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_good {
        return Ok(());
    }
    let rule = format!(
        "{} is no logical id: one has 1 to {LOGICAL_ID_BYTES_MAX} letters and digits",
        quote(key)
    );
    Err(Invalid::at(entry.place, rule))
}

// What a macro or a loop will replace says nothing yet about what comes of it.
pub(super) fn is_generated(entry: &Entry) -> bool {
    entry.key.starts_with(FOR_EACH) || entry.key == TRANSFORM
}
