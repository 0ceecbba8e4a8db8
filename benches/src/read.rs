//! A signed DescribeProductAsAdmin beside a bare hyper echo of the same size.

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

use crate::catalogue::create_product;
use crate::load::{Caller, Connection, drive, request};
use crate::server::{ACCOUNTS, Server, cpu_micros, folder, pin};
use crate::table::{Goal, Table, float, median};

const CLIENTS: usize = 32;
const REQUESTS: usize = 20_000;
const ROUNDS: usize = 5;

pub(crate) async fn run(table: &mut Table) {
    let data = folder();
    let server = Server::start(data.path(), &[]);
    let caller = Caller {
        account: ACCOUNTS[0],
        region: "us-east-1",
    };
    let mut connection = Connection::open(&server.address).await;
    let product = create_product(&mut connection, &server.address, caller, 0).await;
    let describe = request(
        &server.address,
        caller,
        "DescribeProductAsAdmin",
        &json!({"Id": product}),
    );
    let (_, answer) = connection.send(&describe).await;

    let echo = Echo::start(answer.len());
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let requests = Arc::new(vec![describe.clone()]);
        let before = server.cpu_micros();
        drive(&server.address, CLIENTS, Arc::clone(&requests), REQUESTS).await;
        ours.push((server.cpu_micros() - before) / float(REQUESTS));
        let before = cpu_micros(echo.child.id());
        drive(&echo.address, CLIENTS, requests, REQUESTS).await;
        bare.push((cpu_micros(echo.child.id()) - before) / float(REQUESTS));
    }
    let (ours, bare) = (median(ours), median(bare));
    let measured = format!("{ours:.1} µs beside {bare:.1} µs of a bare hyper echo");
    table.add(
        "signed DescribeProductAsAdmin, server CPU a request",
        measured,
        ours / bare,
        Goal::AtMost(4.0),
    );
}

struct Echo {
    child: Child,
    address: String,
}

impl Echo {
    fn start(answer_bytes: usize) -> Echo {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["echo-server", &answer_bytes.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        pin(child.id(), 1);
        Echo {
            child,
            address: address.trim().to_owned(),
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads each request wholly and answers so many bytes.
pub(crate) async fn echo_server() {
    let answer_bytes = std::env::args().nth(2).unwrap().parse().unwrap();
    let answer = Bytes::from(vec![b'x'; answer_bytes]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let answer = answer.clone();
                async move {
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(Response::new(Full::new(answer)))
                }
            });
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
