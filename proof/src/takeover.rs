//! Three servers on one PostgreSQL: one dies, one stops. How long until others go on with what they
//! had under way, and whether the limits hold over all of them meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use mimeo_store::testing;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::node::Node;
use crate::report::{Asked, Report};
use crate::shop::{Shop, text};
use crate::{client, instant, kill, sleep};

/// A lease, a scan, and what a busy machine adds.
const TAKEOVER_MAX: Duration = Duration::from_secs(20);

/// After a stopped server has gone, its copies are due and the others have been rung.
const HANDOVER_MAX: Duration = Duration::from_secs(3);

/// How long a stopping server lets its copies go on, in seconds, before it gives them back: shorter
/// than its default, so that the others' statements do not give up waiting meanwhile.
const DRAIN_SECONDS: u64 = 4;

/// The drain, and what a busy machine adds.
const STOP_MAX: Duration = Duration::from_secs(DRAIN_SECONDS + 4);

/// Copies of one account that run at a time, over all servers, as configured by default.
const RUNNING_MAX: u64 = 2;

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let rounds = asked.number("rounds", 1, 5);
    let mut report = Report::default();
    let Some(url) = kill::postgres()? else {
        return Err("there is no PostgreSQL".to_owned());
    };
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let mut nodes: Vec<Node> = (0..3).map(|_| start(&url, folder.path())).collect();
    let shop = Arc::new(Shop::open(nodes.iter().map(Node::port).collect()));
    let mut longest = [Duration::ZERO; 2];
    for round in 0..rounds {
        for (dies, longest) in [true, false].into_iter().zip(&mut longest) {
            let scene = Scene {
                name: format!("{round}-{dies}"),
                url: &url,
                shop: &shop,
                dies,
            };
            *longest = scene.play(&mut nodes, &mut report).max(*longest);
        }
    }
    let [killed, stopped] = longest.map(|time| format!("{:.1}", time.as_secs_f64()));
    report.figure("rounds", rounds);
    report.figure("seconds from kill -9 until all is done", killed);
    report.figure("seconds from a stop until others run its copies", stopped);
    Ok(report)
}

fn start(url: &str, folder: &Path) -> Node {
    let drain = ("MIMEO_DRAIN_SECONDS", DRAIN_SECONDS.to_string());
    Node::start_with(url, folder, vec![drain])
}

struct Scene<'a> {
    name: String,
    url: &'a str,
    shop: &'a Shop,
    /// By `kill -9`; or else it stops by SIGTERM.
    dies: bool,
}

impl Scene<'_> {
    /// How long after the busiest server was gone the others had taken its part.
    fn play(&self, nodes: &mut [Node], report: &mut Report) -> Duration {
        // Workers wait at the marks of bodies; accepting, claims, heartbeats and what is given back do not.
        let locked = lock(self.url, if self.dies { 6 } else { 14 });
        let tokens = ask(self.shop, &self.name);
        let each = self.all_run(nodes.len());
        let all: u64 = each.iter().sum();
        let victim = (0..each.len()).max_by_key(|&node| each[node]).unwrap_or(0);
        if all != 2 * RUNNING_MAX {
            let name = &self.name;
            report.wrong(format!("{name}: {each:?} run, of two accounts"));
        }
        let mut begun = instant();
        let mut taken = None;
        if self.dies {
            nodes[victim].kill();
        } else {
            nodes[victim].stop();
            let stopped = begun.elapsed();
            if stopped > STOP_MAX {
                let name = &self.name;
                report.wrong(format!("{name}: it took {stopped:?} to stop"));
            }
            begun = instant();
            taken = self.taken_by_others(victim, nodes.len(), all);
        }
        if locked.join().is_err() {
            report.wrong("the table could not be locked");
        }
        for (corner, token) in &tokens {
            end(self.shop, *corner, token, report);
        }
        let done = begun.elapsed();
        if self.dies && done > TAKEOVER_MAX || !self.dies && taken.is_none() {
            let name = &self.name;
            report.wrong(format!("{name}: taken {taken:?}, all done after {done:?}"));
        }
        nodes[victim].start_again();
        taken.unwrap_or(done)
    }

    /// How many copies each server runs, when as many run as may.
    fn all_run(&self, nodes: usize) -> Vec<u64> {
        let begun = instant();
        loop {
            let each: Vec<u64> = (0..nodes).map(|node| running(self.shop, node)).collect();
            if each.iter().sum::<u64>() >= 2 * RUNNING_MAX || begun.elapsed() > HANDOVER_MAX {
                return each;
            }
            sleep(20);
        }
    }

    fn taken_by_others(&self, victim: usize, nodes: usize, all: u64) -> Option<Duration> {
        let begun = instant();
        while begun.elapsed() < HANDOVER_MAX {
            let others = (0..nodes).filter(|&node| node != victim);
            if others.map(|node| running(self.shop, node)).sum::<u64>() >= all {
                return Some(begun.elapsed());
            }
            sleep(20);
        }
        None
    }
}

/// Asks for more copies than run at a time, in all corners.
fn ask(shop: &Shop, name: &str) -> Vec<(usize, String)> {
    let mut tokens = Vec::new();
    for number in 0..40 {
        for (corner, at) in shop.corners.iter().enumerate() {
            let input = json!({
                "IdempotencyToken": format!("{name}-{number}"),
                "SourceProductArn": at.arn,
                "TargetProductName": format!("{name}-{number}"),
            });
            let told = shop.does(at.place, "CopyProduct", &input);
            tokens.push((corner, text(&told, "/CopyProductToken")));
        }
    }
    tokens
}

/// Locks the marks of bodies for so long; returns when they are locked.
fn lock(url: &str, seconds: u64) -> thread::JoinHandle<()> {
    let sql = format!(
        "LOCK TABLE body_orphan IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({seconds})::text"
    );
    let of = url.to_owned();
    let locking = thread::spawn(move || {
        administer(&of, &sql);
    });
    while administer(url, LOCKED).is_empty() && !locking.is_finished() {
        sleep(20);
    }
    locking
}

const LOCKED: &str = "SELECT mode FROM pg_locks WHERE relation = 'body_orphan'::regclass \
    AND mode = 'AccessExclusiveLock' AND granted";

fn administer(url: &str, sql: &str) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(testing::administer(url, sql))
}

/// Copies that a server works on now.
fn running(shop: &Shop, node: usize) -> u64 {
    let metrics = client::get(shop.port(node), shop.corners[0].place, "/metrics");
    let metrics = metrics.unwrap_or_default();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("mimeo_copies_running "));
    line.map_or(0, |number| number.parse().unwrap_or(0))
}

fn end(shop: &Shop, corner: usize, token: &str, report: &mut Report) {
    let input = json!({"CopyProductToken": token});
    let begun = instant();
    loop {
        let place = shop.corners[corner].place;
        let status: Value = shop.does(place, "DescribeCopyProductStatus", &input);
        if status["CopyProductStatus"] == "SUCCEEDED" {
            return;
        }
        if status["CopyProductStatus"] != "IN_PROGRESS" || begun.elapsed() > TAKEOVER_MAX * 2 {
            report.wrong(format!("{token}: {status}"));
            return;
        }
        sleep(20);
    }
}
