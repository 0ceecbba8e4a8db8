//! One `mimeo serve`, its death and its next life.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

pub(crate) struct Node {
    data: String,
    folder: PathBuf,
    child: Child,
    /// Where it listens; another one in each life.
    port: Arc<AtomicU16>,
}

impl Node {
    /// Starts on this data, with its templates in the folder.
    pub(crate) fn start(data: &str, folder: &Path) -> Self {
        let (child, port) = spawn(data, folder);
        Self {
            data: data.to_owned(),
            folder: folder.to_owned(),
            child,
            port: Arc::new(AtomicU16::new(port)),
        }
    }

    pub(crate) fn port(&self) -> Arc<AtomicU16> {
        Arc::clone(&self.port)
    }

    /// SIGKILL: the process gets to do nothing more.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        let (child, port) = spawn(&self.data, &self.folder);
        self.child = child;
        self.port.store(port, Ordering::SeqCst);
    }
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

fn spawn(data: &str, folder: &Path) -> (Child, u16) {
    let mut child = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(folder)
        .env("MIMEO_DATA", data)
        .env("MIMEO_TEMPLATES_FOLDER", folder.join("templates"))
        .env("MIMEO_LOG_LEVEL", "error")
        .env("MIMEO_QUOTAS_PRODUCTS", "1000000")
        .env("MIMEO_QUOTAS_ARTIFACTS_PER_PRODUCT", "1000000")
        .env("MIMEO_QUOTAS_COPIES_UNDER_WAY", "1000000")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().expect("the server starts").unwrap();
    let (url, _mode, ready) = (line(), line(), line());
    assert_eq!(ready, "Ready.");
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    (child, port)
}
