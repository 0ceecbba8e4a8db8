//! The database's primary is lost again and again while two servers work on it: killed with `kill
//! -9`, its synchronous standby promoted, a new standby made. Nothing that was acknowledged may be
//! lost, nothing be there twice, and what got no answer is settled by its token.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mimeo_store::testing;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chance::{self, Chance};
use crate::client::{self, Place};
use crate::cluster::Cluster;
use crate::load::{self, Load};
use crate::node::Node;
use crate::report::{Asked, Report};
use crate::shop::{Shop, text};
use crate::{check, instant, sleep};

/// Who asks for copies, and who makes products.
const COPIERS: u64 = 4;
const MAKERS: u64 = 2;

/// The longest time between two failovers, once writes go on.
const CALM_MILLIS_MAX: u64 = 2_000;

/// How long after a failover the first write may be acknowledged: the new standby is made meanwhile.
const BACK_WITHIN: Duration = Duration::from_mins(1);

/// How long copies may take to end after the last failover.
const END_AFTER: Duration = Duration::from_mins(2);

/// An account that makes products and copies nothing.
const MAKER: Place = Place {
    account: "333333333333",
    region: "us-east-1",
};

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let seed = asked.number("seed", chance::seed(), chance::seed());
    let failovers = asked.number("failovers", 2, 20);
    let copies = asked.number("copies", 60, 1_000);
    let mut report = Report::default();
    report.figure("seed", seed);
    let Some(binaries) = testing::postgres_binaries() else {
        return Err("there is no PostgreSQL".to_owned());
    };
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let mut cluster = Cluster::start(binaries, folder.path());
    let data = cluster.url();
    let templates = TempDir::new().map_err(|error| error.to_string())?;
    let mut nodes: Vec<Node> = (0..2)
        .map(|_| Node::start(&data, templates.path()))
        .collect();
    let shop = Arc::new(Shop::open(nodes.iter().map(Node::port).collect()));
    let load = Arc::new(Load::new(copies, seed));
    let clients = load::start(COPIERS, &load, &shop);
    let made = Arc::new(Made::default());
    let making = made.start(&shop, seed);
    let mut chance = Chance::of(seed, 0);
    let mut away = Vec::new();
    for failover in 1..=failovers {
        load.allow(copies * failover / failovers);
        sleep(chance.below(CALM_MILLIS_MAX));
        let lost = instant();
        cluster.fail_over();
        match made.first_after(lost) {
            Some(time) => away.push(time),
            None => report.wrong(format!(
                "failover {failover}: no write within {BACK_WITHIN:?}"
            )),
        }
    }
    made.is_over.store(true, Ordering::SeqCst);
    for wrong in load::join(clients.into_iter().chain(making)) {
        report.wrong(wrong);
    }
    let last = instant();
    let found = check::all(&shop, &load, || last.elapsed() < END_AFTER);
    found.tell(&mut report);
    for wrong in found.all_wrong() {
        report.wrong(wrong);
    }
    report.figure("failovers", failovers);
    made.check(&shop, &mut report);
    tell_times(&mut away, &mut report);
    for (number, node) in nodes.iter_mut().enumerate() {
        if !node.is_alive() {
            report.wrong(format!("server {number} did not live through it"));
        }
    }
    Ok(report)
}

fn tell_times(away: &mut [Duration], report: &mut Report) {
    away.sort();
    let told = |at: usize| {
        let time = away.get(at.min(away.len().saturating_sub(1)));
        time.map_or("none".to_owned(), |time| {
            format!("{:.1}", time.as_secs_f64())
        })
    };
    report.figure("seconds to the first write: median", told(away.len() / 2));
    report.figure("p95", told(away.len() * 95 / 100));
    report.figure("most", told(away.len()));
}

/// The template of a product comes from one of the servers, which looks its upload up in the database.
fn lacks_template(output: &Value) -> bool {
    let message = output["Message"].as_str();
    message.is_some_and(|message| message.ends_with("answered 503."))
}

/// Products that were made under tokens while primaries were lost.
#[derive(Default)]
struct Made {
    is_over: AtomicBool,
    acknowledged: Mutex<Vec<Product>>,
    wrong: Mutex<Vec<String>>,
}

#[derive(Clone)]
struct Product {
    name: String,
    id: String,
    begun: Instant,
    answered: Instant,
    /// Whether a first request broke off or was refused, so that only the token could tell.
    was_unknown: bool,
}

impl Made {
    fn start(self: &Arc<Self>, shop: &Arc<Shop>, seed: u64) -> Vec<JoinHandle<()>> {
        let maker = |maker| {
            let (made, shop) = (Arc::clone(self), Arc::clone(shop));
            thread::spawn(move || {
                let mut chance = Chance::of(seed, 1_000_000 + maker);
                let mut number = 0;
                while !made.is_over.load(Ordering::SeqCst) {
                    number += 1;
                    made.make(&shop, &format!("made-{maker}-{number}"), &mut chance);
                    sleep(5);
                }
            })
        };
        (0..MAKERS).map(maker).collect()
    }

    fn make(&self, shop: &Shop, name: &str, chance: &mut Chance) {
        let input = json!({
            "IdempotencyToken": name,
            "Name": name,
            "Owner": "Platform",
            "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "ProvisioningArtifactParameters": {
                "Info": {"LoadTemplateFromURL": shop.template()},
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
        });
        let begun = instant();
        let mut was_unknown = false;
        loop {
            let node = usize::try_from(chance.below(8)).unwrap_or(0);
            match client::call(shop.port(node), MAKER, "CreateProduct", &input) {
                Some((200, output)) => {
                    let product = Product {
                        name: name.to_owned(),
                        id: text(&output, "/ProductViewDetail/ProductViewSummary/ProductId"),
                        begun,
                        answered: instant(),
                        was_unknown,
                    };
                    self.acknowledged.lock().unwrap().push(product);
                    return;
                }
                Some((status, output))
                    if !client::is_to_be_retried(status, &output) && !lacks_template(&output) =>
                {
                    let wrong = format!("{name}: {status} {output}");
                    self.wrong.lock().unwrap().push(wrong);
                    return;
                }
                _ => {
                    was_unknown = true;
                    sleep(20);
                }
            }
        }
    }

    /// How long after an instant the first write was acknowledged that was asked for after it.
    fn first_after(&self, lost: Instant) -> Option<Duration> {
        while lost.elapsed() < BACK_WITHIN {
            let made = self.acknowledged.lock().unwrap();
            let after = made.iter().filter(|product| product.answered > lost);
            // One that was under way when the primary was lost may have been answered by it.
            let first = after
                .filter(|product| product.begun > lost || product.was_unknown)
                .map(|product| product.answered)
                .min();
            if let Some(first) = first {
                return Some(first.duration_since(lost));
            }
            drop(made);
            sleep(10);
        }
        None
    }

    /// Each acknowledged product is there once, under the id that was told, and no name twice.
    fn check(&self, shop: &Shop, report: &mut Report) {
        let made = self.acknowledged.lock().unwrap();
        let mut there = BTreeMap::<String, Vec<String>>::new();
        let mut input = json!({});
        loop {
            let page = shop.does(MAKER, "SearchProductsAsAdmin", &input);
            for product in page["ProductViewDetails"].as_array().unwrap() {
                let name = text(product, "/ProductViewSummary/Name");
                let id = text(product, "/ProductViewSummary/ProductId");
                there.entry(name).or_default().push(id);
            }
            match &page["NextPageToken"] {
                Value::String(next) => input = json!({"PageToken": next}),
                _ => break,
            }
        }
        for product in made.iter() {
            if there.get(&product.name) != Some(&vec![product.id.clone()]) {
                let found = there.get(&product.name);
                report.wrong(format!(
                    "{} was told as {}, found {found:?}",
                    product.name, product.id
                ));
            }
        }
        for wrong in self.wrong.lock().unwrap().iter() {
            report.wrong(wrong);
        }
        let settled = made.iter().filter(|product| product.was_unknown).count();
        report.figure("products made", made.len());
        report.figure("of which settled by their token", settled);
    }
}
