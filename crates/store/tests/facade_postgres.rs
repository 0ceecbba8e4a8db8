//! What only PostgreSQL needs: a database in byte order, nodes that start at once, and a server that goes away.

use std::time::Duration;

use mimeo_store::testing::{administer, postgres_url};
use mimeo_store::{Location, Migration, OpenError, Options, Store, StoreError, Tx, Work};
use tokio::time::Instant;

const NONE: &[Migration] = &[];
const SCHEMA: &[Migration] = &[
    Migration {
        version: 1,
        name: "note",
        beside: 1,
        sql: "CREATE TABLE note (id BIGINT NOT NULL PRIMARY KEY);",
    },
    Migration {
        version: 2,
        name: "seed",
        beside: 2,
        sql: "INSERT INTO note (id) VALUES (1);",
    },
];

/// Long enough for a busy machine, and far under any timeout that a broken build would wait for.
const QUICKLY: Duration = Duration::from_secs(5);

struct Count;

impl Work for Count {
    type Output = i64;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<i64, StoreError> {
        let count = tx
            .query_one("SELECT COUNT(*) FROM note", &[], |row| row.int(0))
            .await?;
        Ok(count.unwrap_or_default())
    }
}

fn schema(migrations: &'static [Migration]) -> Options {
    Options {
        migrations,
        pool_size: 2,
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_migrate_once() {
    let Some(url) = postgres_url(NONE).await else {
        return;
    };
    administer(&url, "DROP TABLE schema_version, schema_beside").await;
    let location = Location::Postgres(url);
    let nodes = [(); 6].map(|()| {
        let location = location.clone();
        tokio::spawn(async move { Store::open(&location, schema(SCHEMA)).await })
    });
    for node in nodes {
        let store = node.await.expect("no panic").expect("opens");
        assert_eq!(store.read(Count).await, Ok(1));
    }
}

/// Long enough to be killed in.
const LONG: &[Migration] = &[
    SCHEMA[0],
    Migration {
        version: 2,
        name: "long",
        beside: 1,
        sql: "CREATE TABLE long (n BIGINT); SELECT pg_sleep(3); INSERT INTO note (id) VALUES (1);",
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_killed_half_way_is_made_anew_and_older_servers_go_on() {
    let Some(url) = postgres_url(NONE).await else {
        return;
    };
    administer(&url, "DROP TABLE schema_version, schema_beside").await;
    let location = Location::Postgres(url.clone());
    let older = Store::open(&location, schema(&LONG[..1]))
        .await
        .expect("opens");
    for _ in 0..3 {
        let at = location.clone();
        let node = tokio::spawn(async move { Store::open(&at, schema(LONG)).await });
        let kill = "SELECT COUNT(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep(3)%'";
        while administer(&url, kill).await != ["1"] {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        node.await.expect("no panic").expect_err("it was killed");
        assert_eq!(older.read(Count).await, Ok(0), "nothing of it is there");
    }
    let nodes = [(); 3].map(|()| {
        let at = location.clone();
        tokio::spawn(async move { Store::open(&at, schema(LONG)).await })
    });
    for node in nodes {
        let store = node.await.expect("no panic").expect("opens");
        assert_eq!(store.read(Count).await, Ok(1), "once");
    }
    assert_eq!(older.read(Count).await, Ok(1), "it goes on");
    let again = Store::open(&location, schema(&LONG[..1])).await;
    assert!(again.is_ok(), "and starts again: {again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ring_wakes_the_other_nodes_and_not_the_own() {
    let Some(url) = postgres_url(NONE).await else {
        return;
    };
    let location = Location::Postgres(url.clone());
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let store = Store::open(&location, schema(NONE)).await.expect("opens");
        let mut wakes = store.wakes().expect("PostgreSQL has them");
        let (heard, rings) = std::sync::mpsc::channel();
        let listening = tokio::spawn(async move {
            loop {
                wakes.next().await;
                heard.send(()).expect("the test listens");
            }
        });
        let connected = tokio::task::block_in_place(|| rings.recv_timeout(QUICKLY));
        assert_eq!(connected, Ok(()), "what was rung before may be unheard");
        nodes.push((store, rings, listening));
    }
    nodes[0].0.ring();
    let heard = tokio::task::block_in_place(|| nodes[1].1.recv_timeout(QUICKLY));
    assert_eq!(heard, Ok(()));
    nodes[1].0.ring_now().await;
    let heard = tokio::task::block_in_place(|| nodes[0].1.recv_timeout(QUICKLY));
    assert_eq!(heard, Ok(()));
    let part = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%mimeo_copy%' AND pid <> pg_backend_pid()";
    administer(&url, part).await;
    for (_, rings, _) in &nodes {
        let again = tokio::task::block_in_place(|| rings.recv_timeout(QUICKLY));
        assert_eq!(again, Ok(()), "it connects again by itself");
    }
    for (_, _, listening) in nodes {
        listening.abort();
    }
}

/// The way into a database that can be shut.
struct Door {
    database: String,
    /// Of another database on the same server.
    other: String,
}

/// A store with a note in it, and the door to its database.
async fn door() -> Option<(Store, Door)> {
    let url = postgres_url(SCHEMA).await?;
    let database = administer(&url, "SELECT current_database()").await;
    let database = database.into_iter().next()?;
    let other = postgres_url(NONE).await?;
    let store = Store::open(&Location::Postgres(url), schema(SCHEMA)).await;
    Some((store.expect("opens"), Door { database, other }))
}

impl Door {
    /// Nobody gets in any more, and whoever was in is thrown out.
    async fn shut(&self) {
        let Self { database, other } = self;
        let lock = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false");
        administer(other, &lock).await;
        let part = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        );
        administer(other, &part).await;
    }

    async fn open(&self) {
        let unlock = format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.database);
        administer(&self.other, &unlock).await;
    }
}

/// A loaded server may take a moment to let connections in again; no restart is needed.
async fn heals(store: &Store) {
    let healed = async {
        while store.read(Count).await != Ok(1) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(QUICKLY, healed)
        .await
        .expect("it heals");
}

#[tokio::test]
async fn a_database_that_is_known_to_be_away_is_refused_at_once() {
    let Some((store, door)) = door().await else {
        return;
    };
    door.shut().await;
    while !store.gauges().is_away {
        let read = tokio::time::timeout(QUICKLY, store.read(Count)).await;
        assert_eq!(read.expect("quickly"), Err(StoreError::Unavailable));
    }
    let begun = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(store.read(Count).await, Err(StoreError::Unavailable));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "none of them waits"
    );
    door.open().await;
    heals(&store).await;
}

#[tokio::test]
async fn a_database_that_sorts_by_a_language_is_refused_with_the_way_out() {
    let Some(url) = postgres_url(NONE).await else {
        return;
    };
    let name = format!("test_{}_sorted", std::process::id());
    let create = format!(
        "CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C' ENCODING 'UTF8'"
    );
    administer(&url, &create).await;
    let given = administer(&url, "SELECT current_database()")
        .await
        .remove(0);
    let sorted = url.replace(&given, &name);
    let refusal = Store::open(&Location::Postgres(sorted), schema(NONE))
        .await
        .expect_err("it is not C");
    assert!(matches!(refusal, OpenError::Collation { .. }), "{refusal}");
    assert!(
        refusal
            .to_string()
            .contains("createdb --template=template0 --encoding=UTF8 --locale=C mimeo")
    );
}

#[tokio::test]
async fn a_server_that_is_away_is_told_quickly() {
    let nobody = Location::Postgres("postgres://nobody@127.0.0.1:1/nothing".to_owned());
    let opened = tokio::time::timeout(QUICKLY, Store::open(&nobody, schema(NONE)))
        .await
        .expect("quickly");
    assert!(
        matches!(opened, Err(OpenError::Unreachable(_))),
        "{opened:?}"
    );
}

#[tokio::test]
async fn a_database_that_goes_away_is_unavailable_and_heals() {
    let Some((store, door)) = door().await else {
        return;
    };
    assert_eq!(store.read(Count).await, Ok(1));
    door.shut().await;
    let read = tokio::time::timeout(QUICKLY, store.read(Count))
        .await
        .expect("quickly");
    assert_eq!(read, Err(StoreError::Unavailable));
    door.open().await;
    heals(&store).await;
}

/// Keeps its connection until the test is over.
struct Hold;

impl Work for Hold {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, _: &mut Tx<'_>) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_pool_that_stays_empty_is_overload() {
    let Some(url) = postgres_url(SCHEMA).await else {
        return;
    };
    let store = Store::open(&Location::Postgres(url), schema(SCHEMA))
        .await
        .expect("opens");
    for _ in 0..2 {
        let store = store.clone();
        tokio::spawn(async move { store.read(Hold).await });
    }
    tokio::task::yield_now().await;
    let read = tokio::time::timeout(QUICKLY, store.read(Count))
        .await
        .expect("quickly");
    assert_eq!(read, Err(StoreError::Overloaded));
}

/// Changes a row, and then waits for whoever has locked a table.
struct Stuck;

impl Work for Stuck {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        Touch.run(tx).await?;
        let locked = tx.query_one("SELECT 1 FROM locked", &[], |row| row.int(0));
        locked.await.map(drop)
    }
}

struct Touch;

impl Work for Touch {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let touched = tx.execute("UPDATE note SET id = id", &[]).await?;
        assert_eq!(touched, 1);
        Ok(())
    }
}

const LOCKED: &[Migration] = &[
    SCHEMA[0],
    SCHEMA[1],
    Migration {
        version: 3,
        name: "locked",
        beside: 3,
        sql: "CREATE TABLE locked (n BIGINT);",
    },
];

#[tokio::test]
async fn a_transaction_that_nobody_waits_for_leaves_no_lock_and_no_blocked_connection() {
    let Some(url) = postgres_url(LOCKED).await else {
        return;
    };
    let store = Store::open(&Location::Postgres(url.clone()), schema(LOCKED))
        .await
        .expect("opens");
    let locking = url.clone();
    let locking = tokio::spawn(async move {
        let lock = "LOCK TABLE locked IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)::text";
        administer(&locking, lock).await
    });
    let waiting = "SELECT COUNT(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    // More often than the pool has connections.
    for _ in 0..6 {
        let begun = store.clone();
        let stuck = tokio::spawn(async move { begun.write(Stuck).await });
        while administer(&url, waiting).await != ["1"] {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stuck.abort();
        let touched = tokio::time::timeout(QUICKLY, store.write(Touch)).await;
        assert_eq!(touched, Ok(Ok(())), "the row is free");
    }
    locking.abort();
}

struct Settings;

impl Work for Settings {
    type Output = Vec<String>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT name || ' = ' || setting FROM pg_settings WHERE name IN ('enable_seqscan', 'idle_in_transaction_session_timeout') ORDER BY name";
        tx.query(sql, &[], |row| row.text(0)).await
    }
}

#[tokio::test]
async fn a_host_that_is_gone_does_not_hold_its_locks_for_long() {
    let Some(url) = postgres_url(SCHEMA).await else {
        return;
    };
    let store = Store::open(&Location::Postgres(url), schema(SCHEMA))
        .await
        .expect("opens");
    let settings = store.read(Settings).await.expect("PostgreSQL tells");
    assert_eq!(
        settings,
        [
            "enable_seqscan = off",
            "idle_in_transaction_session_timeout = 15000"
        ],
        "milliseconds"
    );
}
