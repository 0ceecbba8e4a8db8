//! PostgreSQL's own programs: a primary and its synchronous standby, or one server alone.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mimeo_store::testing;

use crate::sleep;

/// A commit waits until the standby has it on disk, and for ever while there is none: nothing is
/// acknowledged that a failover could lose. The servers' own fsync is off: a killed process loses no
/// page, and power loss is another campaign.
const SETTINGS: &str = "listen_addresses=''\nsynchronous_standby_names='*'\nsynchronous_commit=on\n\
    wal_level=replica\nhot_standby=on\nmax_connections=100\nfsync=off\nwal_keep_size=256MB\n";

/// Of one that has no standby.
const SETTINGS_ALONE: &str = "listen_addresses=''\nmax_connections=100\nfsync=off\n";

/// Looks of 50 ms each until a server answers.
const LOOKS_MAX: u32 = 1_200;

pub(crate) struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    user: Option<(u32, u32)>,
    servers: [Option<Child>; 2],
    /// Which of the two may be written to.
    primary: usize,
}

impl Cluster {
    pub(crate) fn start(binaries: PathBuf, folder: &Path) -> Self {
        let mut cluster = Self::first(binaries, folder, SETTINGS);
        cluster.make_standby(1);
        cluster
    }

    /// One server without a standby.
    pub(crate) fn alone(binaries: PathBuf, folder: &Path) -> Self {
        Self::first(binaries, folder, SETTINGS_ALONE)
    }

    fn first(binaries: PathBuf, folder: &Path, settings: &str) -> Self {
        let user = testing::postgres_user(folder);
        // In PATH there may be links to some of the programs only.
        let real = fs::canonicalize(binaries.join("initdb")).unwrap();
        let binaries = real.parent().map_or(binaries, Path::to_owned);
        let mut cluster = Self {
            binaries,
            folder: folder.to_owned(),
            user,
            servers: [None, None],
            primary: 0,
        };
        cluster.own(folder);
        for number in 0..2 {
            fs::create_dir(cluster.socket(number)).unwrap();
            cluster.own(&cluster.socket(number));
        }
        let data = cluster.data(0);
        let options = ["--auth=trust", "--username=postgres", "--no-sync"];
        let sorted = ["--locale=C", "--encoding=UTF8", "-D"];
        cluster.run("initdb", |it| it.args(options).args(sorted).arg(&data));
        let file = data.join("postgresql.auto.conf");
        fs::write(&file, settings).unwrap();
        cluster.own(&file);
        cluster.boot(0);
        cluster.wait(0, "SELECT 1");
        cluster
    }

    /// The one server of a cluster without a standby.
    pub(crate) fn url_alone(&self) -> String {
        let socket = self.socket(0);
        format!(
            "postgres:///postgres?user=postgres&host={}",
            socket.display()
        )
    }

    /// Both servers; clients take the one that can be written to.
    pub(crate) fn url(&self) -> String {
        let sockets = [self.socket(0), self.socket(1)];
        let [one, other] = sockets.map(|it| it.display().to_string().replace('/', "%2F"));
        format!("postgres://postgres@{one},{other}/postgres?target_session_attrs=read-write")
    }

    /// The primary's host is lost; the standby takes its place, and gets a new standby.
    pub(crate) fn fail_over(&mut self) {
        let (lost, next) = (self.primary, 1 - self.primary);
        let synchronous = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
        self.wait(lost, synchronous);
        self.kill(lost);
        let data = self.data(next);
        self.run("pg_ctl", |it| it.arg("promote").arg("-D").arg(&data));
        self.primary = next;
        fs::remove_dir_all(self.data(lost)).unwrap();
        self.make_standby(lost);
    }

    /// The primary is stopped at once, as by an administrator in a hurry.
    pub(crate) fn stop(&mut self) {
        let data = self.data(self.primary);
        let stop = ["stop", "-W", "-m", "immediate", "-D"];
        self.run("pg_ctl", |it| it.args(stop).arg(&data));
        if let Some(mut server) = self.servers[self.primary].take() {
            server.wait().unwrap();
        }
    }

    /// The primary that was stopped comes back.
    pub(crate) fn start_again(&mut self) {
        self.boot(self.primary);
        self.wait(self.primary, "SELECT 1");
    }

    /// All processes of the primary stand still, with every connection open.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        if let Some(server) = &self.servers[self.primary] {
            let mut kill = Command::new("kill");
            kill.arg(signal).args(family(server.id()));
            assert!(kill.stderr(Stdio::null()).status().is_ok());
        }
    }

    fn make_standby(&mut self, number: usize) {
        let (from, data) = (self.socket(self.primary), self.data(number));
        self.run("pg_basebackup", |it| {
            it.arg("-h").arg(from).args(["-U", "postgres", "-D"]);
            it.arg(&data).args(["-R", "-c", "fast", "--no-sync"])
        });
        self.boot(number);
        self.wait(number, "SELECT 1");
    }

    fn boot(&mut self, number: usize) {
        let mut server = self.command("postgres");
        server.arg("-D").arg(self.data(number));
        server.arg("-k").arg(self.socket(number));
        self.servers[number] = Some(server.spawn().unwrap());
    }

    /// All processes of a server at once, as when its host is gone.
    fn kill(&mut self, number: usize) {
        let Some(mut server) = self.servers[number].take() else {
            return;
        };
        let mut kill = Command::new("kill");
        kill.arg("-9").args(family(server.id()));
        assert!(kill.stderr(Stdio::null()).status().is_ok());
        server.wait().unwrap();
    }

    fn wait(&self, number: usize, sql: &str) {
        for _ in 0..LOOKS_MAX {
            let mut psql = self.command("psql");
            psql.arg("-h").arg(self.socket(number));
            psql.args(["-U", "postgres", "-Atc", sql, "postgres"]);
            psql.stdout(Stdio::piped());
            if psql.output().is_ok_and(|told| told.stdout == b"1\n") {
                return;
            }
            sleep(50);
        }
        panic!("server {number} does not answer {sql}");
    }

    fn run(&self, program: &str, with: impl FnOnce(&mut Command) -> &mut Command) {
        let mut command = self.command(program);
        let done = with(command.stderr(Stdio::piped())).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{program}: {said}");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.current_dir("/").stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn own(&self, path: &Path) {
        if let Some((user, group)) = self.user {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    fn data(&self, number: usize) -> PathBuf {
        self.folder.join(format!("data-{number}"))
    }

    fn socket(&self, number: usize) -> PathBuf {
        self.folder.join(format!("socket-{number}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill(0);
        self.kill(1);
    }
}

/// A server's first process and the ones that it began.
fn family(first: u32) -> Vec<String> {
    let parent = |process: &str| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let (_, after) = stat.rsplit_once(") ")?;
        after.split(' ').nth(1)?.parse().ok()
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|entry| entry.file_name().into_string().ok());
    let children = all.filter(|process| parent(process) == Some(first));
    std::iter::once(first.to_string()).chain(children).collect()
}
