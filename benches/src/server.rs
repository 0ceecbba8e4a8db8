//! The real binary under measurement: started, pinned, read through /proc, stopped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::policies;
use crate::table::float;

pub(crate) const ACCOUNTS: [&str; 4] = [
    "111111111111",
    "222222222222",
    "333333333333",
    "444444444444",
];
/// Users of the first account, by what their access keys are made of.
pub(crate) const USER: &str = "BUILDER";
pub(crate) const CHOOSY: &str = "CHOOSY";
pub(crate) const SECRET: &str = "benchmark-secret-benchmark-secret";

/// A server process; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub address: String,
    /// From spawning to the line that says that it is ready.
    pub ready_after: Duration,
    _configuration: TempDir,
}

pub(crate) fn access_key(account: &str) -> String {
    format!("AKIABENCH{account}")
}

/// A folder on the disk that the target folder is on: durability costs nothing in memory.
pub(crate) fn folder() -> TempDir {
    let executable = std::env::current_exe().unwrap();
    TempDir::new_in(executable.parent().unwrap()).unwrap()
}

impl Server {
    /// Starts `mimeo serve` in verified mode on a data folder, with further settings as variables.
    pub(crate) fn start(data: &Path, settings: &[(&str, &str)]) -> Server {
        Self::start_with(data, settings, "")
    }

    /// The same with further tables of configuration.
    pub(crate) fn start_with(data: &Path, settings: &[(&str, &str)], tables: &str) -> Server {
        let configuration = folder();
        let file = configuration.path().join("mimeo.toml");
        fs::write(&file, configured() + tables).unwrap();
        let began = Instant::now();
        let mut command = Command::new(binary());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&file);
        command
            .env("MIMEO_DATA", data)
            .env("MIMEO_TEMPLATES_FETCH", "off");
        command
            .env("MIMEO_LOG_LEVEL", "error")
            .envs(settings.iter().copied());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut address = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(at) = line.find("http://") {
                let rest = &line[at + 7..];
                let end = rest
                    .find(|c: char| c.is_whitespace() || c == '/')
                    .unwrap_or(rest.len());
                address = Some(rest[..end].to_owned());
            }
            if line == "Ready." {
                break;
            }
        }
        let ready_after = began.elapsed();
        pin(child.id(), 1);
        let address = address.expect("the server says where it listens");
        Server {
            child,
            address,
            ready_after,
            _configuration: configuration,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time of all threads so far, in microseconds.
    pub(crate) fn cpu_micros(&self) -> f64 {
        cpu_micros(self.child.id())
    }

    pub(crate) fn resident_mebibytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        float(kibibytes) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary() -> PathBuf {
    match std::env::var_os("MIMEO_BINARY") {
        Some(path) => path.into(),
        None => std::env::current_exe().unwrap().with_file_name("mimeo"),
    }
}

fn configured() -> String {
    let mut text = "regions = [\"us-east-1\", \"eu-west-1\"]\n[quotas]\nproducts = 1000000\nportfolios = 1000000\ncopies_under_way = 100000\n".to_owned();
    for account in ACCOUNTS {
        let key = access_key(account);
        let lines = format!(
            "[[account]]\nid = \"{account}\"\n[[account.key]]\nid = \"{key}\"\nsecret = \"{SECRET}\"\n"
        );
        text.push_str(&lines);
        if account == ACCOUNTS[0] {
            text.push_str(&user(USER, &policies::policy(false)));
            text.push_str(&user(CHOOSY, &policies::policy(true)));
        }
    }
    text
}

/// A user of the account under a policy of its own.
fn user(name: &str, policy: &serde_json::Value) -> String {
    let key = access_key(name);
    format!(
        "[[account.key]]\nid = \"{key}\"\nsecret = \"{SECRET}\"\nuser = \"{name}\"\n\
         [[account.user]]\nname = \"{name}\"\npolicies = [\"{name}\"]\n\
         [[account.policy]]\nname = \"{name}\"\ndocument = '{policy}'\n"
    )
}

/// The principal that the first user is.
pub(crate) fn user_arn() -> String {
    format!("arn:aws:iam::{}:user/{USER}", ACCOUNTS[0])
}

/// CPU time of all threads of a process, in microseconds.
pub(crate) fn cpu_micros(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanos: u64 = tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|stat| stat.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    float(nanos) / 1000.0
}

/// CPU time of a process, ended threads included, in microseconds; in steps of 10 milliseconds.
pub(crate) fn process_cpu_micros(pid: u32) -> f64 {
    const TICK_MICROS: f64 = 10_000.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    float(ticks) * TICK_MICROS
}

/// Keeps a process on one core, where there is more than one.
pub(crate) fn pin(pid: u32, core: usize) {
    if core < cores_count() && cores_count() > 1 {
        keep_on(pid, &core.to_string());
    }
}

/// Lets a process that this one began run on all cores.
pub(crate) fn spread(pid: u32) {
    if cores_count() > 1 {
        keep_on(pid, &format!("0-{}", cores_count() - 1));
    }
}

/// Of the machine, whatever this process is kept on.
pub(crate) fn cores_count() -> usize {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = text.lines().filter(|line| line.starts_with("processor"));
    cores.count().max(1)
}

fn keep_on(pid: u32, cores: &str) {
    let kept = Command::new("taskset")
        .args(["-a", "-c", "-p", cores, &pid.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !kept.is_ok_and(|status| status.success()) {
        eprintln!("  taskset is missing: nothing is pinned");
    }
}
