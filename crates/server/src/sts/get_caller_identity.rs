//! GetCallerIdentity: who the caller is. Whoever is let in may ask.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use super::Cx;
use super::xml::Element;
use crate::front::Actor;

pub(super) fn get_caller_identity(cx: &Cx<'_>) -> Vec<Element> {
    let caller = &cx.known.caller;
    let user_id = match &cx.known.actor {
        Actor::Root => caller.account.to_string(),
        Actor::User { unique_id, .. } => unique_id.clone(),
        Actor::Role {
            unique_id,
            session_name,
            ..
        } => format!("{unique_id}:{session_name}"),
    };
    vec![
        Element::text("Arn", caller.principal.clone()),
        Element::text("UserId", user_id),
        Element::text("Account", caller.account.to_string()),
    ]
}
