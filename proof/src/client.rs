//! A client of bare sockets: one connection a request, and an answer only if it came whole.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer takes, so that a server which is away is the only reason to give up.
const PATIENCE: Duration = Duration::from_secs(20);

/// An account in a Region, as open mode believes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub account: &'static str,
    pub region: &'static str,
}

impl Place {
    pub(crate) fn authorization(self) -> String {
        let Self { account, region } = self;
        format!(
            "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/servicecatalog/aws4_request, \
             SignedHeaders=host, Signature=0"
        )
    }
}

/// Calls an operation. `None`: the connection broke, so nobody knows what became of it.
pub(crate) fn call(
    port: u16,
    place: Place,
    operation: &str,
    input: &Value,
) -> Option<(u16, Value)> {
    let head = format!(
        "POST / HTTP/1.1\r\nX-Amz-Target: AWS242ServiceCatalogService.{operation}\r\n\
         Content-Type: application/x-amz-json-1.1\r\n"
    );
    let (status, body) = send(port, &head, place, &input.to_string())?;
    Some((status, serde_json::from_str(&body).ok()?))
}

/// Whether an answer says that asking again is all there is to do, as SDKs then do by themselves.
pub(crate) fn is_to_be_retried(status: u16, output: &Value) -> bool {
    status >= 500 || output["__type"] == "ThrottlingException"
}

/// Uploads a template and answers its URL.
pub(crate) fn put(port: u16, place: Place, name: &str, body: &str) -> String {
    let (status, told) = try_put(port, place, name, body).unwrap();
    assert_eq!(status, 201, "{told}");
    told["Url"].as_str().unwrap().to_owned()
}

/// The same, whatever is answered.
pub(crate) fn try_put(port: u16, place: Place, name: &str, body: &str) -> Option<(u16, Value)> {
    let head = format!("PUT /_mimeo/templates/{name} HTTP/1.1\r\n");
    let (status, told) = send(port, &head, place, body)?;
    Some((status, serde_json::from_str(&told).ok()?))
}

/// A page for machines, such as the metrics.
pub(crate) fn get(port: u16, place: Place, path: &str) -> Option<String> {
    let (_, body) = send(port, &format!("GET {path} HTTP/1.1\r\n"), place, "")?;
    Some(body)
}

fn send(port: u16, head: &str, place: Place, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let (authorization, length) = (place.authorization(), body.len());
    let request = format!(
        "{head}Host: 127.0.0.1:{port}\r\nAuthorization: {authorization}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    read(&answer)
}

/// Status and body; `None` if the answer was cut off.
fn read(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let named = name.eq_ignore_ascii_case("content-length");
        named.then(|| value.trim().parse::<usize>().ok())?
    });
    (length? == body.len()).then(|| (status, body.to_owned()))
}
