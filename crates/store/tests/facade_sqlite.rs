//! What only SQLite promises: one server a file, groups that stand together, and a full disk that heals.

use std::path::Path;
use std::sync::mpsc;

use mimeo_store::{Location, Migration, OpenError, Options, Store, StoreError, Tx, Work, params};

const FIRST: Migration = Migration {
    version: 1,
    name: "note",
    beside: 1,
    sql: "CREATE TABLE note (id BIGINT NOT NULL PRIMARY KEY, body TEXT NOT NULL);",
};
const SECOND: Migration = Migration {
    version: 2,
    name: "mark",
    beside: 2,
    sql: "CREATE TABLE mark (id BIGINT PRIMARY KEY);",
};
/// The servers that know only the first may go on beside it.
const SECOND_BESIDE_FIRST: Migration = Migration {
    beside: 1,
    ..SECOND
};
/// Long enough to be killed in, and whole or not there at all.
const LONG: Migration = Migration {
    version: 2,
    name: "long",
    beside: 2,
    sql: "CREATE TABLE long (n BIGINT); \
          INSERT INTO long WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 3000000) SELECT n FROM number;",
};
const BAD: Migration = Migration {
    version: 2,
    name: "bad",
    beside: 2,
    sql: "CREATE TABLE mark (id BIGINT); CREATE TABLE note (x);",
};
const EDITED: Migration = Migration {
    version: 1,
    name: "note",
    beside: 1,
    sql: "CREATE TABLE note (id BIGINT);",
};

struct Put(i64, usize);

impl Work for Put {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO note (id, body) VALUES (?1, ?2)";
        tx.execute(sql, params![self.0, &"x".repeat(self.1)])
            .await
            .map(drop)
    }
}

struct Ids;

impl Work for Ids {
    type Output = Vec<i64>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<i64>, StoreError> {
        tx.query("SELECT id FROM note ORDER BY id", &[], |row| row.int(0))
            .await
    }
}

struct Clear;

impl Work for Clear {
    type Output = u64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        tx.execute("DELETE FROM note", &[]).await
    }
}

/// Holds the writer until the test lets go.
struct Stall(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Work for Stall {
    type Output = ();
    type Error = StoreError;

    fn run(&mut self, _: &mut Tx<'_>) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.0.send(()).expect("the test listens");
        self.1.recv().expect_err("the test lets go without a word");
        std::future::ready(Ok(()))
    }
}

async fn open(path: &Path, options: Options) -> Result<Store, OpenError> {
    Store::open(&Location::SqliteFile(path.to_owned()), options).await
}

fn schema(migrations: &'static [Migration]) -> Options {
    Options {
        migrations,
        ..Options::default()
    }
}

/// Occupies the writer; it goes on when the answer is dropped.
async fn stall(store: &Store) -> mpsc::Sender<()> {
    let (begun, has_begun) = mpsc::channel();
    let (let_go, wait) = mpsc::channel();
    let stalled = store.clone();
    tokio::spawn(async move { stalled.write(Stall(begun, wait)).await });
    tokio::task::spawn_blocking(move || has_begun.recv())
        .await
        .expect("no panic")
        .expect("the writer is at it");
    let_go
}

#[tokio::test]
async fn a_migration_that_finds_no_room_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        page_count_max: Some(3),
        ..schema(&[FIRST])
    };
    let refusal = open(&folder.path().join("store.db"), options)
        .await
        .expect_err("three pages hold no schema")
        .to_string();
    assert!(
        refusal.ends_with("the database's disk is full"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_second_server_is_told_who_holds_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let first = open(&path, schema(&[FIRST])).await.expect("opens");
    first.announce("http://127.0.0.1:4566");
    let refusal = open(&path, schema(&[FIRST]))
        .await
        .expect_err("the file is taken")
        .to_string();
    let holder = format!(
        "is in use by mimeo (process {}, http://127.0.0.1:4566)",
        std::process::id()
    );
    assert!(refusal.ends_with(&holder), "{refusal}");
    first.close().await;
    open(&path, schema(&[FIRST]))
        .await
        .expect("a closed file is free");
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, schema(&[FIRST])).await.expect("opens");
    store.write(Put(1, 10)).await.expect("a note");
    // As a kill leaves it: the log is not checkpointed and nothing is closed.
    let copy = folder.path().join("copy.db");
    for end in ["", "-wal"] {
        let with = |path: &Path| format!("{}{end}", path.display());
        std::fs::copy(with(&path), with(&copy)).expect("a copy");
    }
    let copied = open(&copy, schema(&[FIRST])).await.expect("opens");
    assert_eq!(copied.read(Ids).await, Ok(vec![1]));
    store.close().await;
    assert_eq!(
        std::fs::metadata(folder.path().join("store.db-wal")).map_or(0, |log| log.len()),
        0
    );
    let again = open(&path, schema(&[FIRST])).await.expect("opens");
    assert_eq!(again.read(Ids).await, Ok(vec![1]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_overload_and_what_was_accepted_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        write_queue_max: 4,
        ..schema(&[FIRST])
    };
    let store = open(&folder.path().join("store.db"), options)
        .await
        .expect("opens");
    let let_go = stall(&store).await;
    let mut accepted = Vec::new();
    for id in 0..4 {
        // Polled once, so that it stands in the queue before the next.
        let mut write = Box::pin({
            let store = store.clone();
            async move { store.write(Put(id, 10)).await }
        });
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(write.as_mut().poll(cx).is_pending()))
                .await
        );
        accepted.push(write);
    }
    assert_eq!(store.gauges().write_queue, 4);
    assert_eq!(store.write(Put(9, 10)).await, Err(StoreError::Overloaded));
    // A caller that goes away takes nothing with it.
    accepted.truncate(2);
    drop(let_go);
    for write in accepted {
        assert_eq!(write.await, Ok(()));
    }
    store.write(Put(4, 10)).await.expect("there is room again");
    assert_eq!(store.read(Ids).await, Ok(vec![0, 1, 2, 3, 4]));
    assert!(store.gauges().largest_batch >= 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_undoes_its_own_work_and_heals() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        page_count_max: Some(40),
        ..schema(&[FIRST])
    };
    let store = open(&folder.path().join("store.db"), options)
        .await
        .expect("opens");
    let let_go = stall(&store).await;
    let sizes = [10, 1_000_000, 10, 1_000_000, 10];
    let writes: Vec<_> = (0_i64..)
        .zip(sizes)
        .map(|(id, size)| {
            let store = store.clone();
            tokio::spawn(async move { store.write(Put(id, size)).await })
        })
        .collect();
    while store.gauges().write_queue < sizes.len() {
        tokio::task::yield_now().await;
    }
    drop(let_go);
    let mut kept = Vec::new();
    for (id, write) in (0_i64..).zip(writes) {
        match write.await.expect("no panic") {
            Ok(()) => kept.push(id),
            Err(error) => assert_eq!(error, StoreError::Full, "{id}"),
        }
    }
    // SQLite may undo the whole batch or the failing job; what it answered is what is there.
    assert!(!kept.contains(&1) && !kept.contains(&3));
    assert_eq!(store.read(Ids).await, Ok(kept));
    store.write(Clear).await.expect("deleting needs no room");
    store
        .write(Put(7, 100_000))
        .await
        .expect("there is room again");
    assert_eq!(store.read(Ids).await, Ok(vec![7]));
}

#[tokio::test]
async fn migrations_go_forward_only_and_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    open(&path, schema(&[FIRST]))
        .await
        .expect("opens")
        .close()
        .await;

    let bad = open(&path, schema(&[FIRST, BAD]))
        .await
        .expect_err("note is there already");
    assert!(
        matches!(bad, OpenError::Migration { version: 2, .. }),
        "{bad}"
    );
    retry_open(&path, &[FIRST, SECOND])
        .await
        .expect("the bad one left nothing behind")
        .close()
        .await;

    let newer = retry_open(&path, &[FIRST])
        .await
        .expect_err("two is unknown");
    assert!(
        matches!(newer, OpenError::NewerSchema { found: 2, known: 1 }),
        "{newer}"
    );
    let edited = retry_open(&path, &[EDITED, SECOND])
        .await
        .expect_err("one was edited");
    assert!(
        matches!(edited, OpenError::ChangedMigration { version: 1, .. }),
        "{edited}"
    );
    retry_open(&path, &[FIRST, SECOND])
        .await
        .expect("nothing was changed");
}

#[tokio::test]
async fn an_older_server_runs_beside_a_newer_schema_that_allows_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let newer = open(&path, schema(&[FIRST, SECOND_BESIDE_FIRST])).await;
    newer.expect("opens").close().await;
    let older = retry_open(&path, &[FIRST])
        .await
        .expect("it may start again");
    older.write(Put(1, 1)).await.expect("it works");
    older.close().await;
    retry_open(&path, &[FIRST, SECOND_BESIDE_FIRST])
        .await
        .expect("the schema is as it was");
}

/// Not a test of its own: the process that the next one kills in the middle of a migration.
#[tokio::test]
async fn a_process_that_migrates_at_length() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test tells its own process what to do"
    )]
    let Ok(path) = std::env::var("MIMEO_TEST_MIGRATES") else {
        return;
    };
    println!("migrating");
    drop(open(Path::new(&path), schema(&[FIRST, LONG])).await);
    println!("migrated");
}

#[tokio::test]
async fn a_migration_that_is_killed_half_way_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, schema(&[FIRST])).await.expect("opens");
    store.write(Put(1, 1)).await.expect("there is room");
    store.close().await;
    drop(store);
    for pause in [20, 60, 120, 250] {
        let mut process = std::process::Command::new(std::env::current_exe().expect("this"))
            .args([
                "--exact",
                "a_process_that_migrates_at_length",
                "--nocapture",
            ])
            .env("MIMEO_TEST_MIGRATES", &path)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("this program runs");
        let said = process.stdout.take().expect("it was asked for");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(said));
        while lines
            .next()
            .is_some_and(|line| line.unwrap() != "migrating")
        {}
        std::thread::sleep(std::time::Duration::from_millis(pause));
        process.kill().expect("it lives");
        process.wait().expect("it is dead");
        let untouched = retry_open(&path, &[FIRST]).await;
        let store = untouched.expect("nothing of it is there");
        assert_eq!(store.read(Ids).await, Ok(vec![1]));
        store.close().await;
    }
    retry_open(&path, &[FIRST, LONG])
        .await
        .expect("it is made anew");
}

/// A store that failed to open gives its file back in its own time.
async fn retry_open(path: &Path, migrations: &'static [Migration]) -> Result<Store, OpenError> {
    loop {
        match open(path, schema(migrations)).await {
            Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
            other => return other,
        }
    }
}
