//! The same calls against moto_server, when it is installed.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use crate::catalogue::{create_product, product_input};
use crate::load::{Caller, Connection, drive, request};
use crate::server::{ACCOUNTS, Server, folder, pin, process_cpu_micros};
use crate::table::{Goal, Table, float};

const PORT: &str = "45679";
const THEIR_REQUESTS: usize = 300;
const OUR_REQUESTS: usize = 6_000;
const CLIENTS: usize = 64;

struct Moto(Child);

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) async fn run(table: &mut Table) {
    let started = Command::new("moto_server")
        .args(["-H", "127.0.0.1", "-p", PORT])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = started else {
        eprintln!("  moto_server is not installed: skipped");
        return;
    };
    let moto = Moto(child);
    let theirs = format!("127.0.0.1:{PORT}");
    let mut tries_left = 100;
    while TcpStream::connect(&theirs).await.is_err() {
        tries_left -= 1;
        assert!(tries_left > 0, "moto_server does not listen");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    pin(moto.0.id(), 1);
    let data = folder();
    let server = Server::start(data.path(), &[]);
    // moto has no DescribeProductAsAdmin and Mimeo no DescribeProduct yet: the nearest two are paired.
    for (theirs_named, operation, make) in [
        ("CreateProduct", "CreateProduct", true),
        ("DescribeProduct", "DescribeProductAsAdmin", false),
    ] {
        let their_cost = cost(&theirs, moto.0.id(), theirs_named, make, THEIR_REQUESTS).await;
        let before = server.cpu_micros();
        let requests = requests(&server.address, operation, make, OUR_REQUESTS).await;
        let setup = server.cpu_micros() - before;
        let before = before + setup;
        drive(&server.address, CLIENTS, Arc::new(requests), 1).await;
        let our_cost = (server.cpu_micros() - before) / float(OUR_REQUESTS);
        table.add(
            &format!("{operation}, server CPU beside moto_server's {theirs_named}"),
            format!("{our_cost:.0} µs beside {their_cost:.0} µs"),
            our_cost / their_cost,
            Goal::AtMost(1.0 / 40.0),
        );
    }
}

/// CPU of moto a request. It closes each connection, so each request has one of its own.
async fn cost(address: &str, pid: u32, operation: &str, make: bool, count: usize) -> f64 {
    let requests = requests(address, operation, make, count).await;
    let before = process_cpu_micros(pid);
    for request in &requests {
        let (status, body) = Connection::open(address).await.send(request).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }
    (process_cpu_micros(pid) - before) / float(count)
}

async fn requests(address: &str, operation: &str, make: bool, count: usize) -> Vec<Vec<u8>> {
    let caller = Caller {
        account: ACCOUNTS[0],
        region: "us-east-1",
    };
    if make {
        let one = |number| request(address, caller, operation, &product_input(number));
        return (1..=count).map(one).collect();
    }
    let mut connection = Connection::open(address).await;
    let product = create_product(&mut connection, address, caller, 0).await;
    vec![request(address, caller, operation, &json!({"Id": product})); count]
}
