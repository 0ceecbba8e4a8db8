//! One simulation: its nodes, its tasks, and the scheduler that decides what goes on next.

mod bench;
mod faults;
mod requests;
mod set_up;

pub(super) use bench::Bench;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use mimeo_domain::Quotas;
use mimeo_service::workflows::lease;
use mimeo_service::{Answer, Service};
use mimeo_store::Store;
use mimeo_templates::shelf::Shelf;
use tokio::runtime::{Builder, Runtime};

use super::bugs::Bug;
use super::chance::Chance;
use super::clients::{Clients, Heard, Request};
use super::clock::{BEGIN_MILLIS, Clock};
use super::ledger::Ledger;
use super::link::{Link, NODES_MAX, Shared, lock};
use super::log::Log;
use super::node::Ground;
use super::weather::Mix;

/// Steps of one simulation; more means that it goes round in circles.
const STEPS_MAX: u64 = 200_000;

/// What came out of a seed.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub wrong: Vec<String>,
    pub endings: Vec<String>,
    pub steps: u64,
    pub millis: i64,
    pub log: Vec<String>,
}

type Running = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    node: usize,
    /// The request that it answers; workers have none.
    request: Option<u64>,
    wake: i64,
    running: Running,
}

struct Node {
    services: [Service; 2],
    stopping: Arc<AtomicBool>,
    paused_until: i64,
    /// When it starts again, while it is down.
    down_until: Option<i64>,
}

struct Simulation {
    shared: Arc<Shared>,
    stores: Vec<Store>,
    shelves: [Shelf; 2],
    apart: Option<&'static str>,
    quotas: Quotas,
    mix: Mix,
    nodes: Vec<Node>,
    tasks: Vec<Task>,
    clients: Clients,
    /// Requests that are under way.
    requests: Vec<(u64, Request)>,
    requests_count: u64,
    /// Requests that are asked again at an instant.
    again: Vec<(i64, Request)>,
    answers: Arc<Mutex<Vec<(u64, Answer)>>>,
    next_request: i64,
    requests_left: u64,
    furthest_ahead: i64,
    steps: u64,
}

impl Simulation {
    fn new(stores: &[Store], seed: u64, bug: Option<&'static Bug>, log: Log) -> Self {
        let mut chance = Chance::new(seed);
        let mix = Mix::of_seed(seed);
        let quotas = Quotas {
            products: 3 + chance.below(4),
            artifacts_per_product: 6,
            tags: 5,
            copies_under_way: 8,
            ..Quotas::default()
        };
        let stores = stores[..=chance.index(2)].to_vec();
        let clients = Clients::new(&mut chance);
        let shelves = [Shelf::memory(), Shelf::memory()];
        let apart = (stores.len() == 2 && chance.one_in(2)).then_some(clients.home);
        let nodes_count = 1 + chance.index(NODES_MAX);
        let requests_left = 15 + chance.below(25);
        let hour = 3_600_000;
        let skews = [0; NODES_MAX].map(|_| AtomicI64::new(chance.millis(-hour, hour)));
        let shared = Arc::new(Shared {
            clock: Clock::new(),
            chance: Mutex::new(chance),
            weather: Mutex::default(),
            ledger: Mutex::new(Ledger::new(&stores, &shelves, &quotas)),
            log,
            bug,
            skews,
            bells: Default::default(),
            strikes: Mutex::default(),
            abandoned: Mutex::default(),
            bodies_spoiled: AtomicU64::new(0),
        });
        let mut simulation = Self {
            shared,
            stores,
            shelves,
            apart,
            quotas,
            mix,
            nodes: Vec::new(),
            tasks: Vec::new(),
            clients,
            requests: Vec::new(),
            requests_count: 0,
            again: Vec::new(),
            answers: Arc::default(),
            next_request: BEGIN_MILLIS,
            requests_left,
            furthest_ahead: 0,
            steps: 0,
        };
        for node in 0..nodes_count {
            let services = simulation.ground().services(node);
            simulation.nodes.push(Node {
                services,
                stopping: Arc::default(),
                paused_until: 0,
                down_until: None,
            });
        }
        simulation
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            shared: &self.shared,
            stores: &self.stores,
            shelves: &self.shelves,
            apart: self.apart,
            quotas: &self.quotas,
        }
    }

    fn log(&self, text: impl FnOnce() -> String) {
        self.shared.log.line(self.shared.clock.now(), text);
    }

    fn chance<T>(&self, draw: impl FnOnce(&mut Chance) -> T) -> T {
        draw(&mut lock(&self.shared.chance))
    }

    fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    fn spawn(&mut self, node: usize, request: Option<u64>, running: Running) {
        let wake = self.now();
        self.tasks.push(Task {
            node,
            request,
            wake,
            running,
        });
    }

    fn start_workers(&mut self, node: usize) {
        self.log(|| format!("node {node} starts"));
        let stopping = Arc::new(AtomicBool::new(false));
        self.nodes[node].stopping = Arc::clone(&stopping);
        self.nodes[node].down_until = None;
        let services = self.nodes[node].services.clone();
        let alone = self.nodes.len() == 1;
        for store in 0..self.stores.len() {
            let slots: Vec<_> = (0..2)
                .map(|_| self.ground().slot(node, store, &services, &stopping))
                .collect();
            let own = self.stores[store].under(Link::new(
                &self.shared,
                node,
                store,
                format!("start of {node}.{store}"),
            ));
            // The one server of a database takes the leases of the dead back before it works.
            let ready = Arc::new(AtomicBool::new(!alone));
            if alone {
                let ready = Arc::clone(&ready);
                let clock = Arc::clone(&self.shared.clock);
                let start = async move {
                    while lease::take_all_back(&own).await.is_err() {
                        clock.sleep(500).await;
                    }
                    ready.store(true, Relaxed);
                };
                self.spawn(node, None, Box::pin(start));
            }
            for slot in slots {
                let ready = Arc::clone(&ready);
                let clock = Arc::clone(&self.shared.clock);
                let work = async move {
                    while !ready.load(Relaxed) {
                        clock.sleep(100).await;
                    }
                    slot.run().await;
                };
                self.spawn(node, None, Box::pin(work));
            }
        }
    }

    /// Lets one task go on, or time.
    fn step(&mut self) {
        self.steps += 1;
        let now = self.now();
        self.due(now);
        let node_wakes = |task: &Task| task.wake.max(self.nodes[task.node].paused_until);
        let ready: Vec<usize> = (0..self.tasks.len())
            .filter(|at| node_wakes(&self.tasks[*at]) <= now)
            .collect();
        let Some(at) = self.chance(|chance| chance.pick(&ready).copied()) else {
            let wakes = self.tasks.iter().map(node_wakes);
            let others = self.again.iter().map(|(instant, _)| *instant);
            let starts = self.nodes.iter().filter_map(|node| node.down_until);
            let next = wakes.chain(others).chain(starts).min().unwrap_or(now + 1);
            let next = if self.requests_left > 0 {
                next.min(self.next_request)
            } else {
                next
            };
            self.shared.clock.advance_to(next.max(now + 1));
            return;
        };
        self.poll_task(at);
        self.struck();
        let answers = std::mem::take(&mut *lock(&self.answers));
        for (id, answer) in answers {
            let Some(request) = self.take_request(id) else {
                continue;
            };
            self.log(|| {
                let body = String::from_utf8_lossy(&answer.body);
                format!("answer to {}: {} {body}", request.operation, answer.status)
            });
            let mut ledger = lock(&self.shared.ledger);
            let heard = self.clients.hear(&request, &answer, &mut ledger);
            drop(ledger);
            if heard == Heard::Again {
                self.ask_again(request);
            }
        }
    }

    fn poll_task(&mut self, at: usize) {
        let task = &mut self.tasks[at];
        let node = task.node;
        let heard = self.shared.bells[node].load(Relaxed);
        let clock = &self.shared.clock;
        let polled = catch_unwind(AssertUnwindSafe(|| poll(clock, task.running.as_mut())));
        match polled {
            Ok((Poll::Pending, wake)) => task.wake = wake,
            Ok((Poll::Ready(()), _)) => drop(self.tasks.swap_remove(at)),
            Err(_) => {
                drop(self.tasks.swap_remove(at));
                lock(&self.shared.ledger).wrong.push("a panic".to_owned());
            }
        }
        if self.shared.bells[node].load(Relaxed) != heard {
            self.wake_workers(node);
        }
    }

    fn wake_workers(&mut self, node: usize) {
        let now = self.now();
        let workers = self.tasks.iter_mut().filter(|task| task.request.is_none());
        for task in workers.filter(|task| task.node == node) {
            task.wake = task.wake.min(now);
        }
    }

    /// Does what has its instant now.
    fn due(&mut self, now: i64) {
        for node in 0..self.nodes.len() {
            if self.nodes[node]
                .down_until
                .is_some_and(|until| until <= now)
            {
                self.end(node);
                self.start_workers(node);
            }
        }
        while let Some(at) = self.again.iter().position(|(instant, _)| *instant <= now) {
            let (_, request) = self.again.remove(at);
            self.send(request);
        }
        if self.requests_left > 0 && self.next_request <= now {
            self.requests_left -= 1;
            let gap = self.chance(|chance| match chance.below(6) {
                0 => chance.millis(1_000, 9_000),
                1 => 0,
                _ => chance.millis(1, 600),
            });
            self.next_request = now + gap;
            let ledger = lock(&self.shared.ledger);
            let request = self.clients.next(&mut lock(&self.shared.chance), &ledger);
            drop(ledger);
            if let Some(request) = request {
                self.send(request);
            }
        }
    }

    fn outcome(self) -> Outcome {
        let mut ledger = lock(&self.shared.ledger);
        Outcome {
            wrong: std::mem::take(&mut ledger.wrong),
            endings: ledger.endings(),
            steps: self.steps,
            millis: self.shared.clock.now() - BEGIN_MILLIS,
            log: self.shared.log.take(),
        }
    }
}

/// Polls, and again while it waits for a thread outside of the simulation, as the reader of templates is.
fn poll<T>(
    clock: &Clock,
    mut future: Pin<&mut (impl Future<Output = T> + ?Sized)>,
) -> (Poll<T>, i64) {
    let _entered = runtime().enter();
    loop {
        clock.wake_sleepers();
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        let wake = clock.take_asked();
        if polled.is_ready() || wake != i64::MAX {
            return (polled, wake);
        }
        std::thread::yield_now();
    }
}

/// Only for its threads.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
    })
}
