//! A way between two servers that does what a test says: HTTP goes through it, or goes wrong.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Pass,
    /// Passes when it is told to.
    Wait(Arc<Notify>),
    /// Is answered by somebody else, with this status and error code.
    Answer(u16, &'static str),
    /// The answer is broken off in the middle of its body.
    Cut,
    /// The last byte of the answer is another one.
    Bend,
    /// The answer tells no digest of a template, as AWS tells none.
    Forget,
    /// The answer comes after so long.
    Late(Duration),
}

type Script = Arc<Mutex<dyn FnMut(&str) -> Deed + Send>>;

/// The way to one server.
pub(crate) struct Relay {
    pub address: SocketAddr,
    seen: Seen,
}

/// The operations that were asked for, in order, with the whole head of each request; `GET` is the
/// template route.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

impl Relay {
    pub(crate) async fn to(
        server: SocketAddr,
        script: impl FnMut(&str) -> Deed + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen::default();
        let script: Script = Arc::new(Mutex::new(script));
        let told = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(
                    stream,
                    server,
                    Arc::clone(&script),
                    Arc::clone(&told),
                ));
            }
        });
        Self { address, seen }
    }

    /// How often an operation was asked for.
    pub(crate) fn count(&self, operation: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(known, _)| known == operation).count()
    }

    /// A header of the last request.
    pub(crate) fn last_header(&self, name: &str) -> String {
        let seen = self.seen.lock().unwrap();
        let (_, head) = seen.last().unwrap();
        let header = head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        header.unwrap().to_owned()
    }
}

/// Carries the requests of a connection, each on a connection of its own to the server.
async fn carry(mut client: TcpStream, server: SocketAddr, script: Script, seen: Seen) {
    while let Some(request) = message(&mut client).await {
        let operation = operation(&request);
        let head = String::from_utf8_lossy(&request).into_owned();
        seen.lock().unwrap().push((operation.clone(), head));
        let deed = (script.lock().unwrap())(&operation);
        if let Deed::Wait(until) = &deed {
            until.notified().await;
        }
        if let Deed::Answer(status, code) = deed {
            let body = format!(r#"{{"__type":"{code}","Message":"of the relay"}}"#);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} Relay\r\nContent-Type: application/x-amz-json-1.1\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            );
            if client.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            continue;
        }
        let Ok(mut stream) = TcpStream::connect(server).await else {
            return;
        };
        if stream.write_all(&request).await.is_err() {
            return;
        }
        let Some(mut answer) = message(&mut stream).await else {
            return;
        };
        if let Deed::Late(time) = deed {
            tokio::time::sleep(time).await;
        }
        let last = answer.len() - 1;
        match deed {
            Deed::Cut => answer.truncate(last),
            Deed::Bend => answer[last] ^= 1,
            Deed::Forget => {
                let text = String::from_utf8(answer).unwrap();
                answer = text
                    .replace("TemplateDigest", "NothingOfMimeo")
                    .into_bytes();
            }
            _ => {}
        }
        if client.write_all(&answer).await.is_err() || matches!(deed, Deed::Cut) {
            return;
        }
    }
}

/// A whole request or answer, or `None` when there is no further one.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(bytes)
}

fn operation(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    if text.starts_with("get ") {
        return "GET".into();
    }
    let target = text
        .lines()
        .find_map(|line| line.strip_prefix("x-amz-target: "));
    let name = target.and_then(|target| target.rsplit('.').next());
    let path = text
        .split(' ')
        .nth(1)
        .and_then(|path| path.rsplit('/').next());
    name.or(path).unwrap_or_default().trim().to_owned()
}
