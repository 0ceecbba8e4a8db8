//! One transaction on one connection, and its statements.

use deadpool_postgres::Transaction;
use tokio_postgres::Statement;

use super::texts::Texts;
use super::words::in_our_words;
use super::{in_time, values};
use crate::StoreError;
use crate::dialect::{Row, Value};

pub(in crate::dialect) struct Session<'c> {
    pub(super) transaction: Transaction<'c>,
    pub(super) texts: &'c Texts,
}

impl Session<'_> {
    pub(in crate::dialect) async fn query<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        read: &mut (impl FnMut(&Row<'_>) -> T + Send),
    ) -> Result<Vec<T>, StoreError> {
        let statement = self.statement(sql, params).await?;
        let values = values::slice(params);
        let answer = in_time(self.transaction.query(&statement, &values)).await?;
        values::read_all(
            &answer.map_err(|error| in_our_words(&error, sql))?,
            read,
            sql,
        )
    }

    pub(in crate::dialect) async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let statement = self.statement(sql, params).await?;
        let values = values::slice(params);
        let answer = in_time(self.transaction.execute(&statement, &values)).await?;
        answer.map_err(|error| in_our_words(&error, sql))
    }

    pub(in crate::dialect) async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.transaction
            .batch_execute(sql)
            .await
            .map_err(|error| in_our_words(&error, sql))
    }

    pub(in crate::dialect) async fn prepare(
        &mut self,
        sql: &'static str,
    ) -> Result<(), StoreError> {
        self.cached(sql).await.map(drop)
    }

    async fn statement(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> Result<Statement, StoreError> {
        let statement = self.cached(sql).await?;
        let wanted = statement.params().len();
        if wanted == params.len() {
            return Ok(statement);
        }
        Err(StoreError::Broken(format!(
            "{} parameters given, {wanted} wanted: {sql}",
            params.len()
        )))
    }

    async fn cached(&mut self, sql: &'static str) -> Result<Statement, StoreError> {
        let text = self.texts.derive(sql);
        in_time(self.transaction.prepare_cached(&text))
            .await?
            .map_err(|error| in_our_words(&error, sql))
    }
}
