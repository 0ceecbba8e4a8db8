//! Copies as their owners see and steer them: what our own API tells of them, and does to them.
//!
//! A copy is the account's that asked for it, in the Region that it asked. Anybody else's answers as
//! one that does not exist. The owner of a source product sees of the copies of its products what it
//! could see of a share: who, when, which versions, how it ended; not what they became.

mod steer;
pub mod view;

use mimeo_domain::copying::EVENTS_MAX;
use mimeo_domain::{Caller, CopyToken, ProductId, Refusal, Timestamp};
use mimeo_store::{AuthScope, CopiesSought, SeenCopy, StoreError, Tx, Work};

pub use mimeo_domain::copying::Told as CopyEvent;
pub use mimeo_store::Whose;

use crate::error::Stop;
use crate::page::Pages;
use crate::world::Service;
use view::{CopiesPage, CopyDetail, CopyOfProduct, CopySummary};

/// Copies of one page at most.
pub const PAGE_MAX: usize = 100;

/// Copies that are looked at for one page at most: where filters let few pass, a page may hold less
/// than was asked for and still have a next one.
const LOOK_MAX: usize = 1_000;

/// Events of one page at most.
pub const EVENTS_PAGE_MAX: usize = 100;

/// Which copies are listed, and how many.
#[derive(Debug, Clone)]
pub struct CopiesAsked {
    pub whose: Whose,
    /// `QUEUED`, `RUNNING`, `SUCCEEDED` or `FAILED`.
    pub state: Option<&'static str>,
    pub source: Option<ProductId>,
    pub target: Option<ProductId>,
    pub since: Option<Timestamp>,
    pub limit: Option<usize>,
    pub page: Option<String>,
}

impl CopiesAsked {
    /// What a page token belongs to, besides the caller.
    fn about(&self) -> String {
        let Self {
            whose,
            state,
            source,
            target,
            since,
            ..
        } = self;
        format!("{whose:?} {state:?} {source:?} {target:?} {since:?}")
    }

    fn lets_pass(&self, seen: &SeenCopy) -> bool {
        let copy = &seen.copy;
        let request = &copy.request;
        self.state.is_none_or(|state| copy.state.as_str() == state)
            && self
                .source
                .as_ref()
                .is_none_or(|id| *id == request.source.product)
            && self
                .target
                .as_ref()
                .is_none_or(|id| id == request.target.id())
    }
}

impl Service {
    /// A page of copies, the newest first.
    pub async fn list_copies(
        &self,
        caller: &Caller,
        asked: &CopiesAsked,
    ) -> Result<CopiesPage, Stop> {
        let pages = Pages {
            key: &self.world.page_key,
            caller,
            operation: "ListCopies",
        };
        let size = asked.limit.and_then(|limit| i64::try_from(limit).ok());
        let page = pages.open::<(i64, CopyToken)>(size, asked.page.as_deref(), &asked.about())?;
        let after = page.after.clone();
        let list = List {
            scope: AuthScope::of(caller),
            sought: CopiesSought {
                whose: asked.whose,
                state: asked.state,
                since: asked.since.unwrap_or(Timestamp::from_millis(i64::MIN)),
                after: after.map(|(created, token)| (Timestamp::from_millis(created), token)),
            },
            asked: asked.clone(),
            limit: page.limit,
        };
        let Found { copies, next } = self.store(caller)?.scan(list).await?;
        let next = next.map(|cursor| pages.seal(&page, &cursor));
        Ok(match asked.whose {
            Whose::Own => CopiesPage::Own {
                copies: copies.iter().map(CopySummary::of).collect(),
                next_page: next,
            },
            Whose::OfProducts => CopiesPage::OfProducts {
                copies: copies.iter().map(CopyOfProduct::of).collect(),
                next_page: next,
            },
        })
    }

    /// One copy of the caller's, with its steps, tries and versions.
    pub async fn describe_copy(
        &self,
        caller: &Caller,
        token: &CopyToken,
    ) -> Result<CopyDetail, Stop> {
        let scope = AuthScope::of(caller);
        let describe = Describe {
            scope,
            token: token.clone(),
        };
        self.store(caller)?.scan(describe).await
    }

    /// Events of a copy of the caller's after number `after`, oldest first; and whether the copy is
    /// final, so that after the last of them there is nothing more to come.
    pub async fn copy_events(
        &self,
        caller: &Caller,
        token: &CopyToken,
        after: i64,
        limit: usize,
    ) -> Result<(Vec<CopyEvent>, bool), Stop> {
        let list = ListEvents {
            scope: AuthScope::of(caller),
            token: token.clone(),
            after,
            limit: limit.min(EVENTS_PAGE_MAX),
        };
        self.store(caller)?.read(list).await
    }
}

fn no_such(token: &CopyToken) -> Stop {
    Refusal::NoSuchCopy(token.clone()).into()
}

struct List {
    scope: AuthScope,
    sought: CopiesSought,
    asked: CopiesAsked,
    limit: usize,
}

struct Found {
    copies: Vec<SeenCopy>,
    next: Option<(i64, CopyToken)>,
}

impl Work for List {
    type Output = Found;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Found, StoreError> {
        let mut copies = Vec::new();
        let mut sought = self.sought.clone();
        let mut looked = 0;
        // As many again as the page still wants, until it is full or enough was looked at.
        loop {
            let chunk = (self.limit - copies.len() + 1).clamp(20, PAGE_MAX + 1);
            let found = tx.list_copies(&self.scope, &sought, chunk).await?;
            let is_all = found.len() < chunk;
            for listed in found {
                let cursor = (listed.created, listed.token);
                let (created, token) = (cursor.0.millis(), cursor.1.clone());
                if let Some(seen) = listed.seen.filter(|seen| self.asked.lets_pass(seen)) {
                    if copies.len() == self.limit {
                        let next = sought.after.map(|(at, token)| (at.millis(), token));
                        return Ok(Found { copies, next });
                    }
                    copies.push(seen);
                }
                looked += 1;
                sought.after = Some(cursor);
                if looked == LOOK_MAX {
                    let next = Some((created, token));
                    return Ok(Found { copies, next });
                }
            }
            if is_all {
                return Ok(Found { copies, next: None });
            }
        }
    }
}

struct Describe {
    scope: AuthScope,
    token: CopyToken,
}

impl Work for Describe {
    type Output = CopyDetail;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<CopyDetail, Stop> {
        let seen = tx.see_copy(&self.scope, &self.token).await?;
        let seen = seen.ok_or_else(|| no_such(&self.token))?;
        let all = EVENTS_MAX as usize + 1;
        let events = tx
            .list_copy_events(&self.scope, &self.token, 0, all)
            .await?;
        let retried_as = tx.find_retry(&self.scope, &self.token).await?;
        Ok(CopyDetail::of(&seen, &events, retried_as))
    }
}

struct ListEvents {
    scope: AuthScope,
    token: CopyToken,
    after: i64,
    limit: usize,
}

impl Work for ListEvents {
    type Output = (Vec<CopyEvent>, bool);
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(Vec<CopyEvent>, bool), Stop> {
        let is_final = tx.is_copy_final(&self.scope, &self.token).await?;
        let is_final = is_final.ok_or_else(|| no_such(&self.token))?;
        let events = tx
            .list_copy_events(&self.scope, &self.token, self.after, self.limit)
            .await?;
        let is_last = is_final && events.len() < self.limit;
        Ok((events, is_last))
    }
}
