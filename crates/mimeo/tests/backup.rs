//! Backup, restore and check with the real binary. The loop of backups while copies run is a campaign:
//! `cargo xtask prove backup`.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const SEED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/examples/world.yaml"
);

/// A server at work on a catalogue with two products and a copy.
struct Stage {
    folder: TempDir,
    server: Child,
}

impl Stage {
    fn set() -> Self {
        let folder = TempDir::new().unwrap();
        let mut server = command(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--seed", SEED])
            .env("MIMEO_LOG_LEVEL", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let ready = lines.nth(2).unwrap().unwrap();
        assert_eq!(ready, "Ready.");
        Self { folder, server }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The server is killed, and cannot put anything in order.
    fn dies(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Where backups go, with one in it.
    fn backup(&self) -> PathBuf {
        let to = self.path().join("backups");
        done(&mimeo(
            self.path(),
            &["backup", "--to", to.to_str().unwrap()],
        ));
        to
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mimeo"));
    command
        .current_dir(folder)
        .env("MIMEO_DATA", folder.join("data"));
    command
}

fn mimeo(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

/// What it printed, if it did its work.
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Why it did not.
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn check(folder: &Path) -> Value {
    serde_json::from_str(&done(&mimeo(folder, &["check", "--json"]))).unwrap()
}

/// The finished backups in a folder, oldest first.
fn backups(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut found: Vec<_> = entries
        .filter(|path| path.join("manifest.json").exists())
        .collect();
    found.sort();
    found
}

/// Restores into a new folder: what came of it, and whether a database is there.
fn restore(from: &Path) -> (Output, TempDir, bool) {
    let folder = TempDir::new().unwrap();
    let output = mimeo(
        folder.path(),
        &["restore", "--from", from.to_str().unwrap()],
    );
    let there = folder.path().join("data/mimeo.db").exists();
    (output, folder, there)
}

/// How many templates a line of ours speaks of.
fn templates(told: &str) -> u32 {
    let (_, count) = told.split_once(" templates ").unwrap();
    let digits = count.split(|c: char| !c.is_ascii_digit()).next();
    digits.unwrap().parse().unwrap()
}

#[test]
fn a_template_that_many_versions_have_is_restored_once() {
    let stage = Stage::set();
    let to = stage.path().join("backups");
    let saved = mimeo(stage.path(), &["backup", "--to", to.to_str().unwrap()]);
    let (restored, _folder, _) = restore(&to);
    assert_eq!(templates(&done(&restored)), templates(&done(&saved)));
}

/// All files below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn a_restored_catalogue_is_the_one_that_was_saved() {
    let stage = Stage::set();
    let to = stage.backup();
    let (output, folder, there) = restore(&to);
    done(&output);
    assert!(there);
    let restored = check(folder.path());
    assert_eq!(restored, check(stage.path()));
    assert_eq!(restored["products"], 2);
    // A second one finds every body there already.
    let told = done(&mimeo(
        stage.path(),
        &["backup", "--to", to.to_str().unwrap()],
    ));
    assert!(told.contains("of these new 0."), "{told}");
    assert_eq!(backups(&to).len(), 2);
    let databases = [&folder, &stage.folder].map(|it| it.path().join("data/mimeo.db"));
    for file in walk(&to).into_iter().chain(databases) {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is for its owner only", file.display());
    }
}

#[test]
fn a_damaged_backup_is_refused_in_clear_words() {
    let stage = Stage::set();
    let to = stage.backup();
    let backup = backups(&to).remove(0);
    let refuses = |file: &Path, text: &str| {
        let whole = fs::read(file).unwrap();
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        fs::write(file, &damaged).unwrap();
        let (output, _, there) = restore(&to);
        let told = refused(&output);
        assert!(told.contains(text), "{told}");
        assert!(!there, "nothing is restored");
        fs::write(file, &whole).unwrap();
    };
    refuses(&backup.join("mimeo.db"), "mimeo.db is damaged: it has");
    refuses(&walk(&to.join("templates")).remove(0), "corrupt");
    let manifest = backup.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"form\": 1", "\"form\": 9")).unwrap();
    let told = refused(&restore(&to).0);
    assert!(told.contains("it has form 9"), "{told}");
    fs::remove_file(&manifest).unwrap();
    let told = refused(&restore(&to).0);
    assert!(told.contains("there is no manifest in it"), "{told}");
}

#[test]
fn a_restore_goes_over_nothing() {
    let mut stage = Stage::set();
    let to = stage.backup();
    let before = check(stage.path());
    let arguments = ["restore", "--from", to.to_str().unwrap()];
    let told = refused(&mimeo(stage.path(), &arguments));
    assert!(told.contains("mimeo.db is in use by mimeo"), "{told}");
    stage.dies();
    let told = refused(&mimeo(stage.path(), &arguments));
    assert!(
        told.contains("there already: ") && told.contains("mimeo.db,"),
        "{told}"
    );
    assert_eq!(check(stage.path()), before);
}

#[test]
fn a_log_that_a_killed_server_left_is_not_taken_for_the_restored_databases() {
    let mut stage = Stage::set();
    let to = stage.backup();
    let before = check(stage.path());
    stage.dies();
    let data = stage.path().join("data");
    assert!(fs::metadata(data.join("mimeo.db-wal")).unwrap().len() > 0);
    fs::rename(data.join("mimeo.db"), data.join("mimeo.db.broken")).unwrap();
    let arguments = ["restore", "--from", to.to_str().unwrap()];
    let told = refused(&mimeo(stage.path(), &arguments));
    for named in [
        "data/mimeo.db-wal",
        "data/mimeo.db-shm",
        "move mimeo.db away",
    ] {
        assert!(told.contains(named), "{told}");
    }
    assert!(!data.join("mimeo.db").exists(), "nothing is restored");
    for part in ["-wal", "-shm"] {
        let (from, to) = (format!("mimeo.db{part}"), format!("mimeo.db.broken{part}"));
        fs::rename(data.join(from), data.join(to)).unwrap();
    }
    done(&mimeo(stage.path(), &arguments));
    assert_eq!(check(stage.path()), before);
}

/// Its files are moved away below it.
#[test]
fn nothing_is_restored_below_a_server_that_works() {
    let stage = Stage::set();
    let to = stage.backup();
    let data = stage.path().join("data");
    for part in ["", "-wal", "-shm"] {
        let (from, to) = (format!("mimeo.db{part}"), format!("broken.db{part}"));
        fs::rename(data.join(from), data.join(to)).unwrap();
    }
    let output = mimeo(stage.path(), &["restore", "--from", to.to_str().unwrap()]);
    let told = refused(&output);
    assert!(
        told.contains("mimeo.db is in use by mimeo (process"),
        "{told}"
    );
    assert!(!data.join("mimeo.db").exists());
}

/// The test holds the place as a restore does.
#[test]
fn a_server_that_comes_during_a_restore_goes_and_makes_nothing() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let database = data.join("mimeo.db");
    let held = mimeo_store::Held::take(&database, "restore").unwrap();
    let told = refused(&mimeo(folder.path(), &["serve", "--listen", "127.0.0.1:0"]));
    assert!(
        told.contains("is in use by") && told.contains("restore)"),
        "{told}"
    );
    assert!(!database.exists(), "it would be in the restore's way");
    drop(held);
    let lock = fs::read_to_string(data.join("mimeo.db.lock")).unwrap();
    assert_eq!(lock, "", "nobody holds it");
}

#[test]
fn what_is_wrong_is_told_with_an_exit_code_and_not_saved_over() {
    let stage = Stage::set();
    assert_eq!(check(stage.path())["findings_count"], 0);
    fs::remove_file(walk(&stage.path().join("data/templates")).remove(0)).unwrap();
    let output = mimeo(stage.path(), &["check"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("V2: ") && told.contains("is not on the shelf"),
        "{told}"
    );
    assert!(refused(&output).contains("wrong: "));
    let to = stage.path().join("backups");
    let output = mimeo(stage.path(), &["backup", "--to", to.to_str().unwrap()]);
    assert!(refused(&output).contains("is not on its shelf"));
    assert_eq!(backups(&to), Vec::<PathBuf>::new());
}

/// The disk is a file system of this size, in a namespace that only the command is in.
#[test]
fn a_disk_that_fills_up_leaves_no_half_backup() {
    const SCRIPT: &str = "mount -t tmpfs -o size=200k small \"$1\" || exit 77; \
         \"$2\" backup --to \"$1\"; echo \"code $?\"; ls -A \"$1\"";
    let stage = Stage::set();
    let to = stage.path().join("small");
    fs::create_dir(&to).unwrap();
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            SCRIPT,
            "sh",
        ])
        .arg(&to)
        .arg(env!("CARGO_BIN_EXE_mimeo"))
        .env("MIMEO_DATA", stage.path().join("data"))
        .output();
    let output = match output {
        Ok(output) if !output.stdout.is_empty() => output,
        other => {
            println!("SKIPPED: no small disk can be mounted here: {other:?}");
            return;
        }
    };
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(told.trim(), "code 1", "nothing is left: {output:?}");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("the database's disk is full"), "{error}");
}
