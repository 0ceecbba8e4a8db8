//! The façade's promises, on every engine.

use mimeo_store::{Location, Migration, Options, Row, Store, StoreError, Tx, Work, params};

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "note",
    sql: "CREATE TABLE note (id TEXT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL, body TEXT);",
}];

struct Put(String, i64);

impl Work for Put {
    type Output = ();
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO note (id, amount) VALUES (?1, ?2)";
        tx.execute(sql, params![&self.0, self.1]).await.map(drop)
    }
}

struct Get(String);

impl Work for Get {
    type Output = Option<i64>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT amount FROM note WHERE id = ?1";
        tx.query_one(sql, params![&self.0], |row: &Row<'_>| row.int(0)).await
    }
}

#[tokio::test]
async fn a_commit_is_visible() {
    let options = Options { migrations: MIGRATIONS, ..Options::default() };
    let store = Store::open(&Location::SqliteMemory, options).await.expect("open");
    let shared = store.clone();
    tokio::spawn(async move { shared.write(Put("a".into(), 1)).await }).await.expect("task").expect("write");
    assert_eq!(store.read(Get("a".into())).await.expect("read"), Some(1));
}
