//! What a copy between two servers costs beside the same copy within one.

use std::time::Instant;

use serde_json::Value;

use crate::catalogue::{add_versions_of, create_product, template};
use crate::copies::{AWAY, HOME, POLL, copy_input, succeeded};
use crate::load::Connection;
use crate::server::{Server, folder};
use crate::table::{Goal, Table, median};

const PEERS_KEY: (&str, &str) = (
    "MIMEO_PEERS_KEY",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
);
/// Versions with a template; each product has one more, without.
const VERSIONS: usize = 9;
const ROUNDS: usize = 30;

/// Where products are, and where copies are asked for: one server or two.
struct Pair {
    source: Connection,
    source_address: String,
    target: Connection,
    target_address: String,
}

pub(crate) async fn run(table: &mut Table) {
    let folders = [folder(), folder(), folder()];
    let within = Server::start(folders[0].path(), &[]);
    let far = Server::start(
        folders[1].path(),
        &[PEERS_KEY, ("MIMEO_REGIONS", HOME.region)],
    );
    let near = Server::start_with(
        folders[2].path(),
        &[PEERS_KEY, ("MIMEO_REGIONS", AWAY.region)],
        &format!(
            "[[region]]\nname = \"{}\"\nendpoint = \"http://{}\"\n",
            HOME.region, far.address
        ),
    );
    let mut within = Pair::of(&within, &within).await;
    let mut apart = Pair::of(&far, &near).await;
    // By [there already, all templates to bring].
    let mut millis: [[Vec<f64>; 2]; 2] = Default::default();
    for round in 0..=ROUNDS {
        for (pair, millis) in [&mut within, &mut apart].into_iter().zip(&mut millis) {
            let product = pair.publish(round).await;
            let brought = pair.copy(&product, "first").await;
            let there = pair.copy(&product, "second").await;
            // The first round opens connections and warms up.
            if round > 0 {
                millis[0].push(there);
                millis[1].push(brought);
            }
        }
    }
    let [within, apart] = millis.map(|millis| millis.map(median));
    for (at, what) in [
        "a copy of 10 versions between two servers, templates there already, p50",
        "the same with 9 templates to bring, p50",
    ]
    .iter()
    .enumerate()
    {
        table.add(
            what,
            format!("{:.1} ms beside {:.1} ms within one", apart[at], within[at]),
            apart[at] / within[at],
            Goal::None,
        );
    }
}

impl Pair {
    async fn of(source: &Server, target: &Server) -> Self {
        Self {
            source: Connection::open(&source.address).await,
            source_address: source.address.clone(),
            target: Connection::open(&target.address).await,
            target_address: target.address.clone(),
        }
    }

    /// A product whose templates are like no other's.
    async fn publish(&mut self, number: usize) -> String {
        let (connection, address) = (&mut self.source, &self.source_address);
        let product = create_product(connection, address, HOME, number).await;
        let text = |version| format!("{}# Of product {number}.\n", template(version));
        let versions = 2..=VERSIONS + 1;
        add_versions_of(connection, address, HOME, &product, versions, text).await;
        product
    }

    /// Milliseconds from asked to SUCCEEDED seen.
    async fn copy(&mut self, product: &str, name: &str) -> f64 {
        let (connection, address) = (&mut self.target, &self.target_address);
        let input = copy_input(product, &format!("{product}-{name}"));
        let began = Instant::now();
        let accepted: Value = connection.call(address, AWAY, "CopyProduct", &input).await;
        let token = &accepted["CopyProductToken"];
        succeeded(connection, address, AWAY, token, POLL).await;
        began.elapsed().as_secs_f64() * 1e3
    }
}
