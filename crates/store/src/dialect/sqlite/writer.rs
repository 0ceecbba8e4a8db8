//! The one thread that writes: whatever waits shares one transaction and one fsync, each job in its savepoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::job::{Job, Verdict};
use super::lock::Lock;
use super::{batch, execute};
use crate::dialect::{Engine, Tx};
use crate::error::StoreError;

pub(super) enum Task {
    Write(Box<dyn Job>),
    /// Only a database in memory sends its reads here: it has a single connection.
    Read(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// What the writer has done so far, for the metrics.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) batches: AtomicU64,
    pub(super) jobs: AtomicU64,
    pub(super) largest_batch: AtomicU64,
}

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) tasks: mpsc::Receiver<Task>,
    pub(super) counts: Arc<Counts>,
    pub(super) lock: Option<Arc<Lock>>,
    /// Jobs that may share one commit.
    pub(super) batch_max: usize,
}

impl Writer {
    /// Works until the store is closed or dropped.
    pub(super) fn work(mut self) {
        let mut waiting = Vec::with_capacity(self.batch_max);
        let mut closer = None;
        while closer.is_none() && self.tasks.blocking_recv_many(&mut waiting, self.batch_max) > 0 {
            closer = self.take(&mut waiting);
        }
        self.tasks.close();
        while let Some(task) = self.tasks.blocking_recv() {
            match task {
                Task::Write(job) | Task::Read(job) => job.answer(Err(StoreError::Unavailable)),
                Task::Close(caller) => drop(caller),
            }
        }
        self.finish();
        if let Some(caller) = closer {
            // A caller that stopped waiting needs no answer.
            let _ = caller.send(());
        }
    }

    fn take(&mut self, waiting: &mut Vec<Task>) -> Option<oneshot::Sender<()>> {
        let mut closer = None;
        let mut writes = Vec::with_capacity(waiting.len());
        let mut reads = Vec::new();
        for task in waiting.drain(..) {
            match task {
                Task::Write(job) => writes.push(job),
                Task::Read(job) => reads.push(job),
                Task::Close(caller) => closer = Some(caller),
            }
        }
        if !writes.is_empty() {
            self.count(writes.len());
            write(&mut self.connection, writes);
        }
        for job in reads {
            read_guarded(&mut self.connection, job);
        }
        closer
    }

    fn count(&self, jobs: usize) {
        let jobs = jobs as u64;
        self.counts.batches.fetch_add(1, Ordering::Relaxed);
        self.counts.jobs.fetch_add(jobs, Ordering::Relaxed);
        self.counts.largest_batch.fetch_max(jobs, Ordering::Relaxed);
    }

    fn finish(self) {
        // Only tidiness: what is committed is safe in the write-ahead log already. Whoever only looks has
        // no lock, and leaves the log to its owner.
        if self.lock.is_some()
            && let Err(error) = batch(&self.connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        {
            tracing::warn!(%error, "the write-ahead log stays as it is");
        }
        drop(self.connection);
        if let Some(Err(error)) = self.lock.map(|lock| lock.release()) {
            tracing::warn!(%error, "the lock file stays as it is");
        }
    }
}

pub(super) fn write(connection: &mut Connection, mut jobs: Vec<Box<dyn Job>>) {
    let fate = commit_together(connection, &mut jobs);
    if !connection.is_autocommit()
        && let Err(error) = batch(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a transaction cannot be rolled back");
    }
    for job in jobs {
        job.answer(fate.clone());
    }
}

/// Runs all jobs in one transaction. `Err` means that nothing of any job is in the database.
fn commit_together(
    connection: &mut Connection,
    jobs: &mut [Box<dyn Job>],
) -> Result<(), StoreError> {
    match commit_bare(connection, jobs)? {
        Verdict::Keep => Ok(()),
        Verdict::Undo if jobs.len() == 1 => Ok(()),
        Verdict::Undo => commit_apart(connection, jobs),
    }
}

/// Runs the jobs without savepoints, which cost a fifth of a batch and are seldom needed: nearly
/// every job that refuses has written nothing yet. One that has undoes the whole batch.
fn commit_bare(
    connection: &mut Connection,
    jobs: &mut [Box<dyn Job>],
) -> Result<Verdict, StoreError> {
    run_sql(connection, "BEGIN IMMEDIATE")?;
    // Changes of the schema are not counted as changes; only migrations make them, each by itself.
    let is_alone = jobs.len() == 1;
    for job in jobs {
        let changes_before = connection.total_changes();
        if run(connection, job)? == Verdict::Undo
            && (is_alone || connection.total_changes() != changes_before)
        {
            run_sql(connection, "ROLLBACK")?;
            return Ok(Verdict::Undo);
        }
    }
    run_sql(connection, "COMMIT")?;
    Ok(Verdict::Keep)
}

/// Runs the jobs each in its own savepoint, so that one that is undone leaves the others' work.
fn commit_apart(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    run_sql(connection, "BEGIN IMMEDIATE")?;
    for job in jobs {
        run_sql(connection, "SAVEPOINT job")?;
        if run(connection, job)? == Verdict::Undo {
            run_sql(connection, "ROLLBACK TO job")?;
        }
        run_sql(connection, "RELEASE job")?;
    }
    run_sql(connection, "COMMIT")
}

fn run(connection: &mut Connection, job: &mut Box<dyn Job>) -> Result<Verdict, StoreError> {
    let mut tx = Tx {
        engine: Engine::Sqlite(connection),
        fault: None,
    };
    let verdict = job.run(&mut tx);
    let fault = tx.fault.take();
    drop(tx);
    if connection.is_autocommit() {
        // A full disk or an I/O error makes SQLite roll back everything, earlier savepoints included.
        let unnamed = || StoreError::Broken("SQLite ended the transaction".to_owned());
        return Err(fault.unwrap_or_else(unnamed));
    }
    Ok(verdict)
}

fn run_sql(connection: &Connection, sql: &'static str) -> Result<(), StoreError> {
    execute(connection, sql, &[]).map(drop)
}

/// Runs `body` in a snapshot that is always rolled back.
pub(super) fn snapshot<T>(
    connection: &mut Connection,
    body: impl FnOnce(&mut Tx<'_>) -> T,
) -> Result<T, StoreError> {
    run_sql(connection, "BEGIN DEFERRED")?;
    let value = body(&mut Tx {
        engine: Engine::Sqlite(connection),
        fault: None,
    });
    if !connection.is_autocommit() {
        run_sql(connection, "ROLLBACK")?;
    }
    Ok(value)
}

/// Answers a read on a connection that reads only.
pub(super) fn read(connection: &mut Connection, mut job: Box<dyn Job>) {
    let fate = snapshot(connection, |tx| job.run(tx)).map(drop);
    job.answer(fate);
}

/// Answers a read on the connection that writes. What it writes is undone, and refused. No pragma
/// forbids it from the start, as one would have every kept statement planned anew.
pub(super) fn read_guarded(connection: &mut Connection, mut job: Box<dyn Job>) {
    let changes_before = connection.total_changes();
    let mut fate = snapshot(connection, |tx| job.run(tx)).map(drop);
    if fate.is_ok() && connection.total_changes() != changes_before {
        fate = Err(StoreError::Broken("a read tried to write".to_owned()));
    }
    job.answer(fate);
}
