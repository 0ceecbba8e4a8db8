//! Durable CreateProduct: commits shared beside one transaction a request, and beside a bare loop
//! that inserts the same rows in groups with nothing around it.

use std::sync::Arc;
use std::time::Instant;

use rusqlite::{Connection as Sqlite, params};
use tokio::sync::{mpsc, oneshot};

use crate::catalogue::product_input;
use crate::load::{Caller, drive, request};
use crate::server::{ACCOUNTS, Server, folder};
use crate::table::{Goal, Table, float, median};

const CLIENTS: usize = 64;
const REQUESTS: usize = 6_000;
const ROUNDS: usize = 3;

pub(crate) async fn run(table: &mut Table) {
    let (mut shared, mut single, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        shared.push(creates_per_second(&[]).await);
        single.push(creates_per_second(&[("MIMEO_LIMITS_WRITE_BATCH_MAX", "1")]).await);
        bare.push(bare_inserts_per_second().await);
    }
    let (shared, single, bare) = (median(shared), median(single), median(bare));
    table.add(
        "durable CreateProduct, 64 clients: commits shared",
        format!("{shared:.0}/s beside {single:.0}/s with one transaction a request"),
        shared / single,
        Goal::AtLeast(2.0),
    );
    table.add(
        "the same beside a bare group-commit insert loop",
        format!("{shared:.0}/s beside {bare:.0}/s"),
        shared / bare,
        Goal::AtLeast(0.8),
    );
}

async fn creates_per_second(settings: &[(&str, &str)]) -> f64 {
    let data = folder();
    let server = Server::start(data.path(), settings);
    let caller = Caller {
        account: ACCOUNTS[0],
        region: "us-east-1",
    };
    let requests = (0..REQUESTS)
        .map(|number| {
            request(
                &server.address,
                caller,
                "CreateProduct",
                &product_input(number),
            )
        })
        .collect();
    drive(&server.address, CLIENTS, Arc::new(requests), 1)
        .await
        .per_second()
}

/// The rows of a CreateProduct, written by one thread that commits whatever waits, for 64 callers.
async fn bare_inserts_per_second() -> f64 {
    let data = folder();
    let (jobs, waiting) = mpsc::channel::<(usize, oneshot::Sender<()>)>(CLIENTS * 2);
    let path = data.path().join("bare.db");
    let writer = std::thread::spawn(move || insert_in_groups(&path, waiting));
    let began = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let jobs = jobs.clone();
        clients.spawn(async move {
            for number in (client..REQUESTS).step_by(CLIENTS) {
                let (answer, answered) = oneshot::channel();
                jobs.send((number, answer)).await.unwrap();
                answered.await.unwrap();
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let elapsed = began.elapsed();
    drop(jobs);
    writer.join().unwrap();
    float(REQUESTS) / elapsed.as_secs_f64()
}

const SCHEMA: &str = include_str!("../../migrations/0001_catalogue.sql");

fn insert_in_groups(
    path: &std::path::Path,
    mut waiting: mpsc::Receiver<(usize, oneshot::Sender<()>)>,
) {
    let sqlite = Sqlite::open(path).unwrap();
    sqlite
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
        )
        .unwrap();
    sqlite.execute_batch(SCHEMA).unwrap();
    let mut batch = Vec::new();
    while waiting.blocking_recv_many(&mut batch, 512) > 0 {
        sqlite.execute_batch("BEGIN IMMEDIATE").unwrap();
        for (number, _) in &batch {
            insert(&sqlite, *number);
        }
        sqlite.execute_batch("COMMIT").unwrap();
        for (_, answer) in batch.drain(..) {
            let _ = answer.send(());
        }
    }
}

/// The five rows that CreateProduct writes, with documents of the same size.
fn insert(sqlite: &Sqlite, number: usize) {
    let number_column = i64::try_from(number).unwrap();
    let (product, artifact) = (format!("prod-{number:013}"), format!("pa-{number:013}"));
    let (body, small) = ("x".repeat(700), "x".repeat(420));
    let run = |sql: &str, row: &[&dyn rusqlite::ToSql]| {
        sqlite.prepare_cached(sql).unwrap().execute(row).unwrap();
    };
    run(
        "INSERT INTO tally VALUES ('us-east-1', '1', 'products', 1) ON CONFLICT (region, account, what) DO UPDATE SET used = used + 1",
        params![],
    );
    run(
        "INSERT INTO product VALUES ('us-east-1', ?1, '1', ?1, 'Platform Team', 'CLOUD_FORMATION_TEMPLATE', ?3, '', 1, ?2, ?2, ?3)",
        params![product, number_column, body],
    );
    run(
        "INSERT INTO artifact VALUES ('us-east-1', ?1, ?2, 0, ?3, ?4)",
        params![artifact, product, number_column, small],
    );
    run(
        "INSERT INTO replay VALUES ('us-east-1', '1', 'CreateProduct', ?1, ?1, ?2, ?3)",
        params![product, body, number_column],
    );
}
