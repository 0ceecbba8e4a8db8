//! Figures for Prometheus. No label holds an account, an id or any text of a caller's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mimeo_store::Gauges;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper ends of the buckets of durations, in seconds.
const SECONDS: [f64; 12] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 2.5, 10.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    operation: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Worked {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Timed {
    operation: &'static str,
}

/// A Region of the configuration, so there are no more labels than it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    region: String,
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reached {
    region: String,
}

/// How a try of a copy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    Failed,
    Postponed,
    /// Another worker had it meanwhile.
    Stale,
    Panicked,
    /// The store was away.
    Broken,
    GivenBack,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Postponed => "postponed",
            Self::Stale => "stale",
            Self::Panicked => "panicked",
            Self::Broken => "broken",
            Self::GivenBack => "given_back",
        }
    }
}

/// All figures; recording one takes no allocation.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    request_seconds: Family<Timed, Histogram>,
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
    pub(crate) connections_refused: Counter,
    copies: Family<Worked, Counter>,
    pub(crate) copies_running: Gauge,
    pub(crate) copy_takeovers: Counter,
    stores_silent: Gauge,
    copies_unfinished: Gauge,
    peer_calls: Family<Called, Counter>,
    peer_seconds: Family<Reached, Histogram>,
    pub(crate) orphans_marked: Counter,
    pub(crate) orphans_deleted: Counter,
    pub(crate) orphan_bytes_deleted: Counter,
    store: StoreFigures,
}

#[derive(Debug, Default)]
struct StoreFigures {
    write_queue: Gauge,
    write_queue_max: Gauge,
    scan_queue: Gauge,
    connections: Gauge,
    connection_queue: Gauge,
    largest_batch: Gauge,
    batches: Counter<u64, AtomicU64>,
    batched_writes: Counter<u64, AtomicU64>,
    conflicts: Counter<u64, AtomicU64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("mimeo"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            copies: Family::default(),
            copies_running: Gauge::default(),
            copy_takeovers: Counter::default(),
            stores_silent: Gauge::default(),
            copies_unfinished: Gauge::default(),
            peer_calls: Family::default(),
            peer_seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            orphans_marked: Counter::default(),
            orphans_deleted: Counter::default(),
            orphan_bytes_deleted: Counter::default(),
            store: StoreFigures::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let to = &mut self.registry;
        to.register(
            "requests",
            "Requests by operation and error code",
            self.requests.clone(),
        );
        to.register_with_unit(
            "request_duration",
            "Time from the head of a request to its answer",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        to.register(
            "requests_in_flight",
            "Requests being worked on",
            self.in_flight.clone(),
        );
        to.register("connections", "Open connections", self.connections.clone());
        to.register(
            "connections_refused",
            "Connections closed since there were too many",
            self.connections_refused.clone(),
        );
        to.register(
            "copy_tries",
            "Tries of copies by their end",
            self.copies.clone(),
        );
        to.register(
            "copies_running",
            "Copies that this server works on",
            self.copies_running.clone(),
        );
        to.register(
            "copy_takeovers",
            "Copies taken over from a worker that died",
            self.copy_takeovers.clone(),
        );
        to.register(
            "orphans_marked",
            "Template bodies found that nothing names",
            self.orphans_marked.clone(),
        );
        to.register(
            "orphans_deleted",
            "Template bodies deleted, as nothing named them for long",
            self.orphans_deleted.clone(),
        );
        to.register_with_unit(
            "orphans_deleted",
            "Bytes of template bodies deleted",
            Unit::Bytes,
            self.orphan_bytes_deleted.clone(),
        );
        to.register(
            "stores_silent",
            "Stores that did not answer when these figures were asked for",
            self.stores_silent.clone(),
        );
        to.register(
            "copies_unfinished",
            "Copies that wait or run, on all servers; as last known while a store is silent",
            self.copies_unfinished.clone(),
        );
        to.register(
            "peer_calls",
            "Requests to Regions on other servers by operation and outcome",
            self.peer_calls.clone(),
        );
        to.register_with_unit(
            "peer_call_duration",
            "Time that a Region on another server takes to answer, with the waits between tries",
            Unit::Seconds,
            self.peer_seconds.clone(),
        );
        let store = &self.store;
        to.register(
            "store_write_queue",
            "Writes that wait",
            store.write_queue.clone(),
        );
        to.register(
            "store_write_queue_max",
            "Most that may wait",
            store.write_queue_max.clone(),
        );
        to.register(
            "store_scan_queue",
            "Scans that wait",
            store.scan_queue.clone(),
        );
        to.register(
            "store_connections",
            "Connections to PostgreSQL",
            store.connections.clone(),
        );
        to.register(
            "store_connection_queue",
            "Callers that wait for one",
            store.connection_queue.clone(),
        );
        to.register(
            "store_largest_batch",
            "Most writes in a commit",
            store.largest_batch.clone(),
        );
        to.register(
            "store_batches",
            "Commits of the SQLite writer",
            store.batches.clone(),
        );
        to.register(
            "store_batched_writes",
            "Writes in them",
            store.batched_writes.clone(),
        );
        to.register(
            "store_conflicts",
            "Transactions run again",
            store.conflicts.clone(),
        );
    }

    /// Counts a request; `code` is the error's, or `OK`.
    pub(crate) fn answered(&self, operation: &'static str, code: &'static str, took: Duration) {
        self.requests
            .get_or_create(&Answered { operation, code })
            .inc();
        self.request_seconds
            .get_or_create(&Timed { operation })
            .observe(took.as_secs_f64());
    }

    /// Counts a request to a Region on another server.
    pub(crate) fn called(
        &self,
        region: &str,
        operation: &'static str,
        outcome: &'static str,
        took: Duration,
    ) {
        let region = region.to_owned();
        let called = Called {
            region: region.clone(),
            operation,
            outcome,
        };
        self.peer_calls.get_or_create(&called).inc();
        self.peer_seconds
            .get_or_create(&Reached { region })
            .observe(took.as_secs_f64());
    }

    pub(crate) fn worked(&self, outcome: Outcome) {
        self.copies
            .get_or_create(&Worked {
                outcome: outcome.as_str(),
            })
            .inc();
    }

    /// All figures as Prometheus reads them. Where the unfinished copies are not known, as a store is silent,
    /// they stay as they were.
    pub(crate) fn render(
        &self,
        stores: &[Gauges],
        stores_silent: i64,
        copies_unfinished: Option<u64>,
    ) -> String {
        let set = |gauge: &Gauge, read: fn(&Gauges) -> u64| {
            let sum = stores.iter().map(read).sum::<u64>();
            gauge.set(i64::try_from(sum).unwrap_or(i64::MAX));
        };
        let count = |counter: &Counter<u64, AtomicU64>, read: fn(&Gauges) -> u64| {
            counter
                .inner()
                .store(stores.iter().map(read).sum(), Ordering::Relaxed);
        };
        let store = &self.store;
        set(&store.write_queue, |gauges| gauges.write_queue as u64);
        set(&store.write_queue_max, |gauges| {
            gauges.write_queue_max as u64
        });
        set(&store.scan_queue, |gauges| gauges.scan_queue as u64);
        set(&store.connections, |gauges| gauges.connections as u64);
        set(&store.connection_queue, |gauges| {
            gauges.connection_queue as u64
        });
        set(&store.largest_batch, |gauges| gauges.largest_batch);
        count(&store.batches, |gauges| gauges.batches);
        count(&store.batched_writes, |gauges| gauges.batched_writes);
        count(&store.conflicts, |gauges| gauges.conflicts);
        self.stores_silent.set(stores_silent);
        if let Some(copies) = copies_unfinished {
            self.copies_unfinished
                .set(i64::try_from(copies).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a String takes all that is written");
        text
    }
}
