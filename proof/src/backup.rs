//! Backups in a loop while copies run: each is restored, passes the check, holds what had been
//! acknowledged before it, and its copies go on to their end on a server of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chance::{self, Chance};
use crate::load::{self, Asked as Copied, Load};
use crate::node::{self, Node};
use crate::report::{Asked, Report};
use crate::shop::Shop;
use crate::{client, sleep};

const CLIENTS: u64 = 4;
const COPIES_PER_BACKUP: u64 = 40;

/// Waits of 20 ms until the copies of a restored instant must have ended.
const WAITS_MAX: u32 = 3_000;

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let seed = asked.number("seed", chance::seed(), chance::seed());
    let count = asked.number("backups", 4, 100);
    let mut report = Report::default();
    report.figure("seed", seed);
    let mut chance = Chance::of(seed, 0);
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let data = folder.path().join("data");
    let node = Node::start(&data.display().to_string(), folder.path());
    let shop = Arc::new(Shop::open(vec![node.port()]));
    let load = Arc::new(Load::new(COPIES_PER_BACKUP * count, seed));
    let clients = load::start(CLIENTS, &load, &shop);
    let to = folder.path().join("backups").display().to_string();
    let mut histories = Vec::new();
    for number in 1..=count {
        load.allow(COPIES_PER_BACKUP * number);
        sleep(chance.below(150));
        let before = load.history();
        mimeo(folder.path(), &["backup", "--to", &to])?;
        histories.push(before);
    }
    for client in clients {
        client.join().map_err(|_| "a client gave up")?;
    }
    let (mut acknowledged, mut under_way) = (0, 0);
    let backups = backups(Path::new(&to));
    report.figure("backups", backups.len());
    for (backup, history) in backups.iter().zip(&histories) {
        let counted = restored(backup, history, &shop, &mut report)?;
        acknowledged += counted.0;
        under_way += counted.1;
    }
    report.figure("acknowledged before them", acknowledged);
    report.figure("under way in them", under_way);
    Ok(report)
}

/// Restores one, lets its copies end, and checks it before and after. Answers how many copies had
/// been acknowledged before it, and how many were under way in it.
fn restored(
    backup: &Path,
    history: &[Copied],
    shop: &Shop,
    report: &mut Report,
) -> Result<(u64, u64), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let from = backup.display().to_string();
    mimeo(folder.path(), &["restore", "--from", &from])?;
    let then = check(folder.path())?;
    let data = folder.path().join("data").display().to_string();
    let mut node = Node::start(&data, folder.path());
    let port = node.port().load(Ordering::SeqCst);
    let mut acknowledged = 0;
    for asked in history.iter().filter(|asked| asked.token.is_some()) {
        acknowledged += 1;
        if let Some(wrong) = end(port, shop, asked) {
            report.wrong(format!("{from}: {asked:?}: {wrong}"));
        }
    }
    node.kill();
    let now = check(folder.path())?;
    if now["copies"] != then["copies"] {
        report.wrong(format!("{from}: {then} before, {now} after"));
    }
    Ok((acknowledged, then["copies_under_way"].as_u64().unwrap_or(0)))
}

/// Waits for the end of a copy; what is wrong with it, if anything.
fn end(port: u16, shop: &Shop, asked: &Copied) -> Option<String> {
    let (place, input) = (
        shop.corners[asked.to].place,
        json!({"CopyProductToken": asked.token}),
    );
    for _ in 0..WAITS_MAX {
        let told = client::call(port, place, "DescribeCopyProductStatus", &input);
        let Some((200, told)) = &told else {
            return Some(format!("{told:?}"));
        };
        match told["CopyProductStatus"].as_str() {
            Some("SUCCEEDED") => return None,
            Some("IN_PROGRESS") => sleep(20),
            _ => return Some(told.to_string()),
        }
    }
    Some("it does not end".into())
}

fn check(folder: &Path) -> Result<Value, String> {
    let told = mimeo(folder, &["check", "--json"])?;
    serde_json::from_str(&told).map_err(|error| error.to_string())
}

/// The finished backups in a folder, oldest first.
fn backups(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = paths
        .filter(|path| path.join("manifest.json").exists())
        .collect();
    found.sort();
    found
}

/// Runs a command on the data in a folder, as its node has it; what it printed.
fn mimeo(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(node::binary())
        .args(arguments)
        .current_dir(folder)
        .env("MIMEO_DATA", folder.join("data"))
        .env("MIMEO_TEMPLATES_FOLDER", folder.join("templates"))
        .output()
        .map_err(|error| error.to_string())?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(out);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("mimeo {}: {out}{error}", arguments.join(" ")))
}
