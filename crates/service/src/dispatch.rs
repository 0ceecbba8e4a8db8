//! The path of every request: decode, authorize, prepare, transact, answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use mimeo_api::{Effect, Operation, Protocol, Refused, for_each_operation};
use mimeo_domain::ids::{Mint, Seed};
use mimeo_domain::{Caller, Timestamp};
use mimeo_store::{AuthScope, Level, Replay, Store, StoreError, Tx, Work};

use crate::answer::Answer;
use crate::audit::{self, Head, Trail};
use crate::authorize::{Authority, authorize};
use crate::cx::{Cx, Handle, Outside, Prepared, Reach};
use crate::error::{Failure, Rejection, Stop};
use crate::language::Language;
use crate::page::Pages;
use crate::replay::{self, ReplayKey};
use crate::uploads;
use crate::world::{Service, World};

/// Tries of one write when a key that it minted, or a token, was taken in the meantime.
const DUPLICATE_TRIES_MAX: u64 = 4;

/// Stamped when a request arrives: the only clock and chance on its path.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub now: Timestamp,
    pub seed: Seed,
    /// The authority under which the caller reached this server.
    pub host: Option<String>,
}

/// A request whose sender is known.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    pub operation: String,
    pub protocol: Protocol,
    pub caller: Caller,
    pub authority: Authority,
    pub arrival: Arrival,
    /// How it came, for the audit.
    pub trail: Trail<'a>,
    pub body: Bytes,
}

type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

struct Entry {
    name: &'static str,
    answer: for<'a> fn(&'a Service, &'a Call<'a>) -> Answering<'a>,
}

macro_rules! entries {
    ($($operation:ident,)*) => {
        &[$(Entry {
            name: <mimeo_api::$operation as Operation>::NAME,
            answer: |service, call| Box::pin(service.answer::<mimeo_api::$operation>(call)),
        }),*]
    };
}

/// Every operation of the model, by name. One that has no `Handle` does not compile.
const ENTRIES: &[Entry] = for_each_operation!(entries);

impl Service {
    /// The name of an operation as the model has it, if it has it.
    pub fn operation_named(name: &str) -> Option<&'static str> {
        ENTRIES
            .binary_search_by(|entry| entry.name.cmp(name))
            .ok()
            .map(|at| ENTRIES[at].name)
    }

    /// Answers a call. Never fails: what goes wrong is an answer too.
    pub async fn call(&self, call: &Call<'_>) -> Answer {
        match ENTRIES.binary_search_by(|entry| entry.name.cmp(&call.operation)) {
            Ok(at) => (ENTRIES[at].answer)(self, call).await,
            Err(_) => Answer::rejected(
                &Rejection::new("UnknownOperationException", ""),
                call.protocol,
            ),
        }
    }

    async fn answer<O: Handle>(&self, call: &Call<'_>) -> Answer {
        let input = match mimeo_api::decode::<O>(call.protocol, &call.body) {
            Ok(input) => input,
            Err(refused) => return Answer::rejected(&rejection(&refused), call.protocol),
        };
        let language = Language::of(O::language(&input));
        match self.serve::<O>(call, input).await {
            Ok(done) => Answer::done(done.encode(call.protocol)),
            Err(stop) => Answer::stopped_in(language, &stop, O::ERRORS, call.protocol),
        }
    }

    async fn serve<O: Handle>(&self, call: &Call<'_>, input: O::Input) -> Result<Done<O>, Stop> {
        let store = self.store(&call.caller)?;
        if let Err(stop) = authorize::<O>(store, call, &input).await {
            return Err(self.turned_away::<O>(call, &input, stop).await);
        }
        let key = ReplayKey::of::<O>(&input);
        let outside = Outside {
            world: &self.world,
            caller: &call.caller,
            now: call.arrival.now,
            host: call.arrival.host.as_deref(),
        };
        let prepared = match (O::prepare(&outside, &input).await, &key) {
            (Ok(prepared), _) => prepared,
            // A request that was answered before is answered again, although the template that it
            // names may be gone by now.
            (Err(stop), Some(key)) => {
                return replayed::<O>(store, call, key)
                    .await?
                    .map(Done::Replayed)
                    .ok_or(stop);
            }
            (Err(stop), None) => return Err(stop),
        };
        let seed = match (&self.world.rehearsal, O::EFFECT) {
            (Some(rehearsal), Effect::Writes) => rehearsal.seed(call.arrival.seed),
            _ => call.arrival.seed,
        };
        let head = match O::EFFECT {
            Effect::Writes => self.world.head_of(call, event::<O>(), &input),
            Effect::Reads => None,
        };
        let act = Act::<O> {
            world: Arc::clone(&self.world),
            scope: AuthScope::of(&call.caller),
            caller: call.caller.clone(),
            now: call.arrival.now,
            seed,
            input,
            prepared: Arc::new(prepared),
            key,
            head: head.map(Arc::new),
        };
        match (O::EFFECT, O::REACH) {
            (Effect::Reads, Reach::Point) => store.read(act).await,
            (Effect::Reads, Reach::Scan) => store.scan(act).await,
            (Effect::Writes, _) => {
                let done = write(store, call, act).await?;
                O::done(&self.world);
                Ok(done)
            }
        }
    }

    /// A denial is told once it is recorded.
    async fn turned_away<O: Handle>(&self, call: &Call<'_>, input: &O::Input, stop: Stop) -> Stop {
        let Stop::Denied(denied) = &stop else {
            return stop;
        };
        let Some(head) = self.world.head_of(call, event::<O>(), input) else {
            return stop;
        };
        let kept = self.keep_denied(&call.caller, head, denied).await;
        kept.err().unwrap_or(stop)
    }

    pub(crate) fn store(&self, caller: &Caller) -> Result<&Store, Stop> {
        self.world.directory.store(&caller.region).ok_or_else(|| {
            Failure::Bug(format!(
                "no store for {}: the door let it in",
                caller.region
            ))
            .into()
        })
    }
}

/// Writes, again where a minted id or a token was taken by another transaction meanwhile, and asks
/// the store what became of a commit whose outcome is unknown.
async fn write<O: Handle>(store: &Store, call: &Call<'_>, act: Act<O>) -> Result<Done<O>, Stop> {
    for try_number in 0..DUPLICATE_TRIES_MAX {
        let salted = Act {
            seed: Seed(act.seed.0.wrapping_add(try_number)),
            ..act.clone()
        };
        match store.write(salted).await {
            Err(Stop::Failure(Failure::Store(StoreError::Duplicate))) => (),
            Err(Stop::Failure(Failure::Store(StoreError::Unknown))) => {
                let answer = match &act.key {
                    Some(key) => replayed::<O>(store, call, key).await?,
                    None => None,
                };
                return answer.map(Done::Replayed).ok_or(StoreError::Unknown.into());
            }
            other => return other,
        }
    }
    Err(StoreError::Duplicate.into())
}

async fn replayed<O: Handle>(
    store: &Store,
    call: &Call<'_>,
    key: &ReplayKey,
) -> Result<Option<String>, Stop> {
    let scope = AuthScope::of(&call.caller);
    let look = FindReplay {
        scope,
        operation: O::NAME,
        token: key.token.clone(),
    };
    let replay = store.read(look).await?;
    Ok(replay.map(|replay| key.answer(replay)).transpose()?)
}

/// An operation as its records name it.
fn event<O: Operation>() -> audit::Event {
    audit::Event::operation(O::NAME, O::EFFECT)
}

fn rejection(refused: &Refused) -> Rejection {
    match refused {
        Refused::Malformed(message) => Rejection::new("SerializationException", message.as_str()),
        Refused::Invalid {
            violations,
            language,
        } => {
            let language = Language::of(language.as_deref());
            Rejection::new("ValidationException", language.violations(violations))
        }
    }
}

/// What a request came to.
enum Done<O: Operation> {
    Fresh(O::Output),
    /// The answer that was given to the first request with this token, as JSON text.
    Replayed(String),
}

impl<O: Operation> Done<O> {
    fn encode(self, protocol: Protocol) -> Vec<u8> {
        match self {
            Self::Fresh(output) => mimeo_api::encode(protocol, &output),
            Self::Replayed(answer) => replay::told(answer, protocol),
        }
    }
}

/// One operation in one transaction, with what it must remember.
struct Act<O: Operation> {
    world: Arc<World>,
    scope: AuthScope,
    caller: Caller,
    now: Timestamp,
    seed: Seed,
    input: O::Input,
    prepared: Arc<Prepared>,
    key: Option<ReplayKey>,
    /// Of the record that is kept; `None` for what only reads.
    head: Option<Arc<Head>>,
}

impl<O: Operation> Clone for Act<O> {
    fn clone(&self) -> Self {
        Self {
            world: Arc::clone(&self.world),
            scope: self.scope.clone(),
            caller: self.caller.clone(),
            now: self.now,
            seed: self.seed,
            input: self.input.clone(),
            prepared: Arc::clone(&self.prepared),
            key: self.key.clone(),
            head: self.head.clone(),
        }
    }
}

impl<O: Handle> Work for Act<O> {
    type Output = Done<O>;
    type Error = Stop;
    const LEVEL: Level = O::LEVEL;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Done<O>, Stop> {
        if let (Some(key), Effect::Writes) = (&self.key, O::EFFECT)
            && let Some(replay) = tx.find_replay(&self.scope, O::NAME, &key.token).await?
        {
            return Ok(Done::Replayed(key.answer(replay)?));
        }
        if let (Some(kept), Effect::Writes) = (&self.prepared.template, O::EFFECT) {
            let name = self.world.shelves.name_of(&self.caller.region);
            uploads::name(tx, name, &kept.digest, &kept.marks).await?;
        }
        let mut cx = Cx {
            caller: &self.caller,
            scope: &self.scope,
            now: self.now,
            mint: Mint::new(self.seed, self.now),
            tx: &mut *tx,
            quotas: &self.world.quotas,
            prepared: &self.prepared,
            pages: Pages {
                key: &self.world.page_key,
                caller: &self.caller,
                operation: O::NAME,
            },
        };
        let output = O::handle(&mut cx, &self.input).await?;
        if let (Some(key), Effect::Writes) = (&self.key, O::EFFECT) {
            let answer = mimeo_api::encode(Protocol::Json, &output);
            let answer = String::from_utf8(answer).expect("JSON is UTF-8");
            let replay = Replay {
                fingerprint: key.fingerprint.clone(),
                answer,
            };
            tx.insert_replay(&self.scope, O::NAME, &key.token, &replay, self.now)
                .await?;
        }
        // Last, so that what cannot be recorded is not done either.
        if let Some(head) = &self.head {
            let record = head.done(audit::shown(&output));
            tx.insert_audit(&self.scope, &record).await?;
        }
        Ok(Done::Fresh(output))
    }
}

struct FindReplay {
    scope: AuthScope,
    operation: &'static str,
    token: String,
}

impl Work for FindReplay {
    type Output = Option<Replay>;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<Replay>, Stop> {
        Ok(tx
            .find_replay(&self.scope, self.operation, &self.token)
            .await?)
    }
}
