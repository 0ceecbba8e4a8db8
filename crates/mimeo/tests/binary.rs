//! The binary as an operator sees it: what it prints, how it stops, how it refuses.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

struct Served {
    child: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

fn mimeo(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mimeo"));
    command
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Starts a server and reads the three lines that it prints.
fn serve(command: &mut Command) -> Served {
    let mut child = command.args(["--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    };
    let (url, mode, ready) = (line(), line(), line());
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert!(mode.starts_with("Open mode"), "{mode}");
    assert_eq!(ready, "Ready.");
    Served { child, output, url }
}

impl Served {
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the end; gives the exit code and what was printed after `Ready.`
    fn wait(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (status.code(), rest)
    }
}

#[test]
fn without_arguments_it_serves_and_a_signal_ends_it_well() {
    for (arguments, signal) in [(&["--data", "here"][..], "TERM"), (&["serve"], "INT")] {
        let folder = TempDir::new().unwrap();
        let mut command = mimeo(&folder);
        // `serve` comes first, then the flags that the helper adds.
        let served = serve(command.args(arguments));
        #[expect(clippy::disallowed_methods, reason = "the drain has a time limit")]
        let started = Instant::now();
        served.signal(signal);
        assert_eq!(served.wait(), (Some(0), String::new()));
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_second_server_on_the_same_data_says_who_has_it() {
    let folder = TempDir::new().unwrap();
    let first = serve(&mut mimeo(&folder));
    let second = mimeo(&folder)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(
        told.starts_with("mimeo: mimeo-data/mimeo.db is in use by "),
        "{told}"
    );
    assert!(told.contains(&first.url), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert_eq!(told.matches("process").count(), 1, "{told}");
    first.signal("TERM");
    assert_eq!(first.wait().0, Some(0));
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_in_plain_words() {
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("mimeo.toml"),
        "colour = 1\nlog = \"loud\"\n",
    )
    .unwrap();
    let refused = mimeo(&folder).env("MIMEO_LISTEN", "here").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    for part in [
        "MIMEO_LISTEN: \"here\"",
        "`colour`",
        "mimeo.toml: log: \"loud\"",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let open = mimeo(&folder)
        .args(["--config", "/dev/null", "--listen", "0.0.0.0:0"])
        .output();
    let told = String::from_utf8(open.unwrap().stderr).unwrap();
    assert!(told.contains("--allow-open-network"), "{told}");
}
