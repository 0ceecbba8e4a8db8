//! A PostgreSQL of our own, from its own programs, as durable as it comes.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mimeo_store::testing;
use tempfile::TempDir;

use crate::server::{folder, process_cpu_micros, spread};
use crate::table::float;

/// Looks of 50 ms each until it answers.
const LOOKS_MAX: u32 = 1_200;

/// The server; stopped when dropped.
pub(crate) struct Postgres {
    binaries: PathBuf,
    user: Option<(u32, u32)>,
    server: Child,
    socket: TempDir,
    _data: TempDir,
}

impl Postgres {
    /// `None` where its programs are not installed.
    pub(crate) fn start() -> Option<Self> {
        let binaries = testing::postgres_binaries()?;
        // In PATH there may be links to some of the programs only.
        let real = fs::canonicalize(binaries.join("initdb")).unwrap();
        let binaries = real.parent().map_or(binaries, ToOwned::to_owned);
        let (data, socket) = (folder(), tempfile::tempdir().unwrap());
        let user = testing::postgres_user(data.path());
        for folder in [&data, &socket] {
            if let Some((user, group)) = user {
                chown(folder.path(), Some(user), Some(group)).unwrap();
            }
        }
        let mut make = command(&binaries, user, "initdb");
        make.args(["--auth=trust", "--username=postgres", "--locale=C"]);
        make.args(["--encoding=UTF8", "-D"]).arg(data.path());
        assert!(make.status().unwrap().success(), "initdb");
        let mut server = command(&binaries, user, "postgres");
        server
            .arg("-D")
            .arg(data.path())
            .arg("-k")
            .arg(socket.path());
        server.args(["-c", "listen_addresses=", "-c", "shared_buffers=256MB"]);
        let postgres = Self {
            server: server.spawn().unwrap(),
            binaries,
            user,
            socket,
            _data: data,
        };
        postgres.wait();
        for process in postgres.family() {
            spread(process);
        }
        Some(postgres)
    }

    pub(crate) fn url(&self) -> String {
        let socket = self.socket.path().display();
        format!("postgres:///postgres?user=postgres&host={socket}")
    }

    /// CPU time of all its processes, ended ones included, in microseconds.
    pub(crate) fn cpu_micros(&self) -> f64 {
        let live: f64 = self.family().into_iter().map(process_cpu_micros).sum();
        live + ended_cpu_micros(self.server.id())
    }

    fn wait(&self) {
        for _ in 0..LOOKS_MAX {
            let mut psql = command(&self.binaries, self.user, "psql");
            psql.arg("-h").arg(self.socket.path());
            psql.args(["-U", "postgres", "-Atc", "SELECT 1", "postgres"]);
            if psql.status().is_ok_and(|status| status.success()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL does not answer");
    }

    /// The first process and the ones that it began.
    fn family(&self) -> Vec<u32> {
        let first = self.server.id();
        let all = fs::read_dir("/proc").unwrap().flatten();
        let all = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_child = |process: &u32| {
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            let parent = stat.rsplit_once(") ").and_then(|it| it.1.split(' ').nth(1));
            parent == Some(first.to_string().as_str())
        };
        let children = all.filter(is_child);
        std::iter::once(first).chain(children).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, and its children with it.
        let server = self.server.id().to_string();
        let _ = Command::new("kill").args(["-QUIT", &server]).status();
        let _ = self.server.wait();
    }
}

/// Of children that a process has waited for.
fn ended_cpu_micros(pid: u32) -> f64 {
    const TICK_MICROS: f64 = 10_000.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let ticks = after_name.split_whitespace().skip(13).take(2);
    let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    float(ticks) * TICK_MICROS
}

fn command(binaries: &std::path::Path, user: Option<(u32, u32)>, program: &str) -> Command {
    let mut command = Command::new(binaries.join(program));
    command.current_dir("/").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}
