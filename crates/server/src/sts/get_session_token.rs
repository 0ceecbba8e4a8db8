//! GetSessionToken: a session of the caller's own.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>

use mimeo_service::Rejection;

use super::form::{Form, Violations};
use super::xml::Element;
use super::{Cx, denied};
use crate::front::{Actor, Who};

const SECONDS: std::ops::RangeInclusive<u64> = 900..=129_600;
const SECONDS_DEFAULT: u64 = 43_200;

/// Sessions of root users are cut to this.
const ROOT_SECONDS_MAX: u64 = 3_600;

pub(super) fn get_session_token(cx: &Cx<'_>, form: &Form) -> Result<Vec<Element>, Rejection> {
    form.has_none_but("GetSessionToken", &["DurationSeconds"])?;
    let mut violations = Violations::default();
    let seconds = violations.number(form.get("DurationSeconds"), "durationSeconds", &SECONDS);
    violations.finish()?;
    if cx.known.session.is_some() {
        return Err(denied(
            "Cannot call GetSessionToken with session credentials",
        ));
    }
    let seconds = seconds.unwrap_or(SECONDS_DEFAULT);
    let (who, seconds) = match &cx.known.actor {
        Actor::Root => (Who::Root, seconds.min(ROOT_SECONDS_MAX)),
        Actor::User { name, .. } => (Who::User(name.clone()), seconds),
        // A role's credentials are a session's.
        Actor::Role { .. } => return Err(denied("A session of a role begins no other session.")),
    };
    let account = &cx.known.caller.account;
    Ok(vec![cx.begin(account, who, None, seconds)])
}
