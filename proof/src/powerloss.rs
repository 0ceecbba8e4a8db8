//! Power loss: the writes of a real server are recorded, and for each instant of the recording the
//! disks are built that a power loss could leave. Each opens, holds what clients had been told, and
//! passes the check.

mod disk;
mod trace;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use mimeo_service::Shelves;
use mimeo_service::check::check;
use mimeo_store::{Location, Options, Store, StoreError, Tx, Work};
use mimeo_templates::shelf::Shelf;
use tempfile::TempDir;

use crate::chance::{self, Chance};
use crate::load::{self, Load};
use crate::report::{Asked, Report};
use crate::shop::Shop;
use crate::{check as history, instant, node, setting, sleep};
use disk::{Disk, LEFT, Left};
use trace::{Event, Told};

const CLIENTS: u64 = 4;

/// Images are built and checked on this many threads.
const THREADS: usize = 2;

/// What is told of what went wrong, at most.
const WRONG_MAX: usize = 20;

/// Where images are built: in memory, so that building them costs no disk.
const MEMORY: &str = "/dev/shm";

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let seed = asked.number("seed", chance::seed(), chance::seed());
    let copies = asked.number("copies", 40, 100);
    let images_max = asked.number("images", 600, u64::MAX);
    let mut report = Report::default();
    report.figure("seed", seed);
    if Command::new("strace").arg("-V").output().is_err() {
        if setting("CI").as_deref() == Some("true") {
            return Err("strace is not installed".into());
        }
        println!("SKIPPED: strace is not installed");
        return Ok(report);
    }
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let root = folder
        .path()
        .canonicalize()
        .map_err(|error| error.to_string())?;
    let recorded = record(&root, copies, seed, &mut report)?;
    let events = trace::read(&recorded, &root.join("disk"))?;
    let campaign = Campaign {
        root: root.join("disk"),
        seed,
        every: every(&events, images_max),
        events,
        images: AtomicU64::new(0),
        wrong: Mutex::default(),
    };
    report.figure("events", campaign.events.len());
    let started = instant();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let campaign = &campaign;
            scope.spawn(move || campaign.work(thread));
        }
    });
    let images = campaign.images.load(Ordering::SeqCst);
    let seconds = started.elapsed().as_secs_f64();
    report.figure("images", images);
    report.figure(
        "images per second",
        format!("{:.0}", images as f64 / seconds),
    );
    let wrong = campaign.wrong.into_inner().unwrap();
    for wrong in wrong {
        report.wrong(wrong);
    }
    Ok(report)
}

/// A cut at each so many changes gives at most this many images.
fn every(events: &[Event], images_max: u64) -> usize {
    let cuts = events.iter().filter(|event| is_change(event)).count() * LEFT.len();
    let wanted = usize::try_from(images_max).unwrap_or(usize::MAX).max(1);
    cuts.div_ceil(wanted).max(1)
}

fn is_change(event: &Event) -> bool {
    !matches!(event, Event::Told(_))
}

/// Runs a server under `strace` while clients make copies, and stops it; the history is checked too.
fn record(root: &Path, copies: u64, seed: u64, report: &mut Report) -> Result<String, String> {
    let disk = root.join("disk");
    fs::create_dir(&disk).map_err(|error| error.to_string())?;
    let trace = root.join("trace");
    let (mut child, port) = start(&disk, &trace)?;
    let shop = Arc::new(Shop::open(vec![Arc::new(AtomicU16::new(port))]));
    let load = Arc::new(Load::new(copies, seed));
    load.allow(copies);
    for client in load::start(CLIENTS, &load, &shop) {
        client.join().map_err(|_| "a client gave up")?;
    }
    let begun = instant();
    let found = history::all(&shop, &load, || begun.elapsed().as_secs() < 60);
    report.figure("copies", found.succeeded);
    found
        .wrong
        .into_iter()
        .for_each(|wrong| report.wrong(wrong));
    // The process that strace follows stands first on each line of its own.
    let text = fs::read_to_string(&trace).map_err(|error| error.to_string())?;
    let server = text.split(' ').next().unwrap_or_default().to_owned();
    let stopped = Command::new("kill").arg(&server).status();
    stopped.map_err(|error| error.to_string())?;
    child.wait().map_err(|error| error.to_string())?;
    fs::read_to_string(&trace).map_err(|error| error.to_string())
}

fn start(disk: &Path, trace: &Path) -> Result<(Child, u16), String> {
    let mut child = Command::new("strace")
        .args([
            "-f",
            "-y",
            "-xx",
            "-s",
            "16777216",
            "--seccomp-bpf",
            "-e",
            trace::CALLS,
            "-o",
        ])
        .arg(trace)
        .arg(node::binary())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(disk)
        // The server makes this folder itself.
        .env("MIMEO_DATA", disk.join("data"))
        .env("MIMEO_LOG_LEVEL", "error")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().expect("the server starts").unwrap();
    let (url, _mode, ready) = (line(), line(), line());
    assert_eq!(ready, "Ready.");
    sleep(1);
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
    Ok((child, port.ok_or("no port")?))
}

struct Campaign {
    root: std::path::PathBuf,
    seed: u64,
    events: Vec<Event>,
    /// Power is lost after each so many changes.
    every: usize,
    images: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Campaign {
    /// Goes through the whole recording, and loses power at this thread's instants.
    fn work(&self, thread: usize) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let memory = if Path::new(MEMORY).is_dir() {
            TempDir::new_in(MEMORY)
        } else {
            TempDir::new()
        };
        let folder = memory.unwrap();
        let image = folder.path().join("image");
        let mut disk = Disk::new(&self.root);
        let mut known = Known::default();
        let mut changes = 0;
        for (at, event) in self.events.iter().enumerate() {
            disk.apply(event);
            if let Event::Told(told) = event {
                known.note(told);
                continue;
            }
            changes += 1;
            if changes % self.every != 0 || (changes / self.every) % THREADS != thread {
                continue;
            }
            for left in LEFT {
                let mut chance = Chance::of(self.seed, (at * LEFT.len() + left as usize) as u64);
                disk.lose_power(left, &mut chance, &image).unwrap();
                let wrong = runtime.block_on(look(&image, &known));
                self.images.fetch_add(1, Ordering::SeqCst);
                self.note(at, left, wrong);
            }
        }
    }

    fn note(&self, at: usize, left: Left, wrong: Vec<String>) {
        let mut all = self.wrong.lock().unwrap();
        let room = WRONG_MAX.saturating_sub(all.len());
        all.extend(
            wrong
                .into_iter()
                .take(room)
                .map(|wrong| format!("after event {at}, {left:?} of the unsynced left: {wrong}")),
        );
    }
}

/// What clients know of.
#[derive(Default)]
struct Known {
    copies: BTreeSet<String>,
    products: BTreeSet<String>,
}

impl Known {
    fn note(&mut self, told: &Told) {
        self.copies.extend(told.copies.iter().cloned());
        self.products.extend(told.products.iter().cloned());
    }
}

/// Opens what is left as a server would, and says what is wrong with it.
async fn look(image: &Path, known: &Known) -> Vec<String> {
    let data = image.join("data");
    if !data.exists() {
        fs::create_dir(&data).unwrap();
    }
    let location = Location::SqliteFile(data.join("mimeo.db"));
    let store = match Store::open(&location, Options::default()).await {
        Ok(store) => store,
        Err(error) => return vec![format!("it does not open: {error}")],
    };
    let shelves = Shelves::common(Shelf::folder(data.join("templates")).unwrap());
    let mut wrong = Vec::new();
    match check(&store, Some(&shelves)).await {
        Ok(checked) => wrong.extend(checked.findings.iter().map(|it| format!("{it:?}"))),
        Err(error) => wrong.push(error.to_string()),
    }
    match store.scan(All).await {
        Ok(there) => {
            let lost = known.copies.difference(&there.copies);
            wrong.extend(lost.map(|copy| format!("V1: copy {copy} was acknowledged")));
            let lost = known.products.difference(&there.products);
            wrong.extend(lost.map(|product| format!("V1: product {product} was told")));
        }
        Err(error) => wrong.push(error.to_string()),
    }
    store.close().await;
    wrong
}

/// All copies and products by their names.
struct All;

impl Work for All {
    type Output = Known;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Known, StoreError> {
        let mut known = Known::default();
        let mut after = None;
        loop {
            let page = tx.page_checked_copies(after.as_ref()).await?;
            known
                .copies
                .extend(page.iter().map(|copy| copy.token.to_string()));
            match page.into_iter().next_back() {
                None => break,
                last => after = last,
            }
        }
        let mut after = None;
        loop {
            let page = tx.page_checked_artifacts(after.as_ref()).await?;
            known
                .products
                .extend(page.iter().map(|row| row.product.clone()));
            match page.into_iter().next_back() {
                None => return Ok(known),
                last => after = last,
            }
        }
    }
}
