//! Copies per second on one node and on three, on one durable PostgreSQL, and who uses the cores.

use std::path::Path;
use std::time::Duration;

use crate::copies::{COPIES, shared_product, thousand_copies};
use crate::load::throttled;
use crate::postgres::Postgres;
use crate::server::{Server, cores_count, cpu_micros, folder, spread};
use crate::table::{Goal, Table, float, median};

const ROUNDS: usize = 3;

/// Clients look seldom, so that their looking is not what is measured.
const PAUSE: Duration = Duration::from_millis(25);

/// Four accounts must not be what holds three nodes back.
const PER_ACCOUNT: (&str, &str) = ("MIMEO_WORKERS_COPIES_PER_ACCOUNT_MAX", "16");

/// One run: copies per second, and which share of all cores each took.
struct Ran {
    per_second: f64,
    postgres: f64,
    nodes: f64,
    clients: f64,
    throttled: f64,
}

pub(crate) async fn run(table: &mut Table) {
    let mut by_nodes = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (nodes_count, ran) in [1, 3].into_iter().zip(&mut by_nodes) {
            let Some(postgres) = Postgres::start() else {
                eprintln!("  PostgreSQL is not installed: skipped");
                return;
            };
            ran.push(ran_on(&postgres, nodes_count).await);
        }
    }
    let of = |ran: &[Ran], figure: fn(&Ran) -> f64| median(ran.iter().map(figure).collect());
    let [one, three] = &by_nodes;
    for (ran, name) in [(one, "one node"), (three, "three nodes")] {
        let (per_second, before) = (of(ran, |ran| ran.per_second), of(one, |ran| ran.per_second));
        let percent = |figure: fn(&Ran) -> f64| of(ran, figure) * 100.0;
        let postgres = percent(|ran| ran.postgres);
        let nodes = percent(|ran| ran.nodes);
        let clients = percent(|ran| ran.clients);
        let throttled = of(ran, |ran| ran.throttled);
        table.add(
            &format!("1,000 copies by 16 clients, {name} on one PostgreSQL with fsync"),
            format!(
                "{per_second:.0} copies/s; of {} cores PostgreSQL took {postgres:.0} %, nodes {nodes:.0} %, \
                 clients {clients:.0} %; {throttled:.0} calls throttled first",
                cores_count()
            ),
            per_second / before,
            Goal::None,
        );
    }
}

async fn ran_on(postgres: &Postgres, nodes_count: usize) -> Ran {
    let templates = folder();
    let settings = [
        PER_ACCOUNT,
        ("MIMEO_TEMPLATES_FOLDER", templates.path().to_str().unwrap()),
    ];
    let url = postgres.url();
    let servers: Vec<Server> = (0..nodes_count)
        .map(|_| Server::start(Path::new(&url), &settings))
        .collect();
    for server in &servers {
        spread(server.pid());
    }
    let product = shared_product(&servers[0].address).await;
    let used = || {
        let nodes: f64 = servers.iter().map(Server::cpu_micros).sum();
        [postgres.cpu_micros(), nodes, cpu_micros(std::process::id())]
    };
    let before = used();
    throttled();
    let all: Vec<&Server> = servers.iter().collect();
    let finished = thousand_copies(&all, &product, PAUSE).await;
    let seconds = finished.into_iter().fold(0.0, f64::max);
    let after = used();
    let share = |at: usize| (after[at] - before[at]) / 1e6 / seconds / float(cores_count());
    Ran {
        per_second: float(COPIES) / seconds,
        postgres: share(0),
        nodes: share(1),
        clients: share(2),
        throttled: float(throttled()),
    }
}
