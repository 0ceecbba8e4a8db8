//! What an end user asks, in Regions of very different sizes: ten products seen, whatever else there is.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::catalogue::{create_product, fill_with_users};
use crate::load::{Caller, Connection, drive, request};
use crate::server::{ACCOUNTS, Server, USER, folder, user_arn};
use crate::table::{Goal, Table, float, median};

const SIZES: [usize; 2] = [100, 100_000];
const SEEN: usize = 10;
const CLIENTS: usize = 8;
const REQUESTS: usize = 3_000;
const ROUNDS: usize = 5;

const OWNER: Caller = Caller {
    account: ACCOUNTS[0],
    region: "us-east-1",
};
const END_USER: Caller = Caller {
    account: USER,
    region: "us-east-1",
};

pub(crate) async fn run(table: &mut Table) {
    let mut servers = Vec::new();
    for size in SIZES {
        let data = folder();
        fill_with_users(data.path(), size).await;
        let server = Server::start(data.path(), &[]);
        let product = opened(&server.address).await;
        servers.push((server, product, data));
    }
    for operation in ["SearchProducts", "ListLaunchPaths"] {
        let mut costs = vec![Vec::new(); SIZES.len()];
        for _ in 0..=ROUNDS {
            for ((server, product, _), costs) in servers.iter().zip(&mut costs) {
                let input = match operation {
                    "ListLaunchPaths" => json!({"ProductId": product}),
                    _ => json!({}),
                };
                let asked = request(&server.address, END_USER, operation, &input);
                let before = server.cpu_micros();
                drive(&server.address, CLIENTS, Arc::new(vec![asked]), REQUESTS).await;
                costs.push((server.cpu_micros() - before) / float(REQUESTS));
            }
        }
        // The first round warms up.
        let costs: Vec<f64> = costs
            .into_iter()
            .map(|costs| median(costs[1..].to_vec()))
            .collect();
        let measured = format!("{:.0}, {:.0} µs", costs[0], costs[1]);
        table.add(
            &format!("{operation} of a user who sees 10, among 100 and 100,000, server CPU"),
            measured,
            costs[1] / costs[0],
            Goal::AtMost(1.3),
        );
    }
}

/// Opens a portfolio of ten products to the user; answers one of the ten.
async fn opened(address: &str) -> Value {
    let mut connection = Connection::open(address).await;
    let portfolio = json!({
        "DisplayName": "Storage", "ProviderName": "Platform", "IdempotencyToken": "portfolio",
    });
    let made = connection
        .call(address, OWNER, "CreatePortfolio", &portfolio)
        .await;
    let portfolio = made["PortfolioDetail"]["Id"].clone();
    let principal = json!({
        "PortfolioId": portfolio, "PrincipalARN": user_arn(), "PrincipalType": "IAM",
    });
    connection
        .call(
            address,
            OWNER,
            "AssociatePrincipalWithPortfolio",
            &principal,
        )
        .await;
    let mut product = Value::Null;
    for number in 0..SEEN {
        product = create_product(&mut connection, address, OWNER, number)
            .await
            .into();
        let pair = json!({"PortfolioId": portfolio, "ProductId": product});
        connection
            .call(address, OWNER, "AssociateProductWithPortfolio", &pair)
            .await;
    }
    let seen = connection
        .call(address, END_USER, "SearchProducts", &json!({}))
        .await;
    assert_eq!(
        seen["ProductViewSummaries"].as_array().map(Vec::len),
        Some(SEEN)
    );
    product
}
