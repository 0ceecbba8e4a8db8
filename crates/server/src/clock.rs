//! The only clock and the only chance: read once when a request arrives.

use std::time::{Duration, Instant, SystemTime};

use mimeo_domain::Timestamp;
use mimeo_domain::ids::Seed;
use mimeo_service::Arrival;
use uuid::Uuid;

/// A request as it came in: when, its chance, its id.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub now: Timestamp,
    pub seed: Seed,
    /// What the answer and the log call this request; tells nothing of the seed.
    pub request_id: Uuid,
    started: Instant,
}

impl Arrived {
    pub(crate) fn now() -> Self {
        let mut chance = [0; 24];
        fill(&mut chance);
        let (seed, id) = chance.split_first_chunk().expect("24 bytes hold 8");
        let id = id.first_chunk().expect("16 bytes are left");
        Self {
            now: now(),
            seed: Seed(u64::from_le_bytes(*seed)),
            request_id: uuid::Builder::from_random_bytes(*id).into_uuid(),
            started: instant(),
        }
    }

    /// What the service gets to know, with the authority under which it was reached.
    pub(crate) fn arrival(&self, host: Option<&str>) -> Arrival {
        Arrival {
            now: self.now,
            seed: self.seed,
            host: host.map(str::to_owned),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The time of day.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this file is the clock")]
    let now = SystemTime::now();
    let since_1970 = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// The time of day as files have it.
pub(crate) fn system() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this file is the clock")]
    SystemTime::now()
}

/// For durations only.
pub(crate) fn instant() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this file is the clock")]
    Instant::now()
}

/// Chance of 64 bits, such as the jitter of a wait.
pub(crate) fn chance() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// A fresh secret of 256 bits.
pub(crate) fn secret() -> [u8; 32] {
    random()
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

fn fill(bytes: &mut [u8]) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this file is where chance comes from"
    )]
    let filled = getrandom::fill(bytes);
    // Ids that can be guessed would be worse than no server at all.
    filled.expect("the operating system gives random bytes");
}
