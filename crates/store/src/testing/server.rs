//! One PostgreSQL server for all test processes of a user; it goes away when nobody has used it for a while.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::dialect::postgres;
use crate::migrate::Migration;
use crate::{Location, Options, Store};

/// Looks of 100 ms each until a started server must answer.
const LOOKS_MAX: u32 = 300;

/// Runs the server as its child, and stops it once no test process has held the shared lock for a minute.
/// Arguments: folder of the programs, folder of the server, lock file of its users.
const WATCH: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=300 -c fsync=off \
    -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off >"$2/log" 2>&1 &
server=$!
idle=0
while kill -0 $server 2>/dev/null; do
    sleep 1
    if flock --nonblock "$3" true; then idle=$((idle + 1)); else idle=0; fi
    [ $idle -lt 60 ] && continue
    exec 9<"$3"
    if flock --nonblock 9; then kill -INT $server; wait $server; rm -rf "$2"/*; exit; fi
    exec 9<&-
done
"#;

/// A server that tests may make databases on.
pub(super) struct Server {
    /// Its address with any database.
    address: String,
    /// Held shared until this process ends, so that the watcher leaves the server alone.
    _used: File,
    folder: PathBuf,
    ours: bool,
}

#[derive(Default)]
struct State {
    server: Option<Arc<Server>>,
    missing: bool,
    templates: HashSet<String>,
}

/// The server, and the name of a database on it that has the migrations.
pub(super) async fn with_template(
    fingerprint: &str,
    migrations: &'static [Migration],
) -> Option<(Arc<Server>, String)> {
    static STATE: Mutex<Option<State>> = Mutex::const_new(None);
    let mut state = STATE.lock().await;
    let state = state.get_or_insert_default();
    if state.server.is_none() && !state.missing {
        state.server = find_or_start().await.map(Arc::new);
        state.missing = state.server.is_none();
    }
    let server = state.server.clone()?;
    let template = format!("template_{fingerprint}");
    if state.templates.insert(template.clone()) {
        server.make_template(&template, migrations).await;
    }
    Some((server, template))
}

async fn find_or_start() -> Option<Server> {
    let folder = folder();
    let used = lock_file(&folder, "use.lock");
    used.lock_shared().expect("a lock on a file of our own");
    let given = setting("MIMEO_TEST_POSTGRES");
    if let Some(address) = given {
        return Some(Server {
            address,
            _used: used,
            folder,
            ours: false,
        });
    }
    let Some(binaries) = binaries() else {
        let text = "POSTGRES MISSING: no initdb in PATH or /usr/lib/postgresql, so PostgreSQL is not tested";
        assert!(setting("CI").as_deref() != Some("true"), "{text}");
        eprintln!("{text}");
        return None;
    };
    let cluster = folder.join("cluster");
    let address = format!(
        "postgres:///postgres?user=postgres&host={}",
        cluster.display()
    );
    let server = Server {
        address,
        _used: used,
        folder,
        ours: true,
    };
    let _starting = server.alone();
    if !server.answers().await {
        start(&binaries, &cluster, &server.folder.join("use.lock"));
        server.wait().await;
    }
    server.drop_orphans().await;
    Some(server)
}

impl Server {
    /// The address of one of its databases.
    pub(super) fn url(&self, database: &str) -> String {
        let (before, query) = self.address.split_once('?').unwrap_or((&self.address, ""));
        let host = before.find("://").map_or(0, |scheme| scheme + "://".len());
        let end = before[host..]
            .find('/')
            .map_or(before.len(), |slash| host + slash);
        format!("{}/{database}?{query}", &before[..end])
    }

    pub(super) async fn administer(&self, statements: &[&str]) -> Vec<String> {
        postgres::administer(&self.address, statements)
            .await
            .expect("the test server obeys")
    }

    async fn make_template(&self, template: &str, migrations: &'static [Migration]) {
        let _making = self.alone();
        let found = format!("SELECT 1 FROM pg_database WHERE datname = '{template}'");
        if !self.administer(&[&found]).await.is_empty() {
            return;
        }
        let remove = format!("DROP DATABASE IF EXISTS {template}_draft WITH (FORCE)");
        let create = format!(
            "CREATE DATABASE {template}_draft TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        );
        self.administer(&[&remove, &create]).await;
        let location = Location::Postgres(self.url(&format!("{template}_draft")));
        let options = Options {
            migrations,
            pool_size: 1,
            ..Options::default()
        };
        let store = Store::open(&location, options)
            .await
            .expect("the migrations apply");
        store.close().await;
        drop(store);
        // A database that somebody is connected to has no other name given, and the pool closes in its own time.
        let part = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}_draft'"
        );
        let rename = format!("ALTER DATABASE {template}_draft RENAME TO {template}");
        self.administer(&[&part, &rename]).await;
    }

    /// Removes the databases of test processes that have ended.
    async fn drop_orphans(&self) {
        if !self.ours || !Path::new("/proc/self").exists() {
            return;
        }
        let databases = self
            .administer(&["SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'"])
            .await;
        for name in databases {
            let process = name.split('_').nth(1).unwrap_or_default();
            if !Path::new("/proc").join(process).exists() {
                self.administer(&[&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")])
                    .await;
            }
        }
    }

    /// Keeps other test processes out while the answer lives.
    fn alone(&self) -> File {
        let file = lock_file(&self.folder, "start.lock");
        file.lock().expect("a lock on a file of our own");
        file
    }

    async fn answers(&self) -> bool {
        postgres::administer(&self.address, &["SELECT 1"])
            .await
            .is_ok()
    }

    async fn wait(&self) {
        for _ in 0..LOOKS_MAX {
            if self.answers().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = fs::read_to_string(self.folder.join("cluster/log")).unwrap_or_default();
        panic!("PostgreSQL does not start: {log}");
    }
}

fn start(binaries: &Path, cluster: &Path, used: &Path) {
    if cluster.exists() {
        fs::remove_dir_all(cluster).expect("a folder of our own");
    }
    fs::create_dir_all(cluster).expect("a folder in our own");
    let mut initdb = Command::new(binaries.join("initdb"));
    initdb.args([
        "--locale=C",
        "--encoding=UTF8",
        "--username=postgres",
        "--auth=trust",
        "--no-sync",
        "-D",
    ]);
    initdb.arg(cluster.join("data"));
    let mut watcher = Command::new("sh");
    watcher
        .args(["-c", WATCH, "sh"])
        .args([binaries, cluster, used])
        .process_group(0);
    if let Some((user, group)) = server_user(cluster) {
        chown(cluster, Some(user), Some(group)).expect("root may give a folder away");
        initdb.uid(user).gid(group);
        watcher.uid(user).gid(group);
    }
    let made = initdb.current_dir("/").output().expect("initdb runs");
    assert!(
        made.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    watcher
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // It outlives this process on purpose, so nobody waits for it.
    drop(watcher.spawn().expect("sh runs"));
}

/// PostgreSQL does not run as root, so root lets the user `postgres` do it.
pub(super) fn server_user(ours: &Path) -> Option<(u32, u32)> {
    let me = fs::metadata(ours).expect("a folder of our own").uid();
    if me != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("a list of users");
    let fields = users
        .lines()
        .find_map(|line| line.strip_prefix("postgres:"))
        .expect("a user postgres for root");
    let mut numbers = fields
        .split(':')
        .skip(1)
        .map_while(|field| field.parse().ok());
    numbers.next().zip(numbers.next())
}

pub(super) fn binaries() -> Option<PathBuf> {
    let path = setting("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&OsString::from(path)).collect();
    let version = |folder: &PathBuf| {
        folder
            .file_name()
            .and_then(|name| name.to_str()?.parse::<u32>().ok())
    };
    let mut installed: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    installed.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    folders.extend(installed.into_iter().map(|folder| folder.join("bin")));
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

fn folder() -> PathBuf {
    let probe = tempfile::tempfile()
        .and_then(|file| file.metadata())
        .expect("a temporary file");
    let folder = std::env::temp_dir().join(format!("mimeo-test-postgres-{}", probe.uid()));
    fs::create_dir_all(&folder).expect("a folder among the temporary ones");
    let owner = fs::metadata(&folder)
        .expect("a folder that was just made")
        .uid();
    assert_eq!(
        owner,
        probe.uid(),
        "{} belongs to somebody else",
        folder.display()
    );
    folder
}

fn lock_file(folder: &Path, name: &str) -> File {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    options
        .open(folder.join(name))
        .expect("a lock file in a folder of our own")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test harness has no configuration to ask"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
