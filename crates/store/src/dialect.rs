//! One SQL text for two engines: statements, parameters, rows and the transaction that handlers see.
//!
//! This file and its folder are the only place that names a database driver.

use std::cell::Cell;
use std::fmt;

use crate::error::StoreError;

mod guard;
pub(crate) mod postgres;
pub(crate) mod sqlite;

/// Which SQL database a store stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite inside this process.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// A parameter of a statement; [`crate::params!`] makes a slice of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// For a TEXT column.
    Text(&'a str),
    /// For a BIGINT column.
    Int(i64),
    /// SQL's NULL.
    Null,
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

/// For literals.
impl From<i32> for Value<'_> {
    fn from(number: i32) -> Self {
        Value::Int(i64::from(number))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Value::Int(i64::from(number))
    }
}

/// Booleans are stored as 0 and 1.
impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Value::Int(i64::from(yes))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A slice of [`Value`]s for `Tx::query` and its sisters: `params![&account, limit, description.as_deref()]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        (&[$($crate::Value::from($value)),*] as &[$crate::Value<'_>])
    };
}

/// Declares the statements of a family as constants, and lists them in `STATEMENTS` so that a test prepares each
/// on both engines.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$meta])* const $name: &str = $sql;)*
        /// Name and text of every statement above.
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// One row of an answer. Columns count from 0.
///
/// A column of another type than asked for is our bug: the accessor gives an empty value, and the query as a whole
/// answers [`StoreError::Broken`].
pub struct Row<'a> {
    source: Source<'a>,
    fault: &'a Cell<Option<String>>,
}

enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

/// A column's value as either engine gives it.
enum Column<'a> {
    Text(&'a str),
    Int(i64),
    Null,
    Other(String),
}

impl Row<'_> {
    /// The text in column `index`.
    pub fn text(&self, index: usize) -> String {
        self.maybe_text(index)
            .unwrap_or_else(|| self.missing(index))
    }

    /// The text in column `index`, or `None` for NULL.
    pub fn maybe_text(&self, index: usize) -> Option<String> {
        match self.column(index) {
            Column::Text(text) => Some(text.to_owned()),
            Column::Null => None,
            Column::Int(_) => Some(self.mistyped(index, "a number, not text")),
            Column::Other(kind) => Some(self.mistyped(index, &kind)),
        }
    }

    /// The number in column `index`.
    pub fn int(&self, index: usize) -> i64 {
        self.maybe_int(index).unwrap_or_else(|| self.missing(index))
    }

    /// The number in column `index`, or `None` for NULL.
    pub fn maybe_int(&self, index: usize) -> Option<i64> {
        match self.column(index) {
            Column::Int(number) => Some(number),
            Column::Null => None,
            Column::Text(_) => Some(self.mistyped(index, "text, not a number")),
            Column::Other(kind) => Some(self.mistyped(index, &kind)),
        }
    }

    fn column(&self, index: usize) -> Column<'_> {
        match self.source {
            Source::Sqlite(row) => sqlite::column(row, index),
            Source::Postgres(row) => postgres::column(row, index),
        }
    }

    fn missing<T: Default>(&self, index: usize) -> T {
        self.mistyped(index, "NULL")
    }

    fn mistyped<T: Default>(&self, index: usize, what: &str) -> T {
        self.fault.set(Some(format!("column {index} is {what}")));
        T::default()
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Row")
    }
}

/// An open transaction, as a [`crate::Work`] sees it.
///
/// Once a statement has failed the transaction is lost, on SQLite as on PostgreSQL: further statements answer
/// [`StoreError::Broken`] and nothing is committed, whatever the work returns.
/// To go on past an existing row write `ON CONFLICT … DO NOTHING` and look at the count.
pub struct Tx<'c> {
    engine: Engine<'c>,
    fault: Option<StoreError>,
}

enum Engine<'c> {
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(postgres::Session<'c>),
}

impl Tx<'_> {
    /// Every row of a statement, through `read`.
    pub async fn query<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> T + Send,
    ) -> Result<Vec<T>, StoreError> {
        #[cfg(any(test, feature = "testing"))]
        let sql = crate::testing::simulated::statement(sql);
        self.check(sql, params)?;
        let answer = match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::query(connection, sql, params, &mut read),
            Engine::Postgres(session) => session.query(sql, params, &mut read).await,
        };
        self.note(answer)
    }

    /// The only row of a statement, or `None`. More than one row is our bug.
    pub async fn query_one<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> T + Send,
    ) -> Result<Option<T>, StoreError> {
        let mut rows = self.query(sql, params, read).await?;
        let only = rows.pop();
        if rows.is_empty() {
            return Ok(only);
        }
        self.note(Err(StoreError::Broken(format!(
            "more than one row from: {sql}"
        ))))
    }

    /// Runs a statement; the answer is the number of rows it changed.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        #[cfg(any(test, feature = "testing"))]
        let sql = crate::testing::simulated::statement(sql);
        self.check(sql, params)?;
        let answer = match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::execute(connection, sql, params),
            Engine::Postgres(session) => session.execute(sql, params).await,
        };
        self.note(answer)
    }

    /// The database's own clock, in milliseconds since 1970.
    ///
    /// Leases are measured by it, so that nodes with different clocks agree.
    pub async fn now(&mut self) -> Result<i64, StoreError> {
        #[cfg(any(test, feature = "testing"))]
        if let Some(now) = crate::testing::simulated::now() {
            return Ok(now);
        }
        let sql = match self.dialect() {
            Dialect::Sqlite => "SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)",
            Dialect::Postgres => {
                "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
            }
        };
        let now = self.query_one(sql, &[], |row| row.int(0)).await?;
        now.ok_or_else(|| StoreError::Broken("the database has no clock".to_owned()))
    }

    /// Which engine runs this transaction.
    pub fn dialect(&self) -> Dialect {
        match self.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs several statements without parameters: the text of a migration.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.check(sql, &[])?;
        let answer = match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::batch(connection, sql),
            Engine::Postgres(session) => session.batch(sql).await,
        };
        self.note(answer)
    }

    /// Compiles a statement without running it.
    pub(crate) async fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.check(sql, &[])?;
        let answer = match &mut self.engine {
            Engine::Sqlite(connection) => sqlite::prepare(connection, sql),
            Engine::Postgres(session) => session.prepare(sql).await,
        };
        self.note(answer)
    }

    fn check(&mut self, sql: &str, params: &[Value<'_>]) -> Result<(), StoreError> {
        if self.fault.is_some() {
            return Err(StoreError::Broken(format!(
                "a statement came after a failed one: {sql}"
            )));
        }
        // PostgreSQL cannot hold U+0000 in TEXT, so neither does SQLite.
        let nul = |value: &Value<'_>| matches!(value, Value::Text(text) if text.contains('\0'));
        if params.iter().any(nul) {
            return self.note(Err(StoreError::Broken(format!(
                "U+0000 in a parameter of: {sql}"
            ))));
        }
        Ok(())
    }

    fn note<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &answer {
            self.fault = Some(error.clone());
        }
        answer
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tx")
            .field("dialect", &self.dialect())
            .field("fault", &self.fault)
            .finish()
    }
}
