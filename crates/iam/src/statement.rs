//! Statements, and what identity policies and trust policies have in common.

use crate::condition::{self, Condition};
use crate::context::Context;
use crate::glob::{Case, Glob};
use crate::json::Json;
use crate::pattern::{Form, Pattern, Variables};
use crate::problem::{PolicyError, Problems};

/// Bytes of a policy. AWS counts at most 10,240 without white space; four times as many leave room
/// for white space.
pub const POLICY_BYTES_MAX: usize = 4 * 10_240;
/// Statements of one policy.
pub const STATEMENTS_MAX: usize = 250;
/// Values of one list.
pub const VALUES_MAX: usize = 500;

/// What a statement does to the requests that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// The things that a list names, or all others.
#[derive(Debug, Clone)]
pub(crate) enum Listed<T> {
    Only(Box<[T]>),
    AllBut(Box<[T]>),
}

impl<T> Listed<T> {
    pub(crate) fn covers(&self, is_named: impl FnMut(&T) -> bool) -> bool {
        match self {
            Self::Only(named) => named.iter().any(is_named),
            Self::AllBut(named) => !named.iter().any(is_named),
        }
    }
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
        let effect = members.effect(problems);
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

/// The members of one statement.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    path: &'a str,
    members: &'a [(String, Json)],
}

impl<'a> Members<'a> {
    /// Tells the members that are not among `known`.
    pub(crate) fn of(
        value: &'a Json,
        path: &'a str,
        known: &[&str],
        problems: &mut Problems,
    ) -> Self {
        let members = told_object(value, path, problems);
        for (name, _) in members {
            if !known.contains(&name.as_str()) {
                let alike = known.iter().find(|known| known.eq_ignore_ascii_case(name));
                let hint = alike.map_or(String::new(), |known| format!("; {known} is meant?"));
                let path = below(path, name);
                problems.tell(&path, format!("there is no such member{hint}"));
            }
        }
        Self { path, members }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Json> {
        let member = self.members.iter().find(|(given, _)| given == name);
        member.map(|(_, value)| value)
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        below(self.path, name)
    }

    /// The member as text, if it is given.
    pub(crate) fn text(&self, name: &str, problems: &mut Problems) -> Option<&'a str> {
        match self.get(name)? {
            Json::Text(text) => Some(text),
            other => {
                let problem = format!("must be text, not {}", other.kind());
                problems.tell(&self.path_of(name), problem);
                None
            }
        }
    }

    fn effect(&self, problems: &mut Problems) -> Option<Effect> {
        if self.get("Effect").is_none() {
            problems.tell(self.path, "has no Effect");
        }
        match self.text("Effect", problems)? {
            "Allow" => Some(Effect::Allow),
            "Deny" => Some(Effect::Deny),
            other => {
                let problem = format!("{other:?} is not Allow or Deny");
                problems.tell(&self.path_of("Effect"), problem);
                None
            }
        }
    }

    /// The one of two members that is given, such as `Action` and `NotAction`.
    pub(crate) fn listed<T>(
        &self,
        only: &str,
        all_but: &str,
        problems: &mut Problems,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Listed<T>> {
        let (name, value) = match (self.get(only), self.get(all_but)) {
            (Some(value), None) => (only, value),
            (None, Some(value)) => (all_but, value),
            (Some(_), Some(_)) => {
                problems.tell(self.path, format!("has both {only} and {all_but}"));
                return None;
            }
            (None, None) => {
                problems.tell(self.path, format!("has neither {only} nor {all_but}"));
                return None;
            }
        };
        let mut items = Vec::new();
        for (path, text) in texts(value, &self.path_of(name), problems) {
            match read(text) {
                Ok(item) => items.push(item),
                Err(problem) => problems.tell(&path, problem),
            }
        }
        Some(if name == only {
            Listed::Only(items.into())
        } else {
            Listed::AllBut(items.into())
        })
    }
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

/// The path of the document itself.
const WHOLE: &str = "policy";

fn below(path: &str, name: &str) -> String {
    if path == WHOLE {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
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
    let mut seen = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let Json::Object(members) = statement else {
            continue;
        };
        for (name, value) in members {
            let Json::Text(id) = value else { continue };
            if name != "Sid" || id.is_empty() {
                continue;
            }
            if seen.contains(&id) {
                let path = format!("Statement[{at}].Sid");
                problems.tell(&path, format!("{id:?} is the Sid of another statement"));
            }
            seen.push(id);
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

fn is_object(value: &Json, path: &str, problems: &mut Problems) -> bool {
    let is_object = matches!(value, Json::Object(_));
    if !is_object {
        let problem = format!("must be an object, not {}", value.kind());
        problems.tell(path, problem);
    }
    is_object
}

/// The members of an object, or none, which is told. A member given twice is told.
pub(crate) fn told_object<'a>(
    value: &'a Json,
    path: &str,
    problems: &mut Problems,
) -> &'a [(String, Json)] {
    is_object(value, path, problems);
    let Json::Object(members) = value else {
        return &[];
    };
    for (at, (name, _)) in members.iter().enumerate() {
        if members[..at].iter().any(|(earlier, _)| earlier == name) {
            problems.tell(&below(path, name), "is given twice");
        }
    }
    members
}

/// The items of a list, or the value itself, each with its path.
fn one_or_more<'a>(value: &'a Json, path: &str) -> Vec<(String, &'a Json)> {
    match value {
        Json::List(items) => {
            let paths = (0..).map(|at| format!("{path}[{at}]"));
            paths.zip(items).collect()
        }
        value => vec![(path.to_owned(), value)],
    }
}

fn check_count(path: &str, count: usize, max: usize, problems: &mut Problems) {
    if count == 0 {
        problems.tell(path, "must not be empty");
    }
    if count > max {
        problems.tell(path, format!("{count} items, at most {max} may be given"));
    }
}

/// Text or a list of texts.
pub(crate) fn texts<'a>(
    value: &'a Json,
    path: &str,
    problems: &mut Problems,
) -> Vec<(String, &'a str)> {
    values(value, path, problems, "text", |value| match value {
        Json::Text(text) => Some(text),
        _ => None,
    })
}

/// As [`texts`], where numbers and booleans may also stand without quotes.
pub(crate) fn scalars<'a>(
    value: &'a Json,
    path: &str,
    problems: &mut Problems,
) -> Vec<(String, &'a str)> {
    let wanted = "text, a number or a boolean";
    values(value, path, problems, wanted, |value| match value {
        Json::Text(text) | Json::Number(text) => Some(text),
        Json::Truth(true) => Some("true"),
        Json::Truth(false) => Some("false"),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    })
}

fn values<'a>(
    value: &'a Json,
    path: &str,
    problems: &mut Problems,
    wanted: &str,
    read: impl Fn(&'a Json) -> Option<&'a str>,
) -> Vec<(String, &'a str)> {
    if let Json::List(items) = value {
        check_count(path, items.len(), VALUES_MAX, problems);
    }
    let mut found = Vec::new();
    for (path, item) in one_or_more(value, path) {
        match read(item) {
            Some(text) => found.push((path, text)),
            None => problems.tell(&path, format!("must be {wanted}, not {}", item.kind())),
        }
    }
    found
}
