//! One `mimeo serve`, its death and its next life.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const LOG: &str = "log";

/// A variable and its value.
pub(crate) type Setting = (&'static str, String);

pub(crate) struct Node {
    data: String,
    folder: PathBuf,
    settings: Vec<Setting>,
    is_logged: bool,
    child: Child,
    /// Where it listens; another one in each life.
    port: Arc<AtomicU16>,
}

/// What a server is held to.
pub(crate) struct Limited {
    /// What it may allocate, in KiB: RLIMIT_DATA, beyond which allocations fail.
    pub data_kib: u64,
    /// Variables of its own.
    pub settings: &'static [(&'static str, &'static str)],
}

impl Node {
    /// Starts on this data, with its templates in the folder.
    pub(crate) fn start(data: &str, folder: &Path) -> Self {
        let spawned = spawn(&mut command(data, folder, &[]));
        Self::of(data, folder, Vec::new(), spawned)
    }

    /// Starts with settings of its own, in this life and the next ones, and a log in a file.
    pub(crate) fn start_with(data: &str, folder: &Path, settings: Vec<Setting>) -> Self {
        let spawned = spawn(logged(&mut command(data, folder, &settings), folder));
        let mut node = Self::of(data, folder, settings, spawned);
        node.is_logged = true;
        node
    }

    /// What a server that was started with settings of its own has logged in all its lives.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(self.folder.join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Starts in a shell that limits it.
    pub(crate) fn start_limited(data: &str, folder: &Path, limited: &Limited) -> Self {
        let plain = command(data, folder, &[]);
        let mut shell = Command::new("sh");
        let script = format!("ulimit -d {}; exec \"$0\" \"$@\"", limited.data_kib);
        shell
            .args(["-c", &script])
            .arg(plain.get_program())
            .args(plain.get_args())
            .envs(
                plain
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .envs(limited.settings.iter().copied())
            .current_dir(folder)
            .stdout(Stdio::piped());
        Self::of(data, folder, Vec::new(), spawn(&mut shell))
    }

    fn of(data: &str, folder: &Path, settings: Vec<Setting>, (child, port): (Child, u16)) -> Self {
        Self {
            data: data.to_owned(),
            folder: folder.to_owned(),
            settings,
            is_logged: false,
            child,
            port: Arc::new(AtomicU16::new(port)),
        }
    }

    pub(crate) fn port(&self) -> Arc<AtomicU16> {
        Arc::clone(&self.port)
    }

    /// Where it listens in this life.
    pub(crate) fn now_at(&self) -> u16 {
        self.port.load(Ordering::SeqCst)
    }

    /// SIGTERM, and waits until it has gone.
    pub(crate) fn stop(&mut self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.unwrap().success());
        self.child.wait().unwrap();
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What `mimeo check` finds in its store, beside it; an error if it is not sound.
    pub(crate) fn check(&self) -> Result<String, String> {
        let mut check = program(&self.data, &self.folder, &self.settings);
        let told = check.arg("check").output();
        let told = told.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if told.status.success() {
            return Ok(text(&told.stdout));
        }
        Err(text(&told.stdout) + &text(&told.stderr))
    }

    /// Looks at its resident memory every so often, until told to stop.
    pub(crate) fn watch_memory(&self, every: Duration) -> Watched {
        let (process, over) = (self.child.id(), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&over);
        let looking = std::thread::spawn(move || {
            let mut kib = Vec::new();
            while !told.load(Ordering::SeqCst) {
                kib.extend(resident_kib(process));
                std::thread::sleep(every);
            }
            kib
        });
        Watched { over, looking }
    }

    /// SIGKILL: the process gets to do nothing more.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        let mut next = command(&self.data, &self.folder, &self.settings);
        if self.is_logged {
            logged(&mut next, &self.folder);
        }
        let (child, port) = spawn(&mut next);
        self.child = child;
        self.port.store(port, Ordering::SeqCst);
    }
}

/// Somebody who looks at a server's memory.
pub(crate) struct Watched {
    over: Arc<AtomicBool>,
    looking: JoinHandle<Vec<u64>>,
}

/// The most that was resident in either half of the time, in KiB.
#[derive(Debug, Default)]
pub(crate) struct Resident {
    pub first_half_max: u64,
    pub second_half_max: u64,
}

impl Watched {
    pub(crate) fn stop(self) -> Resident {
        self.over.store(true, Ordering::SeqCst);
        let kib = self.looking.join().unwrap_or_default();
        let (first, second) = kib.split_at(kib.len() / 2);
        let most = |half: &[u64]| half.iter().copied().max().unwrap_or(0);
        Resident {
            first_half_max: most(first),
            second_half_max: most(second),
        }
    }
}

fn resident_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server, which lies beside this program.
pub(crate) fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("this program lies somewhere");
    own.with_file_name("mimeo")
}

fn command(data: &str, folder: &Path, settings: &[Setting]) -> Command {
    let mut command = program(data, folder, settings);
    command.arg("serve").stdout(Stdio::piped());
    command
}

fn program(data: &str, folder: &Path, settings: &[Setting]) -> Command {
    let mut command = Command::new(binary());
    command
        .current_dir(folder)
        .env("MIMEO_LISTEN", "127.0.0.1:0")
        .env("MIMEO_DATA", data)
        .env("MIMEO_TEMPLATES_FOLDER", folder.join("templates"))
        .env("MIMEO_LOG_LEVEL", "error")
        .env("MIMEO_QUOTAS_PORTFOLIOS", "100000000")
        .env("MIMEO_QUOTAS_PRODUCTS", "1000000")
        .env("MIMEO_QUOTAS_ARTIFACTS_PER_PRODUCT", "1000000")
        .env("MIMEO_QUOTAS_COPIES_UNDER_WAY", "1000000")
        .envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

fn logged<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    let mut options = std::fs::OpenOptions::new();
    let log = options.create(true).append(true).open(folder.join(LOG));
    command.env("MIMEO_LOG_LEVEL", "warn").stderr(log.unwrap())
}

fn spawn(command: &mut Command) -> (Child, u16) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().expect("the server starts").unwrap();
    let (url, _mode, ready) = (line(), line(), line());
    assert_eq!(ready, "Ready.");
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    (child, port)
}
