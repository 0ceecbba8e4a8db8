//! The façade's promises, kept on every engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mimeo_store::testing::stores_with;
use mimeo_store::{Dialect, Migration, Options, Row, Store, StoreError, Tx, Value, Work, params};

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "note",
    beside: 1,
    sql: "CREATE TABLE note (id TEXT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL, body TEXT);
          CREATE INDEX note_by_amount ON note (amount);",
}];

const INSERT: &str = "INSERT INTO note (id, amount, body) VALUES (?1, ?2, ?3)";
const AMOUNT: &str = "SELECT amount FROM note WHERE id = ?1";
const RAISE: &str = "UPDATE note SET amount = ?2 WHERE id = ?1";
const COUNT: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM note";

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Refused,
    Store(StoreError),
}

impl From<StoreError> for Answer {
    fn from(error: StoreError) -> Self {
        Answer::Store(error)
    }
}

/// Inserts a note, and then does what its name says.
#[derive(Clone)]
enum Put {
    Only(String),
    ThenRefuse(String),
    ThenPanic(String),
    ThenWait(String),
    OrRefuse(String),
    AndForgiveFailure(String),
}

impl Work for Put {
    type Output = ();
    type Error = Answer;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Answer> {
        match self {
            Put::Only(id) => insert(tx, id).await?,
            Put::ThenRefuse(id) => {
                insert(tx, id).await?;
                return Err(Answer::Refused);
            }
            Put::ThenPanic(id) => {
                insert(tx, id).await?;
                panic!("as the test wants it");
            }
            Put::ThenWait(id) => {
                insert(tx, id).await?;
                std::future::pending::<()>().await;
            }
            Put::OrRefuse(id) => match insert(tx, id).await {
                Err(StoreError::Duplicate) => return Err(Answer::Refused),
                other => other?,
            },
            Put::AndForgiveFailure(id) => drop(insert(tx, id).await),
        }
        Ok(())
    }
}

async fn insert(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute(INSERT, params![id, 0, None::<&str>])
        .await
        .map(drop)
}

struct Count;

impl Work for Count {
    type Output = i64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<i64, StoreError> {
        tx.query_one(COUNT, &[], |row| row.int(0))
            .await
            .map(Option::unwrap_or_default)
    }
}

/// Reads an amount and writes it back raised by one, as two statements.
struct Raise {
    runs: Arc<AtomicU32>,
}

impl Work for Raise {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let amount = tx
            .query_one(AMOUNT, params!["a"], |row| row.int(0))
            .await?
            .expect("a note");
        tx.execute(RAISE, params!["a", amount + 1]).await.map(drop)
    }
}

struct Amount;

impl Work for Amount {
    type Output = i64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<i64, StoreError> {
        Ok(tx
            .query_one(AMOUNT, params!["a"], |row| row.int(0))
            .await?
            .expect("a note"))
    }
}

/// Any statement with texts for its parameters.
struct Select<T> {
    sql: &'static str,
    texts: Vec<&'static str>,
    read: fn(&Row<'_>) -> T,
}

impl<T: Send + 'static> Work for Select<T> {
    type Output = Vec<T>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<T>, StoreError> {
        let params: Vec<Value<'_>> = self.texts.iter().map(|text| Value::Text(text)).collect();
        tx.query(self.sql, &params, self.read).await
    }
}

struct Now;

impl Work for Now {
    type Output = i64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<i64, StoreError> {
        tx.now().await
    }
}

async fn stores() -> Vec<(&'static str, Store)> {
    stores_with(Options {
        migrations: MIGRATIONS,
        pool_size: 6,
        ..Options::default()
    })
    .await
}

fn put(id: &str) -> Put {
    Put::Only(id.to_owned())
}

#[tokio::test]
async fn a_commit_is_visible_to_reads_and_scans() {
    for (engine, store) in stores().await {
        let writer = store.clone();
        let written = tokio::spawn(async move { writer.write(put("a")).await }).await;
        assert_eq!(written.expect("no panic"), Ok(()), "{engine}");
        assert_eq!(store.read(Count).await, Ok(1), "{engine}");
        assert_eq!(store.scan(Count).await, Ok(1), "{engine}");
        assert_eq!(store.ping().await, Ok(()), "{engine}");
    }
}

#[tokio::test]
async fn an_error_rolls_back_its_own_work_only() {
    for (engine, store) in stores().await {
        let works = [
            put("a"),
            Put::ThenRefuse("b".into()),
            put("c"),
            Put::ThenRefuse("c2".into()),
        ];
        let tasks: Vec<_> = works.map(|work| spawn_write(&store, work)).into();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.expect("no panic"));
        }
        assert_eq!(
            answers,
            [Ok(()), Err(Answer::Refused), Ok(()), Err(Answer::Refused)],
            "{engine}"
        );
        assert_eq!(store.read(Count).await, Ok(2), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_writers_at_once_all_count() {
    for (engine, store) in stores().await {
        let tasks: Vec<_> = (0..64)
            .map(|writer| {
                let store = store.clone();
                tokio::spawn(async move {
                    for turn in 0..10 {
                        store
                            .write(put(&format!("{writer}-{turn}")))
                            .await
                            .expect("a new note");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_eq!(store.read(Count).await, Ok(640), "{engine}");
        let gauges = store.gauges();
        if store.dialect() == Dialect::Sqlite {
            assert_eq!(gauges.write_queue, 0, "{engine}");
            assert!(
                gauges.batched_writes >= 640 && gauges.batches < gauges.batched_writes,
                "{engine}: {gauges:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_duplicate_may_be_turned_into_a_refusal() {
    for (engine, store) in stores().await {
        assert_eq!(store.write(put("a")).await, Ok(()), "{engine}");
        assert_eq!(
            store.write(put("a")).await,
            Err(Answer::Store(StoreError::Duplicate)),
            "{engine}"
        );
        assert_eq!(
            store.write(Put::OrRefuse("a".into())).await,
            Err(Answer::Refused),
            "{engine}"
        );
        assert_eq!(store.write(put("b")).await, Ok(()), "{engine}");
    }
}

#[tokio::test]
async fn work_that_goes_on_after_a_failed_statement_is_not_committed() {
    for (engine, store) in stores().await {
        store.write(put("a")).await.expect("a new note");
        let answer = store.write(Put::AndForgiveFailure("a".into())).await;
        assert!(
            matches!(answer, Err(Answer::Store(StoreError::Broken(_)))),
            "{engine}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_harms_no_neighbour() {
    for (engine, store) in stores().await {
        let works = [put("a"), Put::ThenPanic("b".into()), put("c")];
        let [before, panicked, after] = works.map(|work| spawn_write(&store, work));
        assert_eq!(before.await.expect("no panic"), Ok(()), "{engine}");
        assert_eq!(after.await.expect("no panic"), Ok(()), "{engine}");
        let answer = panicked.await.expect("the panic is caught");
        assert!(
            matches!(answer, Err(Answer::Store(StoreError::Broken(_)))),
            "{engine}: {answer:?}"
        );
        assert_eq!(store.read(Count).await, Ok(2), "{engine}");
        let read = store.read(Put::ThenPanic("d".into())).await;
        assert!(read.is_err(), "{engine}");
        assert_eq!(store.read(Count).await, Ok(2), "{engine}");
    }
}

#[tokio::test]
async fn work_that_waits_for_anything_else_is_a_bug_on_sqlite() {
    for (engine, store) in stores().await {
        if store.dialect() == Dialect::Sqlite {
            let answer = store.write(Put::ThenWait("a".into())).await;
            assert!(
                matches!(answer, Err(Answer::Store(StoreError::Broken(_)))),
                "{engine}: {answer:?}"
            );
            assert_eq!(store.read(Count).await, Ok(0), "{engine}");
        }
    }
}

#[tokio::test]
async fn reads_and_scans_cannot_write() {
    for (engine, store) in stores().await {
        for answer in [store.read(put("a")).await, store.scan(put("a")).await] {
            assert!(
                matches!(answer, Err(Answer::Store(StoreError::Broken(_)))),
                "{engine}: {answer:?}"
            );
        }
        assert_eq!(store.write(put("a")).await, Ok(()), "{engine}");
        assert_eq!(store.read(Count).await, Ok(1), "{engine}");
    }
}

/// Counts twice, with a pause between for somebody else's commit.
struct CountTwice {
    first_done: std::sync::mpsc::Sender<()>,
    go_on: std::sync::mpsc::Receiver<()>,
}

impl Work for CountTwice {
    type Output = (i64, i64);
    type Error = StoreError;

    fn run(
        &mut self,
        tx: &mut Tx<'_>,
    ) -> impl Future<Output = Result<(i64, i64), StoreError>> + Send {
        let CountTwice { first_done, go_on } = self;
        let first_done = first_done.clone();
        async move {
            let before = Count.run(tx).await?;
            first_done.send(()).expect("the test listens");
            // The runtime must go on meanwhile: it drives PostgreSQL's connections.
            tokio::task::block_in_place(|| go_on.recv()).expect("the test speaks");
            Ok((before, Count.run(tx).await?))
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_sees_one_snapshot() {
    for (engine, store) in stores().await {
        if engine == "SQLite memory" {
            continue; // Its reads take turns with its writes.
        }
        let (first_done, seen) = std::sync::mpsc::channel();
        let (speak, go_on) = std::sync::mpsc::channel();
        let reader = store.clone();
        let read = tokio::spawn(async move { reader.read(CountTwice { first_done, go_on }).await });
        tokio::task::spawn_blocking(move || seen.recv())
            .await
            .expect("no panic")
            .expect("a first count");
        store.write(put("a")).await.expect("a new note");
        speak.send(()).expect("the reader listens");
        assert_eq!(read.await.expect("no panic"), Ok((0, 0)), "{engine}");
        assert_eq!(store.read(Count).await, Ok(1), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_counters_that_read_and_write_lose_no_step() {
    for (engine, store) in stores().await {
        store.write(put("a")).await.expect("a new note");
        let runs = Arc::new(AtomicU32::new(0));
        let counters = [(); 2].map(|()| {
            let (store, runs) = (store.clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                for _ in 0..100 {
                    store
                        .write(Raise {
                            runs: Arc::clone(&runs),
                        })
                        .await
                        .expect("a step");
                }
            })
        });
        for counter in counters {
            counter.await.expect("no panic");
        }
        assert_eq!(store.read(Amount).await, Ok(200), "{engine}");
        let retries = u64::from(runs.load(Ordering::Relaxed)) - 200;
        assert_eq!(retries, store.gauges().conflicts, "{engine}");
    }
}

#[tokio::test]
async fn rows_say_what_they_hold_and_never_panic() {
    for (engine, store) in stores().await {
        store.write(put("a")).await.expect("a new note");
        let values = store.read(Select {
            sql: "SELECT id, amount, body, 7, amount = 0 FROM note WHERE body IS NULL OR body = ?1",
            texts: vec!["b"],
            read: |row| {
                (
                    row.text(0),
                    row.maybe_text(2),
                    row.int(3),
                    row.int(4),
                    row.maybe_int(1),
                )
            },
        });
        assert_eq!(
            values.await,
            Ok(vec![("a".to_owned(), None, 7, 1, Some(0))]),
            "{engine}"
        );

        let readers: [fn(&Row<'_>) -> String; 4] = [
            |row| row.text(1),
            |row| row.int(0).to_string(),
            |row| row.text(2),
            |row| row.maybe_text(9).unwrap_or_default(),
        ];
        for read in readers {
            let sql = "SELECT id, amount, body FROM note";
            let wrong = store
                .read(Select {
                    sql,
                    texts: vec![],
                    read,
                })
                .await;
            assert!(
                matches!(wrong, Err(StoreError::Broken(_))),
                "{engine}: {wrong:?}"
            );
        }
    }
}

#[tokio::test]
async fn wrong_parameters_are_answered_and_never_panic() {
    for (engine, store) in stores().await {
        let statements = [
            "SELECT amount FROM note",
            "SELECT amount FROM note WHERE id = ?1 AND body = ?2",
            "SELEC amount FROM note WHERE id = ?1",
        ];
        for sql in statements {
            let answer = store
                .read(Select {
                    sql,
                    texts: vec!["a"],
                    read: |row| row.int(0),
                })
                .await;
            assert!(
                matches!(answer, Err(StoreError::Broken(_))),
                "{engine}: {answer:?}"
            );
        }
        let nul = store.write(put("a\0b")).await;
        assert!(
            matches!(nul, Err(Answer::Store(StoreError::Broken(_)))),
            "{engine}: {nul:?}"
        );
    }
}

#[tokio::test]
async fn the_database_tells_the_time_in_milliseconds() {
    const NOVEMBER_2023: i64 = 1_700_000_000_000;
    for (engine, store) in stores().await {
        let now = store.read(Now).await.expect("a clock");
        assert!(
            now > NOVEMBER_2023 && now < 10 * NOVEMBER_2023,
            "{engine}: {now}"
        );
    }
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    for (engine, store) in stores().await {
        store.write(put("a")).await.expect("a new note");
        store.close().await;
        store.close().await;
        let gone = StoreError::Unavailable;
        assert_eq!(
            store.write(put("b")).await,
            Err(Answer::Store(gone.clone())),
            "{engine}"
        );
        assert_eq!(store.read(Count).await, Err(gone.clone()), "{engine}");
        assert_eq!(store.scan(Count).await, Err(gone), "{engine}");
    }
}

fn spawn_write(store: &Store, work: Put) -> tokio::task::JoinHandle<Result<(), Answer>> {
    let store = store.clone();
    tokio::spawn(async move { store.write(work).await })
}
