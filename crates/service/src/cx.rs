//! What an operation gets to work with, and the form that each operation has.

use std::future::{Future, ready};

use bytes::Bytes;
use mimeo_api::Operation;
use mimeo_domain::{Caller, Mint, Quotas, Timestamp};
use mimeo_store::{AuthScope, Level, Mark, Tx};
use mimeo_templates::cloudformation::Template;
use mimeo_templates::shelf::Shelf;

use crate::error::Stop;
use crate::page::Pages;
use crate::rehearsal::Rehearsed;
use crate::source::SeenSource;
use crate::world::World;

/// All that an operation may touch: who asks, when, ids to give out, and one transaction.
pub(crate) struct Cx<'a, 't> {
    pub caller: &'a Caller,
    pub scope: &'a AuthScope,
    pub now: Timestamp,
    pub mint: Mint,
    pub tx: &'a mut Tx<'t>,
    pub quotas: &'a Quotas,
    pub prepared: &'a Prepared,
    pub pages: Pages<'a>,
}

/// What was fetched from outside before the transaction began.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// The template that a request names, fetched, checked and kept.
    pub template: Option<KeptTemplate>,
    /// The template of a version on the shelf, read.
    pub read: Option<ReadTemplate>,
    /// The source of a copy, as the caller may see it.
    pub source: Option<SeenSource>,
    /// How a copy is to go that is accepted now.
    pub rehearsed: Option<Rehearsed>,
}

/// A template on the shelf.
#[derive(Debug)]
pub(crate) struct KeptTemplate {
    pub digest: String,
    pub body: Bytes,
    /// Those on the body before it was put.
    pub marks: Vec<Mark>,
}

/// A template from the shelf.
#[derive(Debug)]
pub(crate) struct ReadTemplate {
    pub digest: String,
    pub template: Template,
}

/// How much an operation that only reads may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A few rows by key: done at once, on the thread that took the request.
    Point,
    /// Many rows: done by the reader threads, so that it holds up nobody else.
    Scan,
}

/// One operation: decide, in one transaction.
pub(crate) trait Handle: Operation {
    const REACH: Reach = Reach::Point;

    /// How its transaction is kept apart from others. Whatever does not serialize locks what it counts.
    const LEVEL: Level = Level::Serializable;

    /// Fetches what the decision needs from outside; most operations need nothing.
    fn prepare(
        _outside: &Outside<'_>,
        _input: &Self::Input,
    ) -> impl Future<Output = Result<Prepared, Stop>> + Send {
        ready(Ok(Prepared::default()))
    }

    /// Decides. May run again after a conflict, and waits for nothing but `cx.tx`.
    fn handle(
        cx: &mut Cx<'_, '_>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Stop>> + Send;

    /// Called once the transaction is durable; most operations have nobody to tell.
    fn done(_world: &World) {}
}

/// What `prepare` may touch.
pub(crate) struct Outside<'a> {
    pub world: &'a World,
    pub caller: &'a Caller,
    pub now: Timestamp,
    /// The authority under which the caller reached this server.
    pub host: Option<&'a str>,
}

impl<'a> Outside<'a> {
    /// The shelf of the caller's Region.
    pub(crate) fn shelf(&self) -> &'a Shelf {
        self.world.shelves.of(&self.caller.region)
    }
}
