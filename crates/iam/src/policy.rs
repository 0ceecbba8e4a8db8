//! Identity policies: what those that they are attached to may do.

use std::str::FromStr;

use crate::context::Context;
use crate::json::Json;
use crate::members::{Listed, Members};
use crate::pattern::{Pattern, Variables};
use crate::problem::{PolicyError, Problems};
use crate::statement::{self, Effect, Rule};

/// A policy that users, groups or roles have, ready to be asked.
///
/// Written as AWS writes it: version 2012-10-17, or 2008-10-17 (also where none is named), in which
/// `${…}` is no variable. A variable without a value equals nothing and is like nothing, as AWS has
/// it: a value or resource with it does not match, so that a negated operator or `NotResource` may.
#[derive(Debug, Clone)]
pub struct Policy {
    statements: Box<[Statement]>,
}

#[derive(Debug, Clone)]
struct Statement {
    rule: Rule,
    resources: Listed<Pattern>,
    looks_at_resource: bool,
}

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, each with its place. Members that the language does not have,
    /// members given twice and empty lists are refused rather than ignored.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        let statements = statement::read_policy(json, Statement::read)?;
        Ok(Self { statements })
    }

    /// Whether what is decided of `action` may depend on the resource: some statement about the
    /// action names resources other than `*`, or asks for what only the resource can tell
    /// (`aws:ResourceTag/…`, `aws:ResourceAccount` and the like).
    ///
    /// If not, a request may be decided without looking its resource up.
    pub fn looks_at_resource(&self, action: &str) -> bool {
        let mut statements = self.statements.iter();
        statements
            .any(|statement| statement.looks_at_resource && statement.rule.covers_action(action))
    }

    /// The first effect of one of the statements that match the request, a deny before all allows.
    pub(crate) fn effect(
        &self,
        action: &str,
        resource: &str,
        context: &dyn Context,
    ) -> Option<Effect> {
        let mut effect = None;
        for statement in &self.statements {
            // An allow adds nothing to another one.
            if effect == Some(statement.rule.effect) {
                continue;
            }
            if statement.matches(action, resource, context) {
                effect = Some(statement.rule.effect);
            }
            if effect == Some(Effect::Deny) {
                break;
            }
        }
        effect
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(json: &str) -> Result<Self, PolicyError> {
        Self::parse(json)
    }
}

impl Statement {
    const MEMBERS: [&str; 8] = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "Principal",
    ];

    fn read(
        value: &Json,
        path: &str,
        variables: Variables,
        problems: &mut Problems,
    ) -> Option<Self> {
        let members = Members::of(value, path, &Self::MEMBERS, problems);
        if members.get("Principal").is_some() {
            let problem = "an identity policy has no Principal: it is for those who have it";
            problems.tell(&members.path_of("Principal"), problem);
        }
        statement::check_id(&members, problems);
        let rule = Rule::read(&members, variables, problems);
        let resources = members.listed("Resource", "NotResource", problems, |text| {
            statement::resource(text, variables)
        });
        let (rule, resources) = (rule?, resources?);
        let is_any = match &resources {
            Listed::Only(patterns) => patterns.iter().any(Pattern::is_anything),
            Listed::AllBut(_) => false,
        };
        let looks_at_resource = !is_any || rule.conditions_look_at_resource();
        Some(Self {
            rule,
            resources,
            looks_at_resource,
        })
    }

    fn matches(&self, action: &str, resource: &str, context: &dyn Context) -> bool {
        let is_named = |pattern: &Pattern| pattern.matches(resource, context);
        self.rule.covers_action(action)
            && self.resources.covers(is_named)
            && self.rule.conditions_hold(context)
    }
}
