//! Two servers on one database: one takes requests and has no slots, the other runs the copies.

use std::time::Duration;

use mimeo_server::Running;
use mimeo_server::config::{Config, Data, Workers};
use mimeo_store::MIGRATIONS;
use mimeo_store::testing::{administer, postgres_url};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::client::{HUB, Request, open, start};
use crate::v1_copies::{copy, hold, product};

/// A slot's own look comes after half a second at the earliest for each slot that its node has: with
/// so many none comes in the time of a test, and whoever starts a copy was told of it.
const SLOTS: usize = 128;

/// Far under the first look of a slot.
const SOON: Duration = Duration::from_secs(30);

/// A database, two servers on it, and the folder that both keep templates in.
struct Nodes {
    url: String,
    /// Without slots.
    front: Running,
    back: Running,
    _folder: TempDir,
}

impl Nodes {
    async fn start() -> Option<Self> {
        let url = postgres_url(MIGRATIONS).await?;
        let folder = TempDir::new().unwrap();
        let node = |copies_max| {
            let mut config = Config {
                data: Data::Postgres(url.clone()),
                workers: Workers {
                    copies_max,
                    ..open().workers
                },
                ..open()
            };
            config.templates.folder = Some(folder.path().join("templates"));
            config
        };
        Some(Self {
            front: start(node(0)).await,
            back: start(node(SLOTS)).await,
            url: url.clone(),
            _folder: folder,
        })
    }

    /// Asks the server without slots.
    async fn post(&self, path: &str) -> String {
        let request = Request::to("POST", path).with_key(HUB, "eu-west-1");
        let answer = request.send(&self.front).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    async fn reaches(&self, token: &str, wanted: &str) {
        let sql = format!(
            "SELECT state || ', tried ' || attempts || ', failed ' || failures FROM copy WHERE token = '{token}'"
        );
        let mut found = Vec::new();
        let looking = async {
            while found != [wanted] {
                sleep(Duration::from_millis(20)).await;
                found = administer(&self.url, &sql).await;
            }
        };
        let reached = timeout(SOON, looking).await;
        assert!(reached.is_ok(), "{wanted} is wanted, it is {found:?}");
    }

    /// All tries were the other's, which counts each a moment after its end.
    async fn stop(self, succeeded_count: usize) {
        let all = format!("mimeo_copy_tries_total{{outcome=\"succeeded\"}} {succeeded_count}\n");
        let counting = async {
            while !figures(&self.back).await.contains(&all) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(SOON, counting).await.expect(&all);
        let own = figures(&self.front).await;
        assert!(!own.contains("mimeo_copy_tries_total{"), "{own}");
        self.front.stop().await;
        self.back.stop().await;
    }
}

async fn figures(server: &Running) -> String {
    let figures = Request::to("GET", "/metrics").send(server).await;
    figures.text().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_without_slots_accepts_and_retries_is_begun_at_once_by_another() {
    let Some(nodes) = Nodes::start().await else {
        return;
    };
    let arn = product(&nodes.front).await;
    let token = copy(&nodes.front, &arn, "first").await;
    nodes.reaches(&token, "SUCCEEDED, tried 1, failed 0").await;
    hold(&nodes.front).await;
    let token = copy(&nodes.front, &arn, "held").await;
    let path = format!("/_mimeo/v1/copies/{token}");
    nodes.post(&format!("{path}/cancel")).await;
    let released = Request::to("DELETE", "/_mimeo/transitions");
    assert_eq!(released.send(&nodes.front).await.status, 200);
    let by = nodes.post(&format!("{path}/retry")).await;
    nodes.reaches(&by, "SUCCEEDED, tried 1, failed 0").await;
    nodes.stop(2).await;
}
