//! The server's side: the real service over a real store that crashes when told to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mimeo_api::Protocol;
use mimeo_domain::copying::Copy;
use mimeo_domain::ids::Seed;
use mimeo_domain::{Caller, Quotas, Standing, Timestamp};
use mimeo_service::workflows::copy::{self, Ending};
use mimeo_service::workflows::{Gate, Point, Verdict, lease};
use mimeo_service::{
    Arrival, Authority, Call, Directory, Fetching, PageKey, Peers, Service, Shelves, Trail,
    UploadReaders, World,
};
use mimeo_store::{Claimer, Location, MIGRATIONS, Options, Store, testing};
use mimeo_templates::shelf::Shelf;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;
use uuid::Uuid;

use super::alphabet::{REGIONS, Seat};
use super::catalogue::{
    COPIES_MAX, PORTFOLIOS_MAX, PRODUCTS_IN_PORTFOLIO_MAX, PRODUCTS_MAX, VERSIONS_MAX,
};

/// The instant at which a server's clock begins, in milliseconds since the epoch.
const NOW_MILLIS: i64 = 1_768_464_000_123;

/// Seeds of neighbouring requests lie apart, as one that meets a taken id tries the next few.
const SEED_STEP: u64 = 1 << 8;

/// How long what a dead server left behind may take to end.
const QUIET_AFTER: Duration = Duration::from_secs(10);

/// Times that a worker asks a database that does not answer.
const CLAIMS_MAX: u32 = 8;

/// Copies of one account that run at a time.
const RUNNING_MAX: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    SqliteFile,
    Postgres,
}

/// Where rows outlive the server.
enum Keep {
    /// A folder for each life.
    Folder {
        all: TempDir,
        lives: u32,
    },
    Database(String),
}

/// A server. Each case has accounts of its own on it, so that cases see nothing of each other.
pub(super) struct Server {
    keep: Keep,
    store: Store,
    shelf: Shelf,
    service: Service,
    clock: i64,
    requests: u64,
    cases: u64,
}

/// Status and body.
pub(super) type Answer = (u16, Vec<u8>);

impl Server {
    /// A fresh server; `None` where the engine is not there.
    pub(super) async fn start(engine: Engine) -> Option<Self> {
        let keep = match engine {
            Engine::SqliteFile => Keep::Folder {
                all: tempfile::tempdir().unwrap(),
                lives: 0,
            },
            Engine::Postgres => Keep::Database(testing::postgres_url(MIGRATIONS).await?),
        };
        let store = open(&keep.location()).await;
        let shelf = Shelf::memory();
        Some(Self {
            service: Service::new(world(&store, &shelf, None)),
            keep,
            store,
            shelf,
            clock: NOW_MILLIS,
            requests: 0,
            cases: 0,
        })
    }

    /// Begins a case, in accounts that nobody has used.
    pub(super) fn begin_case(&mut self) {
        self.cases += 1;
    }

    pub(super) fn account(&self, account: usize) -> String {
        format!("{:011}{account}", self.cases)
    }

    /// The account of this number, if it is one of the case's.
    pub(super) fn number_of(&self, account: &str) -> Option<usize> {
        let number = account.strip_prefix(&format!("{:011}", self.cases))?;
        number.parse().ok()
    }

    pub(super) fn jump(&mut self, minutes: i64) {
        self.clock += minutes * 60_000;
    }

    fn call(&mut self, seat: Seat, operation: &str, input: &Value) -> Call<'static> {
        self.requests += 1;
        let region = REGIONS[seat.region].parse().unwrap();
        let account = self.account(seat.account).parse().unwrap();
        Call {
            operation: operation.to_owned(),
            protocol: Protocol::Json,
            caller: Caller {
                standing: Standing::Anyone,
                ..Caller::root(account, region)
            },
            authority: Authority::Whole,
            trail: Trail::within(Uuid::from_u128(self.requests.into())),
            arrival: Arrival {
                now: Timestamp::from_millis(self.clock),
                seed: Seed(self.requests.wrapping_mul(SEED_STEP)),
                host: None,
            },
            body: input.to_string().into_bytes().into(),
        }
    }

    pub(super) async fn ask(&mut self, seat: Seat, operation: &str, input: &Value) -> Answer {
        let call = self.call(seat, operation, input);
        let answer = self.service.call(&call).await;
        (answer.status, answer.body)
    }

    /// Asks, and crashes so many microseconds later, whatever has become of it.
    pub(super) async fn ask_and_crash(
        &mut self,
        seat: Seat,
        operation: &str,
        input: &Value,
        micros: u64,
    ) {
        let call = self.call(seat, operation, input);
        let service = self.service.clone();
        let under_way = tokio::spawn(async move { service.call(&call).await });
        if micros > 0 {
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
        self.crash().await;
        under_way.abort();
        drop(under_way.await);
    }

    /// Dies as with `kill -9`, and starts again on what the disk or the database has.
    pub(super) async fn crash(&mut self) {
        match &mut self.keep {
            // A file of SQLite and its log as they are at this instant, whoever is writing.
            Keep::Folder { all, lives } => {
                let before = all.path().join(lives.to_string());
                *lives += 1;
                let after = all.path().join(lives.to_string());
                std::fs::create_dir(&after).unwrap();
                image(&before, &after);
                self.replace().await;
                std::fs::remove_dir_all(before).ok();
            }
            Keep::Database(url) => {
                let url = url.clone();
                let nowhere = open(&Location::SqliteMemory).await;
                self.service = Service::new(world(&nowhere, &self.shelf, None));
                self.store = nowhere;
                until_quiet(&url).await;
                self.replace().await;
            }
        }
        lease::take_all_back(&self.store).await.unwrap();
    }

    async fn replace(&mut self) {
        self.store = open(&self.keep.location()).await;
        self.service = Service::new(world(&self.store, &self.shelf, None));
    }

    /// Claims as a worker does: in company, then alone what must run alone. A machine under load
    /// makes the database late, and a worker asks again.
    async fn claim(&self) -> Option<Copy> {
        let claimer = Claimer::new(RUNNING_MAX);
        for _ in 0..CLAIMS_MAX {
            match copy::claim(&self.store, &claimer).await {
                Ok(None) => {}
                Ok(next) => return next,
                Err(_) => continue,
            }
            if let Ok(next) = copy::claim_suspect(&self.store, &claimer).await {
                return next;
            }
        }
        None
    }

    /// Claims the next copy: its token and how the try ended.
    pub(super) async fn tick(&mut self, dies_at: Option<Point>) -> Option<(String, Ending)> {
        let claimed = loop {
            let claimed = self.claim().await?;
            if self.number_of(claimed.caller.account.as_str()).is_some() {
                break claimed;
            }
            // Left over by a case that failed.
            let world = world(&self.store, &self.shelf, None);
            copy::drive(&world, &self.store, claimed, 0).await.unwrap();
        };
        let token = claimed.token.to_string();
        let gate = dies_at.map(|at| {
            let dies = move |point| {
                if point == at {
                    Verdict::Crash
                } else {
                    Verdict::Pass
                }
            };
            Gate::new(dies)
        });
        let world = world(&self.store, &self.shelf, gate);
        let ending = copy::drive(&world, &self.store, claimed, 0).await.unwrap();
        Some((token, ending))
    }
}

impl Keep {
    fn location(&self) -> Location {
        match self {
            Self::Folder { all, lives } => {
                let folder = all.path().join(lives.to_string());
                std::fs::create_dir_all(&folder).unwrap();
                Location::SqliteFile(folder.join("store.db"))
            }
            Self::Database(url) => Location::Postgres(url.clone()),
        }
    }
}

async fn open(location: &Location) -> Store {
    let options = Options {
        pool_size: 2,
        ..Options::default()
    };
    Store::open(location, options).await.unwrap()
}

fn world(store: &Store, shelf: &Shelf, gate: Option<Gate>) -> World {
    World {
        directory: Directory::AnyRegion(store.clone()),
        peers: Peers::new(),
        shelves: Shelves::common(shelf.clone()),
        fetching: Fetching::Off,
        upload_readers: UploadReaders::Everyone,
        quotas: Quotas {
            portfolios: PORTFOLIOS_MAX as u64,
            products: PRODUCTS_MAX as u64,
            products_per_portfolio: PRODUCTS_IN_PORTFOLIO_MAX as u64,
            artifacts_per_product: VERSIONS_MAX as u64,
            copies_under_way: COPIES_MAX as u64,
            ..Quotas::default()
        },
        page_key: PageKey::new(b"of a model"),
        copy_accepted: Arc::new(Notify::new()),
        copy_told: Arc::new(Notify::new()),
        gate,
        rehearsal: None,
        audit: Arc::default(),
    }
}

/// Copies a database with its log. A copy that a checkpoint went through is made again: a real
/// crash sees one instant.
fn image(before: &Path, after: &Path) {
    let changed = |path: &PathBuf| std::fs::metadata(path).and_then(|it| it.modified()).ok();
    let (database, log) = ("store.db", "store.db-wal");
    loop {
        let at = changed(&before.join(database));
        std::fs::copy(before.join(database), after.join(database)).unwrap();
        if before.join(log).exists() {
            std::fs::copy(before.join(log), after.join(log)).unwrap();
        }
        if at == changed(&before.join(database)) {
            return;
        }
    }
}

/// Waits until the database has ended what a dead server's connections left it with.
async fn until_quiet(url: &str) {
    const OTHERS: &str = "SELECT CAST(COUNT(*) AS TEXT) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let quiet = async {
        while testing::administer(url, OTHERS).await != ["0"] {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(QUIET_AFTER, quiet).await;
    waited.expect("connections of a dead server end");
}
