//! `kill -9`: the real binary dies at random moments while copies are made over HTTP, and starts
//! again on the same data. Nothing that was acknowledged may be lost, and nothing be there twice.
//!
//! `MIMEO_KILLS`, `MIMEO_COPIES` and `MIMEO_SEED` choose another size or repeat a run.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod chance;
mod check;
mod client;
mod load;
mod node;
mod shop;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chance::Chance;
use load::Load;
use node::Node;
use shop::Shop;
use tempfile::TempDir;

const CLIENTS: u64 = 4;

/// The longest life: about as long as the copies of one take, so that most kills cut some off.
const LIFE_MILLIS_MAX: u64 = 400;

/// How long copies may take to end after the last kill: a lease, a scan, and work.
const END_AFTER: Duration = Duration::from_mins(1);

/// Kills and copies: a quick form, and the one of CI.
fn size(quick: (u64, u64), full: (u64, u64)) -> (u64, u64) {
    let (kills, copies) = setting("CI").map_or(quick, |_| full);
    let chosen = |name: &str, usual| setting(name).map_or(usual, |text| text.parse().unwrap());
    (chosen("MIMEO_KILLS", kills), chosen("MIMEO_COPIES", copies))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the size of a test is its environment's"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test measures how long it took"
)]
fn instant() -> Instant {
    Instant::now()
}

fn sleep(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// Waits until every acknowledged copy has ended, checks all, and prints what came out.
#[expect(clippy::print_stdout, reason = "the figures are what the test is for")]
fn settle(name: &str, shop: &Shop, load: &Load, kills: u64, (seed, started): (u64, Instant)) {
    let last_kill = instant();
    let found = check::all(shop, load, || last_kill.elapsed() < END_AFTER);
    println!(
        "{name}: seed {seed}, kills {kills}, copies {}, acknowledged {}, unknown {}, succeeded {}, \
         failed {}, lost {}, doubled {}, seconds {:.1}, of which after the last kill {:.1}",
        load.copies,
        found.acknowledged,
        found.unknown,
        found.succeeded,
        found.failed,
        found.lost,
        found.doubled,
        started.elapsed().as_secs_f64(),
        last_kill.elapsed().as_secs_f64(),
    );
    assert_eq!(found.wrong, Vec::<String>::new());
    assert_eq!((found.lost, found.doubled), (0, 0));
}

#[test]
fn nothing_is_lost_or_doubled_when_the_server_is_killed() {
    let (kills, copies) = size((20, 200), (200, 2_000));
    let (seed, started) = (chance::seed(), instant());
    println!("MIMEO_SEED={seed}");
    let mut chance = Chance::of(seed, 0);
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut node = Node::start(data.to_str().unwrap(), folder.path());
    let shop = Arc::new(Shop::open(vec![node.port()]));
    let load = Arc::new(Load::new(copies, seed));
    let clients = load::start(CLIENTS, &load, &shop);
    for kill in 1..=kills {
        load.allow(copies * kill / kills);
        sleep(chance.below(LIFE_MILLIS_MAX));
        node.kill();
        node.start_again();
    }
    for client in clients {
        client.join().unwrap();
    }
    settle("one server on SQLite", &shop, &load, kills, (seed, started));
}

#[test]
fn two_servers_on_one_database_share_the_copies_and_survive_each_other() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let migrations = mimeo_store::MIGRATIONS;
    let Some(url) = runtime.block_on(mimeo_store::testing::postgres_url(migrations)) else {
        return;
    };
    let (kills, copies) = size((4, 200), (20, 1_000));
    let (seed, started) = (chance::seed(), instant());
    println!("MIMEO_SEED={seed}");
    let mut chance = Chance::of(seed, 0);
    let folder = TempDir::new().unwrap();
    let mut nodes = [(); 2].map(|()| Node::start(&url, folder.path()));
    let shop = Arc::new(Shop::open(nodes.iter().map(Node::port).collect()));
    let load = Arc::new(Load::new(copies, seed));
    let clients = load::start(CLIENTS, &load, &shop);
    let mut made = [0, 0];
    for kill in 1..=kills {
        sleep(chance.below(LIFE_MILLIS_MAX));
        load.allow(copies * kill / (kills + 1));
        sleep(chance.below(LIFE_MILLIS_MAX));
        let victim = usize::from(chance.one_in(2));
        made[victim] += shop.copies_made_by(victim);
        nodes[victim].kill();
        sleep(chance.below(500));
        nodes[victim].start_again();
    }
    load.allow(copies);
    for client in clients {
        client.join().unwrap();
    }
    let name = "two servers on PostgreSQL";
    settle(name, &shop, &load, kills, (seed, started));
    for (node, made) in made.iter_mut().enumerate() {
        *made += shop.copies_made_by(node);
    }
    println!("{name}: copies made by each, as far as their metrics lived: {made:?}");
    assert!(made.iter().all(|made| *made > 0), "{made:?}");
}
