//! The decision about one request, by all policies of its caller.

use crate::context::Context;
use crate::policy::Policy;
use crate::statement::Effect;

/// What somebody wants to do.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Such as `servicecatalog:CreatePortfolio`, in any case.
    pub action: &'a str,
    /// The ARN, or `None` for an action without resource-level permissions. Such an action is
    /// asked for `*`, so a statement that names ARNs, even `arn:*`, is not about it.
    pub resource: Option<&'a str>,
    /// Knows what conditions and variables ask about.
    pub context: &'a dyn Context,
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Request")
            .field("action", &self.action)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

impl<'a> Request<'a> {
    /// The resource as statements see it.
    pub(crate) fn resource(&self) -> &'a str {
        self.resource.unwrap_or("*")
    }
}

/// Whether a request may be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Decision {
    Allowed,
    Denied(Reason),
}

/// Why a request may not be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A statement denies it, whatever others allow.
    Explicit,
    /// No statement allows it.
    NothingAllows,
}

impl Decision {
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }
}

/// Decides by the identity policies of the caller: their own, and those of their groups.
///
/// The order of the policies does not matter. Without policies nothing is allowed.
pub fn decide<'a>(
    policies: impl IntoIterator<Item = &'a Policy>,
    request: &Request<'_>,
) -> Decision {
    let mut decision = Decision::Denied(Reason::NothingAllows);
    for policy in policies {
        match policy.effect(request.action, request.resource(), request.context) {
            Some(Effect::Deny) => return Decision::Denied(Reason::Explicit),
            Some(Effect::Allow) => decision = Decision::Allowed,
            None => {}
        }
    }
    decision
}

/// Says no in AWS's words, as the message of an `AccessDeniedException`.
///
/// `user_arn` is the caller's ARN; for a session that of the session. `resource` is an ARN, which
/// for Service Catalog is of the namespace `catalog`; actions that create have
/// `arn:aws:catalog:REGION:ACCOUNT:*`.
pub fn denied_message(user_arn: &str, action: &str, resource: &str, reason: Reason) -> String {
    let because = match reason {
        Reason::Explicit => "with an explicit deny in an identity-based policy".to_owned(),
        Reason::NothingAllows => {
            format!("because no identity-based policy allows the {action} action")
        }
    };
    format!(
        "User: {user_arn} is not authorized to perform: {action} on resource: {resource} {because}"
    )
}
