//! One page of twenty, in catalogues of very different sizes.

use std::sync::Arc;

use serde_json::json;

use crate::catalogue::fill;
use crate::load::{Caller, drive, request};
use crate::server::{ACCOUNTS, Server, folder};
use crate::table::{Goal, Table, float, median};

/// The smallest still fills a page, so that all answers are of one length.
const SIZES: [usize; 3] = [21, 1_000, 100_000];
const CLIENTS: usize = 8;
const REQUESTS: usize = 3_000;
const ROUNDS: usize = 5;

pub(crate) async fn run(table: &mut Table) {
    let caller = Caller {
        account: ACCOUNTS[0],
        region: "us-east-1",
    };
    let mut servers = Vec::new();
    for size in SIZES {
        let data = folder();
        fill(data.path(), size).await;
        servers.push((Server::start(data.path(), &[]), data));
    }
    for operation in ["ListPortfolios", "SearchProductsAsAdmin"] {
        let mut costs = vec![Vec::new(); SIZES.len()];
        for _ in 0..=ROUNDS {
            for ((server, _), costs) in servers.iter().zip(&mut costs) {
                let page = request(&server.address, caller, operation, &json!({"PageSize": 20}));
                let before = server.cpu_micros();
                drive(&server.address, CLIENTS, Arc::new(vec![page]), REQUESTS).await;
                costs.push((server.cpu_micros() - before) / float(REQUESTS));
            }
        }
        // The first round warms up.
        let costs: Vec<f64> = costs
            .into_iter()
            .map(|costs| median(costs[1..].to_vec()))
            .collect();
        let worst = costs.iter().copied().fold(0.0, f64::max) / costs[0];
        let measured = format!("{:.0}, {:.0}, {:.0} µs", costs[0], costs[1], costs[2]);
        table.add(
            &format!("a page of {operation} at 21, 1,000, 100,000 items, server CPU"),
            measured,
            worst,
            Goal::AtMost(1.3),
        );
    }
}
