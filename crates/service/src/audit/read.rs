//! Reading records: those of the caller's own account, newest first, as CloudTrail's LookupEvents.

use mimeo_domain::{Caller, Refusal, Timestamp};
use mimeo_store::{AuditKey, AuditPage, AuditSought, AuthScope, StoreError, Tx, Work};

use crate::error::Stop;
use crate::world::Service;

/// Records of one page; CloudTrail's own limit.
pub const EVENTS_MAX: usize = 50;

/// Which records are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditAsked {
    /// Only this `eventName`.
    pub event: Option<String>,
    /// Only this user name or session name; `root` is the root user.
    pub user: Option<String>,
    /// Not before this instant.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Records of a page, at most [`EVENTS_MAX`], which also stands for none and for 0.
    pub max: Option<usize>,
    /// Where an earlier page ended, in its words.
    pub next: Option<String>,
}

/// A page of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFound {
    /// Each one JSON object in one line.
    pub records: Vec<String>,
    /// Where the next page begins. A page may be empty and still name one: a look-up goes through a
    /// bounded number of records at a time.
    pub next: Option<String>,
}

impl Service {
    /// A page of the records of the caller's account in its Region.
    ///
    /// # Errors
    /// A `next` that is none, and what the store refuses.
    pub async fn audit(&self, caller: &Caller, asked: &AuditAsked) -> Result<AuditFound, Stop> {
        let below = asked.next.as_deref().map(key).transpose()?;
        let max = asked.max.filter(|max| (1..=EVENTS_MAX).contains(max));
        let look = Look {
            scope: AuthScope::of(caller),
            sought: AuditSought {
                event: asked.event.clone().unwrap_or_default(),
                who: asked.user.clone().unwrap_or_default(),
                since: asked.since.unwrap_or_default(),
                until: asked.until,
            },
            below,
            limit: max.unwrap_or(EVENTS_MAX),
        };
        let page = self.store(caller)?.scan(look).await?;
        let next = page
            .next
            .map(|AuditKey { at, id }| format!("{}.{id}", at.millis()));
        Ok(AuditFound {
            records: page.bodies,
            next,
        })
    }
}

/// Tells nothing of others' records, so it is not sealed.
fn key(text: &str) -> Result<AuditKey, Refusal> {
    let (at, id) = text.split_once('.').ok_or(Refusal::PageToken)?;
    let fits = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    if id.is_empty() || !id.bytes().all(fits) {
        return Err(Refusal::PageToken);
    }
    let at = at.parse().map_err(|_| Refusal::PageToken)?;
    Ok(AuditKey {
        at: Timestamp::from_millis(at),
        id: id.to_owned(),
    })
}

struct Look {
    scope: AuthScope,
    sought: AuditSought,
    below: Option<AuditKey>,
    limit: usize,
}

impl Work for Look {
    type Output = AuditPage;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<AuditPage, StoreError> {
        tx.page_audit(&self.scope, &self.sought, self.below.as_ref(), self.limit)
            .await
    }
}
