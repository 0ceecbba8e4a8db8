//! SQLite in memory on the calling thread: the writer's code without its thread, for simulations.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::job::job;
use super::{open, writer};
use crate::Work;
use crate::error::{OpenError, StoreError};

pub(crate) struct Inline {
    connection: Mutex<Connection>,
}

impl Inline {
    pub(crate) fn open() -> Result<Self, OpenError> {
        let connection = Mutex::new(open::writer(None, None)?);
        Ok(Self { connection })
    }

    pub(crate) fn write<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        let (job, answer) = job(work);
        writer::write(&mut self.connection(), vec![job]);
        received(answer)
    }

    /// Runs the work and undoes it, then runs it in earnest.
    pub(crate) fn write_again<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        let (mut job, answer) = job(work);
        let mut connection = self.connection();
        writer::snapshot(&mut connection, |tx| job.run(tx))?;
        writer::write(&mut connection, vec![job]);
        received(answer)
    }

    pub(crate) fn read<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        let (job, answer) = job(work);
        writer::read_guarded(&mut self.connection(), job);
        received(answer)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn received<T, E: From<StoreError>>(mut answer: oneshot::Receiver<Result<T, E>>) -> Result<T, E> {
    answer
        .try_recv()
        .unwrap_or_else(|_| Err(StoreError::Unknown.into()))
}
