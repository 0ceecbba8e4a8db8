//! `GET /_mimeo/v1/audit`: the records of the caller's account, newest first.
//!
//! As JSON, or as JSON lines with the next page's place in a header, so that a shell can append them
//! to a file.

use http::Method;
use http::header::ACCEPT;
use mimeo_domain::Timestamp;
use mimeo_service::{AuditAsked, AuditFound, EVENTS_MAX};

use super::{Action, Asked, Endpoint, stopped};
use crate::http::door::{Door, Turned};
use crate::http::reply::{NDJSON, PLAIN_JSON, Reply};
use crate::members::Members;

pub(super) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "audit",
    name: "LookupEvents",
    action: Some(Action {
        ours: "cloudtrail:LookupEvents",
        serves: None,
    }),
    answer: |door, asked| Box::pin(look_up(door, asked)),
}];

async fn look_up(door: &Door, asked: &Asked<'_>) -> Result<Reply, Turned> {
    let mut query = asked.query();
    let sought = AuditAsked {
        event: query.text("event"),
        user: query.text("user"),
        since: instant(&mut query, "since"),
        until: instant(&mut query, "until"),
        max: query
            .whole("max", 1..=EVENTS_MAX as u64)
            .and_then(|max| usize::try_from(max).ok()),
        next: query.text("next"),
    };
    query.end()?;
    let found = door.service.audit(&asked.caller, &sought).await;
    let found = found.map_err(|stop| stopped(&stop))?;
    let accepted = asked.parts.headers.get(ACCEPT);
    let accepted = accepted.and_then(|kind| kind.to_str().ok());
    Ok(match accepted {
        Some(accepted) if accepted.contains(NDJSON) => lines(found),
        _ => page(&found),
    })
}

fn instant(query: &mut Members, name: &'static str) -> Option<Timestamp> {
    let instant = query.parsed::<jiff::Timestamp>(name)?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

fn page(found: &AuditFound) -> Reply {
    let mut body = format!("{{\"events\":[{}]", found.records.join(","));
    if let Some(next) = &found.next {
        // Digits, hexadecimal digits and hyphens: nothing that JSON would escape.
        body.push_str(",\"next\":\"");
        body.push_str(next);
        body.push('"');
    }
    body.push('}');
    Reply::new(200, PLAIN_JSON, body)
}

fn lines(found: AuditFound) -> Reply {
    let mut body = found.records.join("\n");
    if !body.is_empty() {
        body.push('\n');
    }
    let mut reply = Reply::new(200, NDJSON, body);
    reply.next = found.next;
    reply
}
