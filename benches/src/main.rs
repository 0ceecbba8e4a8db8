//! Cost and load of the real binary, each figure beside its peer in the same run.
//!
//! `cargo xtask bench [NAME …]` builds what is needed and calls this. The client runs on core 0 and
//! servers on core 1 where there are two. Figures are medians; what matters is the ratio.

#![expect(clippy::print_stdout, reason = "the table is the point")]
#![expect(
    clippy::disallowed_methods,
    reason = "measuring needs clocks and the environment"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say where and stop"
)]

mod apart;
mod bucket_store;
mod buckets;
mod catalogue;
mod copies;
mod create;
mod load;
mod nodes;
mod pages;
mod peer;
mod policies;
mod postgres;
mod read;
mod server;
mod start;
mod table;
mod users;
mod waiting;

use table::Table;

type Bench = fn(&mut Table) -> std::pin::Pin<Box<dyn Future<Output = ()> + '_>>;

const BENCHES: &[(&str, Bench)] = &[
    ("read", |table| Box::pin(read::run(table))),
    ("create", |table| Box::pin(create::run(table))),
    ("pages", |table| Box::pin(pages::run(table))),
    ("users", |table| Box::pin(users::run(table))),
    ("policies", |table| Box::pin(policies::run(table))),
    ("copy", |table| Box::pin(copies::latency(table))),
    ("copies", |table| Box::pin(copies::throughput(table))),
    ("nodes", |table| Box::pin(nodes::run(table))),
    ("apart", |table| Box::pin(apart::run(table))),
    ("buckets", |table| Box::pin(buckets::run(table))),
    ("waiting", |table| Box::pin(waiting::run(table))),
    ("start", |table| Box::pin(start::run(table))),
    ("moto", |table| Box::pin(peer::run(table))),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    match names.first().map(String::as_str) {
        Some("echo-server") => return read::echo_server().await,
        Some("bucket-store") => return bucket_store::serve().await,
        Some("plain-stream") => return buckets::plain_stream().await,
        _ => (),
    }
    server::pin(std::process::id(), 0);
    let mut table = Table::default();
    for (name, bench) in BENCHES {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            eprintln!("{name} …");
            bench(&mut table).await;
        }
    }
    println!("{table}");
}
