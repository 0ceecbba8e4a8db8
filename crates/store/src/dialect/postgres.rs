//! PostgreSQL: a pool, serializable transactions that are run again after a conflict, and errors in the store's words.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Hook, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio::sync::{Mutex, Notify};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, IsolationLevel, NoTls};

use super::{Engine, Tx, guard};
use crate::error::{OpenError, StoreError};
use crate::{Gauges, Level, Options, Work};

mod absence;
mod busy;
mod session;
mod texts;
mod values;
mod wakes;
mod words;

use absence::Absence;
use busy::Busy;
pub(super) use session::Session;
use texts::Texts;
pub(super) use values::column;
pub use wakes::Wakes;
use words::{after_commit, away, chain, in_our_words};

/// How often a transaction is run again after a conflict.
pub const RETRIES_MAX: u32 = 20;

/// After so many conflicts the transactions of one node wait for each other, so that only those of
/// other nodes are left to collide with.
const CONFLICTS_ALONE_MAX: u32 = 2;

/// Longest pause before a retry, in milliseconds; the first are shorter.
const PAUSE_MILLIS_MAX: u64 = 128;

/// How long a caller waits for a connection, from the pool or from the server.
const CONNECTION_WAIT: Duration = Duration::from_secs(3);

/// How long a statement may go unanswered: shorter than a lease, so that who holds one learns in time
/// that the database stands still, and longer than any statement of ours takes.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Every statement goes by an index, and what a scan of a small table reads would collide with every
/// write to it. And a host that is gone must not hold the locks of a half-made transaction for as long
/// as its connection seems to be there. A server that does not know a setting does without.
const SETTINGS: [&str; 2] = [
    "SET enable_seqscan = off",
    "SET idle_in_transaction_session_timeout = 15000",
];

/// How long sent bytes may go unanswered by the other host's kernel. COMMIT itself has no timeout.
const SILENCE_MAX: Duration = Duration::from_secs(15);

pub(crate) struct Postgres {
    pool: Pool,
    config: Config,
    texts: Texts,
    conflicts: AtomicU64,
    /// Transactions that collided often wait here for their turn.
    line: Mutex<()>,
    absence: Arc<Absence>,
    bell: Arc<Notify>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
}

impl Postgres {
    pub(crate) async fn open(url: &str, options: &Options) -> Result<Postgres, OpenError> {
        let manager_config = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let config = config(url)?;
        let manager = Manager::from_config(config.clone(), NoTls, manager_config);
        let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX);
        let settled = Hook::async_fn(|client, _| {
            Box::pin(async move {
                for setting in SETTINGS {
                    drop(client.batch_execute(setting).await);
                }
                Ok(())
            })
        });
        let pool = Pool::builder(manager)
            .max_size(options.pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECTION_WAIT))
            // Each of several hosts has its time, so that a silent one does not use up the others'.
            .create_timeout(Some(connect_wait(hosts).saturating_mul(hosts.max(1))))
            .post_create(settled)
            .build()
            .map_err(|error| OpenError::Address(chain(&error)))?;
        let postgres = Postgres {
            absence: Arc::new(Absence::new(pool.clone())),
            pool,
            config,
            texts: Texts::default(),
            conflicts: AtomicU64::new(0),
            line: Mutex::new(()),
            bell: Arc::default(),
        };
        postgres.check_order().await?;
        Ok(postgres)
    }

    pub(crate) async fn write<W: Work>(&self, mut work: W) -> Result<W::Output, W::Error> {
        let mut turn = None;
        for retries in 0..=RETRIES_MAX {
            match self.attempt(Mode::Write, &mut work).await {
                Ok(result) => return result,
                Err(StoreError::Conflict) => {
                    let seed = self.conflicts.fetch_add(1, Ordering::Relaxed);
                    if retries + 1 >= CONFLICTS_ALONE_MAX && turn.is_none() {
                        turn = Some(self.line.lock().await);
                    } else {
                        tokio::time::sleep(pause(retries, seed)).await;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    pub(crate) async fn read<W: Work>(&self, mut work: W) -> Result<W::Output, W::Error> {
        self.attempt(Mode::Read, &mut work).await?
    }

    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// The same, done when it answers.
    pub(crate) async fn ring_now(&self) {
        if let Ok(client) = self.client().await {
            drop(client.batch_execute(wakes::NOTIFY).await);
        }
    }

    pub(crate) fn wakes(&self) -> Wakes {
        Wakes::new(self.config.clone(), Arc::clone(&self.bell))
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn gauges(&self) -> Gauges {
        let status = self.pool.status();
        Gauges {
            connections: status.size,
            connection_queue: status.waiting,
            conflicts: self.conflicts.load(Ordering::Relaxed),
            is_away: self.absence.is_known(),
            ..Gauges::default()
        }
    }

    /// One transaction. The outer error is the store's, and nothing was done unless it is `Unknown`.
    async fn attempt<W: Work>(
        &self,
        mode: Mode,
        work: &mut W,
    ) -> Result<Result<W::Output, W::Error>, StoreError> {
        let mut client = Busy::new(self.client().await?);
        let (answer, is_usable) = self.transact(&mut client, mode, work).await;
        if let Err(StoreError::Unavailable) = answer {
            self.absence.begin();
        }
        client.end(is_usable);
        answer
    }

    /// The same, on this connection, and whether another one may use it.
    async fn transact<W: Work>(
        &self,
        client: &mut Object,
        mode: Mode,
        work: &mut W,
    ) -> (Result<Result<W::Output, W::Error>, StoreError>, bool) {
        let level = match (mode, W::LEVEL) {
            (Mode::Read, _) => IsolationLevel::RepeatableRead,
            (Mode::Write, Level::Serializable) => IsolationLevel::Serializable,
            (Mode::Write, Level::RowLocks) => IsolationLevel::ReadCommitted,
        };
        let begin = client
            .build_transaction()
            .isolation_level(level)
            .read_only(mode == Mode::Read);
        let transaction = match in_time(begin.start()).await {
            Ok(Ok(transaction)) => transaction,
            // A standby answers, but begins no transaction that writes.
            Ok(Err(error)) => return (Err(away(&error)), false),
            Err(silent) => return (Err(silent), false),
        };
        let session = Session {
            transaction,
            texts: &self.texts,
        };
        let mut tx = Tx {
            engine: Engine::Postgres(session),
            fault: None,
        };
        let result = guard::run(work, &mut tx).await;
        let is_usable = tx.fault != Some(StoreError::Unavailable);
        if tx.fault == Some(StoreError::Conflict) {
            return (Err(StoreError::Conflict), is_usable);
        }
        // Dropping the transaction rolls it back.
        if let (Ok(_), Engine::Postgres(session)) = (&result, tx.engine)
            && let Err(error) = session.transaction.commit().await
        {
            if mode == Mode::Read {
                // What was read was read: there is nothing to be unsure of.
                return (Ok(result), false);
            }
            let error = after_commit(&error);
            let is_usable = error == StoreError::Conflict;
            return (Err(error), is_usable);
        }
        (Ok(result), is_usable)
    }

    async fn client(&self) -> Result<Object, StoreError> {
        if self.absence.is_known() {
            return Err(StoreError::Unavailable);
        }
        self.pool.get().await.map_err(|error| match &error {
            PoolError::Timeout(TimeoutType::Wait) => StoreError::Overloaded,
            PoolError::Backend(refusal)
                if refusal.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) =>
            {
                StoreError::Overloaded
            }
            PoolError::Closed => StoreError::Unavailable,
            // Whatever the reason, a wrong password included, the database is not there for us.
            _ => {
                self.absence.begin();
                away(&error)
            }
        })
    }

    /// Refuses a database that does not compare text byte by byte: keyset pages and SQLite do.
    async fn check_order(&self) -> Result<(), OpenError> {
        const PROBE: &str = "SELECT current_database()::text, datcollate::text || ' ' || pg_encoding_to_char(encoding), \
             pg_encoding_to_char(encoding) = 'UTF8' AND 'Z' < 'a' AND 'a' < '~' AND 'a b' < 'ab' AND 'z' < 'é' \
             FROM pg_database WHERE datname = current_database()";
        let connected = self.pool.get().await;
        let client = connected.map_err(|error| OpenError::Unreachable(chain(&error)))?;
        let row = client
            .query_one(PROBE, &[])
            .await
            .map_err(|error| in_our_words(&error, PROBE))?;
        if row.get(2) {
            Ok(())
        } else {
            Err(OpenError::Collation {
                database: row.get(0),
                collation: row.get(1),
            })
        }
    }
}

fn config(url: &str) -> Result<Config, OpenError> {
    let mut config: Config = url
        .parse()
        .map_err(|error| OpenError::Address(chain(&error)))?;
    if !matches!(config.get_ssl_mode(), SslMode::Disable | SslMode::Prefer) {
        return Err(OpenError::Tls);
    }
    if config.get_application_name().is_none() {
        config.application_name("mimeo");
    }
    if config.get_connect_timeout().is_none() {
        let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX);
        config.connect_timeout(connect_wait(hosts));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE_MAX);
    }
    config
        .keepalives_idle(SILENCE_MAX)
        .keepalives_interval(SILENCE_MAX / 3)
        .keepalives_retries(3);
    Ok(config)
}

/// An answer that comes in time. Without one nothing was done: only COMMIT waits as long as it takes.
async fn in_time<T>(answer: impl Future<Output = T>) -> Result<T, StoreError> {
    let answer = tokio::time::timeout(ANSWER_WAIT, answer).await;
    answer.map_err(|late| away(&late))
}

/// How long one of several hosts may take to let us in.
fn connect_wait(hosts: u32) -> Duration {
    if hosts > 1 {
        CONNECTION_WAIT / 2
    } else {
        CONNECTION_WAIT
    }
}

/// Full jitter under a doubling bound. Chance need not be good here, only different between neighbours.
fn pause(retries: u32, seed: u64) -> Duration {
    let bound = (1_u64 << retries.min(16)).min(PAUSE_MILLIS_MAX) * 1000;
    let mixed = (seed ^ u64::from(std::process::id()) << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Duration::from_micros((mixed ^ mixed >> 29) % bound)
}

/// Runs statements outside a transaction, as CREATE DATABASE must be; the answer is the first column of the last.
#[cfg(any(test, feature = "testing"))]
pub(crate) async fn administer(url: &str, statements: &[&str]) -> Result<Vec<String>, StoreError> {
    let config = config(url).map_err(|error| StoreError::Broken(error.to_string()))?;
    let (client, connection) = config
        .connect(NoTls)
        .await
        .map_err(|error| in_our_words(&error, "connect"))?;
    let connection = tokio::spawn(connection);
    let mut answer = Vec::new();
    for sql in statements {
        let rows = client
            .simple_query(sql)
            .await
            .map_err(|error| in_our_words(&error, sql))?;
        answer = rows
            .iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .collect();
    }
    drop(client);
    drop(connection.await);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_under_their_bound() {
        for retries in 0..=RETRIES_MAX {
            for seed in 0..100 {
                let bound = u64::min(1 << retries, PAUSE_MILLIS_MAX);
                assert!(pause(retries, seed) < Duration::from_millis(bound));
            }
        }
    }

    #[test]
    fn an_address_that_asks_for_tls_is_refused() {
        let refusal = config("postgres://u@h/d?sslmode=require").expect_err("TLS is not there");
        assert!(matches!(refusal, OpenError::Tls), "{refusal}");
        assert!(config("postgres://u@h/d?sslmode=prefer").is_ok());
    }
}
