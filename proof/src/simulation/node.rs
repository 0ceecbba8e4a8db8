//! A node: the service over links to the databases, and workers that do what the server's do.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;

use mimeo_domain::copying::{Copy, HEARTBEAT_MILLIS};
use mimeo_domain::{Quotas, RegionName};
use mimeo_service::workflows::copy::{self, Ending};
use mimeo_service::workflows::{Gate, Verdict, lease};
use mimeo_service::{Directory, Fetching, PageKey, Peers, Service, Shelves, UploadReaders, World};
use mimeo_store::{Claimer, Fence, Fenced, Store, StoreError};
use mimeo_templates::shelf::Shelf;
use tokio::sync::Notify;

use super::ledger::RUNNING_MAX;
use super::link::{Link, Shared, lock};
use super::peer::Peer;

pub(super) const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// How long a try may take to notice that its copy is final, in milliseconds: as in the server.
const NOTICE_MILLIS: i64 = 200;

/// Pause between two tries to let go of a copy, in milliseconds: as in the server.
const LET_GO_MILLIS: i64 = 250;

/// Which of two databases holds a Region.
pub(super) fn store_of(region: &str) -> usize {
    usize::from(region != REGIONS[0])
}

/// What a node stands on.
pub(super) struct Ground<'a> {
    pub shared: &'a Arc<Shared>,
    /// One for both Regions, or one for each.
    pub stores: &'a [Store],
    /// One for each Region.
    pub shelves: &'a [Shelf; 2],
    pub quotas: &'a Quotas,
    /// The Region of the sources, if it is another server's than the other Region.
    pub apart: Option<&'static str>,
}

impl Ground<'_> {
    /// The service of each Region as this node offers it.
    pub(super) fn services(&self, node: usize) -> [Service; 2] {
        let both = Service::new(self.world(node, &REGIONS, Peers::new()));
        let Some(home) = self.apart else {
            return [both.clone(), both];
        };
        REGIONS.map(|name| {
            let mut peers = Peers::new();
            if name != home {
                let link = Link::new(self.shared, node, store_of(home), format!("peer of {node}"));
                let peer = Peer {
                    shared: Arc::clone(self.shared),
                    store: self.stores[store_of(home)].under(link),
                    shelf: self.shelves[store_of(home)].clone(),
                };
                peers.insert(region(home), Arc::new(peer));
            }
            Service::new(self.world(node, &[name], peers))
        })
    }

    fn world(&self, node: usize, names: &[&str], peers: Peers) -> World {
        let linked = |store: usize| {
            let who = format!("node {node}");
            self.stores[store].under(Link::new(self.shared, node, store, who))
        };
        let stores: Vec<Store> = (0..self.stores.len()).map(linked).collect();
        let regions = names.iter().map(|name| {
            let store = store_of(name).min(stores.len() - 1);
            (region(name), stores[store].clone())
        });
        let shelves = REGIONS.map(|name| (region(name), self.shelves[store_of(name)].clone()));
        let shared = Arc::clone(self.shared);
        World {
            directory: Directory::Regions(regions.collect()),
            peers,
            shelves: Shelves::new(self.shelves[0].clone(), BTreeMap::from(shelves)),
            fetching: Fetching::Off,
            upload_readers: UploadReaders::Everyone,
            quotas: self.quotas.clone(),
            page_key: PageKey::new(b"the page secret of a simulation"),
            copy_accepted: Arc::new(Notify::new()),
            copy_told: Arc::new(Notify::new()),
            gate: Some(Gate::new(move |_| {
                let odds = lock(&shared.weather).gate;
                let mut chance = lock(&shared.chance);
                match (chance.one_in(odds), chance.one_in(3)) {
                    (false, _) => Verdict::Pass,
                    (true, false) => Verdict::Refuse,
                    (true, true) => Verdict::Crash,
                }
            })),
            rehearsal: None,
            audit: Arc::default(),
        }
    }

    pub(super) fn slot(
        &self,
        node: usize,
        store: usize,
        services: &[Service; 2],
        stopping: &Arc<AtomicBool>,
    ) -> Slot {
        let who = format!("worker {node}.{store}");
        let link = Link::new(self.shared, node, store, who);
        Slot {
            store: self.stores[store].under(Arc::clone(&link) as _),
            // A database of its own holds the Region of the same number.
            service: services[store].clone(),
            claimer: Claimer::new(RUNNING_MAX),
            link,
            stopping: Arc::clone(stopping),
        }
    }
}

pub(super) fn region(name: &str) -> RegionName {
    name.parse().expect("a Region's name")
}

/// One worker's place: claims a copy, keeps its heartbeat, and sees it to an end.
pub(super) struct Slot {
    service: Service,
    store: Store,
    claimer: Claimer,
    link: Arc<Link>,
    stopping: Arc<AtomicBool>,
}

impl Slot {
    pub(super) async fn run(self) {
        while !self.stopping.load(Relaxed) {
            match self.claim().await {
                Ok(Some(copy)) => {
                    self.link.holds(Some(&copy));
                    self.work_on(&copy).await;
                    self.link.holds(None);
                }
                Ok(None) | Err(_) => self.doze().await,
            }
        }
    }

    /// Whatever is due; what must run alone comes last. That the node runs nothing else meanwhile
    /// is not simulated: each slot stands for a node's worth of workers.
    async fn claim(&self) -> Result<Option<Copy>, StoreError> {
        if let Some(copy) = copy::claim(&self.store, &self.claimer).await? {
            return Ok(Some(copy));
        }
        if lock(&self.link.shared.chance).one_in(4) {
            self.store.mend_copy_lanes().await?;
        }
        if self.store.has_suspects(&self.claimer).await? {
            return copy::claim_suspect(&self.store, &self.claimer).await;
        }
        Ok(None)
    }

    /// Waits for the next poll, for the bell or for the end.
    async fn doze(&self) {
        let shared = &self.link.shared;
        let millis = lock(&shared.chance).millis(1_000, 4_000);
        let mut sleep = pin!(shared.clock.sleep(millis));
        let bell = &shared.bells[self.link.node];
        let heard = bell.load(Relaxed);
        poll_fn(|context| {
            if bell.load(Relaxed) != heard || self.stopping.load(Relaxed) {
                return Poll::Ready(());
            }
            sleep.as_mut().poll(context)
        })
        .await;
    }

    async fn work_on(&self, copy: &Copy) {
        let fence = Fence::of(copy);
        let chance = lock(&self.link.shared.chance).next();
        let mut drive = Box::pin(copy::drive(
            self.service.world(),
            &self.store,
            copy.clone(),
            chance,
        ));
        let mut beat = Box::pin(self.beat(&fence));
        let first = poll_fn(|context| {
            if self.stopping.load(Relaxed) {
                return Poll::Ready(First::Stopped);
            }
            if let Poll::Ready(ended) = drive.as_mut().poll(context) {
                return Poll::Ready(First::Ended(ended));
            }
            beat.as_mut().poll(context).map(|()| First::Lost)
        })
        .await;
        match first {
            First::Ended(ended) => self.ended(copy, ended).await,
            First::Stopped => {
                drop(drive);
                // Without an answer the copy is left to its lease.
                let _ = lease::give_back(&self.store, &fence).await;
            }
            First::Lost => {
                let mut notice = pin!(self.link.shared.clock.sleep(NOTICE_MILLIS));
                let ended = poll_fn(|context| match drive.as_mut().poll(context) {
                    Poll::Ready(ended) => Poll::Ready(Some(ended)),
                    Poll::Pending => notice.as_mut().poll(context).map(|()| None),
                })
                .await;
                if let Some(ended) = ended {
                    self.ended(copy, ended).await;
                }
            }
        }
    }

    /// Comes to an end when the lease is lost.
    async fn beat(&self, fence: &Fence) {
        loop {
            self.link.shared.clock.sleep(HEARTBEAT_MILLIS).await;
            if lease::renew(&self.store, fence).await == Ok(Fenced::Stale) {
                return;
            }
            // The server looks around meanwhile, which is how it hears its database.
            let _ = self.store.has_suspects(&self.claimer).await;
        }
    }

    async fn ended(&self, copy: &Copy, ended: Result<Ending, StoreError>) {
        let shared = &self.link.shared;
        shared.log.line(shared.clock.now(), || {
            format!("{} {}: {ended:?}", self.link.who, copy.token)
        });
        if let Err(StoreError::Unavailable | StoreError::Unknown) = ended {
            // The database went away, which is no fault of the copy.
            let fence = Fence::of(copy);
            while !self.stopping.load(Relaxed)
                && lease::give_back(&self.store, &fence).await.is_err()
            {
                shared.clock.sleep(LET_GO_MILLIS).await;
            }
        } else if ended.is_err() {
            let chance = lock(&shared.chance).next();
            let _ = lease::put_off(&self.store, copy, chance).await;
        }
    }
}

enum First {
    Ended(Result<Ending, StoreError>),
    Lost,
    Stopped,
}
