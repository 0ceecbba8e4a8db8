//! Overload: ten times what a server can do, in a process whose memory is limited; then clients that
//! send or read as slowly as they can. What is refused must be refused retryably and soon, and memory
//! must stay flat.

mod flood;
mod slow;

use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::client::{self, Place};
use crate::node::{Limited, Node};
use crate::report::{Asked, Report};
use crate::sleep;
use flood::{Flood, Tally};
use slow::{Manner, Templates};

/// What the process may allocate, in KiB: RLIMIT_DATA.
const MEMORY_KIB: u64 = 512 * 1024;

/// What it may use of that, in KiB.
const RESIDENT_KIB_MAX: u64 = 256 * 1024;

/// Clients that look for the peak, and how many times that many come at once.
const PEAK_CLIENTS: [usize; 3] = [16, 64, 256];
const TIMES: usize = 10;

/// More clients than it lets connect, who ask again at once when they are refused.
const CROWD: usize = 5_000;

/// How often the resident memory is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Slow clients of each manner.
const SLOW_SHORT: usize = 100;
const SLOW_LONG: usize = 500;

/// Beside the one that all slow clients are of.
const OTHER: Place = Place {
    account: "222222222222",
    region: flood::PLACE.region,
};

/// When the server has cut off whoever is slow, with room for a busy machine.
const CUT_OFF_BY: Duration = Duration::from_secs(8);

/// The one that asks, and one that was just closed.
const CONNECTIONS_LEFT_MAX: u64 = 2;

/// How long the server is told to bear slow clients: its defaults would make the short form long.
/// What it works on at once, and how long others wait for their turn, is as it comes.
const SERVER: &[(&str, &str)] = &[
    ("MIMEO_LIMITS_HEAD_SECONDS", "3"),
    ("MIMEO_LIMITS_BODY_SECONDS", "3"),
    ("MIMEO_LIMITS_ANSWER_SECONDS", "3"),
];

pub(crate) fn run(asked: &Asked) -> Result<Report, String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let data = folder.path().join("data").display().to_string();
    let limited = Limited {
        data_kib: MEMORY_KIB,
        settings: SERVER,
    };
    let mut node = Node::start_limited(&data, folder.path(), &limited);
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let mut report = Report::default();
    let seconds = asked.number("seconds", 3, 20);
    let stage = Stage {
        node: &node,
        runtime: &runtime,
        time: Duration::from_secs(seconds),
        // A short form on a busy machine tells nothing about time.
        judges_time: asked.long,
    };
    stage.flood(&mut report);
    stage.slow(asked.long, &mut report);
    if !node.is_alive() {
        report.wrong("the server died");
    }
    Ok(report)
}

struct Stage<'a> {
    node: &'a Node,
    runtime: &'a Runtime,
    time: Duration,
    judges_time: bool,
}

impl Stage<'_> {
    fn flood(&self, report: &mut Report) {
        let create = |time| Flood {
            port: self.node.now_at(),
            time,
        };
        let mut peak = Tally::default();
        let mut peak_clients = 0;
        for clients in PEAK_CLIENTS {
            let tally = self.runtime.block_on(create(self.time).of(clients));
            if tally.done_a_second(self.time) > peak.done_a_second(self.time) {
                (peak, peak_clients) = (tally, clients);
            }
        }
        let flood_time = self.time * 4;
        let watched = self.node.watch_memory(LOOK);
        let flood = self
            .runtime
            .block_on(create(flood_time).of(peak_clients * TIMES));
        let resident = watched.stop();
        let (at_peak, in_flood) = (
            peak.done_a_second(self.time),
            flood.done_a_second(flood_time),
        );
        let kept = in_flood / at_peak;
        report.figure("peak/s", format!("{at_peak:.0} of {peak_clients} clients"));
        report.figure("clients", peak_clients * TIMES);
        report.figure(
            "asked/s",
            format!("{:.0}", flood.asked_a_second(flood_time)),
        );
        report.figure("done/s", format!("{in_flood:.0} ({:.0} %)", kept * 100.0));
        report.figure("refused", flood.refused());
        report.figure(
            "resident MiB",
            format!(
                "{} to {}",
                resident.first_half_max / 1024,
                resident.second_half_max / 1024
            ),
        );
        for (answer, count) in flood.unexpected.iter().chain(&peak.unexpected) {
            report.wrong(format!("{count} times: {answer}"));
        }
        if resident.second_half_max > RESIDENT_KIB_MAX {
            report.wrong(format!("{} KiB are resident", resident.second_half_max));
        }
        if self.judges_time && kept < 0.8 {
            report.wrong(format!("only {kept:.2} of the peak is done"));
        }
        self.recovers(report);
        self.crowd(at_peak, report);
    }

    /// What is refused is refused as SDKs expect it.
    fn crowd(&self, at_peak: f64, report: &mut Report) {
        let crowd = Flood {
            port: self.node.now_at(),
            time: self.time * 2,
        };
        let tally = self.runtime.block_on(crowd.of(CROWD));
        let done = tally.done_a_second(crowd.time);
        let refused = tally.refused();
        let kept = done / at_peak * 100.0;
        report.figure(
            "crowd",
            format!("{CROWD}, done/s {done:.0} ({kept:.0} %), refused {refused}"),
        );
        for (answer, count) in &tally.unexpected {
            report.wrong(format!("in the crowd, {count} times: {answer}"));
        }
        if refused == 0 {
            report.wrong("nobody in the crowd was refused");
        }
        self.recovers(report);
    }

    /// After the flood one client is answered at once.
    fn recovers(&self, report: &mut Report) {
        sleep(1_000);
        let alone = Flood {
            port: self.node.now_at(),
            time: Duration::from_secs(1),
        };
        let tally = self.runtime.block_on(alone.of(1));
        if tally.done == 0 || tally.refused() > 0 {
            report.wrong(format!("after the flood: {tally:?}"));
        }
    }

    /// As the server counts them.
    fn open_connections(&self) -> u64 {
        let metrics = client::get(self.node.now_at(), flood::PLACE, "/metrics");
        let metrics = metrics.unwrap_or_default();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("mimeo_connections "));
        line.and_then(|number| number.parse().ok())
            .unwrap_or(u64::MAX)
    }

    fn slow(&self, long: bool, report: &mut Report) {
        let template = "# much\n".repeat(140_000) + "Resources:\n  T:\n    Type: AWS::SNS::Topic\n";
        let port = self.node.now_at();
        let templates = Templates::put(port, flood::PLACE, &template);
        let others = Templates::put(port, OTHER, &template);
        let probe = Flood {
            port,
            time: self.time * 2,
        };
        let quiet = self.runtime.block_on(probe.probed());
        let each = if long { SLOW_LONG } else { SLOW_SHORT };
        let (probed, at_most, left) = self.runtime.block_on(async {
            let attackers = slow::attack(port, each, &templates);
            tokio::time::sleep(Duration::from_millis(300)).await;
            let at_most = self.open_connections();
            if client::get(port, OTHER, &others.version).as_ref() != Some(&template) {
                report.wrong("slow readers keep another account from its template");
            }
            let probed = probe.probed().await;
            tokio::time::sleep(CUT_OFF_BY).await;
            // They still hold their ends, and go on.
            let left = self.open_connections();
            drop(attackers);
            (probed, at_most, left)
        });
        let (before, beside) = (quiet.p99_micros(), probed.p99_micros());
        let times = beside as f64 / before.max(1) as f64;
        report.figure("slow clients", each * Manner::ALL.len());
        report.figure(
            "p99 µs beside them",
            format!("{beside} of {before} ({times:.2})"),
        );
        report.figure("connections", format!("{at_most}, then {left}"));
        if left > CONNECTIONS_LEFT_MAX {
            report.wrong(format!("{left} slow connections were not cut off"));
        }
        if probed.refused() > 0 || probed.done == 0 {
            report.wrong(format!("beside slow clients: {probed:?}"));
        }
        if self.judges_time && times > 2.0 {
            report.wrong(format!(
                "p99 beside slow clients is {times:.2} times the usual"
            ));
        }
    }
}
