//! Values on their way to PostgreSQL and back.

use std::cell::Cell;
use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::dialect::{Column, Row, Source, Value};
use crate::error::StoreError;

/// Parameters as the driver wants them.
pub(super) fn slice<'a>(params: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

pub(super) fn read_all<T>(
    rows: &[tokio_postgres::Row],
    read: &mut impl FnMut(&Row<'_>) -> T,
    sql: &str,
) -> Result<Vec<T>, StoreError> {
    let fault = Cell::new(None);
    let values = rows
        .iter()
        .map(|row| {
            read(&Row {
                source: Source::Postgres(row),
                fault: &fault,
            })
        })
        .collect();
    match fault.take() {
        Some(text) => Err(StoreError::Broken(format!("{text}: {sql}"))),
        None => Ok(values),
    }
}

pub(in crate::dialect) fn column(row: &tokio_postgres::Row, index: usize) -> Column<'_> {
    let Some(column) = row.columns().get(index) else {
        return Column::Other("not there".to_owned());
    };
    // Comparisons and small literals have types of their own here, where SQLite has one kind of number.
    let value = match *column.type_() {
        Type::INT8 => row
            .try_get::<_, Option<i64>>(index)
            .map(|number| number.map(Column::Int)),
        Type::INT4 => row
            .try_get::<_, Option<i32>>(index)
            .map(|number| number.map(|n| Column::Int(n.into()))),
        Type::BOOL => row
            .try_get::<_, Option<bool>>(index)
            .map(|yes| yes.map(|y| Column::Int(y.into()))),
        _ => row
            .try_get::<_, Option<&str>>(index)
            .map(|text| text.map(Column::Text)),
    };
    match value {
        Ok(value) => value.unwrap_or(Column::Null),
        Err(_) => Column::Other(column.type_().to_string()),
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => number.to_sql(kind, out),
            (Value::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            (Value::Text(text), kind) if <&str as ToSql>::accepts(kind) => text.to_sql(kind, out),
            _ => Err(format!("a parameter of another type than {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
