//! A client of bare sockets: nothing is added to what a test sends, and nothing is hidden of the answer.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use mimeo_server::config::{AccessKey, Account, Config, Data, Secret};
use mimeo_server::{Running, Server};
use mimeo_sigv4::{AmzDate, Head, Identity, PathForm, sha256, sign};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) const HUB: &str = "111111111111";
pub(crate) const SECRET: &str = "the secret of the hub";
pub(crate) const JSON: &str = "application/x-amz-json-1.1";

/// No test waits longer than this for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Open mode, in memory, on a free port.
pub(crate) fn open() -> Config {
    Config {
        listen: "127.0.0.1:0".into(),
        data: Data::Memory,
        ..Config::default()
    }
}

/// Verified mode: one account with one key, in eu-west-1.
pub(crate) fn verified() -> Config {
    let key = AccessKey {
        id: "AKIAHUB".into(),
        secret: Secret::new(SECRET),
        user: None,
    };
    let account = Account {
        keys: vec![key],
        ..Account::new(HUB.parse().unwrap())
    };
    let regions = [("eu-west-1").parse().unwrap()].into();
    Config {
        accounts: vec![account],
        regions,
        ..open()
    }
}

/// Verified mode as a file describes it, in memory, on a free port.
pub(crate) fn described(toml: &str) -> Config {
    Config {
        listen: "127.0.0.1:0".into(),
        data: Data::Memory,
        ..Config::of_toml(toml).unwrap()
    }
}

pub(crate) async fn start(config: Config) -> Running {
    Server::start(config).await.unwrap()
}

/// A request, written out by [`Request::text`].
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// A call of AWS JSON 1.1, unsigned.
    pub(crate) fn call(operation: &str, body: &str) -> Self {
        Self::to("POST", "/")
            .with(
                "X-Amz-Target",
                &format!("AWS242ServiceCatalogService.{operation}"),
            )
            .with("Content-Type", JSON)
            .body(body)
    }

    pub(crate) fn to(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// As an access key id of open mode, where the signature does not matter.
    pub(crate) fn with_key(self, key: &str, region: &str) -> Self {
        let credential = format!("{key}/20260101/{region}/servicecatalog/aws4_request");
        let value =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
        self.with("Authorization", &value)
    }

    /// Signed by the hub's key, now.
    pub(crate) fn signed(self, server: &Running) -> Self {
        self.signed_by(server, &identity(), 0)
    }

    /// Signed by anybody, at `skew_millis` from now.
    pub(crate) fn signed_by(
        self,
        server: &Running,
        identity: &Identity<'_>,
        skew_millis: i64,
    ) -> Self {
        let date = AmzDate::at(now_millis() + skew_millis).to_string();
        let host = server.address.to_string();
        let request = self.with("Host", &host).with("X-Amz-Date", &date);
        let headers: Vec<(&str, &[u8])> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let head = Head {
            method: request.method,
            path,
            query,
            headers: &headers,
        };
        let value = sign(
            &head,
            &sha256(&request.body),
            identity,
            PathForm::Normalized,
        )
        .unwrap();
        request.with("Authorization", &value)
    }

    /// As it goes over the wire.
    pub(crate) fn text(&self, server: &Running) -> Vec<u8> {
        let has = |name: &str| {
            self.headers
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !has("host") {
            write!(text, "Host: {}\r\n", server.address).unwrap();
        }
        if !has("content-length") && !has("transfer-encoding") {
            write!(text, "Content-Length: {}\r\n", self.body.len()).unwrap();
        }
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        text += "\r\n";
        [text.as_bytes(), &self.body].concat()
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn send(&self, server: &Running) -> Answer {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        self.send_on(&mut stream, server).await
    }

    pub(crate) async fn send_on(&self, stream: &mut TcpStream, server: &Running) -> Answer {
        stream.write_all(&self.text(server)).await.unwrap();
        read(stream).await
    }
}

pub(crate) fn identity() -> Identity<'static> {
    Identity {
        access_key_id: "AKIAHUB",
        secret_access_key: SECRET,
        region: "eu-west-1",
        service: "servicecatalog",
    }
}

/// What came back, byte for byte.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The status and the error's code.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (
            self.status,
            self.json()["__type"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    }

    pub(crate) fn message(&self) -> String {
        let json = self.json();
        let message = json.get("message").or_else(|| json.get("Message"));
        message
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

pub(crate) async fn read(stream: &mut TcpStream) -> Answer {
    timeout(PATIENCE, read_answer(stream))
        .await
        .expect("an answer within the patience")
}

async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        assert!(
            stream.read_buf(&mut bytes).await.unwrap() > 0,
            "cut off: {bytes:?}"
        );
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.trim_end().lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut answer = Answer {
        status,
        headers,
        body: bytes.split_off(head_end),
    };
    let length: usize = answer
        .header("content-length")
        .unwrap_or("0")
        .parse()
        .unwrap();
    while answer.body.len() < length {
        assert!(
            stream.read_buf(&mut answer.body).await.unwrap() > 0,
            "cut off: {answer:?}"
        );
    }
    answer
}

/// Whether the server has closed the connection, or does so in time.
pub(crate) async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .is_ok()
}

pub(crate) fn now_millis() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a client signs with its own clock"
    )]
    let now = SystemTime::now();
    i64::try_from(
        now.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap()
}
