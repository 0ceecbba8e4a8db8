//! SQLite: statements on one connection, and its errors in the store's words.

use std::cell::Cell;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, ffi, params_from_iter};

use super::{Column, Row, Source, Value};
use crate::error::StoreError;

mod engine;
#[cfg(any(test, feature = "testing"))]
mod inline;
mod job;
mod lock;
mod open;
mod snapshot;
mod writer;

pub(crate) use engine::Sqlite;
#[cfg(any(test, feature = "testing"))]
pub(crate) use inline::Inline;
pub use lock::Held;
#[cfg(any(test, feature = "testing"))]
pub(crate) use open::administer;
pub(crate) use snapshot::snapshot;

pub(super) fn query<T>(
    connection: &Connection,
    sql: &str,
    params: &[Value<'_>],
    read: &mut impl FnMut(&Row<'_>) -> T,
) -> Result<Vec<T>, StoreError> {
    let fault = Cell::new(None);
    let mut run = || {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(params))?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            values.push(read(&Row {
                source: Source::Sqlite(row),
                fault: &fault,
            }));
        }
        Ok(values)
    };
    let values = run().map_err(|error| in_our_words(&error, sql))?;
    match fault.take() {
        Some(text) => Err(StoreError::Broken(format!("{text}: {sql}"))),
        None => Ok(values),
    }
}

pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    params: &[Value<'_>],
) -> Result<u64, StoreError> {
    let run = || {
        connection
            .prepare_cached(sql)?
            .execute(params_from_iter(params))
    };
    let changed = run().map_err(|error| in_our_words(&error, sql))?;
    Ok(changed as u64)
}

pub(super) fn batch(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection
        .execute_batch(sql)
        .map_err(|error| in_our_words(&error, sql))
}

pub(super) fn prepare(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .map(drop)
        .map_err(|error| in_our_words(&error, sql))
}

pub(super) fn column<'a>(row: &'a rusqlite::Row<'a>, index: usize) -> Column<'a> {
    match row.get_ref(index) {
        Ok(ValueRef::Null) => Column::Null,
        Ok(ValueRef::Integer(number)) => Column::Int(number),
        Ok(ValueRef::Text(bytes)) => match str::from_utf8(bytes) {
            Ok(text) => Column::Text(text),
            Err(_) => Column::Other("not UTF-8".to_owned()),
        },
        Ok(other) => Column::Other(other.data_type().to_string()),
        Err(error) => Column::Other(error.to_string()),
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Null => ValueRef::Null,
        }))
    }
}

fn in_our_words(error: &rusqlite::Error, sql: &str) -> StoreError {
    let code = error
        .sqlite_error()
        .map(|inner| (inner.code, inner.extended_code));
    match code {
        Some((
            ErrorCode::ConstraintViolation,
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID,
        )) => StoreError::Duplicate,
        Some((ErrorCode::DiskFull, _)) => StoreError::Full,
        Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _)) => StoreError::Overloaded,
        Some((ErrorCode::CannotOpen, _)) => StoreError::Unavailable,
        _ => StoreError::Broken(format!("{error}: {sql}")),
    }
}
