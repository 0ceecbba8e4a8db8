//! What the service stands on: stores, templates, quotas, keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use mimeo_domain::{Quotas, RegionName};
use mimeo_store::Store;
use mimeo_templates::fetch::Fetcher;
use mimeo_templates::shelf::{BODY_BYTES_MAX, Shelf};
use tokio::sync::{Notify, Semaphore};

use crate::audit::Audit;
use crate::page::PageKey;
use crate::rehearsal::Rehearsal;
use crate::source::Source;
use crate::workflows::Gate;

/// Which store hosts a Region.
#[derive(Debug, Clone)]
pub enum Directory {
    /// One store for whatever Region a caller names (open mode).
    AnyRegion(Store),
    /// The configured Regions; others do not exist.
    Regions(BTreeMap<RegionName, Store>),
}

impl Directory {
    pub fn store(&self, region: &RegionName) -> Option<&Store> {
        match self {
            Self::AnyRegion(store) => Some(store),
            Self::Regions(stores) => stores.get(region),
        }
    }

    /// The first of the configured Regions.
    pub(crate) fn first_region(&self) -> Option<&RegionName> {
        match self {
            Self::AnyRegion(_) => None,
            Self::Regions(stores) => stores.keys().next(),
        }
    }

    /// Each store once, for workers and health checks.
    pub fn stores(&self) -> Vec<Store> {
        let mut stores: Vec<Store> = Vec::new();
        let all: Vec<&Store> = match self {
            Self::AnyRegion(store) => vec![store],
            Self::Regions(by_region) => by_region.values().collect(),
        };
        for store in all {
            if !stores.iter().any(|known| known.is_same(store)) {
                stores.push(store.clone());
            }
        }
        stores
    }
}

/// What all copies of a process may hold of bodies on their way between shelves, in bytes.
const BYTES_IN_FLIGHT_MAX: usize = 64 << 20;
const _: () = assert!(BYTES_IN_FLIGHT_MAX >= BODY_BYTES_MAX);

/// Which shelf holds the templates of a Region.
#[derive(Debug, Clone)]
pub struct Shelves {
    /// For every Region that has none of its own.
    common: Shelf,
    of_regions: BTreeMap<RegionName, Shelf>,
    /// A permit for each byte that may be in flight.
    pub(crate) in_flight: Arc<Semaphore>,
}

impl Shelves {
    /// One shelf for all Regions.
    pub fn common(shelf: Shelf) -> Self {
        Self::new(shelf, BTreeMap::new())
    }

    /// Regions with shelves of their own, and one for the others.
    pub fn new(common: Shelf, of_regions: BTreeMap<RegionName, Shelf>) -> Self {
        Self {
            common,
            of_regions,
            in_flight: Arc::new(Semaphore::new(BYTES_IN_FLIGHT_MAX)),
        }
    }

    /// How the shelf of a Region is called in marks on bodies.
    pub fn name_of<'a>(&self, region: &'a RegionName) -> &'a str {
        if self.of_regions.contains_key(region) {
            region.as_str()
        } else {
            ""
        }
    }

    /// Every shelf with its name.
    pub fn named(&self) -> Vec<(String, Shelf)> {
        let common = (String::new(), self.common.clone());
        let of_regions = self.of_regions.iter();
        std::iter::once(common)
            .chain(of_regions.map(|(region, shelf)| (region.to_string(), shelf.clone())))
            .collect()
    }

    pub fn of(&self, region: &RegionName) -> &Shelf {
        self.of_regions.get(region).unwrap_or(&self.common)
    }
}

/// The Regions of other servers, by name.
pub type Peers = BTreeMap<RegionName, Arc<dyn Source>>;

/// How user-given template URLs are treated.
#[derive(Debug)]
pub enum Fetching {
    On(Box<Fetcher>),
    /// The URL is kept without a body, for tests with made-up URLs.
    Off,
}

/// Who may read an uploaded template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadReaders {
    /// Open mode, where accounts are not verified anyway.
    Everyone,
    /// The account that uploaded it.
    Uploader,
}

/// Everything outside of a transaction.
#[derive(Debug)]
pub struct World {
    pub directory: Directory,
    /// Regions that other servers hold: products can be copied from there.
    pub peers: Peers,
    pub shelves: Shelves,
    pub fetching: Fetching,
    pub upload_readers: UploadReaders,
    pub quotas: Quotas,
    pub page_key: PageKey,
    /// Rung when a copy was accepted, so that a waiting worker looks at once.
    pub copy_accepted: Arc<Notify>,
    /// Rung when something happened to a copy here, so that who watches it looks at once.
    pub copy_told: Arc<Notify>,
    /// Lets a drill stop a workflow at any of its points; `None` in production.
    pub gate: Option<Gate>,
    /// What a test set for clock, ids and copies; `None` in verified mode.
    pub rehearsal: Option<Arc<Rehearsal>>,
    /// What is recorded of who did what.
    pub audit: Arc<Audit>,
}

impl World {
    /// Tells the workers of this process, and of others on the same databases, that a copy can be
    /// claimed.
    pub fn ring(&self) {
        self.copy_accepted.notify_one();
        for store in self.directory.stores() {
            store.ring();
        }
    }
}

/// The service: answers calls, and runs what they started.
#[derive(Debug, Clone)]
pub struct Service {
    pub(crate) world: Arc<World>,
}

impl Service {
    pub fn new(world: World) -> Self {
        Self {
            world: Arc::new(world),
        }
    }

    pub fn world(&self) -> &World {
        &self.world
    }
}
