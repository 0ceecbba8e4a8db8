//! A database under conditions: what a simulation does to transactions, to the clock and to statements.
//!
//! [`simulated`] opens SQLite in memory on the calling thread, so that one thread runs everything in an order of its
//! own choosing. [`Store::under`] gives the same database as one node sees it: late, refusing, or with the answer lost.

use std::cell::RefCell;
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use crate::dialect::sqlite::Inline;
use crate::migrate::{self, MIGRATIONS};
use crate::{Engine, Store, StoreError, Work};

/// An answer that may be waited for.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A transaction that is about to begin, or has just ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    pub kind: AccessKind,
    /// The type of the work, with its path.
    pub work: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessKind {
    Read,
    Write,
}

/// What becomes of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// Run once and undone, then run again, as after a conflict.
    RunAgain,
    /// Nothing is done, and the caller is told so.
    Refused(StoreError),
    /// It is done, but the caller is told [`StoreError::Unknown`].
    DoneUnknown,
    /// It is not done, and the caller is told [`StoreError::Unknown`].
    LostUnknown,
}

/// Decides what a node's transactions meet.
pub trait Conditions: Debug + Send + Sync {
    /// Before the transaction begins; may wait.
    fn before(&self, access: Access) -> Waiting<'_, Fate>;

    /// Told at the very instant at which a write that succeeded is committed.
    fn committed(&self, access: Access);

    /// Before the answer reaches the caller; may wait.
    fn after(&self, access: Access) -> Waiting<'_, ()>;

    /// The database's clock, in milliseconds since 1970.
    fn now(&self) -> i64;

    /// The statement that is run in place of this one, by a work of this type.
    fn statement(&self, _work: &'static str, sql: &'static str) -> &'static str {
        sql
    }
}

type Current = (Arc<dyn Conditions>, &'static str);

thread_local! {
    /// The conditions of the transaction that this thread runs, and the type of its work.
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// A fresh database in memory that answers on the calling thread and never makes a caller wait.
pub async fn simulated() -> Store {
    let engine = Engine::Inline(Inline::open().expect("a fresh store opens"));
    let store = Store::of(engine);
    migrate::run(&store, MIGRATIONS)
        .await
        .expect("the schema is made");
    store
}

impl Store {
    /// The same database under these conditions. [`Store::is_same`] holds between the two.
    #[must_use]
    pub fn under(&self, conditions: Arc<dyn Conditions>) -> Store {
        Store {
            inner: Arc::clone(&self.inner),
            conditions: Some(conditions),
        }
    }

    pub(crate) async fn simulate<W: Work>(
        &self,
        conditions: &Arc<dyn Conditions>,
        kind: AccessKind,
        work: W,
    ) -> Result<W::Output, W::Error> {
        let Engine::Inline(database) = &self.inner.engine else {
            let text = "only a simulated store stands under conditions";
            return Err(StoreError::Broken(text.to_owned()).into());
        };
        let access = Access {
            kind,
            work: std::any::type_name::<W>(),
        };
        let fate = conditions.before(access).await;
        let run = |work| {
            let outer = CURRENT.replace(Some((Arc::clone(conditions), access.work)));
            let result = match (kind, &fate) {
                (AccessKind::Read, _) => database.read(work),
                (AccessKind::Write, Fate::RunAgain) => database.write_again(work),
                (AccessKind::Write, _) => database.write(work),
            };
            CURRENT.set(outer);
            if kind == AccessKind::Write && result.is_ok() {
                conditions.committed(access);
            }
            result
        };
        let result = match &fate {
            Fate::Done | Fate::RunAgain => run(work),
            Fate::Refused(error) => Err(error.clone().into()),
            Fate::DoneUnknown => run(work).and(Err(StoreError::Unknown.into())),
            Fate::LostUnknown => Err(StoreError::Unknown.into()),
        };
        conditions.after(access).await;
        result
    }
}

/// The clock of the transaction that this thread runs, if it is simulated.
pub(crate) fn now() -> Option<i64> {
    CURRENT.with_borrow(|current| current.as_ref().map(|(conditions, _)| conditions.now()))
}

/// What is run in place of a statement.
pub(crate) fn statement(sql: &'static str) -> &'static str {
    CURRENT.with_borrow(|current| match current {
        Some((conditions, work)) => conditions.statement(work, sql),
        None => sql,
    })
}
