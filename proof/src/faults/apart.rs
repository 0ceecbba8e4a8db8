//! Regions on two servers, of which one dies and comes back.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use super::askers::{Askers, Deed, product};
use super::{BESIDE, Scene};
use crate::client::{self, Place};
use crate::node::Node;
use crate::shop::{REGIONS, Shop, text};
use crate::sleep;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub(super) fn source_down(scene: &Scene) -> Result<(), String> {
    let ports = [free_port()?, free_port()?];
    let mut homes = Vec::new();
    let mut nodes = Vec::new();
    for own in 0..2 {
        let home = TempDir::new().map_err(|error| error.to_string())?;
        nodes.push(start(home.path(), ports, own)?);
        homes.push(home);
    }
    let doors = (0..2).map(|number| (Some(REGIONS[number]), nodes[number].port()));
    let shop = Arc::new(Shop::open_apart(doors.collect()));
    let within = Place {
        region: REGIONS[1],
        ..BESIDE
    };
    let copiers = copiers(&nodes[1], within)?;
    let (load, clients) = scene.begin(&shop);
    let times: u64 = if scene.long { 4 } else { 1 };
    for time in 1..=times {
        drop(copiers.since());
        sleep(1_500);
        let before = copiers.since();
        scene.tell_undisturbed("copies within the other Region before", &before);
        load.allow(load.copies * time / times);
        sleep(300);
        nodes[0].kill();
        let postponed = postponed(&nodes[1]);
        drop(copiers.since());
        sleep(if scene.long { 20_000 } else { 4_000 });
        let beside = copiers.since();
        scene.tell_undisturbed("copies within the other Region meanwhile", &beside);
        let (usual, now) = (before.percentile(99), beside.percentile(99));
        if scene.long && now > usual * 2 + 50 {
            scene.wrong(format!("their p99 is {now} ms, and was {usual} ms"));
        }
        let postponed = self::postponed(&nodes[1]).saturating_sub(postponed);
        scene.tell("copies put off", postponed);
        nodes[0].start_again();
    }
    copiers.stop(scene);
    scene.end(&shop, &load, clients, &mut nodes);
    Ok(())
}

/// A server of one Region, that copies from the other.
fn start(home: &Path, ports: [u16; 2], own: usize) -> Result<Node, String> {
    let (other, port) = (REGIONS[1 - own], ports[1 - own]);
    let toml = format!(
        "peers.key = \"{KEY}\"\n[[region]]\nname = \"{other}\"\nendpoint = \"http://127.0.0.1:{port}\"\n"
    );
    let config = home.join("config.toml");
    fs::write(&config, toml).map_err(|error| error.to_string())?;
    let settings = vec![
        ("MIMEO_CONFIG", config.display().to_string()),
        ("MIMEO_LISTEN", format!("127.0.0.1:{}", ports[own])),
    ];
    let data = home.join("data").display().to_string();
    Ok(Node::start_with(&data, home, settings))
}

/// Somebody who copies within a Region.
fn copiers(node: &Node, place: Place) -> Result<Arc<Askers>, String> {
    let template = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n";
    let url = client::put(node.now_at(), place, "within.yaml", template);
    let made = client::call(
        node.now_at(),
        place,
        "CreateProduct",
        &product("own", &url, 10),
    );
    let made: Value = made.ok_or("no product can be made")?.1;
    let arn = text(&made, "/ProductViewDetail/ProductARN");
    Ok(Askers::start(1, place, node.port(), Deed::Copy(arn)))
}

/// Tries that ended with another one to come, in a server's present life.
fn postponed(node: &Node) -> u64 {
    let metrics = client::get(node.now_at(), BESIDE, "/metrics").unwrap_or_default();
    let named = "mimeo_copy_tries_total{outcome=\"postponed\"} ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(named));
    line.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A port that nobody listens on: servers that come back must be where they were.
fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(address.port())
}
