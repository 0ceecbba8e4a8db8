//! LISTEN and NOTIFY: nodes on one database tell each other that a copy can be claimed.
//!
//! One connection of its own for each node, beside the pool. What is rung while it is down is lost:
//! polling is what correctness rests on, and this is only faster.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Socket};

use super::chain;

/// Session settings first: a ring need not be on disk, nor on a standby, before it is heard.
const LISTEN: &str = "SET synchronous_commit = off; LISTEN mimeo_copy";
pub(super) const NOTIFY: &str = "NOTIFY mimeo_copy";

/// Pauses between tries to connect.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How long the database may take to answer a ring.
const RING_WAIT: Duration = Duration::from_secs(5);

/// What other nodes ring about, and the way to ring them. It works while [`Wakes::next`] is awaited.
pub struct Wakes {
    config: Config,
    bell: Arc<Notify>,
    line: Option<Line>,
    pause: Duration,
    /// The database has no LISTEN.
    is_deaf: bool,
}

struct Line {
    client: Client,
    connection: Connection<Socket, tokio_postgres::tls::NoTlsStream>,
    process: i32,
}

enum Heard {
    Another,
    Own,
    Ended,
}

impl Wakes {
    pub(super) fn new(config: Config, bell: Arc<Notify>) -> Self {
        Self {
            config,
            bell,
            line: None,
            pause: Duration::ZERO,
            is_deaf: false,
        }
    }

    /// Waits until another node rings, or until one may have rung unheard. Passes on meanwhile what
    /// this node rings. Whoever stops waiting may wait again later.
    pub async fn next(&mut self) {
        if self.is_deaf {
            return std::future::pending().await;
        }
        if self.line.is_none() {
            self.connect().await;
            // What was rung in between was lost.
            return;
        }
        loop {
            let Some(line) = &mut self.line else { return };
            tokio::select! {
                heard = line.hear() => match heard {
                    Heard::Another => return,
                    Heard::Own => {}
                    Heard::Ended => self.line = None,
                },
                () = self.bell.notified() => match line.ring().await {
                    Heard::Another => return,
                    Heard::Own => {}
                    Heard::Ended => self.line = None,
                },
            }
        }
    }

    /// Tries until it is connected, or knows that there is no point.
    async fn connect(&mut self) {
        loop {
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).clamp(PAUSE, PAUSE_MAX);
            match Line::open(&self.config).await {
                Ok(line) => {
                    self.line = Some(line);
                    self.pause = Duration::ZERO;
                    return;
                }
                Err(error) if error.as_db_error().is_some_and(is_unknown) => {
                    tracing::warn!(
                        error = chain(&error),
                        "the database has no LISTEN: other nodes' copies are found by polling"
                    );
                    self.is_deaf = true;
                    return;
                }
                Err(error) => {
                    tracing::debug!(error = chain(&error), "nobody can be listened to");
                }
            }
        }
    }
}

impl std::fmt::Debug for Wakes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Wakes")
    }
}

/// Whether a database refused because it does not know what was asked: syntax (42…), or a feature
/// that it does not have (0A…).
fn is_unknown(error: &tokio_postgres::error::DbError) -> bool {
    let code = error.code().code();
    code.starts_with("0A") || code == "42601" || code == "42883" || code == "42704"
}

impl Line {
    async fn open(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        let mut line = Self {
            client,
            connection,
            process: 0,
        };
        let row = line
            .drive(async |client| client.query_one("SELECT pg_backend_pid()", &[]).await)
            .await?;
        line.process = row.try_get(0)?;
        line.drive(async |client| client.batch_execute(LISTEN).await)
            .await?;
        Ok(line)
    }

    /// Runs a statement while the connection works; what is heard meanwhile is dropped.
    async fn drive<T>(
        &mut self,
        statement: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, tokio_postgres::Error> {
        let (client, connection) = (&self.client, &mut self.connection);
        let mut answer = std::pin::pin!(statement(client));
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                message = poll_fn(|waker| connection.poll_message(waker)) => {
                    if let Some(Err(error)) = message {
                        return Err(error);
                    }
                }
            }
        }
    }

    async fn hear(&mut self) -> Heard {
        let process = self.process;
        match poll_fn(|context| self.connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(told))) if told.process_id() != process => {
                Heard::Another
            }
            Some(Ok(_)) => Heard::Own,
            Some(Err(error)) => {
                tracing::debug!(error = chain(&error), "the line to other nodes broke");
                Heard::Ended
            }
            None => Heard::Ended,
        }
    }

    /// Rings. What is heard meanwhile counts as another's ring: better one look too many.
    async fn ring(&mut self) -> Heard {
        let mut heard = Heard::Own;
        let process = self.process;
        let (client, connection) = (&self.client, &mut self.connection);
        let mut rung = std::pin::pin!(tokio::time::timeout(
            RING_WAIT,
            client.batch_execute(NOTIFY)
        ));
        loop {
            tokio::select! {
                biased;
                rung = &mut rung => match rung {
                    Ok(Ok(())) => return heard,
                    Ok(Err(_)) | Err(_) => return Heard::Ended,
                },
                message = poll_fn(|context| connection.poll_message(context)) => match message {
                    Some(Ok(AsyncMessage::Notification(told))) if told.process_id() != process => {
                        heard = Heard::Another;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Heard::Ended,
                },
            }
        }
    }
}
