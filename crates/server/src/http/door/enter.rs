//! The way in that the routes share: the signature's form, the body, a turn, the caller.

use bytes::Bytes;
use http::request::Parts;
use hyper::body::Incoming;
use mimeo_domain::Caller;
use mimeo_service::{Authority, Rejection, Trail};
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;
use uuid::Uuid;

use super::{Door, Fate, SIGNED_FOR, Seen, Turned};
use crate::clock::Arrived;
use crate::front::{self, Actor, Began, Known, Origin, Reach};
use crate::http::body::{self, Body, Unread};

/// A request of ours whose sender is known and whose turn it is.
pub(in crate::http) struct Entered<'a> {
    pub caller: Caller,
    pub authority: Authority,
    pub reach: Reach,
    pub body: Body<'a>,
    /// The service that its credentials are scoped to.
    pub service: Option<String>,
    actor: Actor,
    session: Option<Began>,
    access_key_id: Option<String>,
    origin: Origin<'a>,
    request_id: Uuid,
    _turn: SemaphorePermit<'a>,
}

impl Entered<'_> {
    /// How it came, for the audit.
    pub(in crate::http) fn trail(&self) -> Trail<'_> {
        let access_key_id = self.access_key_id.as_deref();
        self.actor
            .trail(self.session, access_key_id, &self.origin, self.request_id)
    }

    /// Gives its turn and its body back, where it goes on to wait for something that has a limit of
    /// its own: whoever waits for that keeps nobody else from being worked on.
    pub(in crate::http) fn leave(self, seen: &mut Seen) -> Caller {
        seen.input = Bytes::new();
        self.caller
    }
}

impl Door {
    /// Lets a request in whose caller is known here.
    pub(in crate::http) async fn enter<'a>(
        &'a self,
        arrived: &Arrived,
        parts: &'a Parts,
        body: &mut Incoming,
        bytes_max: usize,
        seen: &mut Seen,
    ) -> Result<Entered<'a>, Turned> {
        let entered = self
            .enter_or_peers(arrived, parts, body, bytes_max, seen)
            .await?;
        match entered.reach {
            Reach::Everything => Ok(entered),
            Reach::Sources => Err(only_sources().into()),
        }
    }

    /// The same, also for callers that another server vouches for, who read sources of copies only.
    pub(in crate::http) async fn enter_or_peers<'a>(
        &'a self,
        arrived: &Arrived,
        parts: &'a Parts,
        body: &mut Incoming,
        bytes_max: usize,
        seen: &mut Seen,
    ) -> Result<Entered<'a>, Turned> {
        let headers = front::headers(&parts.headers);
        let head = front::head(parts, &headers);
        let asked = self.front.read(&head, SIGNED_FOR, arrived.now)?;
        let body = self.body(body, bytes_max, seen).await?;
        let turn = self.turn().await?;
        let origin = front::origin(parts, arrived.now);
        let access_key_id = asked.access_key_id().map(str::to_owned);
        let service = asked.service().map(str::to_owned);
        let Known {
            caller,
            authority,
            actor,
            session,
            reach,
        } = self.front.caller_or_peers(asked, &body.bytes, &origin)?;
        seen.caller = Some(caller.clone());
        Ok(Entered {
            caller,
            authority,
            reach,
            body,
            service,
            actor,
            session,
            access_key_id,
            origin,
            request_id: arrived.request_id,
            _turn: turn,
        })
    }

    pub(in crate::http) async fn body(
        &self,
        body: &mut Incoming,
        bytes_max: usize,
        seen: &mut Seen,
    ) -> Result<Body<'_>, Rejection> {
        let read = body::read(body, bytes_max, self.limits.body, &self.bodies).await;
        seen.body = match &read {
            Ok(_) => Fate::Read,
            Err(Unread::TooSlow | Unread::Broken) => Fate::Lost,
            Err(Unread::TooLarge { .. } | Unread::NoRoom) => Fate::Unread,
        };
        let read = read.map_err(|unread| unread.rejection())?;
        seen.input = read.bytes.clone();
        Ok(read)
    }

    /// The right to be worked on. Whoever gets none in time is told to come back: waiting requests
    /// hold memory, and their clients give up anyway.
    pub(in crate::http) async fn turn(&self) -> Result<SemaphorePermit<'_>, Rejection> {
        let throttled = || Rejection::throttled("Rate exceeded");
        let turn = timeout(self.limits.turn, self.requests.acquire()).await;
        turn.map_err(|_| throttled())?.map_err(|_| throttled())
    }
}

/// The answer to who may read sources of copies and asks for something else.
pub(super) fn only_sources() -> Rejection {
    let message = "A session that another server began opens the sources of copies only.";
    Rejection::new("AccessDeniedException", message)
}
