//! Trust policies: who may assume a role.
//!
//! A trust policy can name an identity, or leave it to an account which of its identities may. AWS
//! tells the two apart: what is named may without a policy of its own, if it is of the role's
//! account; what comes through its account needs one; and across accounts it is needed always.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use crate::decide::{Reason, Request};
use crate::json::Json;
use crate::members::{Members, texts, told_object};
use crate::pattern::Variables;
use crate::problem::{PolicyError, Problems};
use crate::statement::{self, Effect, Rule};

/// The policy of a role that says who may assume it.
#[derive(Debug, Clone)]
pub struct TrustPolicy {
    statements: Box<[Statement]>,
}

/// Who wants to assume a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal<'a> {
    /// A user, a role's session, or the root of an account.
    Identity {
        /// Twelve digits.
        account: &'a str,
        /// The user's ARN, or the ARN of the session's role with its path.
        arn: &'a str,
        /// The session's own ARN, such as `arn:aws:sts::123456789012:assumed-role/Role/Session`.
        session: Option<&'a str>,
    },
    /// A service, such as `servicecatalog.amazonaws.com`.
    Service(&'a str),
    /// An identity provider.
    Federated(&'a str),
}

/// What a trust policy says of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Trust {
    /// It names the principal, its role, or everybody.
    Named,
    /// It names only the principal's account, which decides by the principal's own policies.
    ThroughAccount,
    Denied(Reason),
}

impl Trust {
    /// Whether the principal's own policies must allow the action too: always, except for what is
    /// named in a role of its own account. Means nothing where trust is denied.
    pub fn needs_own_policy(self, principal_account: &str, role_account: &str) -> bool {
        self != Self::Named || principal_account != role_account
    }
}

#[derive(Debug, Clone)]
struct Statement {
    rule: Rule,
    trusted: Box<[Trusted]>,
}

/// Whom a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trusted {
    Everybody,
    Account(Box<str>),
    Arn(Box<str>),
    Service(Box<str>),
    Federated(Box<str>),
}

/// How a statement covers a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cover {
    Account,
    Name,
}

impl TrustPolicy {
    /// Reads a trust policy.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, as [`Policy::parse`](crate::Policy::parse) tells it. Of what AWS
    /// has, `NotPrincipal` is refused, and so are principals by their unique id.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        let statements = statement::read_policy(json, Statement::read)?;
        Ok(Self { statements })
    }
}

/// Decides whether `policy` lets `principal` do `request.action`, mostly `sts:AssumeRole`. The
/// request's resource does not matter.
pub fn decide_trust(
    policy: &TrustPolicy,
    principal: &Principal<'_>,
    request: &Request<'_>,
) -> Trust {
    let mut trust = None;
    for statement in &policy.statements {
        let cover = statement.trusted.iter();
        let cover = cover.filter_map(|trusted| trusted.covers(principal)).max();
        let Some(cover) = cover else { continue };
        let matches = statement.rule.covers_action(request.action)
            && statement.rule.conditions_hold(request.context);
        match statement.rule.effect {
            Effect::Deny if matches => return Trust::Denied(Reason::Explicit),
            Effect::Allow if matches => trust = trust.max(Some(cover)),
            Effect::Allow | Effect::Deny => {}
        }
    }
    match trust {
        Some(Cover::Name) => Trust::Named,
        Some(Cover::Account) => Trust::ThroughAccount,
        None => Trust::Denied(Reason::NothingAllows),
    }
}

impl Trusted {
    fn covers(&self, principal: &Principal<'_>) -> Option<Cover> {
        match (self, principal) {
            // Ours: everybody is as good as named, as in other policies of resources.
            (Self::Everybody, _) => Some(Cover::Name),
            (Self::Account(trusted), Principal::Identity { account, .. }) => {
                (**trusted == **account).then_some(Cover::Account)
            }
            (Self::Arn(trusted), Principal::Identity { arn, session, .. }) => {
                let is_named = **trusted == **arn || *session == Some(trusted);
                is_named.then_some(Cover::Name)
            }
            (Self::Service(trusted), Principal::Service(name))
            | (Self::Federated(trusted), Principal::Federated(name)) => {
                (**trusted == **name).then_some(Cover::Name)
            }
            _ => None,
        }
    }

    /// A principal of the kind `AWS`.
    fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Everybody);
        }
        if is_account(text) {
            return Ok(Self::Account(text.into()));
        }
        let form = || {
            format!(
                "{text:?} is not *, an account, or the ARN of an account's root, a user, a role or \
                 a session; wildcards within it are not possible"
            )
        };
        let segments: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, name] = segments[..] else {
            return Err(form());
        };
        let kinds: &[&str] = match service {
            "iam" => &["user/", "role/"],
            "sts" => &["assumed-role/", "federated-user/"],
            _ => &[],
        };
        let is_plain = !partition.is_empty() && is_account(account) && !text.contains(['*', '?']);
        if is_plain && service == "iam" && name == "root" {
            return Ok(Self::Account(account.into()));
        }
        let has_name = |kind: &&str| name.len() > kind.len() && name.starts_with(*kind);
        if is_plain && kinds.iter().any(has_name) {
            return Ok(Self::Arn(text.into()));
        }
        Err(form())
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Statement {
    const MEMBERS: [&str; 9] = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Condition",
        "Principal",
        "NotPrincipal",
        "Resource",
        "NotResource",
    ];

    fn read(
        value: &Json,
        path: &str,
        variables: Variables,
        problems: &mut Problems,
    ) -> Option<Self> {
        let members = Members::of(value, path, &Self::MEMBERS, problems);
        for name in ["Resource", "NotResource"] {
            if members.get(name).is_some() {
                let problem = "a trust policy names no resource: it is about its role";
                problems.tell(&members.path_of(name), problem);
            }
        }
        if members.get("NotPrincipal").is_some() {
            let problem = "is not supported: name those who may in Principal";
            problems.tell(&members.path_of("NotPrincipal"), problem);
        }
        statement::check_id(&members, problems);
        let rule = Rule::read(&members, variables, problems);
        let trusted = match members.get("Principal") {
            Some(value) => read_trusted(value, &members.path_of("Principal"), problems),
            None if members.get("NotPrincipal").is_some() => Vec::new(),
            None => {
                problems.tell(path, "has no Principal");
                Vec::new()
            }
        };
        Some(Self {
            rule: rule?,
            trusted: trusted.into(),
        })
    }
}

fn read_trusted(value: &Json, path: &str, problems: &mut Problems) -> Vec<Trusted> {
    if *value == Json::Text("*".to_owned()) {
        return vec![Trusted::Everybody];
    }
    let kinds = told_object(value, path, problems);
    if kinds.is_empty() && matches!(value, Json::Object(_)) {
        problems.tell(path, "must not be empty");
    }
    let mut trusted = Vec::new();
    for (kind, names) in kinds {
        let path = format!("{path}.{kind}");
        let read: fn(&str) -> Result<Trusted, String> = match kind.as_str() {
            "AWS" => Trusted::parse,
            "Service" => |name| named(name).map(Trusted::Service),
            "Federated" => |name| named(name).map(Trusted::Federated),
            _ => {
                problems.tell(&path, "there is no such kind; AWS, Service or Federated");
                continue;
            }
        };
        for (path, name) in texts(names, &path, problems) {
            match read(name) {
                Ok(one) => trusted.push(one),
                Err(problem) => problems.tell(&path, problem),
            }
        }
    }
    trusted
}

fn named(name: &str) -> Result<Box<str>, String> {
    let is_plain = !name.is_empty() && !name.contains(['*', '?']);
    is_plain
        .then(|| name.into())
        .ok_or_else(|| format!("{name:?} must be a name, without wildcards"))
}
