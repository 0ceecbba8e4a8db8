//! The way from a worker or a node to its database: slow, refusing, cut, or with answers lost.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mimeo_domain::copying::{Copy, LEASE_MILLIS};
use mimeo_store::testing::simulated::{Access, AccessKind, Conditions, Fate, Waiting};

use super::bugs::Bug;
use super::chance::Chance;
use super::clock::Clock;
use super::ledger::Ledger;
use super::log::Log;
use super::weather::Weather;

/// Nodes of one simulation, at most.
pub(super) const NODES_MAX: usize = 3;

/// What everything in one simulation shares.
#[derive(Debug)]
pub(super) struct Shared {
    pub clock: Arc<Clock>,
    pub chance: Mutex<Chance>,
    pub weather: Mutex<Weather>,
    pub ledger: Mutex<Ledger>,
    pub log: Log,
    pub bug: Option<&'static Bug>,
    /// How far each node's own clock is ahead.
    pub skews: [AtomicI64; NODES_MAX],
    /// How often each node's bell was rung: when it accepted a copy, mostly.
    pub bells: [AtomicU64; NODES_MAX],
    /// What befalls nodes as soon as whoever is polled now has been.
    pub strikes: Mutex<Vec<(usize, Strike)>>,
    /// Copies whose worker was put to sleep, with its fence.
    pub abandoned: Mutex<BTreeMap<String, i64>>,
    /// Bodies that a source gave out changed, or not at all.
    pub bodies_spoiled: AtomicU64,
}

/// What befalls a node in the midst of a worker's write.
#[derive(Debug, Clone, Copy)]
pub(super) enum Strike {
    /// It sleeps for so many milliseconds.
    Sleep(i64),
    Stop,
}

/// A lock that nobody poisons: one thread runs everything.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Link {
    pub shared: Arc<Shared>,
    pub node: usize,
    /// Which of the simulation's databases this leads to.
    pub store: usize,
    /// Who it is, for the log.
    pub who: String,
    /// Token and fence of the copy that a worker works on.
    held: Mutex<Option<(String, i64)>>,
}

impl Link {
    pub(super) fn new(shared: &Arc<Shared>, node: usize, store: usize, who: String) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            node,
            store,
            who,
            held: Mutex::new(None),
        })
    }

    pub(super) fn holds(&self, copy: Option<&Copy>) {
        *lock(&self.held) = copy.map(|copy| (copy.token.to_string(), copy.fence));
    }
}

impl Link {
    /// Where a worker is about to write, its node may fall asleep, and its successor be slow: so that
    /// late writes meet a copy that is worked on or done. Answers how long this write waits.
    fn strike(&self, access: Access) -> i64 {
        let held = lock(&self.held);
        let Some((token, fence)) = held.as_ref() else {
            return 0;
        };
        let weather = lock(&self.shared.weather);
        if access.kind == AccessKind::Read || weather.zombie == 0 {
            return 0;
        }
        let mut chance = lock(&self.shared.chance);
        let mut abandoned = lock(&self.shared.abandoned);
        let follows = abandoned.get(token).is_some_and(|before| before < fence);
        if follows {
            let is_beat = short(access.work) == "Renew";
            let slow = !is_beat && chance.one_in(2);
            return if slow {
                chance.millis(2_000, 25_000)
            } else {
                0
            };
        }
        // Seldom done, and so the likelier done late.
        let is_rare = matches!(
            short(access.work),
            "PutOff" | "HandBack" | "Fail" | "GiveBack"
        );
        let odds = if is_rare { 2 } else { weather.zombie };
        let strike = if chance.one_in(odds) {
            abandoned.insert(token.clone(), *fence);
            self.shared.log.line(self.shared.clock.now(), || {
                format!("{} {}: to be late", self.who, short(access.work))
            });
            Strike::Sleep(chance.millis(LEASE_MILLIS, LEASE_MILLIS + 20_000))
        } else if chance.one_in(weather.drain_at_work) {
            Strike::Stop
        } else {
            return 0;
        };
        lock(&self.shared.strikes).push((self.node, strike));
        1
    }
}

/// The last part of a type's path, with what it is made of: `Act<…CopyProduct>` is `CopyProduct`.
fn short(work: &'static str) -> &'static str {
    let end = work.trim_end_matches('>');
    end.rsplit("::").next().unwrap_or(end)
}

impl Conditions for Link {
    fn before(&self, access: Access) -> Waiting<'_, Fate> {
        Box::pin(async move {
            let shared = &self.shared;
            let (wait, fate) = {
                let weather = lock(&shared.weather);
                let mut chance = lock(&shared.chance);
                let now = shared.clock.now();
                weather.before(&mut chance, self.node, self.store, access.kind, now)
            };
            let wait = wait + self.strike(access);
            if wait > 0 {
                shared.clock.sleep(wait).await;
            }
            if fate != Fate::Done {
                shared.log.line(shared.clock.now(), || {
                    format!("{} {}: {fate:?}", self.who, short(access.work))
                });
            }
            fate
        })
    }

    fn committed(&self, access: Access) {
        let shared = &self.shared;
        let work = short(access.work);
        if work == "CopyProduct" && !lock(&shared.chance).one_in(3) {
            shared.bells[self.node].fetch_add(1, Relaxed);
        }
        let held = lock(&self.held);
        let held = held.as_ref().map(|(token, fence)| (token.as_str(), *fence));
        let mut ledger = lock(&shared.ledger);
        ledger.was_spoiled = shared.bodies_spoiled.load(Relaxed) > 0;
        let told = ledger.committed(&shared.clock, self.store, work, held);
        drop(ledger);
        for line in told {
            shared.log.line(shared.clock.now(), || {
                format!("{} {work}: {line}", self.who)
            });
        }
    }

    fn after(&self, access: Access) -> Waiting<'_, ()> {
        Box::pin(async move {
            let wait = {
                let weather = lock(&self.shared.weather);
                weather.wait(&mut lock(&self.shared.chance))
            };
            if access.kind == AccessKind::Write && wait > 0 {
                self.shared.clock.sleep(wait).await;
            }
        })
    }

    fn now(&self) -> i64 {
        if self.shared.bug.is_some_and(Bug::node_clock) {
            return self.shared.clock.now() + self.shared.skews[self.node].load(Relaxed);
        }
        self.shared.clock.database()
    }

    fn statement(&self, work: &'static str, sql: &'static str) -> &'static str {
        match self.shared.bug {
            Some(bug) => bug.statement(work, sql),
            None => sql,
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.who)
    }
}
