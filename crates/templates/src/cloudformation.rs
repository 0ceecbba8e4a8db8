//! CloudFormation templates, JSON or YAML: read with bounds, checked as AWS checks them at creation.
//!
//! Both notations become one small tree, in which short tags are written out: `!Ref X` is `{"Ref": "X"}`. A template
//! is anyone's text, so each way of making it large has a named limit, and what is refused is refused with its place.

mod capabilities;
mod check;
mod invalid;
mod json;
mod parameters;
mod references;
mod tags;
mod tree;
mod yaml;

use std::collections::HashSet;

use crate::TEMPLATE_BYTES_MAX;
pub use capabilities::{Capabilities, Capability};
pub use check::FORMAT_VERSION;
pub use invalid::{Invalid, Place};
pub use parameters::Parameter;
pub use tree::{Entry, Node, Value};

/// How deep collections may lie in each other.
pub const DEPTH_MAX: usize = 64;

/// How many scalars and collections a template may hold, keys not counted.
pub const NODES_MAX: usize = 100_000;

/// A template that has passed the checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The template's own description.
    pub description: Option<String>,
    /// The parameters, in the order of the template.
    pub parameters: Vec<Parameter>,
    /// The outputs, in the order of the template, but for those that a macro or a loop will make.
    pub outputs: Vec<Output>,
    tree: Node,
}

/// An output as the template declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its logical id.
    pub key: String,
    pub description: Option<String>,
}

impl Template {
    /// The whole template, with short tags written out.
    pub fn tree(&self) -> &Node {
        &self.tree
    }

    /// A top-level section, such as `Rules` or `Metadata`.
    pub fn section(&self, name: &str) -> Option<&Node> {
        self.tree.get(name)
    }

    /// The rules about parameters by name, without the outer `Rules`; empty if there are none.
    pub fn rules(&self) -> serde_json::Map<String, serde_json::Value> {
        let rules = self.section("Rules").map_or(&[][..], Node::entries);
        let pair = |rule: &Entry| (rule.key.clone(), rule.value.to_json());
        rules.iter().map(pair).collect()
    }

    /// The metadata as JSON text, in the template's order.
    pub fn metadata(&self) -> Option<String> {
        self.section("Metadata").map(Node::to_json_text)
    }
}

/// Reads a template of at most [`TEMPLATE_BYTES_MAX`] bytes and checks it.
///
/// A text whose first letter is `{` is JSON, any other is YAML: as AWS has it.
pub fn read(body: &[u8]) -> Result<Template, Invalid> {
    let tree = parse(body)?;
    check::check(&tree)?;
    references::check(&tree)?;
    let text = |node: &Node, key| node.get(key).and_then(Node::as_text).map(str::to_owned);
    let outputs = tree.get("Outputs").map_or(&[][..], Node::entries);
    let outputs = outputs.iter().filter(|entry| !check::is_generated(entry));
    Ok(Template {
        description: text(&tree, "Description"),
        parameters: parameters::read(&tree)?,
        outputs: outputs
            .map(|entry| Output {
                key: entry.key.clone(),
                description: text(&entry.value, "Description"),
            })
            .collect(),
        tree,
    })
}

fn parse(body: &[u8]) -> Result<Node, Invalid> {
    if body.len() > TEMPLATE_BYTES_MAX {
        let rule = format!("A template has at most {TEMPLATE_BYTES_MAX} bytes");
        return Err(Invalid::nowhere(rule));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        let before = String::from_utf8_lossy(&body[..error.valid_up_to()]);
        Invalid::at(Place::after(&before), "A template is UTF-8 text")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    if let Some(at) = text.find(is_control) {
        return Err(Invalid::at(
            Place::after(&text[..at]),
            "A template has no control characters",
        ));
    }
    if text.trim_start().starts_with('{') {
        json::parse(text)
    } else {
        yaml::parse(text)
    }
}

/// Counts nodes and depth while a tree grows, whatever the notation.
#[derive(Debug, Default)]
struct Budget {
    nodes: usize,
}

impl Budget {
    fn spend(&mut self, place: Place, depth: usize) -> Result<(), Invalid> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Invalid::at(
                place,
                format!("A template has at most {NODES_MAX} values"),
            ));
        }
        if depth > DEPTH_MAX {
            let rule = format!("A template nests at most {DEPTH_MAX} levels deep");
            return Err(Invalid::at(place, rule));
        }
        Ok(())
    }
}

/// The entries of a mapping that is being read, and the keys seen so far.
#[derive(Debug, Default)]
struct Growing {
    entries: Vec<Entry>,
    keys: HashSet<String>,
}

impl Growing {
    fn claim(&mut self, place: Place, key: &str) -> Result<(), Invalid> {
        if self.keys.insert(key.to_owned()) {
            Ok(())
        } else {
            Err(Invalid::at(
                place,
                format!("The key {} is given twice", invalid::quote(key)),
            ))
        }
    }
}
