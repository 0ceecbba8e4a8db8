//! The target Region's store of templates is slow, hangs, refuses, breaks off and lies.

use std::fs;
use std::iter::repeat_n;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::askers::{Askers, Deed};
use super::{BESIDE, Scene};
use crate::client::{self, Place};
use crate::node::Node;
use crate::shop::{Corner, REGIONS, Shop, text};
use crate::sleep;

#[path = "../../../crates/templates/tests/bucket/stub.rs"]
#[expect(dead_code, reason = "the tests of buckets ask it for more")]
mod stub;

use stub::{Fault, Stub};

/// More requests than one illness sees.
const REQUESTS_MAX: usize = 100_000;

/// How often the resident memory is looked at, and what may be used of it.
const LOOK: Duration = Duration::from_millis(200);
const RESIDENT_KIB_MAX: u64 = 256 * 1024;

/// What requests take that need no template, however ill the store is; in the long form.
const UNDISTURBED_MILLIS_MAX: u64 = 500;

const LIE: &str = "other bytes";

/// What a store may have. The last ones take as long as its silence is borne.
const ILLNESSES: &[Fault] = &[
    Fault::SlowDown,
    Fault::Internal,
    Fault::Reset,
    Fault::Cut,
    Fault::Slow(Duration::from_secs(1)),
    Fault::Hang,
    Fault::HangInBody,
];
const SHORT_ILLNESSES: usize = 4;

pub(super) fn ill(scene: &Scene) -> Result<(), String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let stub = runtime.block_on(Stub::start());
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let config = folder.path().join("config.toml");
    let (region, endpoint) = (REGIONS[1], stub.endpoint());
    let toml = format!(
        "[bucket]\npath_style = true\naccess_key_id = \"AKIATEST\"\nsecret_access_key = \"secret\"\n\
         [[region]]\nname = \"{region}\"\ntemplates = \"s3://templates/prod\"\n\
         templates_endpoint = \"{endpoint}\"\n"
    );
    fs::write(&config, toml).map_err(|error| error.to_string())?;
    let settings = vec![("MIMEO_CONFIG", config.display().to_string())];
    let data = folder.path().join("data").display().to_string();
    let mut node = Node::start_with(&data, folder.path(), settings);
    let shop = Arc::new(Shop::open(vec![node.port()]));
    let (load, clients) = scene.begin(&shop);
    let place = Place { region, ..BESIDE };
    let makers = Askers::start(2, place, node.port(), Deed::Portfolio);
    let watched = node.watch_memory(LOOK);
    let few = if scene.long {
        ILLNESSES.len()
    } else {
        SHORT_ILLNESSES
    };
    let illnesses = (1..).zip(&ILLNESSES[..few]);
    let of = few as u64 + 1;
    for (number, illness) in illnesses {
        drop(makers.since());
        stub.fails_with(repeat_n(*illness, REQUESTS_MAX));
        load.allow(load.copies * number / of);
        sleep(if scene.long { 15_000 } else { 2_000 });
        let beside = makers.since();
        scene.tell_undisturbed(
            &format!("writes without a template beside {illness:?}"),
            &beside,
        );
        if scene.long && beside.percentile(99) > UNDISTURBED_MILLIS_MAX {
            scene.wrong(format!("beside {illness:?}: {beside}"));
        }
        stub.fails_with([]);
        sleep(1_000);
    }
    load.allow(load.copies);
    scene.end(&shop, &load, clients, std::slice::from_mut(&mut node));
    // A source that lies ends its copies, and rightly: so all have ended before.
    drop(makers.since());
    lies(scene, &shop, &stub);
    sleep(500);
    scene.tell_undisturbed("writes without a template beside lies", &makers.since());
    makers.stop(scene);
    let resident = watched.stop();
    let most = resident.first_half_max.max(resident.second_half_max);
    scene.tell("resident KiB at most", most);
    if most > RESIDENT_KIB_MAX {
        scene.wrong(format!("{most} KiB are resident"));
    }
    drop(node);
    Ok(())
}

/// Every body in the store becomes another: none is given to anybody, and copies put right ones.
fn lies(scene: &Scene, shop: &Shop, stub: &Stub) {
    let right = stub.kept();
    stub.change_all(LIE);
    let lying = |corner: &&Corner| corner.place.region == REGIONS[1];
    let mut refused = 0;
    for corner in shop.corners.iter().filter(lying) {
        let product = corner.arn.rsplit('/').next().unwrap_or_default();
        let input = json!({"ProductId": product});
        let listed = shop.does(corner.place, "ListProvisioningArtifacts", &input);
        let version = text(&listed, "/ProvisioningArtifactDetails/0/Id");
        let path = format!(
            "/_mimeo/artifacts/{}/{product}/{version}/template",
            corner.place.region
        );
        let told = client::get(shop.port(0), corner.place, &path).unwrap_or_default();
        refused += u64::from(told.contains("message"));
        if told.contains(LIE) || told.contains("Resources") {
            scene.wrong(format!("{path}: {told}"));
        }
    }
    scene.tell("templates refused that were not what they were", refused);
    stub.restore(right);
}
