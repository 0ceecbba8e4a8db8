//! Faults of what a server stands on: full disks, a database, a store of templates or a Region that is
//! away, hangs or lies. Requests are refused as retryable and soon, whatever needs less goes on, copies
//! that were under way end exactly once when it is well again, and no server is started anew for it.

mod apart;
mod askers;
mod database;
mod disk;
mod shelf;
mod tmpfs;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::chance;
use crate::client::Place;
use crate::load::{self, Load};
use crate::node::Node;
use crate::report::{Asked, Report};
use crate::shop::Shop;
use crate::{check, instant};

const CLIENTS: u64 = 4;

/// How long copies may take to end once all is well: the longest pause before a try, and work.
const END_AFTER: Duration = Duration::from_mins(2);

/// Beside the corners of the shop, so that what it makes is not taken for copies.
const BESIDE: Place = Place {
    account: "333333333333",
    region: "us-east-1",
};

/// Reasons that are told of copies that did not end well.
const REASONS_MAX: usize = 12;

type Play = fn(&Scene) -> Result<(), String>;

/// Name, and the function that plays it.
const SCENES: &[(&str, Play)] = &[
    ("the database's disk is full", disk::database),
    ("the templates' disk is full", disk::templates),
    ("PostgreSQL is stopped", database::stopped),
    ("PostgreSQL stands still", database::frozen),
    ("the source Region is down", apart::source_down),
    ("the store of templates is ill", shelf::ill),
];

/// What a scene is given, and where it tells what it saw.
struct Scene<'a> {
    long: bool,
    seed: u64,
    copies: u64,
    report: &'a std::sync::Mutex<Report>,
    name: &'static str,
}

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let seed = asked.number("seed", chance::seed(), chance::seed());
    let rounds = asked.number("rounds", 1, 3);
    let only = asked.number("scene", 0, 0);
    let mut report = Report::default();
    report.figure("seed", seed);
    report.figure("rounds", rounds);
    let report = std::sync::Mutex::new(report);
    for round in 0..rounds {
        for (number, (name, play)) in (1..).zip(SCENES) {
            if only != 0 && only != number {
                continue;
            }
            let scene = Scene {
                long: asked.long,
                seed: seed.wrapping_add(round * 100 + number),
                copies: asked.number("copies", 60, 600),
                report: &report,
                name,
            };
            let begun = instant();
            println!("  {name}, seed {}:", scene.seed);
            play(&scene).map_err(|error| format!("{name}: {error}"))?;
            println!("    seconds: {:.1}", begun.elapsed().as_secs_f64());
        }
    }
    Ok(report.into_inner().unwrap_or_default())
}

impl Scene<'_> {
    fn wrong(&self, what: impl std::fmt::Display) {
        let mut report = self.report.lock().unwrap();
        report.wrong(format!("{}: {what}", self.name));
    }

    #[expect(clippy::unused_self, reason = "a scene tells")]
    fn tell(&self, what: &str, figure: impl std::fmt::Display) {
        println!("    {what}: {figure}");
    }

    /// Clients that ask for copies, all of which may begin.
    fn begin(&self, shop: &Arc<Shop>) -> (Arc<Load>, Vec<JoinHandle<()>>) {
        let load = Arc::new(Load::new(self.copies, self.seed));
        let clients = load::start(CLIENTS, &load, shop);
        (load, clients)
    }

    /// All is well: every copy ends, once, and the stores are sound.
    fn end(&self, shop: &Shop, load: &Load, clients: Vec<JoinHandle<()>>, nodes: &mut [Node]) {
        load.allow(load.copies);
        for wrong in load::join(clients) {
            self.wrong(wrong);
        }
        let well = instant();
        let found = check::all(shop, load, || well.elapsed() < END_AFTER);
        let seconds = well.elapsed().as_secs_f64();
        self.tell(
            "settled",
            format!("{found}, all {seconds:.1} s after the last request"),
        );
        for wrong in found.all_wrong() {
            self.wrong(wrong);
        }
        if found.failed > 0 {
            self.wrong(format!("failed {}", found.failed));
        }
        if found.failed + found.lost + found.doubled > 0 {
            for node in &*nodes {
                let log = node.log();
                let reasons = log
                    .lines()
                    .filter(|line| line.contains("tried again later"));
                for line in reasons.rev().take(REASONS_MAX) {
                    println!("    {line}");
                }
            }
        }
        for node in nodes {
            if !node.is_alive() {
                self.wrong("a server did not live through it");
            }
            for line in node.log().lines() {
                if line.contains("panicked") || line.contains("InternalFailure") {
                    self.wrong(line);
                }
            }
            if let Err(unsound) = node.check() {
                self.wrong(unsound);
            }
        }
    }
}
