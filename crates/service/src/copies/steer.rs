//! Cancelling and retrying copies.

use std::sync::Arc;

use mimeo_domain::copying::{State, StatusDetail, Target};
use mimeo_domain::ids::{Mint, Seed};
use mimeo_domain::{Caller, CopyToken, Refusal, Timestamp};
use mimeo_store::{AuditRecord, AuthScope, Fenced, StoreError, Tx, Work};

use serde_json::{Value, json};

use super::no_such;
use super::view::CopyDetail;
use crate::audit::{Event, Head, Trail};
use crate::cx::{Cx, Outside, Prepared};
use crate::dispatch::Arrival;
use crate::error::{Failure, Stop};
use crate::operations::copying::copy_product::{Asked, accept, look};
use crate::page::Pages;
use crate::world::{Service, World};

/// How records name them.
const CANCEL: Event = Event::ours("CancelCopy");
const RETRY: Event = Event::ours("RetryCopy");

/// Tries of one retry when an id that it minted was taken, or another request retried meanwhile.
const DUPLICATE_TRIES_MAX: u64 = 4;

impl Service {
    /// Ends a copy of the caller's that waits or runs; nothing of it lands. A copy that was cancelled
    /// before stays so; one that ended otherwise is refused.
    pub async fn cancel_copy(
        &self,
        (caller, trail): (&Caller, &Trail<'_>),
        token: &CopyToken,
        now: Timestamp,
    ) -> Result<CopyDetail, Stop> {
        let parameters = json!({"copyProductToken": token});
        let head = self.world.head(caller, trail, now, CANCEL, parameters);
        let cancel = Cancel {
            scope: AuthScope::of(caller),
            token: token.clone(),
            record: head.map(|head| head.done(Value::Null)),
        };
        let store = self.store(caller)?;
        match store.write(cancel.clone()).await {
            // Whatever became of it: asking again does no harm, and tells.
            Err(Stop::Failure(Failure::Store(StoreError::Unknown))) => store.write(cancel).await?,
            other => other?,
        }
        self.world.copy_told.notify_waiters();
        self.describe_copy(caller, token).await
    }

    /// Accepts a new copy that asks for the same as a failed one of the caller's. Asked again, it
    /// answers the same new copy. All that CopyProduct checks is checked now.
    pub async fn retry_copy(
        &self,
        (caller, trail): (&Caller, &Trail<'_>),
        token: &CopyToken,
        arrival: &Arrival,
    ) -> Result<CopyDetail, Stop> {
        let store = self.store(caller)?;
        let scope = AuthScope::of(caller);
        let find = FindFailed {
            scope: scope.clone(),
            token: token.clone(),
        };
        let asked = match store.read(find.clone()).await? {
            Failed::Retried(by) => return self.describe_copy(caller, &by).await,
            Failed::Asked(asked) => asked,
        };
        let outside = Outside {
            world: &self.world,
            caller,
            now: arrival.now,
            host: arrival.host.as_deref(),
        };
        let prepared = Arc::new(look(&outside, asked.source, &asked.artifacts).await?);
        let parameters = json!({"copyProductToken": token});
        let head = self
            .world
            .head(caller, trail, arrival.now, RETRY, parameters)
            .map(Arc::new);
        for try_number in 0..DUPLICATE_TRIES_MAX {
            let retry = Retry {
                world: Arc::clone(&self.world),
                caller: caller.clone(),
                find: find.clone(),
                now: arrival.now,
                seed: Seed(arrival.seed.0.wrapping_add(try_number)),
                prepared: Arc::clone(&prepared),
                head: head.clone(),
            };
            match store.write(retry).await {
                // Another request may have retried it: then that one's copy is found.
                Err(Stop::Failure(Failure::Store(StoreError::Duplicate | StoreError::Unknown))) => {
                }
                Err(stop) => return Err(stop),
                Ok(by) => {
                    self.world.ring();
                    return self.describe_copy(caller, &by).await;
                }
            }
        }
        Err(StoreError::Unknown.into())
    }
}

#[derive(Clone)]
struct Cancel {
    scope: AuthScope,
    token: CopyToken,
    record: Option<AuditRecord>,
}

impl Work for Cancel {
    type Output = ();
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Stop> {
        let now = tx.now().await.map(Timestamp::from_millis)?;
        if tx.cancel_copy(&self.scope, &self.token, now).await? == Fenced::Written {
            if let Some(record) = &self.record {
                tx.insert_audit(&self.scope, record).await?;
            }
            return Ok(());
        }
        let copy = tx.find_copy(&self.scope, &self.token).await?;
        let copy = copy.ok_or_else(|| no_such(&self.token))?;
        match copy.state {
            State::Failed(StatusDetail::Cancelled) => Ok(()),
            state => Err(Refusal::CopyEnded {
                copy: self.token.clone(),
                state: state.as_str(),
            }
            .into()),
        }
    }
}

/// A failed copy as a retry needs it.
enum Failed {
    /// It was retried before, by this copy.
    Retried(CopyToken),
    Asked(Asked),
}

#[derive(Clone)]
struct FindFailed {
    scope: AuthScope,
    token: CopyToken,
}

impl Work for FindFailed {
    type Output = Failed;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Failed, Stop> {
        let copy = tx.find_copy(&self.scope, &self.token).await?;
        let copy = copy.ok_or_else(|| no_such(&self.token))?;
        if !matches!(copy.state, State::Failed(_)) {
            return Err(Refusal::CopyNotFailed {
                copy: self.token.clone(),
                state: copy.state.as_str(),
            }
            .into());
        }
        if let Some(by) = tx.find_retry(&self.scope, &self.token).await? {
            return Ok(Failed::Retried(by));
        }
        let request = copy.request;
        Ok(Failed::Asked(Asked {
            source: request.source,
            artifacts: request.artifacts,
            // What was to be new is to be new again, under another id.
            target: match request.target {
                Target::New(_) => None,
                Target::Existing(id) => Some(id),
            },
            name: request.name,
            tags: request.tags,
        }))
    }
}

struct Retry {
    world: Arc<World>,
    caller: Caller,
    find: FindFailed,
    now: Timestamp,
    seed: Seed,
    prepared: Arc<Prepared>,
    head: Option<Arc<Head>>,
}

impl Work for Retry {
    type Output = CopyToken;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<CopyToken, Stop> {
        let asked = match self.find.run(tx).await? {
            Failed::Retried(by) => return Ok(by),
            Failed::Asked(asked) => asked,
        };
        let mut cx = Cx {
            caller: &self.caller,
            scope: &self.find.scope,
            now: self.now,
            mint: Mint::new(self.seed, self.now),
            tx: &mut *tx,
            quotas: &self.world.quotas,
            prepared: &self.prepared,
            pages: Pages {
                key: &self.world.page_key,
                caller: &self.caller,
                operation: "RetryCopy",
            },
        };
        let by = accept(&mut cx, asked).await?;
        let scope = &self.find.scope;
        tx.note_retry(scope, &by, &self.find.token).await?;
        if let Some(head) = &self.head {
            let record = head.done(json!({"copyProductToken": by}));
            tx.insert_audit(scope, &record).await?;
        }
        Ok(by)
    }
}
