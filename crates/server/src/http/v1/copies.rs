//! `/_mimeo/v1/copies`: seeing copies and steering them.

use http::Method;
use http::header::ACCEPT;
use mimeo_domain::{CopyToken, ProductId, Timestamp};
use mimeo_service::copies::view::EventView;
use mimeo_service::copies::{CopiesAsked, EVENTS_PAGE_MAX, PAGE_MAX, Whose};
use serde_json::json;

use super::streams::{self, Watched};
use super::{Action, Asked, Endpoint, json, stopped};
use crate::front;
use crate::http::door::{Door, Turned};
use crate::http::reply::{EVENTS, Reply};
use crate::members::Members;

const STATES: [&str; 4] = ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED"];

const SEE: &str = "servicecatalog:DescribeCopyProductStatus";
const STEER: &str = "servicecatalog:CopyProduct";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "copies",
        name: "ListCopies",
        action: Some(Action {
            ours: "mimeo:ListCopies",
            serves: Some(SEE),
        }),
        answer: |door, asked| Box::pin(list(door, asked)),
    },
    Endpoint {
        method: Method::GET,
        path: "copies/{token}",
        name: "DescribeCopy",
        action: Some(Action {
            ours: "mimeo:DescribeCopy",
            serves: Some(SEE),
        }),
        answer: |door, asked| Box::pin(describe(door, asked)),
    },
    Endpoint {
        method: Method::GET,
        path: "copies/{token}/events",
        name: "ListCopyEvents",
        action: Some(Action {
            ours: "mimeo:ListCopyEvents",
            serves: Some(SEE),
        }),
        answer: |door, asked| Box::pin(events(door, asked)),
    },
    Endpoint {
        method: Method::POST,
        path: "copies/{token}/cancel",
        name: "CancelCopy",
        action: Some(Action {
            ours: "mimeo:CancelCopy",
            serves: Some(STEER),
        }),
        answer: |door, asked| Box::pin(cancel(door, asked)),
    },
    Endpoint {
        method: Method::POST,
        path: "copies/{token}/retry",
        name: "RetryCopy",
        action: Some(Action {
            ours: "mimeo:RetryCopy",
            serves: Some(STEER),
        }),
        answer: |door, asked| Box::pin(retry(door, asked)),
    },
];

/// The copy that the path names.
fn token(asked: &Asked<'_>) -> CopyToken {
    asked.id().into()
}

/// An endpoint that takes neither query nor body.
fn has_nothing_more(asked: &Asked<'_>) -> Result<(), Turned> {
    asked.query().end()?;
    Ok(Members::of_body(&asked.body)?.end()?)
}

async fn list(door: &Door, asked: &Asked<'_>) -> Result<Reply, Turned> {
    let mut query = asked.query();
    let whose = match query.one_of("of", &["products"]) {
        Some(_) => Whose::OfProducts,
        None => Whose::Own,
    };
    let state = query.one_of("state", &STATES);
    let source: Option<ProductId> = query.text("source").map(Into::into);
    // Whoever owns the source may not know what became of a copy.
    let target: Option<ProductId> = match whose {
        Whose::Own => query.text("target").map(Into::into),
        Whose::OfProducts => None,
    };
    let since = query.whole("since", 0..=u64::try_from(i64::MAX).unwrap_or(u64::MAX));
    let limit = query.whole("limit", 1..=PAGE_MAX as u64);
    let page = query.text("page");
    query.end()?;
    let sought = CopiesAsked {
        whose,
        state,
        source,
        target,
        since: since
            .and_then(|millis| i64::try_from(millis).ok())
            .map(Timestamp::from_millis),
        limit: limit.and_then(|limit| usize::try_from(limit).ok()),
        page,
    };
    let copies = door.service.list_copies(&asked.caller, &sought).await;
    json(200, &copies.map_err(|stop| stopped(&stop))?)
}

async fn describe(door: &Door, asked: &Asked<'_>) -> Result<Reply, Turned> {
    has_nothing_more(asked)?;
    let copy = door
        .service
        .describe_copy(&asked.caller, &token(asked))
        .await;
    json(200, &copy.map_err(|stop| stopped(&stop))?)
}

async fn events(door: &Door, asked: &Asked<'_>) -> Result<Reply, Turned> {
    let mut query = asked.query();
    let seq_max = u64::from(u32::MAX);
    let after = query.whole("after", 0..=seq_max);
    let is_stream = wants_stream(asked);
    let limit = if is_stream {
        None
    } else {
        query.whole("limit", 1..=EVENTS_PAGE_MAX as u64)
    };
    query.end()?;
    // What a client that was cut off saw last comes before what it began with.
    let resumed = asked.parts.headers.get("last-event-id");
    let resumed = resumed
        .and_then(|id| id.to_str().ok())
        .and_then(|id| id.parse::<u32>().ok())
        .filter(|_| is_stream);
    let after = resumed.map_or_else(
        || {
            after
                .and_then(|after| i64::try_from(after).ok())
                .unwrap_or(0)
        },
        i64::from,
    );
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(EVENTS_PAGE_MAX);
    let (page, is_last) = door
        .service
        .copy_events(&asked.caller, &token(asked), after, limit)
        .await
        .map_err(|stop| stopped(&stop))?;
    if is_stream {
        let watched = Watched {
            service: door.service.clone(),
            caller: asked.caller.clone(),
            token: token(asked),
            after,
            watch: door.watch.clone(),
        };
        let slot = door.streams.open(&asked.caller.account)?;
        return Ok(Reply::events(streams::events(watched, slot)));
    }
    let after = page.last().map_or(after, |last| last.seq);
    let page: Vec<EventView<'_>> = page.iter().map(EventView::of).collect();
    json(
        200,
        &json!({"events": page, "after": after, "isLast": is_last}),
    )
}

fn wants_stream(asked: &Asked<'_>) -> bool {
    let mut accepted = asked.parts.headers.get_all(ACCEPT).iter();
    accepted.any(|kinds| {
        let kinds = kinds.to_str().unwrap_or_default();
        kinds
            .split(',')
            .filter_map(|kind| kind.split(';').next())
            .any(|kind| kind.trim().eq_ignore_ascii_case(EVENTS))
    })
}

async fn cancel(door: &Door, asked: &Asked<'_>) -> Result<Reply, Turned> {
    has_nothing_more(asked)?;
    let who = (&asked.caller, &asked.trail);
    let copy = door
        .service
        .cancel_copy(who, &token(asked), asked.arrived.now)
        .await;
    json(200, &copy.map_err(|stop| stopped(&stop))?)
}

async fn retry(door: &Door, asked: &Asked<'_>) -> Result<Reply, Turned> {
    has_nothing_more(asked)?;
    let arrival = asked.arrived.arrival(front::host(&asked.parts.headers));
    let copy = door
        .service
        .retry_copy((&asked.caller, &asked.trail), &token(asked), &arrival)
        .await;
    json(200, &copy.map_err(|stop| stopped(&stop))?)
}
