//! A large product copied between two S3 stores, beside a plain parallel stream of the same bytes.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::bucket_store::BucketStore;
use crate::catalogue::{add_versions_of, create_product_of, template};
use crate::copies::{AWAY, HOME, copy_input, succeeded};
use crate::load::{Connection, plain_request};
use crate::server::{Server, folder, pin};
use crate::table::{Goal, Table, float, median};

const VERSIONS: usize = 100;
/// All templates together.
const BYTES: usize = 20 << 20;
/// Versions of the second product that the first one does not have.
const NEW: usize = VERSIONS / 10;

/// How many bodies move at once: as many as one copy moves.
const PARALLEL: usize = 4;
const ROUNDS: usize = 7;
const PAUSE: Duration = Duration::from_millis(5);

/// Until a store's answer begins: one that costs nothing, beside which our own work is seen, and one as
/// stores in the same city are, which is what the goal is about.
const DELAYS_MILLIS: [u64; 2] = [0, 10];

pub(crate) async fn run(table: &mut Table) {
    let store = BucketStore::start();
    let endpoint = format!("http://{}", store.address);
    let data = folder();
    let settings = [
        ("MIMEO_TEMPLATES_STORE", "s3://source"),
        ("MIMEO_BUCKET_ENDPOINT", endpoint.as_str()),
        ("MIMEO_BUCKET_PATH_STYLE", "on"),
        ("MIMEO_BUCKET_ACCESS_KEY_ID", "AKIABENCH"),
        ("MIMEO_BUCKET_SECRET_ACCESS_KEY", "secret"),
    ];
    let target = "[[region]]\nname = \"eu-west-1\"\ntemplates = \"s3://target\"\n";
    let server = Server::start_with(data.path(), &settings, target);
    let mut connection = Connection::open(&server.address).await;
    let first = publish(&mut connection, &server, 1).await;
    let second = publish(&mut connection, &server, NEW + 1).await;

    for delay in DELAYS_MILLIS {
        store.delay(delay).await;
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            store.empty("target").await;
            store.empty("plain").await;
            let name = format!("{delay}-{round}");
            let millis = copy(&mut connection, &server, &first, &name).await;
            let streamed = plain_millis(&store.address);
            if round > 0 {
                ours.push(millis);
                plain.push(streamed);
            }
        }
        let (ours, plain) = (median(ours), median(plain));
        table.add(
            &format!(
                "a copy of 100 versions, 20 MiB, between two S3 stores that answer after {delay} ms"
            ),
            format!("{ours:.0} ms beside {plain:.0} ms of a plain stream, {PARALLEL} at a time"),
            ours / plain,
            if delay == 0 {
                Goal::None
            } else {
                Goal::AtMost(1.5)
            },
        );
    }

    store.delay(0).await;
    let before = store.bytes_put("target").await;
    copy(&mut connection, &server, &second, "second").await;
    let moved = store.bytes_put("target").await - before;
    table.add(
        "bytes put by a copy of which 90 % is there",
        format!("{moved} beside {BYTES} of the product"),
        float(moved) / float(BYTES),
        Goal::AtMost(0.101),
    );
}

/// A product whose versions' templates have the numbers from `first` on.
async fn publish(connection: &mut Connection, server: &Server, first: usize) -> String {
    let product = create_product_of(connection, &server.address, HOME, first, &large(first)).await;
    let text = |version| large(first + version - 1);
    add_versions_of(
        connection,
        &server.address,
        HOME,
        &product,
        2..=VERSIONS,
        text,
    )
    .await;
    product
}

/// A template of a hundredth of all bytes.
fn large(number: usize) -> String {
    let mut text = template(number);
    let line = format!("# {number:078}\n");
    while text.len() < BYTES / VERSIONS {
        text.push_str(&line);
    }
    text.truncate(BYTES / VERSIONS);
    text
}

/// Milliseconds from asked to SUCCEEDED seen.
async fn copy(connection: &mut Connection, server: &Server, product: &str, name: &str) -> f64 {
    let input = copy_input(product, &format!("{product}-{name}"));
    let began = Instant::now();
    let accepted = connection
        .call(&server.address, AWAY, "CopyProduct", &input)
        .await;
    let token = &accepted["CopyProductToken"];
    succeeded(connection, &server.address, AWAY, token, PAUSE).await;
    began.elapsed().as_secs_f64() * 1e3
}

/// What the plain stream takes, in a process on the servers' core.
fn plain_millis(address: &str) -> f64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["plain-stream", address]);
    let told = command.output().unwrap();
    assert!(told.status.success(), "{told:?}");
    String::from_utf8(told.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// Brings the first product's bodies from one bucket into another, several at a time, and says how long it took.
pub(crate) async fn plain_stream() {
    pin(std::process::id(), 1);
    let address = std::env::args().nth(2).unwrap();
    let bodies: Vec<String> = (1..=VERSIONS)
        .map(|number| key_of(&large(number)))
        .collect();
    let mut streams = Vec::new();
    for _ in 0..PARALLEL {
        streams.push(Connection::open(&address).await);
    }
    let began = Instant::now();
    let mut moving = tokio::task::JoinSet::new();
    for (at, mut stream) in streams.into_iter().enumerate() {
        let mine: Vec<_> = bodies.iter().skip(at).step_by(PARALLEL).cloned().collect();
        let address = address.clone();
        moving.spawn(async move {
            for key in mine {
                let get = plain_request(&address, "GET", &format!("/source/{key}"), &[]);
                let (status, body) = stream.send(&get).await;
                assert_eq!(status, 200, "{key}");
                let put = plain_request(&address, "PUT", &format!("/plain/{key}"), &body);
                assert_eq!(stream.send(&put).await.0, 200, "{key}");
            }
        });
    }
    while let Some(moved) = moving.join_next().await {
        moved.unwrap();
    }
    println!("{}", began.elapsed().as_secs_f64() * 1e3);
}

/// Where a shelf keeps a body.
fn key_of(body: &str) -> String {
    let digest = hex::encode(mimeo_sigv4::sha256(body.as_bytes()));
    format!("{}/{digest}", &digest[..2])
}
