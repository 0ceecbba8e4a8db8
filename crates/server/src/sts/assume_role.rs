//! AssumeRole: a session in which the caller acts as a role, also one of another account.
//!
//! In open mode every role that is named exists and trusts everybody.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use mimeo_domain::AccountId;
use mimeo_domain::arn::{Arn, partition_of};
use mimeo_iam::{Policy, Principal, Reason, Request, Trust, decide_trust};
use mimeo_service::{Authority, Rejection};

use super::form::{Form, Rule, Violations, cut};
use super::xml::Element;
use super::{Cx, denied, invalid};
use crate::front::{Actor, Role, Who, iso8601, role_unique_id, session_arn};

const ACTION: &str = "sts:AssumeRole";

const PARAMETERS: [&str; 5] = [
    "RoleArn",
    "RoleSessionName",
    "DurationSeconds",
    "Policy",
    "ExternalId",
];

const ROLE_ARN: Rule = Rule {
    shown: "roleArn",
    length: 20..=2048,
    pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+",
    fits: |c| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{85}'),
};

const SESSION_NAME: Rule = Rule {
    shown: "roleSessionName",
    length: 2..=64,
    pattern: "[\\w+=,.@-]*",
    fits: |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c),
};

const EXTERNAL_ID: Rule = Rule {
    shown: "externalId",
    length: 2..=1224,
    pattern: "[\\w+=,.@:\\/-]*",
    fits: |c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c),
};

const POLICY: Rule = Rule {
    shown: "policy",
    length: 1..=2048,
    pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
    fits: |c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}'),
};

const SECONDS: RangeInclusive<u64> = 900..=43_200;
const SECONDS_DEFAULT: u64 = 3_600;

/// `role/`, the longest path and the longest name of IAM: a longer resource is no role's, and would
/// make a token that is too long to come back.
const RESOURCE_BYTES_MAX: usize = 5 + 512 + 128;

/// How long a session may last that a role's session begins.
const CHAINED_SECONDS_MAX: u64 = 3_600;

/// What is asked for, by its form.
struct Asked<'a> {
    role_arn: &'a str,
    session_name: &'a str,
    external_id: Option<&'a str>,
    policy: Option<&'a str>,
    seconds: u64,
}

/// A role's ARN, taken apart.
struct RoleArn<'a> {
    account: AccountId,
    /// `role/PATH/NAME`.
    resource: &'a str,
    name: &'a str,
}

pub(super) fn assume_role(cx: &Cx<'_>, form: &Form) -> Result<Vec<Element>, Rejection> {
    let asked = Asked::read(form)?;
    let role_arn = RoleArn::parse(asked.role_arn)
        .ok_or_else(|| invalid(format!("{} is invalid", cut(asked.role_arn))))?;
    if let Some(policy) = asked.policy {
        Policy::parse(policy)
            .map_err(|error| Rejection::new("MalformedPolicyDocument", error.to_string()))?;
    }
    let session_max = may_assume(cx, &asked, &role_arn)?;
    if matches!(cx.known.actor, Actor::Role { .. }) && asked.seconds > CHAINED_SECONDS_MAX {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining.",
        ));
    }
    if session_max.is_some_and(|session_max| Duration::from_secs(asked.seconds) > session_max) {
        return Err(invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(begun(cx, &asked, &role_arn))
}

/// What is wrong with a form, whoever sends it.
#[cfg(feature = "fuzzing")]
pub(super) fn judge(form: &Form) -> Result<(), Rejection> {
    let asked = Asked::read(form)?;
    let role_arn = RoleArn::parse(asked.role_arn);
    let role_arn =
        role_arn.ok_or_else(|| invalid(format!("{} is invalid", cut(asked.role_arn))))?;
    assert!(!role_arn.name.is_empty() && !role_arn.name.contains('/'));
    Ok(())
}

impl<'a> Asked<'a> {
    fn read(form: &'a Form) -> Result<Self, Rejection> {
        form.has_none_but("AssumeRole", &PARAMETERS)?;
        let mut violations = Violations::default();
        let asked = Self {
            role_arn: violations.needed(form.get("RoleArn"), &ROLE_ARN),
            session_name: violations.needed(form.get("RoleSessionName"), &SESSION_NAME),
            external_id: violations.text(form.get("ExternalId"), &EXTERNAL_ID),
            policy: violations.text(form.get("Policy"), &POLICY),
            seconds: violations
                .number(form.get("DurationSeconds"), "durationSeconds", &SECONDS)
                .unwrap_or(SECONDS_DEFAULT),
        };
        violations.finish()?;
        Ok(asked)
    }
}

impl<'a> RoleArn<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        let is_iam = arn.service == "iam" && arn.region.is_empty();
        let name = arn.resource.strip_prefix("role/")?.rsplit('/').next()?;
        let fits = |c: char| c.is_ascii_graphic() && !"*?:<>\"".contains(c);
        let is_role = is_iam
            && !name.is_empty()
            && arn.resource.len() <= RESOURCE_BYTES_MAX
            && arn.resource.chars().all(fits);
        (is_role && arn.partition.starts_with("aws")).then_some(())?;
        Some(Self {
            account: arn.account.parse().ok()?,
            resource: arn.resource,
            name,
        })
    }
}

/// The longest session of the role, if the caller may assume it; `None` where roles are not
/// described. Whether the role exists is not told.
fn may_assume(
    cx: &Cx<'_>,
    asked: &Asked<'_>,
    role_arn: &RoleArn<'_>,
) -> Result<Option<Duration>, Rejection> {
    let Some(identities) = cx.front.identities() else {
        return Ok(None);
    };
    let caller = &cx.known.caller;
    let Authority::Granted(grant) = &cx.known.authority else {
        return Err(denied("Roles may not be assumed by root accounts."));
    };
    let refused = || {
        let (user, arn) = (&caller.principal, asked.role_arn);
        let message =
            format!("User: {user} is not authorized to perform: {ACTION} on resource: {arn}");
        denied(message)
    };
    let has_partition = asked
        .role_arn
        .strip_prefix("arn:")
        .and_then(|rest| rest.strip_prefix(partition_of(&caller.region)))
        .is_some_and(|rest| rest.starts_with(':'));
    let role: &Arc<Role> = identities
        .role(&role_arn.account, role_arn.name)
        .filter(|role| has_partition && role.resource == role_arn.resource)
        .ok_or_else(refused)?;

    let mut facts = grant
        .facts
        .clone()
        .with("sts:RoleSessionName", asked.session_name.to_owned())
        .with("aws:RequestedRegion", caller.region.to_string())
        .with("aws:CurrentTime", iso8601(cx.now))
        .with(
            "aws:EpochTime",
            cx.now.millis().div_euclid(1000).to_string(),
        )
        .with("aws:ResourceAccount", role_arn.account.to_string());
    if let Some(external_id) = asked.external_id {
        facts = facts.with("sts:ExternalId", external_id.to_owned());
    }
    let request = Request {
        action: ACTION,
        resource: Some(asked.role_arn),
        context: &facts,
    };
    let (arn, session) = match &cx.known.actor {
        Actor::Role { arn, .. } => (arn.as_str(), Some(caller.principal.as_str())),
        Actor::User { .. } | Actor::Root => (caller.principal.as_str(), None),
    };
    let principal = Principal::Identity {
        account: caller.account.as_str(),
        arn,
        session,
    };
    let trust = decide_trust(&role.trust, &principal, &request);
    if matches!(trust, Trust::Denied(_)) {
        return Err(refused());
    }
    let needs_own = grant.session_policy.is_some()
        || trust.needs_own_policy(caller.account.as_str(), role_arn.account.as_str());
    match grant.decide(&request) {
        Ok(()) => {}
        Err(Reason::NothingAllows) if !needs_own => {}
        Err(_) => return Err(refused()),
    }
    Ok(Some(role.session_max))
}

fn begun(cx: &Cx<'_>, asked: &Asked<'_>, role_arn: &RoleArn<'_>) -> Vec<Element> {
    let who = Who::Role {
        resource: role_arn.resource.to_owned(),
        session_name: asked.session_name.to_owned(),
    };
    let unique_id = role_unique_id(&role_arn.account, role_arn.resource);
    let (region, account) = (&cx.known.caller.region, &role_arn.account);
    vec![
        Element::of(
            "AssumedRoleUser",
            [
                Element::text(
                    "AssumedRoleId",
                    format!("{unique_id}:{}", asked.session_name),
                ),
                Element::text(
                    "Arn",
                    session_arn(region, account, role_arn.name, asked.session_name),
                ),
            ],
        ),
        cx.begin(account, who, asked.policy, asked.seconds),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_whose_path_and_name_are_too_long_for_iam_is_none() {
        let arn = |length: usize| format!("arn:aws:iam::123456789012:role/{}", "r".repeat(length));
        assert!(RoleArn::parse(&arn(RESOURCE_BYTES_MAX - 5)).is_some());
        assert!(RoleArn::parse(&arn(RESOURCE_BYTES_MAX - 4)).is_none());
    }
}
