//! References: whatever a template refers to, it must declare.

use std::collections::HashSet;

use super::check::{FOR_EACH, TRANSFORM};
use super::invalid::{Invalid, Place, quote};
use super::tree::{Entry, Node, Value};

/// What a template declares; references are looked up here.
struct Declared<'a> {
    parameters: HashSet<&'a str>,
    resources: HashSet<&'a str>,
    conditions: HashSet<&'a str>,
    mappings: HashSet<&'a str>,
}

// Where a reference stands decides what it may name: rules and conditions come before any resource.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Parameters,
    All,
}

pub(super) fn check(tree: &Node) -> Result<(), Invalid> {
    // A macro may declare anything, and a loop does so by its nature.
    if tree.get("Transform").is_some() || is_generating(tree) {
        return Ok(());
    }
    let declared = Declared {
        parameters: keys(tree, "Parameters"),
        resources: keys(tree, "Resources"),
        conditions: keys(tree, "Conditions"),
        mappings: keys(tree, "Mappings"),
    };
    for entry in section(tree, "Conditions") {
        declared.walk(&entry.value, Scope::Parameters)?;
        declared.conditions_within(&entry.value)?;
    }
    for entry in section(tree, "Resources")
        .iter()
        .chain(section(tree, "Outputs"))
    {
        declared.attributes(entry)?;
        declared.walk(&entry.value, Scope::All)?;
    }
    Ok(())
}

fn is_generating(node: &Node) -> bool {
    let here = |entry: &Entry| entry.key == TRANSFORM || entry.key.starts_with(FOR_EACH);
    node.entries()
        .iter()
        .any(|entry| here(entry) || is_generating(&entry.value))
        || node.items().iter().any(is_generating)
}

fn section<'a>(tree: &'a Node, name: &str) -> &'a [Entry] {
    tree.get(name).map_or(&[], Node::entries)
}

fn keys<'a>(tree: &'a Node, name: &str) -> HashSet<&'a str> {
    section(tree, name)
        .iter()
        .map(|entry| entry.key.as_str())
        .collect()
}

impl Declared<'_> {
    // DependsOn and Condition of a resource, Condition of an output.
    fn attributes(&self, entry: &Entry) -> Result<(), Invalid> {
        if let Some(condition) = entry.value.get("Condition") {
            self.condition(condition)?;
        }
        let Some(depends) = entry.value.get("DependsOn") else {
            return Ok(());
        };
        let single = std::slice::from_ref(depends);
        let all = if depends.items().is_empty() {
            single
        } else {
            depends.items()
        };
        let names = all
            .iter()
            .filter_map(|node| Some((node.as_text()?, node.place)));
        for (name, place) in names {
            if !self.resources.contains(name) {
                return Err(undeclared("DependsOn", name, "resource", place));
            }
        }
        Ok(())
    }

    fn walk(&self, node: &Node, scope: Scope) -> Result<(), Invalid> {
        if let [only] = node.entries() {
            self.function(only, scope)?;
        }
        for entry in node.entries() {
            self.walk(&entry.value, scope)?;
        }
        for item in node.items() {
            self.walk(item, scope)?;
        }
        Ok(())
    }

    fn function(&self, entry: &Entry, scope: Scope) -> Result<(), Invalid> {
        let argument = &entry.value;
        let first = argument.items().first();
        match entry.key.as_str() {
            "Ref" => match argument.as_text() {
                Some(name) => self.name("Ref", name, scope, argument.place),
                None => Err(Invalid::at(argument.place, "Ref takes a name")),
            },
            "Fn::GetAtt" => self.attribute(argument),
            "Fn::Sub" => self.substitution(argument, scope),
            "Fn::If" => first.map_or(Ok(()), |name| self.condition(name)),
            "Fn::FindInMap" => match first.and_then(Node::as_text) {
                Some(name) if !self.mappings.contains(name) => {
                    Err(undeclared("Fn::FindInMap", name, "mapping", argument.place))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn name(&self, by: &str, name: &str, scope: Scope, place: Place) -> Result<(), Invalid> {
        let is_pseudo = name.starts_with("AWS::");
        let is_resource = scope == Scope::All && self.resources.contains(name);
        if is_pseudo || is_resource || self.parameters.contains(name) {
            return Ok(());
        }
        let kind = if scope == Scope::All {
            "parameter or resource"
        } else {
            "parameter"
        };
        Err(undeclared(by, name, kind, place))
    }

    fn attribute(&self, argument: &Node) -> Result<(), Invalid> {
        let resource = match &argument.value {
            Value::Text(text) => text.split_once('.').map(|(resource, _)| resource),
            Value::List(items) if items.len() == 2 => items[0].as_text(),
            _ => None,
        };
        match resource {
            Some(name) if self.resources.contains(name) => Ok(()),
            Some(name) => Err(undeclared("Fn::GetAtt", name, "resource", argument.place)),
            None => Err(Invalid::at(
                argument.place,
                "Fn::GetAtt takes a resource and an attribute",
            )),
        }
    }

    fn substitution(&self, argument: &Node, scope: Scope) -> Result<(), Invalid> {
        let (text, own) = match &argument.value {
            Value::Text(text) => (text.as_str(), &[][..]),
            Value::List(items) => match &items[..] {
                [text, own] => match text.as_text() {
                    Some(text) => (text, own.entries()),
                    None => return Err(no_substitution(argument)),
                },
                _ => return Err(no_substitution(argument)),
            },
            _ => return Err(no_substitution(argument)),
        };
        for name in variables(text) {
            if own.iter().any(|entry| entry.key == name) {
                continue;
            }
            let (name, scope) = match name.split_once('.') {
                Some((resource, _)) => (resource, Scope::All),
                None => (name, scope),
            };
            self.name("Fn::Sub", name, scope, argument.place)?;
        }
        Ok(())
    }

    // `{"Condition": "Name"}` means a condition only here: elsewhere it may be part of a policy.
    fn conditions_within(&self, node: &Node) -> Result<(), Invalid> {
        if let [only] = node.entries()
            && only.key == "Condition"
        {
            self.condition(&only.value)?;
        }
        for entry in node.entries() {
            self.conditions_within(&entry.value)?;
        }
        node.items()
            .iter()
            .try_for_each(|item| self.conditions_within(item))
    }

    fn condition(&self, node: &Node) -> Result<(), Invalid> {
        match node.as_text() {
            Some(name) if self.conditions.contains(name) => Ok(()),
            Some(name) => Err(undeclared("Condition", name, "condition", node.place)),
            None => Err(Invalid::at(node.place, "A condition is named by a text")),
        }
    }
}

// The names in `${…}`, save `${!…}`, which stands for itself.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.split("${").skip(1);
    let names = starts.filter_map(|rest| rest.split_once('}').map(|(name, _)| name.trim()));
    names.filter(|name| !name.starts_with('!'))
}

fn no_substitution(argument: &Node) -> Invalid {
    Invalid::at(
        argument.place,
        "Fn::Sub takes a text, or a text and a mapping",
    )
}

fn undeclared(by: &str, name: &str, kind: &str, place: Place) -> Invalid {
    Invalid::at(
        place,
        format!(
            "{by} names {}, and the template has no such {kind}",
            quote(name)
        ),
    )
}
