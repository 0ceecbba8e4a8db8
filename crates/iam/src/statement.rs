//! Statements, and what identity policies and trust policies have in common.

use std::collections::BTreeSet;

use crate::condition::{self, Condition};
use crate::context::Context;
use crate::glob::{Case, Glob};
use crate::json::Json;
use crate::members::{Listed, Members, WHOLE, check_count, is_object, one_or_more};
use crate::pattern::{Form, Pattern, Variables};
use crate::problem::{PolicyError, Problems};

/// Bytes of a policy. AWS counts at most 10,240 without white space; four times as many leave room
/// for white space.
pub const POLICY_BYTES_MAX: usize = 4 * 10_240;
/// Statements of one policy.
pub const STATEMENTS_MAX: usize = 250;
/// What a statement does to the requests that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// What all statements have, whichever policy they are of.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) effect: Effect,
    actions: Listed<Glob>,
    conditions: Box<[Condition]>,
}

impl Rule {
    pub(crate) fn covers_action(&self, action: &str) -> bool {
        let is_named = |glob: &Glob| glob.matches(action, Case::Ignored);
        self.actions.covers(is_named)
    }

    pub(crate) fn conditions_hold(&self, context: &dyn Context) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.holds(context))
    }

    pub(crate) fn conditions_look_at_resource(&self) -> bool {
        self.conditions.iter().any(Condition::looks_at_resource)
    }

    /// Reads the members that all statements have.
    pub(crate) fn read(
        members: &Members<'_>,
        variables: Variables,
        problems: &mut Problems,
    ) -> Option<Self> {
        let effect = effect(members, problems);
        let actions = members.listed("Action", "NotAction", problems, action);
        let conditions = members.get("Condition").map(|value| {
            let path = members.path_of("Condition");
            condition::read(value, &path, variables, problems)
        });
        Some(Self {
            effect: effect?,
            actions: actions?,
            conditions: conditions.unwrap_or_default(),
        })
    }
}

/// Reads a statement's `Effect`.
fn effect(members: &Members<'_>, problems: &mut Problems) -> Option<Effect> {
    if members.get("Effect").is_none() {
        problems.tell(members.path, "has no Effect");
    }
    match members.text("Effect", problems)? {
        "Allow" => Some(Effect::Allow),
        "Deny" => Some(Effect::Deny),
        other => {
            let problem = format!("{other:?} is not Allow or Deny");
            problems.tell(&members.path_of("Effect"), problem);
            None
        }
    }
}

/// A pattern of actions: `*`, or a service and a name.
fn action(text: &str) -> Result<Glob, String> {
    let is_named = |(service, name): (&str, &str)| !service.is_empty() && !name.is_empty();
    let has_service = text == "*" || text.split_once(':').is_some_and(is_named);
    if !has_service {
        return Err(format!("{text:?} is not * or a service and an action"));
    }
    let is_odd = |c: char| !c.is_ascii_alphanumeric() && !"*?-_:".contains(c);
    if let Some(odd) = text.chars().find(|c| is_odd(*c)) {
        return Err(format!("{text:?} has {odd:?}, which no action has"));
    }
    let folded = text.to_ascii_lowercase();
    match Pattern::parse(&folded, Form::Plain, Variables::Unknown)? {
        Pattern::Fixed(glob) => Ok(glob),
        Pattern::Varying(..) | Pattern::Nothing => Err(format!("{text:?} is no action")),
    }
}

/// A pattern of resources: `*`, or of the form of an ARN.
pub(crate) fn resource(text: &str, variables: Variables) -> Result<Pattern, String> {
    let is_everything = !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    if !is_everything && !text.starts_with("arn:") {
        return Err(format!("{text:?} is neither an ARN nor *"));
    }
    Pattern::parse(text, Form::Resource, variables)
}

/// Reads a policy: its own members, and each statement by `read`.
pub(crate) fn read_policy<T>(
    text: &str,
    read: impl Fn(&Json, &str, Variables, &mut Problems) -> Option<T>,
) -> Result<Box<[T]>, PolicyError> {
    let mut problems = Problems::default();
    if text.len() > POLICY_BYTES_MAX {
        let count = text.len();
        let problem = format!("{count} bytes, at most {POLICY_BYTES_MAX} may be given");
        problems.tell(WHOLE, problem);
        return Err(problems.into_error());
    }
    // Lists and objects deeper than 128 are refused while they are read.
    let document: Json = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            problems.tell(WHOLE, format!("is not JSON: {error}"));
            return Err(problems.into_error());
        }
    };
    if !is_object(&document, WHOLE, &mut problems) {
        return Err(problems.into_error());
    }
    let known = ["Version", "Id", "Statement"];
    let policy = Members::of(&document, WHOLE, &known, &mut problems);
    let variables = version(&policy, &mut problems);
    policy.text("Id", &mut problems);
    let mut statements = Vec::new();
    let given = policy.get("Statement");
    if given.is_none() {
        problems.tell(WHOLE, "has no Statement");
    }
    for (path, statement) in given.map_or(Vec::new(), |given| one_or_more(given, "Statement")) {
        if is_object(statement, &path, &mut problems) {
            statements.extend(read(statement, &path, variables, &mut problems));
        }
    }
    if let Some(Json::List(list)) = given {
        check_count("Statement", list.len(), STATEMENTS_MAX, &mut problems);
        check_ids(list, &mut problems);
    }
    problems.unless(statements.into())
}

/// A policy that names no version is of 2008-10-17, which has no variables.
fn version(policy: &Members<'_>, problems: &mut Problems) -> Variables {
    match policy.text("Version", problems) {
        Some("2012-10-17") => Variables::Spoken,
        Some("2008-10-17") | None => Variables::Unknown,
        Some(other) => {
            let problem = format!("{other:?} is not 2012-10-17 or 2008-10-17");
            problems.tell("Version", problem);
            Variables::Spoken
        }
    }
}

fn check_ids(statements: &[Json], problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (at, statement) in statements.iter().enumerate() {
        let Json::Object(members) = statement else {
            continue;
        };
        for (name, value) in members {
            let Json::Text(id) = value else { continue };
            if name != "Sid" || id.is_empty() {
                continue;
            }
            if !seen.insert(id) {
                let path = format!("Statement[{at}].Sid");
                problems.tell(&path, format!("{id:?} is the Sid of another statement"));
            }
        }
    }
}

/// Checks the form of a statement's `Sid`.
pub(crate) fn check_id(members: &Members<'_>, problems: &mut Problems) {
    let id = members.text("Sid", problems).unwrap_or_default();
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let problem = format!("{id:?} has more than letters and digits");
        problems.tell(&members.path_of("Sid"), problem);
    }
}
