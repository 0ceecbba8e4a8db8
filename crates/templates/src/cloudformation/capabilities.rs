//! Capabilities: what whoever launches a template must acknowledge first.
//!
//! Source: `Capabilities` of CloudFormation's CreateStack, and public answers of ValidateTemplate, whose reason names
//! each type once in alphabetical order and which ask for all of a nested stack, whose template they do not read.

use std::collections::BTreeSet;

use super::Template;
use super::check::TRANSFORM;
use super::tree::{Entry, Node, Value};

/// One thing to acknowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// IAM resources, whose names CloudFormation makes up.
    Iam,
    /// IAM resources of which at least one has a name of its own; covers [`Capability::Iam`].
    NamedIam,
    /// Macros, which may write anything into the template.
    AutoExpand,
}

/// All that a template needs, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// In the order in which CloudFormation lists them; never both [`Capability::Iam`] and [`Capability::NamedIam`].
    pub needed: Vec<Capability>,
    /// CloudFormation's words; `None` where nothing is needed.
    pub reason: Option<String>,
}

impl Capability {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iam => "CAPABILITY_IAM",
            Self::NamedIam => "CAPABILITY_NAMED_IAM",
            Self::AutoExpand => "CAPABILITY_AUTO_EXPAND",
        }
    }
}

const IAM: &str = "AWS::IAM::";
const NESTED: &str = "AWS::CloudFormation::Stack";

/// The property that names a resource of a type. An `AWS::IAM::Policy` must have its PolicyName, so that is no choice.
const NAMES: [(&str, &str); 5] = [
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
];

impl Template {
    /// What must be acknowledged before a launch. Ours: every type of IAM counts, also those that CloudFormation's page
    /// does not list; and where macros are all there is, the reason names them.
    pub fn capabilities(&self) -> Capabilities {
        let resources = self.section("Resources").map_or(&[][..], Node::entries);
        let typed = resources.iter().filter_map(|resource| {
            let kind = resource.value.get("Type").and_then(Node::as_text)?;
            Some((kind, resource))
        });
        let mut kinds = BTreeSet::new();
        let mut needed = BTreeSet::new();
        for (kind, resource) in typed {
            if kind == NESTED {
                needed.extend([Capability::NamedIam, Capability::AutoExpand]);
            } else if is_named(kind, resource) {
                needed.insert(Capability::NamedIam);
            } else if kind.starts_with(IAM) {
                needed.insert(Capability::Iam);
            } else {
                continue;
            }
            kinds.insert(kind);
        }
        let mut macros = BTreeSet::new();
        if let Some(transform) = self.section("Transform") {
            match &transform.value {
                Value::List(several) => macros.extend(several.iter().map(name)),
                _ => macros.extend([name(transform)]),
            }
        }
        macros_within(self.tree(), &mut macros);
        if !macros.is_empty() {
            needed.insert(Capability::AutoExpand);
        }
        if needed.contains(&Capability::NamedIam) {
            needed.remove(&Capability::Iam);
        }
        Capabilities {
            needed: needed.into_iter().collect(),
            reason: reason("resource(s)", &kinds).or_else(|| reason("macro(s)", &macros)),
        }
    }
}

fn reason(what: &str, names: &BTreeSet<&str>) -> Option<String> {
    let listed = names.iter().copied().collect::<Vec<_>>().join(", ");
    let text = || format!("The following {what} require capabilities: [{listed}]");
    (!names.is_empty()).then(text)
}

fn is_named(kind: &str, resource: &Entry) -> bool {
    let name = NAMES.iter().find(|(named, _)| *named == kind);
    let properties = resource.value.get("Properties");
    let value = name.and_then(|(_, property)| properties?.get(property));
    value.is_some_and(|value| value.value != Value::Null)
}

/// Names of the macros of a whole template, and of those called on parts of it.
fn macros_within<'a>(node: &'a Node, found: &mut BTreeSet<&'a str>) {
    for entry in node.entries() {
        if entry.key == TRANSFORM {
            found.insert(name(&entry.value));
        }
        macros_within(&entry.value, found);
    }
    for item in node.items() {
        macros_within(item, found);
    }
}

/// A macro's name stands alone or under `Name`.
fn name(node: &Node) -> &str {
    let text = node.as_text().or_else(|| node.get("Name")?.as_text());
    text.unwrap_or(TRANSFORM)
}
