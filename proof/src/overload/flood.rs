//! Clients that ask again as soon as they are answered, and count what they were told.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::Place;
use crate::instant;

pub(crate) const PLACE: Place = Place {
    account: "111111111111",
    region: "us-east-1",
};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Clients that connect within ten milliseconds.
const CONNECTS_AT_ONCE: usize = 100;

/// Kinds of unexpected answers that are kept.
const UNEXPECTED_MAX: usize = 8;

/// So that no portfolio is made twice.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// What the clients were told.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub done: u64,
    throttled: u64,
    unavailable: u64,
    /// Closed without an answer.
    closed: u64,
    /// Answers that no client should get, and how often.
    pub unexpected: BTreeMap<String, u64>,
    micros: Vec<u64>,
}

impl Tally {
    /// Refusals, of each of which a client knows that it may ask again.
    pub(super) fn refused(&self) -> u64 {
        self.throttled + self.unavailable + self.closed
    }

    pub(super) fn done_a_second(&self, time: Duration) -> f64 {
        self.done as f64 / time.as_secs_f64()
    }

    pub(super) fn asked_a_second(&self, time: Duration) -> f64 {
        (self.done + self.refused()) as f64 / time.as_secs_f64()
    }

    pub(super) fn p99_micros(&self) -> u64 {
        let mut micros = self.micros.clone();
        micros.sort_unstable();
        let at = micros.len() * 99 / 100;
        micros.get(at).copied().unwrap_or(0)
    }

    fn join(&mut self, other: Self) {
        self.done += other.done;
        self.throttled += other.throttled;
        self.unavailable += other.unavailable;
        self.closed += other.closed;
        self.micros.extend(other.micros);
        for (answer, count) in other.unexpected {
            *self.unexpected.entry(answer).or_default() += count;
        }
    }

    fn note(&mut self, status: u16, body: &str, micros: u64) {
        match status {
            200 => {
                self.done += 1;
                self.micros.push(micros);
            }
            400 if body.contains("ThrottlingException") => self.throttled += 1,
            503 => self.unavailable += 1,
            _ => {
                let count = self.unexpected.len();
                let answer = format!("{status} {}", body.chars().take(200).collect::<String>());
                if count < UNEXPECTED_MAX || self.unexpected.contains_key(&answer) {
                    *self.unexpected.entry(answer).or_default() += 1;
                }
            }
        }
    }
}

/// Durable creations, or probes that read, against one server for a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flood {
    pub port: u16,
    pub time: Duration,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Create,
    Read,
}

impl Flood {
    /// This many clients at once create portfolios.
    pub(super) async fn of(self, clients: usize) -> Tally {
        let mut all = JoinSet::new();
        for number in 1..=clients {
            all.spawn(self.client(What::Create, Duration::ZERO));
            // Not all in one instant: what the kernel drops then comes back only after seconds.
            if number % CONNECTS_AT_ONCE == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        let mut tally = Tally::default();
        while let Some(told) = all.join_next().await {
            tally.join(told.expect("a client does not panic"));
        }
        tally
    }

    /// One client reads now and then.
    pub(super) async fn probed(self) -> Tally {
        self.client(What::Read, Duration::from_millis(2)).await
    }

    async fn client(self, what: What, pause: Duration) -> Tally {
        let begun = instant();
        let mut tally = Tally::default();
        let mut connection = None;
        while begun.elapsed() < self.time {
            let stream = match connection.take() {
                Some(stream) => Ok(stream),
                None => TcpStream::connect(("127.0.0.1", self.port)).await,
            };
            let asked = instant();
            let told = match stream {
                Ok(stream) => timeout(PATIENCE, ask(stream, &what.request(self.port))).await,
                Err(error) => Ok(Err(error)),
            };
            match told {
                Ok(Ok((stream, status, body))) => {
                    let micros = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
                    tally.note(status, &body, micros);
                    connection = Some(stream);
                }
                Ok(Err(_)) => tally.closed += 1,
                Err(_) => tally.note(0, "no answer in time", 0),
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        tally
    }
}

impl What {
    fn request(self, port: u16) -> String {
        let (operation, body) = match self {
            Self::Create => {
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let body = format!(
                    r#"{{"DisplayName":"flood","ProviderName":"IT","IdempotencyToken":"flood-{number}"}}"#
                );
                ("CreatePortfolio", body)
            }
            Self::Read => ("ListAcceptedPortfolioShares", "{}".to_owned()),
        };
        format!(
            "POST / HTTP/1.1\r\nX-Amz-Target: AWS242ServiceCatalogService.{operation}\r\n\
             Content-Type: application/x-amz-json-1.1\r\nHost: 127.0.0.1:{port}\r\n\
             Authorization: {}\r\nContent-Length: {}\r\n\r\n{body}",
            PLACE.authorization(),
            body.len(),
        )
    }
}

/// Sends a request and reads its answer; the connection is given back for the next one.
async fn ask(mut stream: TcpStream, request: &str) -> io::Result<(TcpStream, u16, String)> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let named = name.eq_ignore_ascii_case("content-length");
            named.then(|| value.trim().parse::<usize>().ok())?
        });
        let length = length.ok_or(io::ErrorKind::InvalidData)?;
        if body.len() >= length {
            let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
            let status = status.ok_or(io::ErrorKind::InvalidData)?;
            let body = body.to_owned();
            return Ok((stream, status, body));
        }
    }
}
