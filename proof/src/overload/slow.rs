//! Clients that hold a connection for as long as they are let.

use std::time::Duration;

use serde_json::json;
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::flood::PLACE;
use crate::client::{self, Place};
use crate::shop::text;

/// What a slow client is slow at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Head,
    Body,
    Read,
    /// As those read who copy from here.
    ReadVersion,
}

/// How often a byte comes.
const DRIP: Duration = Duration::from_millis(500);

/// Little enough that an answer of a megabyte does not fit in the network's buffers: loopback's long
/// segments would have the server's own take it whole.
const WINDOW_BYTES: usize = 4_096;
const SEGMENT_BYTES: u32 = 536;

impl Manner {
    pub(super) const ALL: [Self; 4] = [Self::Head, Self::Body, Self::Read, Self::ReadVersion];
}

/// A template as the account uploaded it, and as a version of its has it.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    uploaded: String,
    pub version: String,
}

impl Templates {
    pub(super) fn put(port: u16, place: Place, body: &str) -> Self {
        let url = client::put(port, place, "long.yaml", body);
        let input = json!({
            "IdempotencyToken": "long",
            "Name": "long",
            "Owner": "Platform",
            "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "ProvisioningArtifactParameters": {
                "Info": {"LoadTemplateFromURL": url},
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
        });
        let (status, made) = client::call(port, place, "CreateProduct", &input).unwrap();
        assert_eq!(status, 200, "{made}");
        let product = text(&made, "/ProductViewDetail/ProductViewSummary/ProductId");
        let artifact = text(&made, "/ProvisioningArtifactDetail/Id");
        let Place { account, region } = place;
        Self {
            uploaded: format!("/_mimeo/templates/{region}/{account}/long.yaml"),
            version: format!("/_mimeo/artifacts/{region}/{product}/{artifact}/template"),
        }
    }
}

/// Attacks with this many connections of each manner, until what it answers is dropped.
pub(super) fn attack(port: u16, connections: usize, templates: &Templates) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for manner in Manner::ALL {
        for _ in 0..connections {
            all.spawn(hold(port, manner, templates.clone()));
        }
    }
    all
}

/// Returns when the server has closed the connection.
async fn hold(port: u16, manner: Manner, templates: Templates) {
    let Ok(stream) = connect(port).await else {
        return;
    };
    match manner {
        Manner::Head => drip(stream, "POST / HTTP/1.1\r\nX-Slow: ").await,
        Manner::Body => {
            let head = format!(
                "POST / HTTP/1.1\r\nX-Amz-Target: AWS242ServiceCatalogService.ListPortfolios\r\n\
                 Content-Type: application/x-amz-json-1.1\r\nHost: 127.0.0.1:{port}\r\n\
                 Authorization: {}\r\nContent-Length: 100000\r\n\r\n",
                PLACE.authorization(),
            );
            drip(stream, &head).await;
        }
        Manner::Read => sip(stream, &get(port, &templates.uploaded)).await,
        Manner::ReadVersion => sip(stream, &get(port, &templates.version)).await,
    }
}

fn get(port: u16, path: &str) -> String {
    let authorization = PLACE.authorization();
    format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {authorization}\r\n\
         Content-Length: 0\r\n\r\n",
    )
}

async fn connect(port: u16) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_recv_buffer_size(WINDOW_BYTES)?;
    socket.set_tcp_mss(SEGMENT_BYTES)?;
    socket.set_nonblocking(true)?;
    TcpSocket::from_std_stream(socket.into())
        .connect(([127, 0, 0, 1], port).into())
        .await
}

/// Sends a byte now and then.
async fn drip(mut stream: TcpStream, head: &str) {
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    let (mut reader, mut writer) = stream.split();
    let mut answer = [0; 1024];
    loop {
        tokio::select! {
            read = reader.read(&mut answer) => match read {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            () = sleep(DRIP) => if writer.write_all(b"x").await.is_err() {
                return;
            },
        }
    }
}

/// Reads a byte now and then. What lies in the network's buffers already costs the server nothing.
async fn sip(mut stream: TcpStream, head: &str) {
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    let mut byte = [0; 1];
    while let Ok(1) = stream.read(&mut byte).await {
        sleep(DRIP / 10).await;
    }
}
