//! Starting and stopping: stores, shelf, fetcher, listener, workers; and the drain.

mod peers;
mod settle;
mod shelves;
mod world;

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mimeo_service::Service;
use mimeo_service::workflows::lease;
use mimeo_store::{Claimer, Dialect, OpenError, Store, StoreError};
use mimeo_templates::fetch::FetcherError;
use mimeo_templates::shelf::ShelfError;
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::accounts::{self, Loaded, Watching};
use crate::auditing;
use crate::config::{Config, ConfigError, is_loopback};
use crate::control;
use crate::front::{Front, SessionKey};
use crate::http::{self, Door};
use crate::metrics::Metrics;
use crate::opening;
use crate::phase::{Phase, phases};
use crate::seed::{self, SeedError};
use crate::sweeper;
use crate::tidying;
use crate::worker::Workers;

pub(crate) use shelves::shelves;
use world::world;

/// Connections that may wait to be accepted: as many as come at once when all clients do, since the
/// kernel lets those that it drops wait for seconds.
const BACKLOG: u32 = 4_096;

/// The last part of the drain, kept for handing copies back and closing the stores.
const CLOSING: Duration = Duration::from_secs(1);

/// Why a server does not start, in a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Seed(#[from] SeedError),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("the store does not work: {0}")]
    Broken(#[from] StoreError),
    #[error("{} cannot be used: {source}", path.display())]
    Folder {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the templates' folder {} cannot be used: {source}", path.display())]
    Shelf { path: PathBuf, source: ShelfError },
    #[error("the templates' bucket {bucket} cannot be used: {source}")]
    Bucket { bucket: String, source: ShelfError },
    #[error(transparent)]
    Fetcher(#[from] FetcherError),
    #[error("{listen} cannot be listened on: {source}")]
    Listen {
        listen: String,
        source: std::io::Error,
    },
    #[error(
        "open mode does not check signatures, so it listens on a loopback address only, and {0} is \
         none: configure an [[account]], or add --allow-open-network"
    )]
    OpenNetwork(SocketAddr),
    #[error("signals cannot be heard: {0}")]
    Signals(std::io::Error),
    #[error("standard output cannot be written: {0}")]
    Output(std::io::Error),
}

/// A server to be started.
#[derive(Debug)]
pub struct Server;

/// A server that runs, until [`Running::stop`] or until it is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    pub mode: Mode,
    phase: watch::Sender<Phase>,
    tasks: JoinSet<()>,
    stores: Vec<Store>,
    drain: Duration,
}

/// Whether signatures are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Open,
    Verified { accounts: usize, regions: usize },
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str(
                "Open mode: signatures are not checked; a 12-digit access key id is the account.",
            ),
            Self::Verified { accounts, regions } => {
                write!(f, "Verified mode: accounts {accounts}, Regions {regions}.")
            }
        }
    }
}

impl Server {
    /// Opens everything and begins to serve.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let (listener, address) = bind(&config).await?;
        Box::pin(Self::start_at(config, listener, address)).await
    }

    /// The same on a socket that listens already, so that its address could be told to others.
    pub async fn start_with(config: Config, listener: TcpListener) -> Result<Running, StartError> {
        let address = listener.local_addr().map_err(|source| StartError::Listen {
            listen: config.listen.clone(),
            source,
        })?;
        Box::pin(Self::start_at(config, listener, address)).await
    }

    async fn start_at(
        config: Config,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Result<Running, StartError> {
        let store = opening::store(&config).await?;
        store.announce(&format!("http://{address}"));
        let started = Self::start_on(config, store.clone(), listener, address).await;
        if started.is_err() {
            store.close().await;
        }
        started
    }

    async fn start_on(
        config: Config,
        store: Store,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Result<Running, StartError> {
        if store.dialect() == Dialect::Sqlite {
            // This process holds the file's lock, so whoever had leases is dead.
            let copies = lease::take_all_back(&store).await?;
            if copies > 0 {
                info!(copies, "copies of the last run go on");
            }
        }
        let described = config;
        let Loaded {
            config,
            identities,
            generation,
        } = accounts::load(&described, &store).await?;
        check_servable(&config, &address)?;
        let session_key = session_key(&config, &store).await?;
        let (replacing, identities) = watch::channel(Arc::new(identities));
        let front = Front::of(&config, identities, SessionKey::new(session_key.as_bytes()));
        let metrics = Arc::new(Metrics::new());
        let world = world(&config, store.clone(), address, &metrics).await?;
        let service = Service::new(world);
        control::begin(&service).await?;
        let (phase, watch) = phases();
        let stores = service.world().directory.stores();
        let mut tasks = JoinSet::new();
        let company = Arc::default();
        for store in &stores {
            let workers = Workers {
                service: service.clone(),
                store: store.clone(),
                metrics: Arc::clone(&metrics),
                claimer: Claimer::new(config.workers.copies_per_account_max),
                sizes: config.workers.clone(),
                watch: watch.clone(),
                company: Arc::clone(&company),
            };
            tasks.spawn(workers.run());
            let keep_days = config.copies.retention_days;
            tasks.spawn(tidying::run(store.clone(), keep_days, watch.clone()));
        }
        tasks.spawn(sweeper::run(
            service.clone(),
            store.clone(),
            Arc::clone(&metrics),
            config.templates.orphan_grace,
            watch.clone(),
        ));
        // Workers run already: a seed waits for its copies.
        if let Err(error) = sow(&config, &service).await {
            tasks.shutdown().await;
            for store in &stores {
                store.close().await;
            }
            return Err(error.into());
        }
        let house = auditing::House::of(&config, &service);
        tasks.spawn(house.keep(watch.clone()));
        tasks.spawn(control::tick(service.clone(), watch.clone()));
        // Nobody else can write to a SQLite file that this process holds.
        if store.dialect() == Dialect::Postgres {
            let watching = Watching {
                config: described,
                store,
                generation,
                identities: config.is_verified().then_some(replacing),
            };
            tasks.spawn(watching.run(watch.clone()));
        }
        let door = Door::new(&config, front, service, metrics, watch.clone());
        tasks.spawn(http::listen(listener, Arc::new(door), watch));
        let mode = mode(&config);
        Ok(Running {
            address,
            mode,
            phase,
            tasks,
            stores,
            drain: config.drain,
        })
    }
}

async fn sow(config: &Config, service: &Service) -> Result<(), SeedError> {
    let Some(path) = &config.seed else {
        return Ok(());
    };
    let made = seed::apply(service, path, &seed::Known::of(config)).await?;
    info!(made, "the seed {} is applied", path.display());
    Ok(())
}

impl Running {
    /// The URL that clients use on this machine.
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            let loopback: std::net::IpAddr = match address {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            };
            address.set_ip(loopback);
        }
        format!("http://{address}")
    }

    /// Stops within the drain time: requests and copies may finish, then they are cut off and the
    /// copies handed back.
    pub async fn stop(mut self) {
        self.enter(Phase::Draining);
        let gently = self.drain.saturating_sub(CLOSING);
        if timeout(gently, join(&mut self.tasks)).await.is_err() {
            self.enter(Phase::Stopped);
            if timeout(CLOSING, join(&mut self.tasks)).await.is_err() {
                self.tasks.abort_all();
            }
        }
        for store in &self.stores {
            // Every write that was answered is on disk already.
            if timeout(CLOSING, store.close()).await.is_err() {
                warn!("the store did not close in time");
            }
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }
}

/// `mimeo serve`: runs until SIGTERM or SIGINT, and tells on standard output when it is ready.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
    let running = Server::start(config).await?;
    let mut output = std::io::stdout().lock();
    let told = write!(output, "{}\n{}\nReady.\n", running.url(), running.mode)
        .and_then(|()| output.flush());
    drop(output);
    told.map_err(StartError::Output)?;
    if running.mode == Mode::Open && !is_loopback(&running.address) {
        warn!(
            "ANYBODY WHO REACHES {} CAN ACT AS ANY ACCOUNT",
            running.address
        );
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    info!("stopping");
    running.stop().await;
    Ok(())
}

async fn join(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

fn mode(config: &Config) -> Mode {
    if config.is_verified() {
        Mode::Verified {
            accounts: config.accounts.len(),
            regions: config.regions.len(),
        }
    } else {
        Mode::Open
    }
}

/// At the first of the name's addresses that can be had.
async fn listen(name: &str) -> io::Result<TcpListener> {
    let mut refused = io::ErrorKind::AddrNotAvailable.into();
    for address in lookup_host(name).await? {
        match listen_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn bind(config: &Config) -> Result<(TcpListener, SocketAddr), StartError> {
    let refused = |source| StartError::Listen {
        listen: config.listen.clone(),
        source,
    };
    let listener = listen(&config.listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

/// Whether all accounts together can be served at this address.
fn check_servable(config: &Config, address: &SocketAddr) -> Result<(), StartError> {
    let problems = config.unservable();
    if !problems.is_empty() {
        return Err(ConfigError(problems).into());
    }
    // The socket decides, not the text of the configuration: a name may be any address.
    if !config.is_verified() && !config.allow_open_network && !is_loopback(address) {
        return Err(StartError::OpenNetwork(*address));
    }
    Ok(())
}

/// The key of sessions' tokens, which all servers on a store share.
async fn session_key(config: &Config, store: &Store) -> Result<String, StoreError> {
    // Open mode gives sessions to anybody: none of them may open in verified mode.
    if !config.is_verified() {
        return settle::secret(store, "open_session_key").await;
    }
    let shared = settle::secret(store, "session_key").await?;
    // With a master key, whoever reads the database can forge no sessions either.
    let key = config.identities.key();
    Ok(key.map_or(shared.clone(), |key| key.with_shared(&shared)))
}
