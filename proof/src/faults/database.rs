//! PostgreSQL is stopped and comes back, or stands still with its connections open.

use std::sync::Arc;
use std::time::Duration;

use mimeo_store::testing;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::askers::{Askers, Deed, product};
use super::{BESIDE, Scene};
use crate::client::{self, Place};
use crate::cluster::Cluster;
use crate::node::Node;
use crate::shop::{Shop, text};
use crate::sleep;

/// By then a server knows that its database is gone: at once when it was stopped, after the longest
/// wait for an answer when it stands still.
const STOPPED_KNOWN_MILLIS: u64 = 1_000;
const FROZEN_KNOWN_MILLIS: u64 = 14_000;

/// How soon writes go on once the database is back.
const BACK_WITHIN: Duration = Duration::from_secs(20);

/// A request that is refused for a database that is known to be away.
const REFUSED_MILLIS_MAX: u64 = 1_000;

/// Longer than a lease.
const AWAY_MILLIS: u64 = 20_000;

pub(super) fn stopped(scene: &Scene) -> Result<(), String> {
    let away = if scene.long { AWAY_MILLIS } else { 3_000 };
    let times = if scene.long { 3 } else { 1 };
    play(
        scene,
        times,
        STOPPED_KNOWN_MILLIS,
        away,
        |cluster, way| match way {
            Way::Away => cluster.stop(),
            Way::Back => cluster.start_again(),
        },
    )
}

pub(super) fn frozen(scene: &Scene) -> Result<(), String> {
    let times = if scene.long { 3 } else { 1 };
    play(
        scene,
        times,
        FROZEN_KNOWN_MILLIS,
        AWAY_MILLIS,
        |cluster, way| match way {
            Way::Away => cluster.freeze(),
            Way::Back => cluster.thaw(),
        },
    )
}

enum Way {
    Away,
    Back,
}

fn play(
    scene: &Scene,
    times: u64,
    known_millis: u64,
    away_millis: u64,
    turn: impl Fn(&mut Cluster, Way),
) -> Result<(), String> {
    let Some(binaries) = testing::postgres_binaries() else {
        return Err("there is no PostgreSQL".to_owned());
    };
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let mut cluster = Cluster::alone(binaries, folder.path());
    let url = cluster.url_alone();
    let home = TempDir::new().map_err(|error| error.to_string())?;
    let node = Node::start_with(&url, home.path(), Vec::new());
    let shop = Arc::new(Shop::open(vec![node.port()]));
    let (beside, lookers) = beside(home.path())?;
    let (load, clients) = scene.begin(&shop);
    let make = Deed::Make(shop.template().to_owned(), 100);
    let makers = Askers::start(4, BESIDE, node.port(), make);
    for time in 1..=times {
        drop(lookers.since());
        sleep(1_000);
        scene.tell_undisturbed("writes before", &makers.since());
        scene.tell_undisturbed("writes of another server before", &lookers.since());
        load.allow(load.copies * time / times);
        sleep(100);
        turn(&mut cluster, Way::Away);
        sleep(known_millis);
        scene.tell_tally("writes until it is known", &makers.since());
        sleep(away_millis.saturating_sub(known_millis).max(2_000));
        let refused = makers.since();
        scene.tell_tally("writes once it is known", &refused);
        if refused.percentile(99) > REFUSED_MILLIS_MAX || refused.refused == 0 {
            scene.wrong(format!("not refused soon: {refused}"));
        }
        scene.tell_undisturbed("writes of another server meanwhile", &lookers.since());
        turn(&mut cluster, Way::Back);
        match makers.first_done(BACK_WITHIN) {
            Some(took) => scene.tell("ms to the first write", took.as_millis()),
            None => scene.wrong("no write went on after the database was back"),
        }
        // Whoever was answered first was waiting all along: the server learns of it from its next look.
        match makers.unrefused(BACK_WITHIN) {
            Some(took) => scene.tell("ms until a second without a refusal", took.as_millis()),
            None => scene.wrong("writes were refused on and on after the database was back"),
        }
    }
    makers.stop(scene);
    lookers.stop(scene);
    let mut nodes = [node, beside];
    scene.end(&shop, &load, clients, &mut nodes);
    tries(scene, &url)?;
    let [node, beside] = &mut nodes;
    node.kill();
    beside.kill();
    Ok(())
}

/// A server on SQLite, and somebody who writes there.
fn beside(home: &std::path::Path) -> Result<(Node, Arc<Askers>), String> {
    let data = home.join("beside").display().to_string();
    let node = Node::start_with(&data, home, Vec::new());
    let place = Place {
        region: "eu-west-1",
        ..BESIDE
    };
    let template = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n";
    let url = client::put(node.now_at(), place, "beside.yaml", template);
    let made = client::call(
        node.now_at(),
        place,
        "CreateProduct",
        &product("own", &url, 10),
    );
    let made = made.ok_or("no product can be made")?.1;
    let arn = text(&made, "/ProductViewDetail/ProductARN");
    let lookers = Askers::start(1, place, node.port(), Deed::Copy(arn));
    Ok((node, lookers))
}

/// No try counts for which there was no database.
fn tries(scene: &Scene, url: &str) -> Result<(), String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let sql = "SELECT attempts::text || ' tries, ' || failures::text || ' failed: ' || COUNT(*)::text \
               FROM copy GROUP BY attempts, failures ORDER BY attempts";
    let told = runtime.block_on(testing::administer(url, sql));
    scene.tell("copies by tries", told.join("; "));
    let is_spared = |line: &&String| line.starts_with("1 tries, 0 failed");
    for line in told.iter().filter(|line| !is_spared(line)) {
        scene.wrong(format!("tries were spent: {line}"));
    }
    Ok(())
}
