//! Ten thousand waiting copies: what they cost those who ask for something else, and how long
//! another account's single copy waits.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::catalogue::{add_versions, create_product};
use crate::copies::{POLL, copy_input, shared_product, succeeded};
use crate::load::{Caller, Connection, drive, request};
use crate::server::{ACCOUNTS, Server, folder};
use crate::table::{Goal, Table};

/// Copies that wait, all of one account.
const WAITING: usize = 10_000;
const CLIENTS: usize = 16;

/// How long the server is asked for other things, idle and beside the queue.
const TIME: Duration = Duration::from_secs(8);
const PAUSE: Duration = Duration::from_millis(2);

/// Single copies of the other account, one after the other.
const SINGLES: usize = 20;

const BUSY: Caller = Caller {
    account: ACCOUNTS[1],
    region: "eu-west-1",
};
const QUIET: Caller = Caller {
    account: ACCOUNTS[2],
    region: "eu-west-1",
};

pub(crate) async fn run(table: &mut Table) {
    let data = folder();
    // Nobody works while the queue is filled.
    let filling = Server::start(data.path(), &[("MIMEO_WORKERS_COPIES_MAX", "0")]);
    let mut connection = Connection::open(&filling.address).await;
    let product = shared_product(&filling.address).await;
    let described = create_product(&mut connection, &filling.address, QUIET, 1).await;
    add_versions(&mut connection, &filling.address, QUIET, &described, 3).await;
    drop(connection);
    drop(filling);

    let idle_server = Server::start(data.path(), &[]);
    let idle = p99_micros(&idle_server.address, &described).await;
    let alone = single_copies(&idle_server.address, &product, "alone").await;
    drop(idle_server);

    let filling = Server::start(data.path(), &[("MIMEO_WORKERS_COPIES_MAX", "0")]);
    let copies = (0..WAITING).map(|number| {
        let input = copy_input(&product, &format!("waiting-{number}"));
        request(&filling.address, BUSY, "CopyProduct", &input)
    });
    drive(
        &filling.address,
        CLIENTS,
        std::sync::Arc::new(copies.collect()),
        1,
    )
    .await;
    drop(filling);

    let server = Server::start(data.path(), &[]);
    let beside = p99_micros(&server.address, &described).await;
    let queued = single_copies(&server.address, &product, "beside").await;
    table.add(
        "p99 of a signed read beside 10,000 waiting copies",
        format!("{beside:.0} µs beside {idle:.0} µs idle"),
        beside / idle,
        Goal::AtMost(2.0),
    );
    table.add(
        "another account's copy beside them, p50",
        format!("{queued:.1} ms beside {alone:.1} ms alone"),
        queued / alone,
        Goal::None,
    );
}

/// Of reads that one client makes now and then.
async fn p99_micros(address: &str, product: &str) -> f64 {
    let input = json!({"Id": product});
    let asks = request(address, QUIET, "DescribeProductAsAdmin", &input);
    let mut connection = Connection::open(address).await;
    let mut micros = Vec::new();
    let began = Instant::now();
    while began.elapsed() < TIME {
        let asked = Instant::now();
        let (status, _) = connection.send(&asks).await;
        assert_eq!(status, 200);
        micros.push(asked.elapsed().as_secs_f64() * 1e6);
        tokio::time::sleep(PAUSE).await;
    }
    micros.sort_by(f64::total_cmp);
    micros[micros.len() * 99 / 100]
}

/// The median of single copies, in milliseconds.
async fn single_copies(address: &str, product: &str, name: &str) -> f64 {
    let mut connection = Connection::open(address).await;
    let mut millis = Vec::new();
    for number in 0..SINGLES {
        let input = copy_input(product, &format!("{name}-{number}"));
        let asked = Instant::now();
        let accepted = connection.call(address, QUIET, "CopyProduct", &input).await;
        let token = &accepted["CopyProductToken"];
        succeeded(&mut connection, address, QUIET, token, POLL).await;
        millis.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    crate::table::median(millis)
}
