//! The world: a service over a fresh store, a clock, chance, and accounts.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use mimeo_domain::ids::Seed;
use mimeo_domain::{Quotas, Timestamp};
use mimeo_service::{
    Arrival, Directory, Fetching, PageKey, Peers, Service, Shelves, Trail, UploadReaders,
};
use mimeo_store::{Location, Options, Store};
use mimeo_templates::fetch::{FetchRules, Fetcher, Loopback, Timeouts};
use mimeo_templates::shelf::Shelf;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::Account;

/// The instant at which a world begins, in milliseconds since the epoch: 2026-01-15T08:00:00.123Z.
pub const NOW_MILLIS: i64 = 1_768_464_000_123;

/// The authority under which callers reach the service.
pub const HOST: &str = "mimeo.test";

const PAGE_SECRET: &[u8] = b"the page secret of a testkit world";

/// Seeds of neighbouring requests lie apart, as a request that meets a taken id tries the next few.
const SEED_STEP: u64 = 1 << 8;

/// A service and all that it stands on. Clones share it.
#[derive(Debug, Clone)]
pub struct World {
    service: Service,
    clock: Arc<AtomicI64>,
    chance: Arc<AtomicU64>,
    accounts_count: Arc<AtomicU64>,
}

impl World {
    /// A world over SQLite in memory.
    pub async fn new() -> Self {
        let store = Store::open(&Location::SqliteMemory, Options::default()).await;
        Self::on(store.expect("a fresh store opens"))
    }

    /// A world over each engine that there is: SQLite in a file and in memory, and PostgreSQL.
    ///
    /// The engine is printed, so that a test that fails says on which one it did.
    pub async fn on_each_engine() -> impl Iterator<Item = Self> {
        let stores = mimeo_store::testing::stores().await;
        stores.into_iter().map(|(engine, store)| {
            eprintln!("on {engine}:");
            Self::on(store)
        })
    }

    /// A world over this store, which hosts whatever Region a caller names.
    pub fn on(store: Store) -> Self {
        Self::of(mimeo_service::World {
            directory: Directory::AnyRegion(store),
            peers: Peers::new(),
            shelves: Shelves::common(Shelf::memory()),
            fetching: Fetching::On(Box::new(fetcher())),
            upload_readers: UploadReaders::Everyone,
            quotas: Quotas::default(),
            page_key: PageKey::new(PAGE_SECRET),
            copy_accepted: Arc::new(Notify::new()),
            copy_told: Arc::new(Notify::new()),
            gate: None,
            rehearsal: None,
            audit: Arc::default(),
        })
    }

    fn of(world: mimeo_service::World) -> Self {
        Self {
            service: Service::new(world),
            clock: Arc::new(AtomicI64::new(NOW_MILLIS)),
            chance: Arc::new(AtomicU64::new(0)),
            accounts_count: Arc::new(AtomicU64::new(0)),
        }
    }

    /// The same world served in another way, such as with other quotas: store, clock and accounts are shared.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut mimeo_service::World)) -> Self {
        let before = self.service.world();
        let mut world = mimeo_service::World {
            directory: before.directory.clone(),
            peers: before.peers.clone(),
            shelves: before.shelves.clone(),
            fetching: match &before.fetching {
                Fetching::On(fetcher) => Fetching::On(fetcher.clone()),
                Fetching::Off => Fetching::Off,
            },
            upload_readers: before.upload_readers,
            quotas: before.quotas.clone(),
            page_key: PageKey::new(PAGE_SECRET),
            copy_accepted: Arc::clone(&before.copy_accepted),
            copy_told: Arc::clone(&before.copy_told),
            gate: before.gate.clone(),
            rehearsal: before.rehearsal.clone(),
            audit: Arc::clone(&before.audit),
        };
        change(&mut world);
        Self {
            service: Service::new(world),
            ..self.clone()
        }
    }

    /// The service itself.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Accounts that did not exist before, in us-east-1; the first is 111111111111.
    pub fn accounts<const N: usize>(&self, names: [&str; N]) -> [Account; N] {
        names.map(|name| {
            let number = self.accounts_count.fetch_add(1, Ordering::Relaxed) + 1;
            let id = match number {
                1..=9 => number.to_string().repeat(12),
                _ => format!("{number:012}"),
            };
            Account::new(self, name, &id)
        })
    }

    /// The instant that the next request is stamped with.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.load(Ordering::Relaxed))
    }

    /// Lets the clock go on.
    pub fn advance(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    /// A number that this world has not given before.
    pub(crate) fn number(&self) -> u64 {
        self.chance.fetch_add(1, Ordering::Relaxed)
    }

    /// The trail of a request: it comes from this machine, and its id is of this number.
    pub fn trail(number: u64) -> Trail<'static> {
        Trail {
            address: Some(Ipv4Addr::LOCALHOST.into()),
            user_agent: Some("testkit"),
            ..Trail::within(Uuid::from_u128(u128::from(number)))
        }
    }

    pub(crate) fn arrival(&self) -> Arrival {
        Arrival {
            now: self.now(),
            seed: Seed(self.number().wrapping_mul(SEED_STEP)),
            host: Some(HOST.to_owned()),
        }
    }
}

fn fetcher() -> Fetcher {
    let rules = FetchRules {
        loopback: Loopback::Allowed,
        timeouts: Timeouts {
            refusal_floor: std::time::Duration::ZERO,
            ..Timeouts::default()
        },
        ..FetchRules::default()
    };
    Fetcher::new(rules).expect("there are no certificates to read")
}
