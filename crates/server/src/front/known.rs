//! Who called, as the service knows it: the caller, and what it may do.

use std::net::IpAddr;
use std::sync::Arc;

use mimeo_domain::arn::partition_of;
use mimeo_domain::{AccountId, Caller, RegionName, Standing, Timestamp};
use mimeo_iam::{Facts, Policy};
use mimeo_service::{Authority, Grant, Trail};
use uuid::Uuid;

use super::identities::{Role, User};
use super::session::Reach;

/// A caller and what it may do.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub caller: Caller,
    pub authority: Authority,
    pub actor: Actor,
    /// Set if it came with a session's credentials.
    pub session: Option<Began>,
    pub reach: Reach,
}

/// Who stands behind a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Actor {
    Root,
    /// The user's name and unique id.
    User {
        name: String,
        unique_id: String,
    },
    /// A session of a role: the role's ARN with its path, its unique id, the session's name.
    Role {
        arn: String,
        unique_id: String,
        session_name: String,
    },
}

impl Actor {
    /// How a request of this one came, for the audit.
    pub(crate) fn trail<'a>(
        &'a self,
        session: Option<Began>,
        access_key_id: Option<&'a str>,
        origin: &Origin<'a>,
        request_id: Uuid,
    ) -> Trail<'a> {
        Trail {
            request_id,
            address: Some(origin.address),
            user_agent: origin.user_agent,
            access_key_id,
            actor: self.seen(),
            session_began: session.map(|Began(began)| began),
        }
    }

    fn seen(&self) -> mimeo_service::Actor<'_> {
        match self {
            Self::Root => mimeo_service::Actor::Root,
            Self::User { name, unique_id } => mimeo_service::Actor::User { name, unique_id },
            Self::Role {
                arn,
                unique_id,
                session_name,
            } => mimeo_service::Actor::Role {
                arn,
                unique_id,
                session_name,
            },
        }
    }
}

/// When a session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Began(pub Timestamp);

/// How a request came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub address: IpAddr,
    pub user_agent: Option<&'a str>,
    pub now: Timestamp,
}

/// What all callers of an account in a Region have in common.
pub(super) struct Place<'a> {
    pub account: &'a AccountId,
    pub region: &'a RegionName,
    /// Of which the account is a member.
    pub organization: Option<&'a str>,
    pub origin: Origin<'a>,
    pub session: Option<Began>,
    /// As JSON, and understood.
    pub session_policy: Option<(String, Arc<Policy>)>,
}

impl Place<'_> {
    /// The root user, with the account's whole authority.
    pub(super) fn root(self) -> Known {
        Known {
            caller: Caller::root(self.account.clone(), self.region.clone()),
            authority: Authority::Whole,
            actor: Actor::Root,
            session: self.session,
            reach: Reach::Everything,
        }
    }

    pub(super) fn user(self, user: &User) -> Known {
        let arn = self.arn(&user.resource);
        let mut principals = vec![arn.clone()];
        principals.extend(user.groups.iter().map(|group| self.arn(group)));
        let facts = self
            .facts("User", &arn, &user.unique_id)
            .with("aws:username", user.name.clone());
        Known {
            caller: self.caller(arn, principals),
            session: self.session,
            reach: Reach::Everything,
            authority: self.granted(&user.policies, facts),
            actor: Actor::User {
                name: user.name.clone(),
                unique_id: user.unique_id.clone(),
            },
        }
    }

    pub(super) fn role(self, role: &Role, session_name: &str) -> Known {
        let role_arn = self.arn(&role.resource);
        let user_id = format!("{}:{session_name}", role.unique_id);
        let facts = self.facts("AssumedRole", &role_arn, &user_id);
        let shown = session_arn(self.region, self.account, &role.name, session_name);
        Known {
            caller: self.caller(shown, vec![role_arn.clone()]),
            session: self.session,
            reach: Reach::Everything,
            authority: self.granted(&role.policies, facts),
            actor: Actor::Role {
                arn: role_arn,
                unique_id: role.unique_id.clone(),
                session_name: session_name.to_owned(),
            },
        }
    }

    fn arn(&self, resource: &str) -> String {
        iam_arn(self.region, self.account, resource)
    }

    fn caller(&self, principal: String, principals: Vec<String>) -> Caller {
        Caller {
            account: self.account.clone(),
            principal,
            region: self.region.clone(),
            standing: Standing::As(principals),
            session_policy: self.session_policy.as_ref().map(|(text, _)| text.clone()),
        }
    }

    fn granted(self, policies: &[Arc<Policy>], facts: Facts<'static>) -> Authority {
        Authority::Granted(Arc::new(Grant {
            policies: policies.to_vec(),
            session_policy: self.session_policy.map(|(_, policy)| policy),
            facts,
        }))
    }

    fn facts(&self, kind: &'static str, arn: &str, user_id: &str) -> Facts<'static> {
        let origin = &self.origin;
        let mut facts = Facts::new()
            .with("aws:PrincipalArn", arn.to_owned())
            .with("aws:PrincipalAccount", self.account.as_str().to_owned())
            .with("aws:PrincipalType", kind)
            .with("aws:PrincipalIsAWSService", "false")
            .with("aws:ViaAWSService", "false")
            .with("aws:userid", user_id.to_owned())
            .with("aws:SourceIp", origin.address.to_canonical().to_string())
            .with("aws:SecureTransport", "false");
        if let Some(user_agent) = origin.user_agent {
            facts = facts.with("aws:UserAgent", user_agent.to_owned());
        }
        if let Some(organization) = self.organization {
            facts = facts.with("aws:PrincipalOrgID", organization.to_owned());
        }
        if let Some(Began(began)) = self.session {
            facts = facts
                .with("aws:TokenIssueTime", iso8601(began))
                .with("aws:MultiFactorAuthPresent", "false");
        }
        facts
    }
}

/// `arn:PARTITION:iam::ACCOUNT:RESOURCE`.
pub(super) fn iam_arn(region: &RegionName, account: &AccountId, resource: &str) -> String {
    format!("arn:{}:iam::{account}:{resource}", partition_of(region))
}

/// The ARN of a session, in which the role has no path.
pub(crate) fn session_arn(
    region: &RegionName,
    account: &AccountId,
    role: &str,
    session_name: &str,
) -> String {
    format!(
        "arn:{}:sts::{account}:assumed-role/{role}/{session_name}",
        partition_of(region)
    )
}

/// An instant as AWS writes it in XML and in conditions: `2026-01-15T08:00:00Z`.
pub(crate) fn iso8601(time: Timestamp) -> String {
    let second = time.millis().div_euclid(1000);
    jiff::Timestamp::from_second(second).map_or_else(|_| String::new(), |time| time.to_string())
}
