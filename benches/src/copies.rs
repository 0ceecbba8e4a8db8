//! Copies: how long one takes from accepted to seen, and how many a server makes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::catalogue::{add_versions, create_product};
use crate::load::{Caller, Connection};
use crate::server::{ACCOUNTS, Server, folder};
use crate::table::{Goal, Table, float, median};

pub(crate) const HOME: Caller = Caller {
    account: ACCOUNTS[0],
    region: "us-east-1",
};
pub(crate) const AWAY: Caller = Caller {
    account: ACCOUNTS[0],
    region: "eu-west-1",
};
pub(crate) const POLL: Duration = Duration::from_millis(1);

fn arn(product: &str) -> String {
    format!(
        "arn:aws:catalog:us-east-1:{}:product/{product}",
        HOME.account
    )
}

pub(crate) fn copy_input(product: &str, token: &str) -> Value {
    json!({"SourceProductArn": arn(product), "IdempotencyToken": token, "CopyOptions": ["CopyTags"]})
}

/// Polls with a pause until the copy is final, which must be a success.
pub(crate) async fn succeeded(
    connection: &mut Connection,
    address: &str,
    caller: Caller,
    token: &Value,
    pause: Duration,
) {
    let input = json!({"CopyProductToken": token});
    loop {
        let status = connection
            .call(address, caller, "DescribeCopyProductStatus", &input)
            .await;
        match status["CopyProductStatus"].as_str() {
            Some("SUCCEEDED") => return,
            Some("IN_PROGRESS") => tokio::time::sleep(pause).await,
            _ => panic!("{status}"),
        }
    }
}

/// A copy to another Region, alone on the server, by its number of versions.
pub(crate) async fn latency(table: &mut Table) {
    const ROUNDS: usize = 40;
    let data = folder();
    let server = Server::start(data.path(), &[]);
    let mut connection = Connection::open(&server.address).await;
    let mut medians = Vec::new();
    for versions_count in [1, 10, 100] {
        let product = create_product(
            &mut connection,
            &server.address,
            HOME,
            1000 + versions_count,
        )
        .await;
        add_versions(
            &mut connection,
            &server.address,
            HOME,
            &product,
            versions_count,
        )
        .await;
        let mut millis = Vec::new();
        for round in 0..ROUNDS {
            let input = copy_input(&product, &format!("{product}-{round}"));
            let began = Instant::now();
            let accepted = connection
                .call(&server.address, AWAY, "CopyProduct", &input)
                .await;
            let token = &accepted["CopyProductToken"];
            succeeded(&mut connection, &server.address, AWAY, token, POLL).await;
            millis.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        medians.push(median(millis));
    }
    table.add(
        "a copy of 1 version, accepted to SUCCEEDED seen, p50",
        format!("{:.1} ms", medians[0]),
        medians[0],
        Goal::AtMost(20.0),
    );
    table.add(
        "a copy of 100 versions beside one of 1 (10 between)",
        format!(
            "{:.1} ms beside {:.1} ms ({:.1} ms)",
            medians[2], medians[0], medians[1]
        ),
        medians[2] / medians[0],
        Goal::AtMost(5.0),
    );
}

pub(crate) const COPIES: usize = 1_000;
const CLIENTS: usize = 16;

/// A thousand copies by sixteen clients into four accounts.
pub(crate) async fn throughput(table: &mut Table) {
    let data = folder();
    let server = Server::start(data.path(), &[]);
    let product = shared_product(&server.address).await;
    let finished = thousand_copies(&[&server], &product, POLL).await;
    let mean = finished.iter().sum::<f64>() / float(finished.len());
    let slowest = finished.iter().copied().fold(0.0, f64::max);
    table.add(
        "1,000 copies by 16 clients into 4 accounts",
        format!(
            "{:.0} copies/s; the slowest account took {:.2} of the mean time",
            float(COPIES) / slowest,
            slowest / mean
        ),
        slowest / mean,
        Goal::None,
    );
}

/// A thousand copies by sixteen clients, who take the servers in turn. Answers after how many seconds each
/// account had its last one.
pub(crate) async fn thousand_copies(
    servers: &[&Server],
    product: &str,
    pause: Duration,
) -> Vec<f64> {
    let finished = Arc::new(Mutex::new(vec![Duration::ZERO; ACCOUNTS.len()]));
    let began = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        // Each account comes to each server.
        let server = servers[client / ACCOUNTS.len() % servers.len()];
        let (address, product, finished) = (
            server.address.clone(),
            product.to_owned(),
            Arc::clone(&finished),
        );
        clients.spawn(async move {
            let mut connection = Connection::open(&address).await;
            let account = client % ACCOUNTS.len();
            let caller = Caller {
                account: ACCOUNTS[account],
                region: "eu-west-1",
            };
            let mut tokens = Vec::new();
            for number in (client..COPIES).step_by(CLIENTS) {
                let input = copy_input(&product, &format!("copy-{number}"));
                let accepted = connection
                    .call(&address, caller, "CopyProduct", &input)
                    .await;
                tokens.push(accepted["CopyProductToken"].clone());
            }
            for token in &tokens {
                succeeded(&mut connection, &address, caller, token, pause).await;
            }
            let mut finished = finished.lock().await;
            finished[account] = finished[account].max(began.elapsed());
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let finished = finished.lock().await;
    finished.iter().map(Duration::as_secs_f64).collect()
}

/// A product of three versions that all accounts may copy.
pub(crate) async fn shared_product(address: &str) -> String {
    let mut connection = Connection::open(address).await;
    let product = create_product(&mut connection, address, HOME, 0).await;
    add_versions(&mut connection, address, HOME, &product, 3).await;
    let input =
        json!({"DisplayName": "golden", "ProviderName": "hub", "IdempotencyToken": "golden"});
    let made = connection
        .call(address, HOME, "CreatePortfolio", &input)
        .await;
    let portfolio = made["PortfolioDetail"]["Id"].clone();
    let input = json!({"ProductId": product, "PortfolioId": portfolio});
    connection
        .call(address, HOME, "AssociateProductWithPortfolio", &input)
        .await;
    for account in &ACCOUNTS[1..] {
        let input = json!({"PortfolioId": portfolio, "AccountId": account});
        connection
            .call(address, HOME, "CreatePortfolioShare", &input)
            .await;
        let caller = Caller {
            account,
            region: "us-east-1",
        };
        let input = json!({"PortfolioId": portfolio});
        connection
            .call(address, caller, "AcceptPortfolioShare", &input)
            .await;
    }
    product
}
