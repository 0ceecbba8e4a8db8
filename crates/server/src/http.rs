//! The listener: bounded connections, each with limits and time-outs set by hand.

mod artifacts;
mod body;
mod control;
mod door;
mod patience;
mod probes;
mod reply;
mod route;
mod sts;
mod target;
mod templates;
mod v1;
mod ways_out;

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::config::Limits;
use crate::front::Peer;
use crate::phase::{Phase, Watch};

pub(crate) use door::{Door, Seen};
use patience::Patient;

/// After an accept that failed, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until the server drains, and then waits for those that are open.
pub(crate) async fn listen(listener: TcpListener, door: Arc<Door>, mut watch: Watch) {
    let limits = &door.limits;
    let connections_max = limits.connections_max;
    let slots = Arc::new(Semaphore::new(connections_max));
    let builder = builder(limits);
    while watch.now() == Phase::Running {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = watch.next() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "a connection cannot be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            door.metrics.connections_refused.inc();
            continue;
        };
        let (builder, door, watch) = (builder.clone(), Arc::clone(&door), watch.clone());
        tokio::spawn(async move {
            door.metrics.connections.inc();
            connection(&builder, stream, peer.ip(), &door, watch).await;
            door.metrics.connections.dec();
            drop(slot);
        });
    }
    drop(listener);
    let all = u32::try_from(connections_max).unwrap_or(u32::MAX);
    // Every slot is back when the last connection is gone; the semaphore is never closed.
    let (Ok(_) | Err(_)) = slots.acquire_many(all).await;
}

fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes_max)
        .max_headers(limits.headers_max)
        .half_close(false);
    builder
}

async fn connection(
    builder: &http1::Builder,
    stream: TcpStream,
    peer: IpAddr,
    door: &Arc<Door>,
    mut watch: Watch,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "a connection broke");
        return;
    }
    let serve = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let door = Arc::clone(door);
        async move { Ok::<_, Infallible>(door.answer(request).await) }
    });
    let mut connection = pin!(builder.serve_connection(
        TokioIo::new(Patient::new(stream, door.limits.answer)),
        serve
    ));
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!(%error, "a connection broke");
                }
                return;
            }
            phase = watch.next() => match phase {
                Phase::Running => {}
                Phase::Draining => connection.as_mut().graceful_shutdown(),
                Phase::Stopped => return,
            },
        }
    }
}
