//! Full disks: the database's, and the templates'.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::askers::{Askers, Deed};
use super::tmpfs::Tmpfs;
use super::{BESIDE, Scene};
use crate::client::{self, Place};
use crate::node::Node;
use crate::shop::{REGIONS, Shop, text};
use crate::sleep;

/// The disk at first, which holds the schema and little more, and how much it grows each time.
const DISK_KIB: u64 = 12 * 1024;
const MORE_KIB: u64 = 8 * 1024;

/// The longest description.
const DESCRIPTION_BYTES: usize = 8_000;

/// How soon writes go on after the disk grew.
const BACK_WITHIN: Duration = Duration::from_secs(20);

/// How long it may take to fill the disk.
const FULL_WITHIN: Duration = Duration::from_mins(2);

/// Refusals in a row that say that the disk is full.
const REFUSALS: u64 = 50;

/// How long a disk stays full: longer than a lease in the long form.
fn full_millis(scene: &Scene) -> u64 {
    if scene.long { 20_000 } else { 3_000 }
}

pub(super) fn database(scene: &Scene) -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let data = folder.path().join("data");
    let Some(disk) = Tmpfs::mount(&data, DISK_KIB)? else {
        return Ok(());
    };
    let mut node = Node::start_with(&data.display().to_string(), folder.path(), Vec::new());
    let shop = Arc::new(Shop::open(vec![node.port()]));
    let known = client::call(
        node.now_at(),
        BESIDE,
        "CreateProduct",
        &super::askers::product("known", shop.template(), 10),
    );
    let known = known.ok_or("no product can be made")?.1;
    let known = text(&known, "/ProductViewDetail/ProductViewSummary/ProductId");
    let (load, clients) = scene.begin(&shop);
    let make = Deed::Make(shop.template().to_owned(), DESCRIPTION_BYTES);
    let makers = Askers::start(2, BESIDE, node.port(), make);
    let lookers = Askers::start(1, BESIDE, node.port(), Deed::Look(known));
    let times: u64 = if scene.long { 4 } else { 2 };
    for time in 1..=times {
        load.allow(load.copies * time / times);
        let begun = crate::instant();
        let mut filling = makers.since();
        let mut so_far = 0;
        while so_far < REFUSALS && begun.elapsed() < FULL_WITHIN {
            sleep(200);
            let more = makers.since();
            so_far = if more.done > 0 {
                0
            } else {
                so_far + more.refused
            };
            filling.done += more.done;
            filling.refused += more.refused;
            filling.odd.extend(more.odd);
        }
        scene.tell_tally("while the disk fills", &filling);
        if so_far == 0 {
            scene.wrong("the disk does not get full");
        }
        drop(lookers.since());
        sleep(full_millis(scene));
        scene.tell_tally("writes on a full disk", &makers.since());
        scene.tell_undisturbed("reads on a full disk", &lookers.since());
        disk.grow(DISK_KIB + MORE_KIB * time);
        match makers.first_done(BACK_WITHIN) {
            Some(took) => scene.tell("ms to the first write", took.as_millis()),
            None => scene.wrong("no write went on after the disk grew"),
        }
    }
    disk.grow(DISK_KIB * 100);
    makers.stop(scene);
    lookers.stop(scene);
    scene.end(&shop, &load, clients, std::slice::from_mut(&mut node));
    drop(node);
    Ok(())
}

pub(super) fn templates(scene: &Scene) -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let shelf = folder.path().join("shelf");
    let Some(disk) = Tmpfs::mount(&shelf, DISK_KIB)? else {
        return Ok(());
    };
    let config = folder.path().join("config.toml");
    let (at, region) = (shelf.join("templates"), REGIONS[1]);
    let toml = format!(
        "[[region]]\nname = \"{region}\"\ntemplates = \"{}\"\n",
        at.display()
    );
    fs::write(&config, toml).map_err(|error| error.to_string())?;
    let settings = vec![
        ("MIMEO_CONFIG", config.display().to_string()),
        ("MIMEO_QUOTAS_UPLOADS", "1000000".to_owned()),
    ];
    let data = folder.path().join("data").display().to_string();
    let mut node = Node::start_with(&data, folder.path(), settings);
    let shop = Arc::new(Shop::open(vec![node.port()]));
    disk.fill();
    let (load, clients) = scene.begin(&shop);
    load.allow(load.copies);
    let place = Place { region, ..BESIDE };
    let uploaders = Askers::start(2, place, node.port(), Deed::Upload(20_000));
    let makers = Askers::start(1, place, node.port(), Deed::Portfolio);
    sleep(full_millis(scene));
    let uploads = uploaders.since();
    scene.tell_tally("uploads on a full disk", &uploads);
    if uploads.done > 0 || uploads.refused == 0 {
        scene.wrong(format!("uploads on a full disk: {uploads}"));
    }
    scene.tell_undisturbed("writes that need no template", &makers.since());
    no_half_file(scene, &at);
    disk.grow(DISK_KIB * 10);
    match uploaders.first_done(BACK_WITHIN) {
        Some(took) => scene.tell("ms to the first upload", took.as_millis()),
        None => scene.wrong("no upload went on after the disk grew"),
    }
    uploaders.stop(scene);
    makers.stop(scene);
    scene.end(&shop, &load, clients, std::slice::from_mut(&mut node));
    no_half_file(scene, &at);
    drop(node);
    Ok(())
}

/// What could not be written whole left nothing: each file has a body's name.
fn no_half_file(scene: &Scene, shelf: &Path) {
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let files = inside(shelf).into_iter().flat_map(|fan| inside(&fan));
    for file in files.filter(|file| file.extension().is_some()) {
        // One that is just being written is gone or whole a moment later.
        sleep(500);
        if file.exists() {
            scene.wrong(format!("{} was left", file.display()));
        }
    }
}
