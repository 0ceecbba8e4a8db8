//! `kill -9`: the real binary dies at random moments while copies are made over HTTP, and starts
//! again on the same data. Nothing that was acknowledged may be lost, and nothing be there twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mimeo_store::{MIGRATIONS, testing};
use tempfile::TempDir;

use crate::chance::{self, Chance};
use crate::check::{self, Found};
use crate::load::{self, Load};
use crate::node::Node;
use crate::report::{Asked, Report};
use crate::shop::Shop;
use crate::{instant, sleep};

const CLIENTS: u64 = 4;

/// The longest life: about as long as the copies of one take, so that most kills cut some off.
const LIFE_MILLIS_MAX: u64 = 400;

/// How long a killed server is away where others go on.
const AWAY_MILLIS_MAX: u64 = 500;

/// How long copies may take to end after the last kill: a lease, a scan, and work.
const END_AFTER: Duration = Duration::from_mins(1);

/// Servers on one store, and how often they are killed.
struct Scene {
    name: &'static str,
    servers: usize,
    /// Kills and copies.
    short: (u64, u64),
    long: (u64, u64),
}

const SCENES: &[Scene] = &[
    Scene {
        name: "one server on SQLite",
        servers: 1,
        short: (60, 600),
        long: (1_000, 10_000),
    },
    Scene {
        name: "one server on PostgreSQL",
        servers: 1,
        short: (10, 100),
        long: (500, 5_000),
    },
    Scene {
        name: "three servers on PostgreSQL",
        servers: 3,
        short: (20, 400),
        long: (500, 5_000),
    },
];

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let seed = asked.number("seed", chance::seed(), chance::seed());
    let mut report = Report::default();
    report.figure("seed", seed);
    let mut all = Totals::default();
    for (number, scene) in SCENES.iter().enumerate() {
        let kills = asked.number("kills", scene.short.0, scene.long.0);
        let copies = asked.number("copies", scene.short.1, scene.long.1);
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let data = if number == 0 {
            folder.path().join("data").display().to_string()
        } else {
            match postgres()? {
                Some(url) => url,
                None => continue,
            }
        };
        let nodes = (0..scene.servers).map(|_| Node::start(&data, folder.path()));
        let play = Play {
            name: scene.name,
            kills,
            copies,
            seed: seed.wrapping_add(number as u64),
        };
        play.run(nodes.collect(), &mut all, &mut report);
    }
    report.figure("kills", all.kills);
    all.found.tell(&mut report);
    Ok(report)
}

/// A database of PostgreSQL's, if it is there.
pub(crate) fn postgres() -> Result<Option<String>, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    Ok(runtime.block_on(testing::postgres_url(MIGRATIONS)))
}

#[derive(Debug, Default)]
struct Totals {
    kills: u64,
    found: Found,
}

struct Play {
    name: &'static str,
    kills: u64,
    copies: u64,
    seed: u64,
}

impl Play {
    fn run(&self, mut nodes: Vec<Node>, all: &mut Totals, report: &mut Report) {
        let started = instant();
        let mut chance = Chance::of(self.seed, 0);
        let shop = Arc::new(Shop::open(nodes.iter().map(Node::port).collect()));
        let load = Arc::new(Load::new(self.copies, self.seed));
        let clients = load::start(CLIENTS, &load, &shop);
        let mut made = vec![0; nodes.len()];
        for kill in 1..=self.kills {
            load.allow(self.copies * kill / self.kills);
            sleep(chance.below(LIFE_MILLIS_MAX));
            let victim = usize::try_from(chance.below(nodes.len() as u64)).unwrap_or(0);
            made[victim] += shop.copies_made_by(victim);
            nodes[victim].kill();
            if nodes.len() > 1 {
                sleep(chance.below(AWAY_MILLIS_MAX));
            }
            nodes[victim].start_again();
        }
        for wrong in load::join(clients) {
            report.wrong(format!("{}: {wrong}", self.name));
        }
        self.settle(&shop, &load, made, (all, report), started);
    }

    /// Waits until every acknowledged copy has ended, checks all, and says what came out.
    fn settle(
        &self,
        shop: &Shop,
        load: &Load,
        mut made: Vec<u64>,
        (all, report): (&mut Totals, &mut Report),
        started: Instant,
    ) {
        let last_kill = instant();
        let found = check::all(shop, load, || last_kill.elapsed() < END_AFTER);
        // On a slow machine most copies are made after the last kill.
        for (node, made) in made.iter_mut().enumerate() {
            *made += shop.copies_made_by(node);
        }
        println!(
            "  {}: kills {}, {found}, seconds {:.1}, of which after the last kill {:.1}, made by each \
             as far as its metrics lived {made:?}",
            self.name,
            self.kills,
            started.elapsed().as_secs_f64(),
            last_kill.elapsed().as_secs_f64(),
        );
        for tries in &found.tries_of_failed {
            println!("    tries of a failed copy: {tries}");
        }
        all.kills += self.kills;
        all.found.add(&found);
        for wrong in found.all_wrong() {
            report.wrong(format!("{}: {wrong}", self.name));
        }
        if made.len() > 1 && made.contains(&0) {
            report.wrong(format!("{}: a server made no copy: {made:?}", self.name));
        }
    }
}
